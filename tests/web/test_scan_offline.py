"""The scan app with the server dead: it opens, judges and records, and sends everything once when the server is back."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import func, select

from relief.distributions.model import HandOver
from relief.store.work import reading
from relief.web import scan
from tests.factories.world import SYSTEM
from tests.support.chromium import FLAGS, find_chromium
from tests.support.scanning import PHONE, Point, expect_state, make_ready, open_point, type_code, unlock
from tests.support.serving import serving

IS_KEPT = "() => navigator.serviceWorker.ready.then(() => true)"
KEPT = (
    "async () => (await (await caches.open((await caches.keys())[0])).keys()).map((one) => new URL(one.url).pathname)"
)


@pytest.fixture
def backend() -> str:
    """What a phone does alone does not depend on the server's database."""
    return "sqlite"


@pytest.fixture
def point(app: Flask) -> Point:
    """A point with five families, open today."""
    return open_point(app)


def open_phone(browser: Browser, profile: Path) -> BrowserContext:
    """Start a phone's browser, with a profile on the disk that outlives it."""
    kind = browser.browser_type
    context = kind.launch_persistent_context(
        profile, executable_path=find_chromium(), args=list(FLAGS), viewport=PHONE, locale="en-GB"
    )
    context.set_default_timeout(15_000)
    return context


def given(app: Flask) -> int:
    with app.app_context(), reading(SYSTEM) as work:
        return work.session.scalar(select(func.count()).select_from(HandOver)) or 0


def give(page: Page, digits: str) -> None:
    type_code(page, digits)
    expect_state(page, "give")
    page.get_by_role("button", name="Handed over").click()
    expect_state(page, "done")
    page.locator(".state [data-act=next]").click()


def keep(page: Page) -> None:
    """Wait until the worker keeps the app and answers for it."""
    page.evaluate(IS_KEPT)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def test_it_works_with_the_server_dead_through_reload_and_restart(
    browser: Browser, app: Flask, point: Point, tmp_path: Path
):
    profile = tmp_path / "profile"
    with serving(app) as server:
        address, port = server.url, urlsplit(server.url).port
        with open_phone(browser, profile) as context:
            page = context.new_page()
            page.goto(address + "/scan")
            keep(page)
            make_ready(page, point, origin=address)
    with open_phone(browser, profile) as context:
        page = context.new_page()
        page.goto(address + "/scan")
        unlock(page)
        give(page, point.families[0].code.digits)
        expect(page.locator(".bar")).to_contain_text("Offline")
        expect(page.locator(".bar")).to_contain_text("1 saved on this phone, not yet sent")
        page.reload()
        unlock(page)
        type_code(page, point.families[0].code.digits)
        expect_state(page, "already_given")
        page.locator(".state [data-act=next]").click()
    assert given(app) == 0
    with serving(app, port) as server, open_phone(browser, profile) as context:
        page = context.new_page()
        page.goto(address + "/scan")
        unlock(page)
        expect(page.locator(".bar")).to_contain_text("Everything is sent")
        page.reload()
        unlock(page)
        expect(page.locator(".bar")).to_contain_text("Online")
    assert given(app) == 1


def test_the_worker_keeps_the_app_and_nothing_personal(browser: Browser, app: Flask, point: Point, tmp_path: Path):
    with serving(app) as server, open_phone(browser, tmp_path / "profile") as context:
        page = context.new_page()
        make_ready(page, point, origin=server.url)
        keep(page)
        page.goto(server.url + "/scan?lang=ur")
        unlock(page)
        kept = page.evaluate(KEPT)
    assert {"/scan", "/scan/screens/en", "/scan/screens/ur", "/scan/screens/sd"} < set(kept)
    assert [path for path in kept if not path.startswith(("/scan", "/static/dist/"))] == []


def test_a_new_version_waits_until_it_is_wanted(
    browser: Browser, app: Flask, point: Point, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with serving(app) as server, open_phone(browser, tmp_path / "profile") as context:
        page = context.new_page()
        make_ready(page, point, origin=server.url)
        keep(page)
        type_code(page, point.families[0].code.digits)
        expect_state(page, "give")
        texts = scan.scan_texts
        monkeypatch.setattr(scan, "scan_texts", lambda: texts() | {"newer": {}})
        page.evaluate(
            "() => navigator.serviceWorker.getRegistration('/scan').then((one) => one.update()).then(() => null)"
        )
        expect(page.locator(".toast")).to_contain_text("A new version of the app is ready")
        page.get_by_role("button", name="Handed over").click()
        expect_state(page, "done")
        page.locator(".state [data-act=next]").click()
        page.locator("nav [data-go=settings]").click()
        with page.expect_navigation():
            page.get_by_role("button", name="Use the new version").click()
        unlock(page)
        expect(page.locator("section.scan")).to_be_visible()
        assert page.evaluate("async () => (await caches.keys()).length") == 1
