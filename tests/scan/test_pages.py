"""Pages from phone to phone: what was given, signed by who gave it; a forged one changes nothing."""

import struct
import uuid
from typing import Any

import base45
import pytest
from nacl.signing import SigningKey, VerifyKey
from playwright.sync_api import Page

from relief.sync.wire import b64
from tests.scan.making import Campaign, Server

READ = "text => scan.problemOf(async () => scan.phone.pages.read((await scan.rt1.parseText(text)).bytes))"
OTHER = uuid.UUID("7f0c8f9e-0f35-4c0e-9a55-3c1f4a5be0d1")
KEY = SigningKey(bytes(range(32)))


def page_of(rows: list[tuple[int, int]], *, key: SigningKey = KEY, device: uuid.UUID = OTHER, **changes: int) -> str:
    """A page as the format says."""
    values = {"version": 1, "first": 1, "page": 1, "pages": 1, "campaign": 12} | changes
    numbers = [values[name] for name in ("first", "page", "pages", "campaign")]
    body = struct.pack(">B16sIBBH", values["version"], device.bytes, *numbers)
    body += b"".join(serial.to_bytes(3) + bytes([instalment]) for serial, instalment in rows)
    return "R2:" + base45.b45encode(body + key.sign(b"relief page 1\n" + body).signature).decode()


@pytest.fixture
def beside(phone: Page, server: Server, campaign: Campaign) -> Page:
    """A phone that knows another of its point."""
    server.enrol(phone)
    server.devices = [{"device": str(OTHER), "name": "Phone 2", "public_key": b64(bytes(KEY.verify_key))}]
    server.give_manifest(phone, campaign)
    return phone


def state(page: Page, text: str) -> tuple[str, str | None]:
    card: dict[str, Any] = page.evaluate("text => scan.judge(text)", text)
    return card["state"], card["note"]


def test_a_page_says_what_this_phone_gave(at_work: Page, server: Server, campaign: Campaign):
    ids = [
        at_work.evaluate("text => scan.record('hand_over', text)", family.text)["id"] for family in campaign.families
    ]
    at_work.evaluate("text => scan.record('scan', text)", campaign.families[0].text)
    at_work.evaluate("id => scan.phone.outbox.undo(id, 'Wrong family').then(() => null)", ids[0])
    (text,) = at_work.evaluate("() => scan.phone.pages.make()")
    assert text.startswith("R2:")
    data = base45.b45decode(text[3:])
    body, signature = data[:-64], data[-64:]
    VerifyKey(server.public_key).verify(b"relief page 1\n" + body, signature)
    version, device, first, number, pages, campaign_number = struct.unpack(">B16sIBBH", body[:25])
    assert (version, str(uuid.UUID(bytes=device)), first, number, pages, campaign_number) == (
        1,
        server.device,
        2,
        1,
        1,
        12,
    )
    rows = [(int.from_bytes(body[at : at + 3]), body[at + 3]) for at in range(25, len(body), 4)]
    assert rows == [(serial, 1) for serial in range(2, 11)]


def test_many_make_several_pages(at_work: Page, server: Server):
    campaign = Campaign(server.today)
    campaign.add(130)
    server.give_manifest(at_work, campaign)
    at_work.evaluate(
        "async (texts) => { for (const text of texts) await scan.record('hand_over', text); }",
        [family.text for family in campaign.families],
    )
    texts = at_work.evaluate("() => scan.phone.pages.make()")
    heads = [struct.unpack(">B16sIBBH", base45.b45decode(text[3:])[:25])[2:] for text in texts]
    assert heads == [(1, 1, 2, 12), (121, 2, 2, 12)] and len(texts[0]) < 900


def test_what_another_phone_showed_is_for_the_supervisor(beside: Page, campaign: Campaign):
    first, second = campaign.families[:2]
    read = "text => scan.rt1.parseText(text).then(({ bytes }) => scan.phone.pages.read(bytes))"
    text = page_of([(1, 1), (7, 2)])
    assert beside.evaluate(read, text) == {"name": "Phone 2", "page": 1, "pages": 1, "rows": 2, "isNew": True}
    assert beside.evaluate(read, text)["isNew"] is False
    assert state(beside, first.text) == ("ask", "other_phone") == state(beside, first.code.digits)
    assert state(beside, second.text) == ("give", None)
    assert state(beside, campaign.families[6].text) == ("give", None), "the second instalment is another matter"
    beside.reload()
    beside.wait_for_function("() => globalThis.scan")
    beside.evaluate("() => scan.open().then(() => null)")
    assert beside.evaluate("() => scan.phone.pages.givenBy(12, 1, 1)") == {"name": "Phone 2"}
    beside.evaluate("() => { scan.clock = 8 * 86400000; return scan.open().then(() => null); }")
    assert beside.evaluate("() => scan.phone.pages.givenBy(12, 1, 1) ?? null") is None
    assert beside.evaluate("() => scan.disk()")["pages"] == {}


def test_what_the_server_knows_goes_before_what_a_phone_showed(beside: Page, server: Server, campaign: Campaign):
    beside.evaluate(READ, page_of([(1, 1)]))
    campaign.redeemed[1] = {1}
    server.give_manifest(beside, campaign)
    assert state(beside, campaign.families[0].text) == ("already_given", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (page_of([(1, 1)], key=SigningKey(bytes(32))), "page.forged"),
        (page_of([(1, 1)], device=uuid.UUID(int=5)), "page.unknown_device"),
        (page_of([(1, 1)], version=2), "page.damaged"),
        (page_of([]), "page.damaged"),
        (page_of([(serial, 1) for serial in range(1, 122)]), "page.damaged"),
        ("R2:" + base45.b45encode(base45.b45decode(page_of([(1, 1)])[3:])[:-1]).decode(), "page.damaged"),
        ("R2:" + base45.b45encode(b"\x01").decode(), "page.damaged"),
        ("R2:", "page.damaged"),
    ],
)
def test_a_page_that_is_not_whole_and_genuine_changes_nothing(beside: Page, campaign: Campaign, text: str, said: str):
    assert beside.evaluate(READ, text)["code"] == said
    assert beside.evaluate("() => scan.disk()")["pages"] == {}
    assert state(beside, campaign.families[0].text) == ("give", None)


def test_ones_own_page_is_told(at_work: Page, campaign: Campaign):
    at_work.evaluate("text => scan.record('hand_over', text)", campaign.families[0].text)
    (text,) = at_work.evaluate("() => scan.phone.pages.make()")
    assert at_work.evaluate(READ, text)["code"] == "page.own"
