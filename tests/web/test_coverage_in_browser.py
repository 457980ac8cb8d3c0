"""The coverage map in Chromium: drawn by our own bundle, led by the table, safe from the names on it, and printed."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Request

from relief.kernel.permissions import Role
from tests.coverage.world import BUTT_SERAI, put_world
from tests.support.axe import barriers_on
from tests.support.databases import Databases
from tests.support.serving import LiveServer
from tests.support.watching import watched
from tests.web.test_coverage import HOSTILE, give_hostile_names, signed_in


@pytest.fixture
def backend() -> str:
    """What the browser shows does not depend on the database."""
    return "sqlite"


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh and a campaign."""
    url = databases.prepared(backend, "coverage", put_world)
    yield url
    databases.give_back(url)


@pytest.fixture
def context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A browser in which an auditor is signed in."""
    name = live_server.app.config["SIGN_IN_COOKIE_NAME"]
    cookie = signed_in(live_server.app, Role.AUDITOR).get_cookie(name)
    assert cookie is not None
    with browser.new_context(base_url=live_server.url, timezone_id="Asia/Karachi") as opened:
        opened.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])
        opened.set_default_timeout(15_000)
        yield opened


@pytest.fixture
def page(context: BrowserContext, live_server: LiveServer) -> Iterator[Page]:
    """A page of that browser; the test fails where a script fails, the policy refuses, or another host is asked."""
    opened = context.new_page()
    with watched(opened, live_server.url):
        yield opened


def open_map(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("path.leaflet-interactive")


def test_a_click_on_the_map_drills_down(page: Page):
    open_map(page, "/coverage?campaign=FLOOD22&indicator=waiting&area=PK703")
    assert page.locator("path.leaflet-interactive").count() == 4
    page.locator('tr[data-area="PK70304"]').hover()
    pointed_at = page.locator('path.leaflet-interactive[stroke="#000"]')
    assert pointed_at.count() == 1
    pointed_at.click()
    page.wait_for_url("**/coverage?campaign=FLOOD22&indicator=waiting&area=PK70304")
    page.wait_for_selector("path.leaflet-interactive")
    assert page.locator(f'tr[data-area="{BUTT_SERAI}"]').count() == 1


def test_pointing_shows_name_and_figure_and_the_row(page: Page):
    open_map(page, "/coverage?campaign=FLOOD22&indicator=served&area=PK703")
    page.locator("path.leaflet-interactive").first.hover()
    tip = page.locator(".leaflet-tooltip")
    assert "Families served: " in tip.inner_text() and "Schematic boundary" in tip.inner_text()
    assert page.locator("tr.is-pointed-at").count() == 1


def test_a_hostile_name_is_text_on_the_map(app: Flask, page: Page):
    give_hostile_names(app)
    page.on("dialog", lambda dialog: pytest.fail(f"a script of a name ran: {dialog.message}"))
    open_map(page, "/coverage?campaign=FLOOD22&area=PK703")
    page.locator('tr[data-area="PK70304"]').hover()
    page.locator('path.leaflet-interactive[stroke="#000"]').hover()
    assert HOSTILE in page.locator(".leaflet-tooltip").inner_text()


def test_the_boundaries_are_asked_for_once(page: Page):
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/geometry/" in request.url else None)
    open_map(page, "/coverage?campaign=FLOOD22&indicator=served")
    open_map(page, "/coverage?campaign=FLOOD22&indicator=waiting")
    kept = page.evaluate(
        "() => performance.getEntriesByType('resource').find((one) => one.name.includes('/geometry/')).transferSize"
    )
    assert len(asked) == 2 and kept == 0


def test_the_table_says_so_when_the_map_cannot_be_loaded(context: BrowserContext):
    page = context.new_page()
    page.route("**/coverage/geometry/**", lambda route: route.abort())
    page.goto("/coverage?campaign=FLOOD22")
    page.get_by_text("The map could not be loaded. The table has all figures.").wait_for()
    assert page.locator('tr[data-area="PK703"]').is_visible()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "ur"])
def test_nothing_keeps_anybody_out(page: Page, width: int, language: str):
    page.set_viewport_size({"width": width, "height": 800})
    open_map(page, f"/coverage?campaign=FLOOD22&area=PK703&indicator=waiting&lang={language}")
    assert barriers_on(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_everything_but_the_map_works_without_script(
    browser: Browser, context: BrowserContext, live_server: LiveServer
):
    with browser.new_context(
        base_url=live_server.url, java_script_enabled=False, storage_state=context.storage_state()
    ) as plain:
        page = plain.new_page()
        page.goto("/coverage?campaign=FLOOD22&area=PK703")
        picture = page.locator("img.map-picture")
        picture.wait_for()
        assert picture.bounding_box()["height"] > 200  # type: ignore[index]
        page.get_by_role("link", name="Mehar").first.click()
        page.get_by_label("By").select_option("uc")
        page.get_by_role("button", name="Show").click()
        assert page.locator(f'tr[data-area="{BUTT_SERAI}"]').is_visible()


def test_the_printed_page_shows_the_whole_area(page: Page):
    open_map(page, "/coverage?campaign=FLOOD22")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    frame = page.locator(".map-frame").bounding_box()
    drawn = page.locator(".map-frame path.leaflet-interactive").all()
    boxes = [path.bounding_box() for path in drawn]
    assert frame is not None
    assert all(
        box and frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"] for box in boxes
    )
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.locator(".map-frame.is-printing").count() == 0
