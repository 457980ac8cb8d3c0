"""PINs, the roster's end, and what a thief finds on the disk: no name, no CNIC, no code."""

import base64
import binascii
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.scan.conftest import open_phone, serve_bundle
from tests.scan.making import PIN, Campaign, Server
from tests.support import chromium

HOUR = 3_600_000
UNLOCK = "([id, pin]) => scan.problemOf(() => scan.phone.operators.unlock(id, pin))"


def unlock(page: Page, number: int, pin: str) -> Any:
    return page.evaluate(UNLOCK, [number, pin])


def row_of(page: Page, serial: int = 1) -> Any:
    return page.evaluate("serial => scan.phone.roster.findBySerial(12, serial)", serial)


def later(page: Page, hours: float) -> None:
    page.evaluate("hours => { scan.clock += hours * 3600000; }", hours)


@pytest.mark.parametrize("pin", [PIN, "۴۹۳۸۱۷", f" {PIN} "])
def test_the_right_pin_opens_the_roster_again(at_work: Page, context: BrowserContext, pin: str):
    other = open_phone(context)
    assert row_of(other) is None and other.evaluate("() => scan.phone.operators.current") is None
    assert unlock(other, 5, pin) is None
    assert row_of(other)["name"] == "G1••• M•••"
    assert other.evaluate("() => scan.phone.operators.current.name") == "Ayesha Soomro"


@pytest.mark.parametrize("pin", ["", "12345", "abcdef", "12345x", "1" * 33])
def test_a_pin_has_six_digits_or_more(phone: Page, server: Server, pin: str):
    server.enrol(phone)
    add = """pin => scan.problemOf(() => scan.phone.operators.add(
        { id: 6, name: "B", staffedOn: [], credential: new Uint8Array(32) }, pin))"""
    assert phone.evaluate(add, pin)["code"] == "pin.too_short"


def test_five_wrong_pins_shred_the_roster_and_nothing_else(
    at_work: Page, context: BrowserContext, server: Server, campaign: Campaign
):
    at_work.evaluate("text => scan.record('hand_over', text)", campaign.families[0].text)
    server.add_operator(at_work, 6, "871245")
    other = open_phone(context)
    for left in (4, 3, 2, 1):
        assert unlock(other, 5, "000000") == {"code": "pin.wrong", "details": {"left": left}}
    assert unlock(other, 5, "000000") == {"code": "pin.shredded", "details": {}}
    assert unlock(other, 5, PIN) == {"code": "operator.unknown", "details": {}}
    disk = other.evaluate("() => scan.disk()")
    assert disk["shards"] == {} and list(disk["operators"]) == ["6"] and disk["operators"]["6"]["roster"] is None
    assert disk["parts"] and disk["events"]["1"]["unsent"] == 1
    assert unlock(other, 6, "871245") is None, "the other operator's own PIN still opens their credential"
    assert row_of(other) is None
    other.evaluate("text => scan.record('hand_over', text)", campaign.families[1].text)
    server.give_manifest(other, campaign)
    assert row_of(other)["serial"] == 1


def test_wrong_pins_are_counted_over_restarts_and_forgiven_by_the_right_one(at_work: Page, context: BrowserContext):
    for left in (4, 3, 2, 1):
        page = open_phone(context)
        assert unlock(page, 5, "111111")["details"] == {"left": left}
        page.close()
    page = open_phone(context)
    assert page.evaluate("() => scan.phone.operators.list()") == [
        {
            "id": 5,
            "name": "Ayesha Soomro",
            "staffedOn": page.evaluate("() => scan.phone.roster.header.operators[0].staffed_on"),
            "wrong": 4,
        }
    ]
    assert unlock(page, 5, PIN) is None
    assert unlock(page, 5, "111111")["details"] == {"left": 4}


def test_many_tries_at_once_are_five_as_well(at_work: Page, context: BrowserContext):
    page = open_phone(context)
    many = """pins => Promise.all(pins.map((pin) => scan.problemOf(() => scan.phone.operators.unlock(5, pin))))"""
    said = page.evaluate(many, [f"00000{n}" for n in range(7)] + [PIN])
    assert None not in said and page.evaluate("() => scan.disk()")["operators"] == {}


def test_a_try_counts_though_the_page_is_shut_at_once(at_work: Page, context: BrowserContext):
    page = open_phone(context)
    page.evaluate(
        "() => { scan.phone.operators.unlock(5, '000000').catch(() => {}); return new Promise((r) => setTimeout(r, 40)); }"
    )
    page.close()
    (person,) = open_phone(context).evaluate("() => scan.phone.operators.list()")
    assert person["wrong"] == 1


def test_two_operators_share_one_roster(at_work: Page, context: BrowserContext, server: Server, campaign: Campaign):
    server.add_operator(at_work, 6, "871245")
    for number, pin in ((5, PIN), (6, "871245")):
        page = open_phone(context)
        assert unlock(page, number, pin) is None and row_of(page)["serial"] == 1
        page.close()
    # Somebody signs in while nobody is there: the key is made anew for all who work with the phone.
    page = open_phone(context)
    server.add_operator(page, 5, "555123")
    assert row_of(page) is None
    server.give_manifest(page, campaign)
    assert row_of(page)["serial"] == 1
    page.close()
    page = open_phone(context)
    assert unlock(page, 6, "871245") is None and row_of(page)["serial"] == 1


def test_the_roster_goes_after_48_hours_and_tokens_are_still_judged(
    at_work: Page, context: BrowserContext, campaign: Campaign
):
    later(at_work, 47.9)
    assert row_of(at_work)["serial"] == 1
    later(at_work, 0.2)
    assert row_of(at_work) is None
    disk = at_work.evaluate("() => scan.disk()")
    assert disk["shards"] == {} and disk["parts"] and disk["operators"]["5"]["roster"] is None
    card = at_work.evaluate("text => scan.judge(text)", campaign.families[2].text)
    assert (card["state"], card["row"], card["due"]["instalment"]) == ("give", None, 1)
    card = at_work.evaluate("code => scan.judge(code)", campaign.families[2].code.digits)
    assert (card["state"], card["refusal"], card["note"]) == ("ask", "redemption.unknown", "no_roster")
    page = open_phone(context)
    assert unlock(page, 5, PIN) is None and row_of(page) is None
    assert page.evaluate("() => scan.phone.roster.state()")["hasFamilies"] is False


def test_a_restart_does_not_lengthen_the_48_hours(at_work: Page, context: BrowserContext):
    later(at_work, 47)
    assert row_of(at_work)["serial"] == 1
    page = open_phone(context)
    page.evaluate("() => { scan.clock = 49 * 3600000; }")
    assert unlock(page, 5, PIN) is None
    assert row_of(page) is None


def test_a_clock_set_back_does_not_lengthen_the_48_hours(at_work: Page):
    for _day in range(8):
        assert row_of(at_work)["serial"] == 1
        later(at_work, 6)
        assert at_work.evaluate("() => scan.phone.roster.state()")["age"] >= 0
        later(at_work, -6)
    later(at_work, 0.1)
    assert row_of(at_work) is None, "eight times six hours were seen to pass"


def test_a_clock_set_far_back_counts_on_from_there(at_work: Page):
    later(at_work, -24 * 365)
    assert row_of(at_work)["serial"] == 1
    later(at_work, 47.9)
    assert row_of(at_work)["serial"] == 1
    later(at_work, 0.2)
    assert row_of(at_work) is None


def test_keys_never_leave_the_browser(at_work: Page, campaign: Campaign):
    at_work.evaluate("text => scan.record('hand_over', text)", campaign.families[0].text)
    keys = at_work.evaluate("() => scan.disk()")["keys"]
    assert {name: key.get("privateKey", key)["extractable"] for name, key in keys.items()} == {
        "seal": False, "tag": False, "device": False, "secret": False,
    }  # fmt: skip


def test_pins_are_stretched(at_work: Page):
    assert at_work.evaluate("() => scan.disk()")["operators"]["5"]["rounds"] >= 300_000


@pytest.fixture
def secrets(server: Server, campaign: Campaign) -> list[str]:
    """What may not lie on the disk in clear, in any of its spellings."""
    words = [name for name, _credential in server.operators.values()] + ["5000001", "Zainab", PIN, "Government School"]
    for family in campaign.families:
        assert family.cnic is not None
        words += [family.name, family.code.digits, family.cnic.digits, family.cnic.full(), family.row[3], family.text]
        words += [base64.urlsafe_b64encode(family.token).decode().rstrip("=")]
    return [*words, base64.urlsafe_b64encode(server.operators[5][1]).decode().rstrip("=")]


def work_a_while(page: Page, server: Server, campaign: Campaign) -> None:
    server.enrol(page)
    server.give_manifest(page, campaign)
    family = campaign.families[0]
    assert family.cnic is not None
    fields = {
        "proof": "holder_tag",
        "answer": family.cnic.digits,
        "proxy": {"name": "Zainab", "relation": "sister", "last_four": ""},
    }
    page.evaluate("([text, fields]) => scan.record('hand_over', text, fields)", [family.text, fields])
    page.evaluate("code => scan.record('scan', code)", campaign.families[1].code.digits)
    assert row_of(page)["name"] == "G1••• M•••"


def test_the_database_holds_nothing_in_clear(phone: Page, server: Server, campaign: Campaign, secrets: list[str]):
    work_a_while(phone, server, campaign)
    disk = phone.evaluate("() => scan.disk()")
    assert all(disk[name] for name in ("meta", "keys", "operators", "shards", "parts", "events"))
    found = _bytes_of(disk)
    for secret in secrets:
        assert not any(form in found for form in _forms(secret)), secret


def _bytes_of(disk: Any) -> bytes:
    """The records as text, and after it what each base64 in them stands for."""
    text = json.dumps(disk, ensure_ascii=False)
    blobs: list[bytes] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                walk(each)
        elif isinstance(value, str) and len(value) > 8:
            with contextlib.suppress(binascii.Error):  # An instant, say.
                blobs.append(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_"))

    walk(disk)
    return text.encode() + b"\n".join(blobs)


def _forms(secret: str) -> list[bytes]:
    return [secret.encode(), secret.encode("utf-16-le")]


@pytest.fixture
def profile(browser: Browser, bundle: Path, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser with a profile on the disk."""
    with browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=chromium.find_chromium(), args=list(chromium.FLAGS), headless=True
    ) as context:
        serve_bundle(context, bundle)
        yield context


def test_the_profile_on_the_disk_holds_nothing_in_clear(
    profile: BrowserContext, tmp_path: Path, server: Server, campaign: Campaign, secrets: list[str]
):
    work_a_while(open_phone(profile), server, campaign)
    profile.close()
    files = [path for path in (tmp_path / "profile").rglob("*") if path.is_file()]
    assert any("IndexedDB" in str(path) and path.stat().st_size > 1000 for path in files)
    for path in files:
        content = path.read_bytes()
        for secret in secrets:
            assert not any(form in content for form in _forms(secret)), f"{secret} in {path.name}"


def test_a_restart_of_the_browser_keeps_everything(
    browser: Browser, bundle: Path, tmp_path: Path, server: Server, campaign: Campaign
):
    for start in (1, 2):
        with browser.browser_type.launch_persistent_context(
            tmp_path / "again", executable_path=chromium.find_chromium(), args=list(chromium.FLAGS), headless=True
        ) as context:
            serve_bundle(context, bundle)
            page = open_phone(context)
            if start == 1:
                work_a_while(page, server, campaign)
            else:
                assert page.evaluate("() => scan.phone.outbox.counts()") == {"unsent": 2, "last": 2}
                assert unlock(page, 5, PIN) is None and row_of(page)["serial"] == 1
                card = page.evaluate("text => scan.judge(text)", campaign.families[0].text)
                assert (card["state"], card["first"]["by"]) == ("already_given", "Ayesha Soomro")
