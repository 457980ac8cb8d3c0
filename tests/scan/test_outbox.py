"""The outbox of a phone: what the server can open, in an unbroken chain, on the disk or not there at all."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from nacl.signing import VerifyKey
from playwright.sync_api import BrowserContext, Page

from relief.sync.envelopes import Opened
from tests.scan.conftest import open_phone
from tests.scan.making import PIN, Campaign, Server

ZEROS = "0" * 64


def record(page: Page, kind: str, text: str, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = page.evaluate(
        "([kind, text, fields]) => scan.record(kind, text, fields)", [kind, text, fields]
    )
    return made


def batch(page: Page) -> dict[str, Any]:
    made: dict[str, Any] = page.evaluate("async () => scan.phone.outbox.batchOf(await scan.phone.outbox.unsent())")
    return made


def opened(server: Server, page: Page) -> list[Opened]:
    found = server.opened(batch(page))
    assert all(isinstance(each, Opened) for each in found), found
    return [each for each in found if isinstance(each, Opened)]


def test_the_server_opens_what_a_phone_sealed(at_work: Page, server: Server, campaign: Campaign):
    family = campaign.families[0]
    made = record(
        at_work, "hand_over", family.text, given={"1": 2_500_000, "2": 1}, proof="last_four", answer="5671",
        proxy={"name": "Zainab", "relation": "sister", "last_four": "1234"},
        gps={"lon": 67.7, "lat": 26.7, "accuracy_m": 12.5},
    )  # fmt: skip
    (event,) = opened(server, at_work)
    payload = event.payload
    assert event.is_operators
    assert (str(payload.id), payload.counter, payload.previous) == (made["id"], 1, ZEROS)
    assert (payload.kind, payload.operator, payload.point, payload.campaign) == ("hand_over", 5, 7, 12)
    assert payload.presented.token is not None and payload.presented.token.pack() == family.token
    assert (payload.instalment, payload.given, payload.verdict) == (1, {1: 2_500_000, 2: 1}, "give")
    assert (payload.proof, payload.answer, payload.sequence, payload.undoes) == ("last_four", "5671", 1, None)
    assert payload.taken_by_proxy == "Zainab, sister, …1234"
    assert (payload.on, payload.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")) == (
        server.today,
        made["at"],
    )


def test_scans_codes_and_foreign_texts_are_events_too(at_work: Page, server: Server, campaign: Campaign):
    family = campaign.families[3]
    record(at_work, "scan", family.code.grouped())
    record(at_work, "scan", "https://shop.example/v/12345")
    record(at_work, "scan", campaign.families[4].text)
    typed, foreign, scanned = (each.payload for each in opened(server, at_work))
    assert (typed.code, typed.token, typed.verdict, typed.campaign) == (family.code.digits, None, "give", 12)
    digest = hashlib.sha256(b"https://shop.example/v/12345").hexdigest()
    assert (foreign.other, foreign.verdict, foreign.campaign) == (digest, "redemption.unreadable", None)
    assert (scanned.given, scanned.verdict) == (None, "give")


def test_events_are_a_chain_signed_and_marked(at_work: Page, server: Server, campaign: Campaign):
    for family in campaign.families:
        record(at_work, "hand_over", family.text)
    events = opened(server, at_work)
    assert [each.payload.counter for each in events] == list(range(1, 11))
    previous = ZEROS
    for each in events:
        VerifyKey(server.public_key).verify(b"relief event 1\n" + each.raw, each.signature)
        assert each.payload.previous == previous
        previous = hashlib.sha256(each.raw + each.signature).hexdigest()
    assert json.loads(events[0].raw)["given"] == {"1": 2_500_000, "2": 2}


def test_the_mark_is_the_operators(at_work: Page, server: Server, campaign: Campaign):
    record(at_work, "hand_over", campaign.families[0].text)
    server.add_operator(at_work, 6, "871245")
    record(at_work, "hand_over", campaign.families[1].text)
    first, second = opened(server, at_work)
    assert (first.payload.operator, second.payload.operator) == (5, 6) and first.is_operators and second.is_operators
    mark = hmac.HMAC(server.operators[6][1], hashes.SHA256())
    mark.update(b"relief event 1\n" + second.raw)
    server.operators[6] = ("Bashir Khoso", b"\0" * 32)
    assert [each.is_operators for each in opened(server, at_work)] == [True, False]


def test_events_recorded_at_once_stay_in_order(at_work: Page, server: Server, campaign: Campaign):
    texts = [family.text for family in campaign.families]
    at_work.evaluate("texts => Promise.all(texts.map((text) => scan.record('hand_over', text)))", texts)
    check_chain(opened(server, at_work), 10)


def test_two_pages_of_one_phone_keep_one_chain(
    at_work: Page, context: BrowserContext, server: Server, campaign: Campaign
):
    other = open_phone(context)
    other.evaluate("pin => scan.phone.operators.unlock(5, pin)", PIN)
    start = "texts => { globalThis.done = Promise.all(texts.map((text) => scan.record('hand_over', text))).then(() => null); }"
    texts = [family.text for family in campaign.families]
    at_work.evaluate(start, texts[:5])
    other.evaluate(start, texts[5:])
    for page in (at_work, other):
        page.evaluate("() => done")
    check_chain(opened(server, at_work), 10)


def check_chain(events: list[Opened], count: int) -> None:
    assert [each.payload.counter for each in events] == list(range(1, count + 1))
    assert [each.payload.previous for each in events] == [ZEROS, *(each.hash.hex() for each in events[:-1])]


def test_a_page_that_is_shut_in_the_middle_leaves_whole_events(
    at_work: Page, context: BrowserContext, server: Server, campaign: Campaign
):
    done = 0
    for round_ in range(5):
        page = open_phone(context)
        page.evaluate("pin => scan.phone.operators.unlock(5, pin)", PIN)
        done = max(done, page.evaluate("() => scan.phone.outbox.counts()")["last"])
        begin = """([texts, wait]) => {
            globalThis.kept = 0;
            (async () => { for (const text of texts) { await scan.record("scan", text); kept++; } })();
            return new Promise((resolve) => setTimeout(() => resolve(null), wait));
        }"""
        page.evaluate(begin, [[family.text for family in campaign.families] * 3, 10 + 7 * round_])
        done += page.evaluate("() => kept")
        page.close()
    last = at_work.evaluate("() => scan.phone.outbox.counts()")
    assert last["unsent"] == last["last"] >= done > 0  # What was said to be kept is kept.
    check_chain(opened(server, at_work), last["last"])


def test_a_full_disk_is_said_and_leaves_nothing_half_done(at_work: Page, server: Server, campaign: Campaign):
    record(at_work, "hand_over", campaign.families[0].text)
    fill = """() => {
        globalThis.put = IDBObjectStore.prototype.put;
        globalThis.add = IDBObjectStore.prototype.add;
        const full = function () { throw new DOMException("The disk is full.", "QuotaExceededError"); };
        IDBObjectStore.prototype.put = function (...args) { return this.name === "meta" ? full() : put.apply(this, args); };
    }"""
    at_work.evaluate(fill)
    script = "text => scan.problemOf(() => scan.record('hand_over', text))"
    assert at_work.evaluate(script, campaign.families[1].text) == {"code": "storage.full", "details": {}}
    at_work.evaluate("() => { IDBObjectStore.prototype.put = put; }")
    assert at_work.evaluate("() => scan.phone.outbox.counts()") == {"unsent": 1, "last": 1}
    record(at_work, "hand_over", campaign.families[1].text)
    check_chain(opened(server, at_work), 2)


def test_an_evicted_disk_is_said(at_work: Page, campaign: Campaign):
    at_work.evaluate("() => scan.phone.store.clear().then(() => null)")
    script = "text => scan.problemOf(() => scan.record('scan', text))"
    assert at_work.evaluate(script, campaign.families[0].text)["code"] == "storage.evicted"


def test_nothing_is_recorded_while_locked(at_work: Page, campaign: Campaign):
    at_work.evaluate("() => scan.phone.operators.lock()")
    script = "text => scan.problemOf(() => scan.record('scan', text))"
    assert at_work.evaluate(script, campaign.families[0].text)["code"] == "operator.locked"
    assert at_work.evaluate("() => scan.phone.outbox.counts()") == {"unsent": 0, "last": 0}


def test_photo_and_signature_go_along_and_are_kept_small(at_work: Page, server: Server, campaign: Campaign):
    script = """([text, photo, size]) => scan.problemOf(() => scan.record("hand_over", text, {
        photo: scan.bytes.fromB64(photo), signatureImage: new Uint8Array(size) }))"""
    photo = base64.urlsafe_b64encode(b"\xff\xd8" + b"p" * 39_000).rstrip(b"=").decode()
    text = campaign.families[0].text
    assert at_work.evaluate(script, [text, photo, 20_001]) == {"code": "photo.too_large", "details": {}}
    assert at_work.evaluate(script, [text, photo, 20_000]) is None
    (event,) = opened(server, at_work)
    assert {kind.value: len(content) for kind, content in event.pictures.items()} == {
        "photo": 39_002,
        "signature": 20_000,
    }


def test_an_undo_takes_the_hand_over_back(at_work: Page, server: Server, campaign: Campaign):
    text = campaign.families[0].text
    made = record(at_work, "hand_over", text)
    assert at_work.evaluate("text => scan.judge(text)", text)["state"] == "already_given"
    undo = "([id, reason]) => scan.phone.outbox.undo(id, reason)"
    at_work.evaluate(undo, [made["id"], "Wrong family"])
    assert at_work.evaluate("text => scan.judge(text)", text)["state"] == "give"
    first, second = (each.payload for each in opened(server, at_work))
    assert (second.kind, second.undoes, second.reason) == ("undo", first.id, "Wrong family")
    again = "id => scan.problemOf(() => scan.phone.outbox.undo(id, 'Again'))"
    assert at_work.evaluate(again, made["id"]) == {"code": "undo.not_possible", "details": {}}
    scan = record(at_work, "scan", text)
    assert at_work.evaluate(again, scan["id"])["code"] == "undo.not_possible"
    assert at_work.evaluate(again, "no-such-event")["code"] == "undo.not_possible"


def test_the_day_is_told_newest_first(at_work: Page, campaign: Campaign):
    record(at_work, "scan", "what is this")
    record(at_work, "hand_over", campaign.families[0].text)
    day = at_work.evaluate("() => scan.phone.outbox.ofDay()")
    assert [(each["kind"], each["verdict"], each["serial"], each["isSent"]) for each in day] == [
        ("hand_over", "give", 1, False), ("scan", "redemption.unreadable", None, False),
    ]  # fmt: skip


def test_the_export_holds_every_unsent_event(at_work: Page, server: Server, campaign: Campaign):
    many = """async (texts) => {
        for (let n = 0; n < 51; n++) await Promise.all(texts.map((text) => scan.record("scan", text)));
    }"""
    at_work.evaluate(many, [family.text for family in campaign.families])
    exported = at_work.evaluate("() => scan.phone.outbox.exportFile()")
    assert exported["name"].startswith(f"relief-outbox-{server.device}-") and exported["name"].endswith(".json")
    held = json.loads(exported["text"])
    assert held["format"] == "relief outbox 1" and [len(each["events"]) for each in held["batches"]] == [500, 10]
    events = [each for body in held["batches"] for each in server.opened(body) if isinstance(each, Opened)]
    check_chain(events, 510)
    assert at_work.evaluate("() => scan.phone.outbox.counts()")["unsent"] == 510


def test_answered_events_are_kept_small_and_go_after_a_week(at_work: Page, server: Server, campaign: Campaign):
    made = [record(at_work, "hand_over", family.text) for family in campaign.families[:2]]
    answer = """id => scan.phone.outbox.answered([{
        id, answer: "conflict", reason: "redemption.already_given", first: { point: "Mosque", at: "2026-01-01T00:00:00.000Z" },
    }])"""
    assert at_work.evaluate(answer, made[0]["id"]) == 1
    assert at_work.evaluate(answer, made[0]["id"]) == at_work.evaluate(answer, "unknown") == 0
    kept = at_work.evaluate("() => scan.disk()")["events"]
    assert set(kept["1"]) == {"counter", "id", "tag", "note", "at", "answer", "reason", "first"}
    _second, first = at_work.evaluate("() => scan.phone.outbox.ofDay()")
    assert (first["answer"], first["first"]["point"], first["isSent"]) == ("conflict", "Mosque", True)
    week = "() => { scan.clock = 8 * 86400000; return scan.phone.outbox.prune(); }"
    at_work.evaluate(week)
    assert set(at_work.evaluate("() => scan.disk()")["events"]) == {"1", "2"}, "not before a manifest tells of them"
    assert at_work.evaluate("() => scan.phone.outbox.answeredUpTo()") == 1
    at_work.evaluate("manifest => scan.apply(manifest, 1).then(() => null)", _b64(server.manifest(campaign)))
    at_work.evaluate(week)
    assert set(at_work.evaluate("() => scan.disk()")["events"]) == {"2"}, "what is unsent stays"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.parametrize("name", ["phone", "old_phone"])
def test_a_phone_without_ed25519_keeps_the_same_chain(
    name: str, request: pytest.FixtureRequest, context: BrowserContext, server: Server, campaign: Campaign
):
    page = request.getfixturevalue(name)
    server.enrol(page)
    server.give_manifest(page, campaign)
    record(page, "hand_over", campaign.families[0].text)
    page.close()
    page = open_phone(context)
    page.evaluate("pin => scan.phone.operators.unlock(5, pin)", PIN)
    record(page, "hand_over", campaign.families[1].text)
    check_chain(opened(server, page), 2)
