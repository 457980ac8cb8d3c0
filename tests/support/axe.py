"""Accessibility checks of a page by axe-core, the way a page test asks for them."""

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
# WCAG 2.2 AA and what it builds on.
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def barriers_on(page: Page) -> list[str]:
    """Return a sentence for each thing on the page that keeps somebody out; an empty list is a pass."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("levels => axe.run(document, {runOnly: levels})", LEVELS)
    return [
        f"{violation['id']}: {violation['help']}: {node['html']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
