"""The screens of the scan app in Chromium, driven as point staff do: each way in, each state, nobody kept out."""

import io
import re
from collections.abc import Iterator

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from relief.distributions.rules import Refusal, VerdictState
from relief.programmes.rules import Proof
from tests.factories.people import PASSWORD
from tests.support.axe import barriers_on
from tests.support.scanning import (
    PHONE,
    PIN,
    Point,
    expect_state,
    make_ready,
    open_point,
    show_state,
    type_code,
    unlock,
    wedge,
)
from tests.support.serving import LiveServer
from tests.support.watching import watched

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
FAMILY = {"code": "F-00000001-95", "name": "F••• B•••", "size": 7}
FOREIGN = "https://bank.example/pay?id=8123"
URDU_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.fixture
def backend() -> str:
    """What the screens show does not depend on the database."""
    return "sqlite"


@pytest.fixture
def point(app: Flask) -> Point:
    """A point with five families, open today."""
    return open_point(app)


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The browser of a phone."""
    with browser.new_context(base_url=live_server.url, viewport=PHONE, locale="en-GB") as context:
        context.set_default_timeout(15_000)
        opened = context.new_page()
        with watched(opened, live_server.url):
            yield opened


def test_a_phone_is_made_ready_and_unlocked(page: Page, point: Point):
    page.goto("/scan")
    expect(page.get_by_role("heading", name="This phone is not yet made ready")).to_be_visible()
    make_ready(page, point)
    expect(page.locator(".bar")).to_contain_text("School")
    expect(page.locator(".bar")).to_contain_text("Ayesha Soomro")
    expect(page.locator(".bar")).to_contain_text("Online")
    assert "enrol" not in page.url, "the code of the invitation stays in no history"
    page.reload()
    unlock(page, "000111")
    expect(page.locator("[data-error=pin]")).to_contain_text("Tries left: 4")
    unlock(page)
    expect(page.locator("section.scan")).to_be_visible()


def test_what_is_wrong_is_said_at_its_field(page: Page, point: Point):
    page.goto(f"/scan#enrol={point.invitation()}")
    page.locator("[data-form=enrol] button.main").click()
    expect(page.locator("[data-error=label]")).to_have_text("Give this phone a name.")
    page.locator("#label").fill("Phone 1")
    page.locator("[data-form=enrol] button.main").click()
    page.locator("#email").fill(point.email)
    page.locator("#password").fill("not the password")
    for pin, again, said in (
        ("123", "123", "six digits"),
        ("123456", "123456", "easy to guess"),
        (PIN, "824614", "differ"),
    ):
        page.locator("#pin").fill(pin)
        page.locator("#pin-again").fill(again)
        page.locator("[data-form=sign-in] button.main").click()
        expect(page.locator(".field-error:visible").first).to_contain_text(said)
    page.locator("#pin-again").fill(PIN)
    page.locator("[data-form=sign-in] button.main").click()
    expect(page.locator("[data-part=problem]:visible")).to_be_visible()
    page.locator("#password").fill(PASSWORD)
    page.locator("[data-form=sign-in] button.main").click()
    expect(page.locator("section.scan")).to_be_visible()


def test_a_phone_whose_data_was_cleared_says_so(page: Page, point: Point, live_server: LiveServer):
    make_ready(page, point)
    page.goto("about:blank")
    page.context.new_cdp_session(page).send(
        "Storage.clearDataForOrigin", {"origin": live_server.url, "storageTypes": "indexeddb"}
    )
    page.goto("/scan")
    expect(page.locator("#main [data-part=problem]")).to_contain_text("The browser has cleared the data of this app.")


def test_five_wrong_pins_take_the_list_away(page: Page, point: Point):
    make_ready(page, point)
    page.reload()
    for left in (4, 3, 2, 1):
        unlock(page, "000111")
        expect(page.locator("[data-error=pin]")).to_contain_text(f"Tries left: {left}")
    unlock(page, "000111")
    expect(page.get_by_role("heading", name="Five wrong PINs")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#email")).to_be_visible()


def test_a_family_is_given_to_once_and_that_can_be_undone(page: Page, point: Point):
    make_ready(page, point)
    digits = point.families[0].code.digits
    type_code(page, digits)
    expect_state(page, "give")
    expect(page.locator(".lines")).to_contain_text("PKR 12,500")
    expect(page.locator(".lines")).to_contain_text("2 × Tent")
    page.get_by_role("button", name="Handed over").click()
    expect_state(page, "done")
    page.get_by_role("button", name="Next family").click()
    type_code(page, digits)
    expect_state(page, "already_given")
    expect(page.locator(".facts")).to_contain_text("School")
    expect(page.locator(".facts")).to_contain_text("Ayesha Soomro")
    page.get_by_role("button", name="Next family").click()
    page.locator("nav [data-go=day]").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Wrong family").check()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(page.locator(".is-undone")).to_be_visible()
    page.locator("nav [data-go=scan]").click()
    type_code(page, digits)
    expect_state(page, "give")


def test_what_is_short_stays_owed_and_a_proxy_is_named_whole(page: Page, point: Point):
    make_ready(page, point)
    type_code(page, point.families[0].code.digits)
    page.get_by_text("Something is short, or somebody else collects").click()
    page.locator("#line-2").fill("3")
    page.locator("#proxy").fill("Zainab")
    page.get_by_role("button", name="Handed over").click()
    expect(page.locator("#line-2-error")).to_contain_text("from 0 to 2")
    expect(page.locator("[data-error=proxy]")).to_contain_text("Say who collects")
    page.locator("#line-2").fill("۱")
    page.locator("#relation").fill("Sister")
    page.locator("#last-four").fill("4321")
    page.get_by_role("button", name="Handed over").click()
    expect_state(page, "done")
    expect(page.locator(".lines")).to_contain_text("1 × Tent")
    page.get_by_role("button", name="Next family").click()
    type_code(page, point.families[0].code.digits)
    expect(page.locator(".state-give .lines")).to_have_text("1 × Tent")
    expect(page.locator("[data-part=rest]")).to_be_visible()


def test_a_campaign_asks_for_its_proof(app: Flask, page: Page):
    point = open_point(app, proof_required=Proof.LAST_FOUR)
    make_ready(page, point)
    type_code(page, point.families[0].code.digits)
    expect_state(page, "give")
    page.get_by_role("button", name="Handed over").click()
    expect(page.locator("[data-error=proof]")).to_have_text("Say how the holder is known.")
    page.get_by_label("Last four digits of the CNIC told").check()
    page.locator("#answer").fill("12")
    page.get_by_role("button", name="Handed over").click()
    expect(page.locator("[data-error=answer]")).to_be_visible()


@pytest.mark.parametrize("digits", [URDU_DIGITS, ARABIC_DIGITS, {}], ids=["urdu", "arabic", "western"])
def test_typed_digits_of_every_script_are_read(page: Page, point: Point, digits: dict[int, int]):
    make_ready(page, point)
    code = point.families[0].code.digits
    type_code(page, f"{code[:4]} {code[4:8]}-{code[8:]}".translate(digits))
    expect_state(page, "give")


def test_a_slip_in_typed_digits_is_said_before_anything_is_judged(page: Page, point: Point):
    make_ready(page, point)
    code = point.families[0].code.digits
    type_code(page, code[:11])
    expect(page.locator("#typed-error")).to_contain_text("11")
    type_code(page, code[:11] + str((int(code[11]) + 1) % 10))
    expect(page.locator("#typed-error")).to_contain_text("do not fit together")
    expect(page.locator(".state")).to_have_count(0)


def test_a_hand_scanner_is_as_good_as_the_camera(page: Page, point: Point):
    make_ready(page, point)
    wedge(page, point.families[1].text)
    expect_state(page, "give")
    page.get_by_role("button", name="Not given").click()
    wedge(page, FOREIGN)
    expect_state(page, "not_valid")
    # A card that asks nothing gives way to the next family's; one that waits for an answer does not.
    wedge(page, point.families[2].text)
    expect(page.locator(".state-give")).to_be_visible()
    wedge(page, FOREIGN)
    expect(page.locator(".state-give")).to_be_visible()


def test_the_header_tells_the_truth_without_a_network(page: Page, point: Point):
    make_ready(page, point)
    page.context.set_offline(True)
    type_code(page, point.families[0].code.digits)
    page.get_by_role("button", name="Handed over").click()
    expect(page.locator(".bar")).to_contain_text("Offline")
    expect(page.locator(".bar")).to_contain_text("1 saved on this phone, not yet sent")
    page.locator(".state [data-act=next]").click()
    page.locator("nav [data-go=settings]").click()
    page.get_by_role("button", name="Send and fetch now").click()
    expect(page.locator("[data-fill=synced]")).to_contain_text("cannot be reached")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the unsent records as a file").click()
    assert re.fullmatch(r"relief-outbox-[\w-]+\.json", download.value.suggested_filename)
    page.context.set_offline(False)
    page.get_by_role("button", name="Send and fetch now").click()
    expect(page.locator(".bar")).to_contain_text("Everything is sent")
    expect(page.locator(".bar")).to_contain_text("Online")


def test_phones_tell_each_other_by_codes(browser: Browser, live_server: LiveServer, page: Page, point: Point):
    make_ready(page, point)
    page.context.set_offline(True)
    wedge(page, point.families[0].text)
    page.get_by_role("button", name="Handed over").click()
    page.locator(".state-done [data-act=next]").click()
    page.locator("nav [data-go=phones]").click()
    page.get_by_role("button", name="Show what this phone has given").click()
    expect(page.locator("[data-fill=count]")).to_have_text("Code 1 of 1")
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.locator(".shown").screenshot())))
    with browser.new_context(base_url=live_server.url, viewport=PHONE) as context:
        other = context.new_page()
        make_ready(other, point, "Phone 2")
        other.context.set_offline(True)
        other.locator("nav [data-go=phones]").click()
        other.get_by_role("button", name="Read from another phone").click()
        expect(other.locator("#main [data-part=problem]")).to_contain_text("No camera was found")
        wedge(other, FOREIGN)
        expect(other.locator("#main [data-part=problem]")).to_contain_text("not a code of a phone of this point")
        wedge(other, code.text)
        expect(other.locator("[data-fill=progress]")).to_contain_text("Everything of Phone 1 is read.")
        other.locator("nav [data-go=scan]").click()
        type_code(other, point.families[0].code.digits)
        expect_state(other, "ask")
        expect(other.locator(".facts")).to_contain_text("Phone 1")


@pytest.mark.parametrize("language", ["en", "ur", "sd"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_screen_fits_a_phone_and_keeps_nobody_out(app: Flask, page: Page, language: str, scheme):
    point = open_point(app, proof_required=Proof.CNIC_SEEN)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    problems: list[str] = []

    def look(what: str) -> None:
        problems.extend(f"{what}: {barrier}" for barrier in barriers_on(page))
        if (too_wide := page.evaluate(OVERFLOW)) > 0:
            problems.append(f"{what}: {too_wide} px wider than the phone")

    page.goto(f"/scan?lang={language}")
    expect(page.locator("html")).to_have_attribute("dir", "ltr" if language == "en" else "rtl")
    expect(page.locator(".page h1")).to_be_visible()
    look("welcome")
    make_ready(page, point)
    page.locator("nav [data-go=settings]").click()
    page.locator(f"#main [data-language={language}]").click()
    expect(page.locator(f"#main [data-language={language}]")).to_have_attribute("aria-current", "true")
    for screen in ("settings", "phones", "day", "scan"):
        page.locator(f"nav [data-go={screen}]").click()
        expect(page.locator(f"nav [data-go={screen}]")).to_have_attribute("aria-current", "page")
        expect(page.locator("#main h1")).to_be_attached()
        look(screen)
    type_code(page, point.families[0].code.digits)
    expect(page.locator(".state-give")).to_be_visible()
    page.locator("[data-part=details] summary").click()
    page.locator("[data-part=pictures] summary").click()
    look("give")
    page.locator("input[value=cnic_seen]").check()
    page.locator(".thumb .main").click()
    expect(page.locator(".state-done")).to_be_visible()
    look("done")
    page.locator("[data-act=undo]").click()
    look("undo")
    page.locator("dialog [data-act=close]").click()
    page.locator("[data-act=next]").click()
    for shown, refusal in (
        (VerdictState.ALREADY_GIVEN, Refusal.ALREADY_GIVEN), (VerdictState.NOT_VALID, Refusal.NOT_GENUINE),
        (VerdictState.ASK, Refusal.OTHER_POINT), (VerdictState.WAIT, None),
    ):  # fmt: skip
        first = {"point": "School", "at": "2022-09-20T06:00:00Z", "by": "Ayesha"}
        show_state(page, {"state": shown.value, "refusal": refusal and refusal.value, "family": FAMILY, "first": first})
        expect_state(page, shown.value)
        look(shown.value)
        page.locator("[data-act=next]").click()
    page.reload()
    expect(page.locator("#pin")).to_be_visible()
    look("unlock")
    assert problems == []
