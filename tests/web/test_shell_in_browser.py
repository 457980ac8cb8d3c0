"""What surrounds every page, in a real browser: with the keyboard, on a phone, right to left."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from relief.web import areas as area_pages
from tests.factories.people import PASSWORD, SYSTEM, add_person
from tests.support.axe import barriers_on

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

PHONE = {"width": 360, "height": 740}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def administrator(app: Flask, areas):
    app.config["WTF_CSRF_ENABLED"] = True
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return add_person(work, Role.ADMINISTRATOR, areas.sindh)


def enter(page: Page, user) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")


def test_a_wrong_password_is_read_out_and_mended(page: Page, administrator):
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(administrator.email)
    page.get_by_label("Password").fill("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("E-mail address")).to_have_value(administrator.email)
    expect(page.get_by_label("Password")).to_have_value("")


def test_areas_are_suggested_while_a_name_is_typed(page: Page, administrator, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(area_pages, "LONGEST_LIST", 2)
    enter(page, administrator)
    page.goto("/users/new")
    with page.expect_response("**/areas/suggest**"):
        page.get_by_label("Area", exact=True).press_sequentially("meh")
    expect(page.locator("datalist option[value=PK70304]")).to_have_count(1)


def test_the_keyboard_skips_to_the_content_and_closes_menus(page: Page, administrator):
    enter(page, administrator)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    account = page.locator("header details.account")
    account.locator("summary").click()
    expect(account.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(account.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(account.locator("summary")).to_be_focused()


def test_an_impatient_second_click_sends_nothing(page: Page, administrator):
    enter(page, administrator)
    page.goto("/users/new")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Name", exact=True).fill("Nadia Shah")
    page.get_by_label("E-mail address").fill("nadia@relief.example")
    page.get_by_label("Finance").check()
    page.get_by_label("Area", exact=True).select_option("PK703")
    page.get_by_role("button", name="Add the person").dblclick()
    expect(page.locator("#password")).to_be_visible()
    assert len(sent) == 1


@pytest.mark.parametrize("language", ["en", "ur", "sd"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_keep_nobody_out(page: Page, administrator, language: str, scheme):
    enter(page, administrator)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    for path in ("/", "/account", "/users/", "/users/new", f"/users/{administrator.id}", "/help", "/no/such/page"):
        page.goto(f"{path}?lang={language}")
        assert page.locator("html").get_attribute("dir") == ("ltr" if language == "en" else "rtl")
        assert page.evaluate(OVERFLOW) <= 0, path
        assert barriers_on(page) == [], path


def test_paper_shows_the_matter_without_the_chrome(page: Page, administrator):
    enter(page, administrator)
    page.goto("/users/")
    page.emulate_media(media="print")
    expect(page.locator("body > header")).to_be_hidden()
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.get_by_text("Printed from Relief on")).to_be_visible()
