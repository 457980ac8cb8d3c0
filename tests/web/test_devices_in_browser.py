"""Enrolling a phone in a real browser: the code is read off the screen, and every page is open to all in both directions."""

import io
import os
from pathlib import Path

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect

from relief.accounts.model import DeviceOperator
from relief.distributions.points import AddPoint, add_point
from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from relief.sync.model import DeviceEvent
from relief.sync.rules import Answer, EventKind
from tests.factories.devices import Phone
from tests.factories.people import PASSWORD, SYSTEM, add_person, put_five_areas
from tests.support.axe import barriers_on

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

PHONE, OFFICE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_phone_is_enrolled_off_the_screen(app: Flask, page: Page):
    app.config["WTF_CSRF_ENABLED"] = True
    with app.app_context(), unit_of_work(SYSTEM) as work:
        areas = put_five_areas(work)
        coordinator = add_person(work, Role.COORDINATOR, areas.dadu)
        add_point(work, AddPoint("SCHOOL", "Girls' school", areas.uc.id))
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(coordinator.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/devices")
    look(page, "empty")
    page.get_by_role("button", name="Enrol a phone").first.click()
    look(page, "new")
    page.get_by_label("Name of the phone").fill("Phone 12")
    page.get_by_label("Point").select_option(label="Girls' school")
    page.get_by_label("First day").fill("2022-09-20")
    page.get_by_label("Last day").fill("2022-09-25")
    page.get_by_role("button", name="Show the code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scan this with the phone")
    for size in (OFFICE, PHONE):
        page.set_viewport_size(size)
        assert barriers_on(page) == [] and page.evaluate(OVERFLOW) == 0
        keep(page, f"code-{size['width']}")
        picture = Image.open(io.BytesIO(page.locator("svg.qr").screenshot())).convert("L")
        (code,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    origin, _mark, secret = code.text.partition("/scan#enrol=")
    assert page.url.startswith(origin)
    phone = enrolled(app, secret, coordinator.id)
    page.get_by_role("button", name="The phone has it").click()
    expect(page.get_by_text("In use")).to_be_visible()
    look(page, "show")
    page.get_by_role("link", name="More than 5 km").click()
    look(page, "events")
    page.goto("/devices?lang=en")
    look(page, "list")
    page.goto(f"/devices/{phone.id}?lang=en")
    page.get_by_text("Revoke the phone").first.click()
    page.get_by_label("Reason").fill("Lost at the bridge")
    page.get_by_role("button", name="Revoke the phone").click()
    expect(page.get_by_text("Lost at the bridge")).to_be_visible()
    look(page, "revoked")


def enrolled(app: Flask, code: str, operator_id: int) -> Phone:
    """The phone that read the code, with somebody on it, and something to look at."""
    phone = Phone()
    with app.app_context():
        with unit_of_work(SYSTEM) as work:
            at = work.at
        phone.enrol(code, at=at)
        with unit_of_work(SYSTEM) as work:
            work.session.add(
                DeviceOperator(
                    device_id=phone.id, user_id=operator_id, credential_sealed=b"x", made_at=at, ended_at=None
                )
            )
            work.session.add(
                DeviceEvent(
                    event_id="e", device_id=phone.id, counter=3, operator_id=operator_id, sent_by=0, kind=EventKind.HAND_OVER,
                    point_id=1, device_at=at, happened_at=at, received_at=at, clock_offset_s=900, distance_m=7_000, verdict="give",
                    answer=Answer.CONFLICT, reason="", previous_hash=b"x", event_hash=b"y", content_sealed=b"z",
                )
            )  # fmt: skip
    return phone


def look(page: Page, name: str) -> None:
    """Hold the page to no barriers and no overflow, in an office in English and on a phone in Urdu."""
    back = page.url
    for language, size in (("ur", PHONE), ("en", OFFICE)):
        page.set_viewport_size(size)
        page.goto(f"{back}{'&' if '?' in back else '?'}lang={language}")
        assert barriers_on(page) == [] and page.evaluate(OVERFLOW) == 0, name
        keep(page, f"{name}-{language}")


def keep(page: Page, name: str) -> None:
    """Keep a picture for a person to look at, where one is asked for."""
    folder = os.environ.get("RELIEF_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"devices-{name}.png", full_page=True)
