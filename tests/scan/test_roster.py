"""Taking a manifest in: whole and genuine or not at all, sealed, by parts, quickly."""

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey
from playwright.sync_api import BrowserContext, Page

from relief.kernel.codes import TokenCode
from relief.sync.wire import b64
from tests.scan.conftest import open_phone
from tests.scan.making import PIN, Campaign, Family, Server, frames

APPLY = "manifest => scan.problemOf(() => scan.apply(manifest))"


def apply(page: Page, manifest: bytes) -> str | None:
    said: dict[str, Any] | None = page.evaluate(APPLY, b64(manifest))
    return said["code"] if said else None


def joined(parts: list[bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def row_of(page: Page, serial: int = 1) -> Any:
    return page.evaluate("serial => scan.phone.roster.findBySerial(12, serial)", serial)


def test_every_family_is_found_by_serial_and_by_code(phone: Page, server: Server):
    campaign = Campaign(server.today)
    campaign.add(600)
    server.enrol(phone)
    server.give_manifest(phone, campaign)
    for family in (campaign.families[at] for at in (0, 255, 256, 511, 512, 599)):
        row = row_of(phone, family.serial)
        assert list(row.values()) == family.row
        found = phone.evaluate("code => scan.phone.roster.findByCode(code)", family.code.digits)
        assert found == {"campaign": 12, "row": row}
    assert row_of(phone, 601) is None and row_of(phone, 0) is None
    assert phone.evaluate("() => scan.phone.roster.findBySerial(13, 1)") is None
    assert phone.evaluate("() => scan.phone.roster.findByCode('000000000098')") is None


def forged(server: Server, manifest: bytes) -> bytes:
    first, *rest = frames(manifest)
    said = json.loads(first)
    said["signature"] = b64(SigningKey.generate().sign(b"relief manifest 1\n" + said["header"].encode()).signature)
    return joined([json.dumps(said).encode(), *rest])


def edited(server: Server, manifest: bytes) -> bytes:
    first, *rest = frames(manifest)
    said = json.loads(first)
    said["header"] = said["header"].replace("2500000", "2500001")
    return joined([json.dumps(said).encode(), *rest])


def part_changed(server: Server, manifest: bytes) -> bytes:
    first, second, *rest = frames(manifest)
    return joined([first, second.replace(b"G1", b"G9"), *rest])


def part_missing(server: Server, manifest: bytes) -> bytes:
    first, _second, *rest = frames(manifest)
    return joined([first, *rest])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (forged, "manifest.forged"),
        (edited, "manifest.forged"),
        (part_changed, "manifest.damaged"),
        (part_missing, "manifest.incomplete"),
        (lambda _server, manifest: manifest[:-1], "manifest.damaged"),
        (lambda _server, manifest: manifest[:2], "manifest.damaged"),
        (lambda _server, _manifest: b"", "manifest.damaged"),
        (lambda _server, _manifest: b"<h1>Log in</h1>", "manifest.damaged"),
        (lambda _server, _manifest: joined([b"[]"]), "manifest.damaged"),
    ],
)
def test_a_spoilt_manifest_changes_nothing(
    at_work: Page, server: Server, spoil: Callable[[Server, bytes], bytes], said: str
):
    campaign = Campaign(server.today)
    campaign.add(3)
    assert apply(at_work, spoil(server, server.manifest(campaign))) == said
    assert at_work.evaluate("() => scan.phone.roster.header.sequence") == 1
    assert row_of(at_work, 10)["serial"] == 10


def test_another_phones_and_an_older_manifest_are_refused(at_work: Page, server: Server, campaign: Campaign):
    other = server.manifest(campaign, device="7f0c8f9e-0f35-4c0e-9a55-3c1f4a5be0d1")
    assert apply(at_work, other) == "manifest.other_device"
    older, newer = server.manifest(campaign), server.manifest(campaign)
    assert apply(at_work, newer) is None
    assert apply(at_work, older) == "manifest.older"
    assert apply(at_work, server.manifest(campaign, version=2)) == "manifest.unknown_version"


def test_a_later_manifest_brings_only_what_changed(at_work: Page, server: Server, campaign: Campaign):
    have = at_work.evaluate("() => scan.phone.roster.have()")
    before = at_work.evaluate("() => scan.disk()")
    campaign.redeemed[1] = {4}
    delta = server.manifest(campaign, have=tuple(have))
    assert len(frames(delta)) == 2, "the header and one bitmap"
    assert apply(at_work, delta) is None
    after = at_work.evaluate("() => scan.disk()")
    assert after["shards"] == before["shards"], "not even sealed again"
    kept = set(after["parts"]) & set(before["parts"])
    assert all(after["parts"][digest] == before["parts"][digest] for digest in kept) and len(kept) == 2
    assert row_of(at_work)["serial"] == 1


def test_what_vanished_is_removed(at_work: Page, server: Server, campaign: Campaign):
    before = set(at_work.evaluate("() => scan.disk()")["shards"])
    campaign.families = campaign.families[:5]
    assert apply(at_work, server.manifest(campaign)) is None
    after = set(at_work.evaluate("() => scan.disk()")["shards"])
    assert after.isdisjoint(before) and row_of(at_work, 6) is None and row_of(at_work, 5)["serial"] == 5
    assert apply(at_work, server.manifest()) is None
    disk = at_work.evaluate("() => scan.disk()")
    assert disk["shards"] == disk["parts"] == {} and at_work.evaluate("() => scan.phone.roster.campaigns") == []


def test_parts_that_arrived_before_a_break_are_not_asked_for_again(at_work: Page, server: Server):
    campaign = Campaign(server.today)
    campaign.add(600)
    whole = server.manifest(campaign)
    assert apply(at_work, part_missing(server, whole)) == "manifest.incomplete"
    have = at_work.evaluate("() => scan.phone.roster.have()")
    assert len(frames(server.manifest(campaign, have=tuple(have)))) == 2
    assert apply(at_work, server.manifest(campaign, have=tuple(have))) is None
    assert row_of(at_work, 600)["serial"] == 600


def test_a_locked_phone_takes_no_manifest(at_work: Page, server: Server, campaign: Campaign):
    at_work.evaluate("() => scan.phone.operators.lock()")
    assert apply(at_work, server.manifest(campaign)) == "operator.locked"


def test_other_pages_of_the_phone_see_the_new_manifest(
    at_work: Page, context: BrowserContext, server: Server, campaign: Campaign
):
    other = open_phone(context)
    other.evaluate("pin => scan.phone.operators.unlock(5, pin)", PIN)
    campaign.add(5)
    server.give_manifest(at_work, campaign)
    at_work.evaluate(
        "() => { const news = new BroadcastChannel('relief-scan-news'); news.postMessage('changed'); news.close(); }"
    )
    other.wait_for_function("() => scan.phone.roster.header.sequence === 2")
    assert row_of(other, 15)["serial"] == 15


@pytest.mark.parametrize(("families", "limit_ms"), [(20_000, 3_000), (200_000, 10_000)])
def test_a_large_roster_is_ready_soon_on_a_slow_phone(
    phone: Page, context: BrowserContext, server: Server, families: int, limit_ms: int
):
    campaign = Campaign(server.today)
    campaign.add(20_000)  # More papers than these would take longer to sign than to read: the rest shares them.
    for first in range(20_000, families, 20_000):
        campaign.families += [_moved(family, first) for family in campaign.families[:20_000]]
    server.enrol(phone)
    manifest = server.manifest(campaign)
    context.route("https://phone.test/manifest", lambda route: route.fulfill(body=manifest))
    phone.evaluate(
        "async () => { globalThis.manifest = new Uint8Array(await (await fetch('/manifest')).arrayBuffer()); }"
    )
    context.new_cdp_session(phone).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    timed = """async () => {
        const start = performance.now();
        await scan.phone.roster.applyManifest(manifest);
        return performance.now() - start;
    }"""
    assert phone.evaluate(timed) < limit_ms
    # Half of the look-ups; a busy machine may stop one of them for longer.
    serials = [1 + n * 7919 % families for n in range(31)]
    codes = [campaign.families[serial - 1].code.digits for serial in serials]
    for find, wanted in (("findBySerial(12, wanted)", serials), ("findByCode(wanted)", codes)):
        median = phone.evaluate(LOOK % find, wanted)
        assert median < 10, find


# The median of so many look-ups, in ms.
LOOK = """async (all) => {
    const times = [];
    for (const wanted of all) {
        const start = performance.now();
        if (!(await scan.phone.roster.%s)) throw new Error("not found");
        times.push(performance.now() - start);
    }
    return times.sort((one, other) => one - other)[Math.floor(all.length / 2)];
}"""


def _moved(family: Family, by: int) -> Family:
    serial = family.serial + by
    code = TokenCode.of(7_919 * serial + 10**9)
    return replace(family, serial=serial, code=code, row=[serial, *family.row[1:-1], code.digits])
