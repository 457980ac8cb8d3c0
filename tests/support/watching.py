"""What a browser complains of while a test drives it: each complaint fails the test."""

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

# The browser's own words for an answer such as 404, which tests ask for on purpose.
EXPECTED = "Failed to load resource"


@contextlib.contextmanager
def watched(page: Page, own_address: str) -> Iterator[None]:
    """Collect script errors, refusals by the content policy and requests to other hosts; fail at the end if there was any."""
    complaints: list[str] = []

    def on_message(message: ConsoleMessage) -> None:
        if message.type == "error" and EXPECTED not in message.text:
            complaints.append(f"console: {message.text}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((own_address, "data:", "blob:", "about:")):
            complaints.append(f"asked another host: {request.url}")

    page.on("console", on_message)
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("request", on_request)
    yield
    if complaints:
        pytest.fail("\n".join(complaints))
