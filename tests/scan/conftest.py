"""A browser page with the machinery of the scan app and nothing else: no server, no screens."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from relief.distributions.rules import reasons_json
from tests.scan.making import Campaign, Server, today

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "https://phone.test"
TARGETS = "--target=chrome90,firefox100,safari15"


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The modules and what they load, built as the app's own."""
    folder = tmp_path_factory.mktemp("scan")
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    command = [
        esbuild, Path(__file__).with_name("entry.js"), "--bundle", "--format=esm", "--splitting", f"--outdir={folder}", TARGETS,
        "--log-level=warning",
    ]  # fmt: skip
    node = Path(shutil.which("node") or ROOT / ".venv" / "bin" / "node")
    subprocess.run([node, *command] if _is_script(esbuild) else command, check=True, cwd=ROOT)
    return folder


def _is_script(path: Path) -> bool:
    return path.read_bytes()[:2] == b"#!"


def serve_bundle(context: BrowserContext, bundle: Path, origin: str = ORIGIN) -> None:
    """Answer the page and its scripts from the folder, without a server."""

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[-1]
        if not name:
            body = '<!doctype html><title>Phone</title><script type="module" src="entry.js"></script>'
            route.fulfill(content_type="text/html", body=body)
        else:
            route.fulfill(content_type="text/javascript", body=(bundle / name).read_text())

    context.route(f"{origin}/phone/**", answer)


def open_phone(context: BrowserContext, origin: str = ORIGIN, **options: Any) -> Page:
    """Return a page with an open phone in it: `scan.phone`."""
    page = context.new_page()
    page.goto(f"{origin}/phone/")
    page.wait_for_function("() => globalThis.scan")
    page.evaluate("options => scan.open(options).then(() => null)", {"reasons": reasons_json()} | options)
    return page


@pytest.fixture
def context(browser: Browser, bundle: Path) -> Iterator[BrowserContext]:
    """One phone's browser: what it keeps is gone with it."""
    with browser.new_context() as made:
        made.set_default_timeout(20_000)
        serve_bundle(made, bundle)
        yield made


@pytest.fixture
def phone(context: BrowserContext) -> Page:
    """A phone that nobody enrolled yet."""
    return open_phone(context)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """The server's side of the phone."""
    return Server(tmp_path / "keys", today())


@pytest.fixture
def campaign(server: Server) -> Campaign:
    """A campaign with ten families."""
    made = Campaign(server.today)
    made.add(10)
    return made


@pytest.fixture
def at_work(phone: Page, server: Server, campaign: Campaign) -> Page:
    """A phone with the campaign's manifest, unlocked."""
    server.enrol(phone)
    server.give_manifest(phone, campaign)
    return phone


@pytest.fixture
def old_phone(context: BrowserContext) -> Page:
    """A phone whose browser knows no Ed25519, as Chromium before 137."""
    context.add_init_script(WITHOUT_ED25519)
    return open_phone(context)


WITHOUT_ED25519 = """
for (const name of ["generateKey", "importKey", "sign", "verify"]) {
    const native = SubtleCrypto.prototype[name];
    SubtleCrypto.prototype[name] = function (...args) {
        const isEd25519 = args.some((arg) => arg === "Ed25519" || arg?.name === "Ed25519");
        if (isEd25519) return Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
        return native.apply(this, args);
    };
}
"""
