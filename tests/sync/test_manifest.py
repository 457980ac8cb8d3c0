"""The manifest of a phone: its own point's families under masked names, bitmaps over all serials, signed, in stable parts."""

import datetime as dt
import hashlib
import json
import struct
from typing import Any

import pytest
from nacl.signing import VerifyKey
from sqlalchemy import select, update

from relief.audit.queries import DEMONSTRATION_LOADED
from relief.audit.trail import Deed, record
from relief.distributions.deciding import HolderCheck
from relief.distributions.desk import DeskHandOver, hand_over_at_desk
from relief.distributions.hand_overs import OutcomeKind
from relief.distributions.model import DayStaff, DistributionDay, PointService
from relief.distributions.points import OpenDay, open_day
from relief.distributions.voiding import VoidHandOver, void_hand_over
from relief.entitlements.model import CampaignKey, Token
from relief.entitlements.revoking import ReplaceToken, RevokeToken, replace_token, revoke_token
from relief.entitlements.rules import KeyState
from relief.families.model import Family
from relief.kernel.dates import DateRange
from relief.kernel.errors import Forbidden
from relief.kernel.names import mask_name
from relief.papers import rt1
from relief.programmes.model import Campaign
from relief.programmes.rules import CampaignState, Proof
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from relief.sync.enrolment import revoke_device
from relief.sync.manifest import Manifest, build_manifest, next_sequence
from relief.sync.wire import unb64
from tests.factories.devices import DAYS, PHONE, Phone, enrolled_phone, invite, other_point
from tests.factories.world import AT, CASH, SYSTEM, TODAY, Holder, World, add_family, build_world, new_event

DAY = dt.timedelta(days=1)


@pytest.fixture
def world(store: Store) -> World:
    """Six families of one point."""
    return build_world(families=6)


class Read:
    """A manifest as a phone reads it from the wire, every digest and the signature checked."""

    def __init__(self, manifest: Manifest, key: bytes, have: dict[str, bytes] | None = None) -> None:
        wire, frames = b"".join(manifest.frames(have or {})), []
        while wire:
            (length,) = struct.unpack(">I", wire[:4])
            frames.append(wire[4 : 4 + length])
            assert len(frames[-1]) == length
            wire = wire[4 + length :]
        first = json.loads(frames[0])
        VerifyKey(key).verify(b"relief manifest 1\n" + first["header"].encode(), unb64(first["signature"], 64))
        self.header: dict[str, Any] = json.loads(first["header"])
        self.sent = {hashlib.sha256(frame).digest()[:16].hex(): frame for frame in frames[1:]}
        assert len(self.sent) == len(frames) - 1, "no part comes twice"
        self.parts = (have or {}) | self.sent
        self.campaign: dict[str, Any] = (self.header["campaigns"] or [{}])[0]

    def rows(self) -> list[list[Any]]:
        """The roster, each row in the shard that its serial says."""
        rows = []
        for part in self.campaign["roster"]["parts"]:
            shard = json.loads(self.parts[part["digest"]])
            assert all(0 <= row[0] - part["from"] < self.campaign["roster"]["shard_size"] for row in shard)
            rows += shard
        assert len(rows) == self.campaign["roster"]["rows"]
        return rows

    def serial_of(self, code: str) -> int | None:
        """What a typed code finds."""
        bucket = int(code[:9]) % self.campaign["codes"]["buckets"]
        parts = {part["bucket"]: part["digest"] for part in self.campaign["codes"]["parts"]}
        return dict(json.loads(self.parts[parts[bucket]])).get(code) if bucket in parts else None

    def bits(self, digest: str) -> list[int]:
        """The serials whose bits are set."""
        content = self.parts[digest]
        return [n for n in range(8 * len(content)) if content[n >> 3] >> (n & 7) & 1]

    def rests(self) -> dict[str, Any]:
        """What is still owed of instalments begun."""
        found: dict[str, Any] = json.loads(self.parts[self.campaign["rests"]])
        return found


def taken(phone: Phone, have: dict[str, bytes] | None = None, *, at: dt.datetime = AT) -> Read:
    with unit_of_work(PHONE, at=at) as work:
        device = phone.known(work)
        sequence = next_sequence(work, device)
    with reading(PHONE, at=at) as work:
        manifest = build_manifest(work, device, sequence)
        return Read(manifest, bytes(work.keys.manifest_key().verify_key), have)


def serial_of(holder: Holder) -> int:
    return rt1.Token.unpack(rt1.parse_text(holder.text)).body.serial


def give(world: World, holder: Holder, given: dict[int, int] | None = None) -> int:
    """Hand over at the desk; the id of the event."""
    with unit_of_work(world.staff, at=AT) as work:
        command = DeskHandOver(new_event(), world.day_id, holder.text, HolderCheck(Proof.NONE), given)
        outcome = hand_over_at_desk(work, command)
    assert outcome.kind is OutcomeKind.GIVEN and outcome.hand_over_id is not None
    return outcome.hand_over_id


def test_a_phone_takes_along_its_points_families_and_no_name_in_full(world: World):
    read = taken(enrolled_phone(world, world.staff))
    rows = {row[0]: row for row in read.rows()}
    assert sorted(rows) == sorted(map(serial_of, world.families))
    for holder in world.families:
        serial = serial_of(holder)
        _, reissue, band, family_code, name, size, _tag, has_cnic, code = rows[serial]
        assert (reissue, band, family_code, size) == (0, 1, holder.family_code, 5)
        assert name.startswith("H••• ") and has_cnic == int(holder.cnic is not None)
        assert code == holder.code.digits and read.serial_of(code) == serial
        assert not any(holder.cnic and holder.cnic.digits.encode() in part for part in read.parts.values())
    assert not any(b"Head" in part for part in read.parts.values())
    assert read.serial_of("000000000098") is None


def test_the_header_says_where_when_what_and_who(world: World):
    other = enrolled_phone(world, label="Phone 2")
    phone = enrolled_phone(world, world.staff)
    header = taken(phone).header
    assert (header["version"], header["device"], header["sequence"], header["roster_hours"]) == (1, phone.uuid, 1, 48)
    assert header["issued_at"] == header["server_time"] == "2022-09-20T06:00:00.000Z"
    assert header["point"] == {"number": 1, "code": "P1", "name": "School", "lon": None, "lat": None}
    assert (header["first_on"], header["last_on"]) == ("2022-09-20", "2022-09-25")
    assert header["operators"] == [{"id": world.staff.id, "name": world.staff.name, "staffed_on": ["2022-09-20"]}]
    assert [(one["device"], one["name"]) for one in header["devices"]] == [(other.uuid, "Phone 2")]
    assert unb64(header["devices"][0]["public_key"]) == other.public_key
    (campaign,) = header["campaigns"]
    assert (campaign["number"], campaign["code"], campaign["state"]) == (1, "C1", "active")
    assert (campaign["proof_required"], campaign["is_demonstration"]) == ("none", False)
    assert campaign["days"] == [{"on": "2022-09-20", "instalment": 1}]
    assert [(key["id"], key["state"], len(unb64(key["public_key"]))) for key in campaign["keys"]] == [(1, "active", 32)]
    assert len(unb64(campaign["holder_key"])) == 32 and campaign["families"] == max(map(serial_of, world.families))
    cash, tents = campaign["bands"][0]["lines"]
    assert (cash["line"], cash["kind"], cash["owed"], cash["unit"]) == (1, "cash", CASH, "PKR")
    assert (tents["line"], tents["kind"], tents["owed"], tents["code"]) == (2, "item", 2, "TENT")
    assert tents["name"] == {"en": "Tent", "ur": "خیمہ", "sd": "تنبو"}


def test_the_number_rises_with_every_manifest(world: World):
    phone, other = enrolled_phone(world), enrolled_phone(world, label="Phone 2")
    assert [taken(phone).header["sequence"] for _ in range(3)] == [1, 2, 3]
    assert taken(other).header["sequence"] == 1


def test_what_a_phone_has_is_not_sent_again(world: World):
    phone = enrolled_phone(world)
    first = taken(phone)
    again = taken(phone, first.parts)
    assert again.sent == {} and again.rows() == first.rows()
    give(world, world.families[0])
    later = taken(phone, first.parts)
    assert list(later.sent) == [later.campaign["redeemed"]["1"]]
    assert later.campaign["roster"] == first.campaign["roster"]


def test_a_family_served_stands_in_the_bitmap_and_an_undone_one_does_not(world: World):
    phone = enrolled_phone(world)
    first, second = world.families[:2]
    event = give(world, first)
    give(world, second)
    assert taken(phone).bits(taken(phone).campaign["redeemed"]["1"]) == sorted(map(serial_of, (first, second)))
    with unit_of_work(world.staff, at=AT) as work:
        void_hand_over(work, VoidHandOver(new_event(), event, "The goods came back"))
    read = taken(phone)
    assert read.bits(read.campaign["redeemed"]["1"]) == [serial_of(second)] and read.rests() == {}


def test_what_is_still_owed_of_a_partial_hand_over_is_told(world: World):
    phone = enrolled_phone(world)
    holder = world.families[0]
    give(world, holder, {1: CASH, 2: 1})
    assert taken(phone).rests() == {str(serial_of(holder)): {"1": {"2": 1}}}
    give(world, holder, {2: 1})
    assert taken(phone).rests() == {}


def test_revoked_and_replaced_tokens_stand_in_their_bitmaps(world: World):
    phone = enrolled_phone(world)
    revoked, replaced, both = world.families[:3]
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_token(work, RevokeToken(revoked.token_id, "stolen"))
        revoke_token(work, RevokeToken(both.token_id, "stolen"))
        replace_token(work, ReplaceToken(replaced.token_id, "torn"))
        replace_token(work, ReplaceToken(both.token_id, "found"))
    read = taken(phone)
    assert read.bits(read.campaign["revoked"]) == [serial_of(revoked)]
    assert read.bits(read.campaign["replaced"]) == sorted(map(serial_of, (replaced, both)))
    rows = {row[0]: row for row in read.rows()}
    assert [rows[serial_of(one)][1] for one in (revoked, replaced, both)] == [0, 1, 1]
    # The code of the newer paper finds the family, the one of the older does not.
    assert read.serial_of(rows[serial_of(replaced)][8]) == serial_of(replaced)
    assert read.serial_of(replaced.code.digits) is None


def test_no_phone_gets_another_points_families(world: World):
    elsewhere = other_point(world)
    with unit_of_work(SYSTEM, at=AT) as work:
        there = add_family(work, world, point_number=2)
        unassigned = add_family(work, world, point_number=0)
        work.session.add(
            DistributionDay(campaign_id=world.campaign_id, point_id=elsewhere, held_on=TODAY, instalment_no=1)
        )
    read = taken(enrolled_phone(world))
    assert sorted(row[0] for row in read.rows()) == sorted(map(serial_of, world.families))
    assert read.campaign["families"] == serial_of(unassigned), "bitmaps are over all serials"
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.add(PointService(campaign_id=world.campaign_id, uc_id=world.uc.id, point_id=elsewhere))
    assert read.rows() == taken(enrolled_phone(world, label="Phone 2")).rows()
    phone = Phone()
    phone.enrol(invite(world, label="Phone 3", point_id=elsewhere))
    # A token that names no point belongs to the one that serves its Union Council.
    assert [row[0] for row in taken(phone).rows()] == [serial_of(there), serial_of(unassigned)]


def test_a_revoked_phone_gets_nothing(world: World):
    phone = enrolled_phone(world)
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_device(work, phone.id, "lost")
    with pytest.raises(Forbidden) as refusal:
        taken(phone)
    assert refusal.value.code == "device.revoked"


@pytest.mark.parametrize(
    ("days", "at", "campaigns", "rows"),
    [
        (DAYS, AT, 1, 6),
        (DAYS, AT - 5 * DAY, 1, 6),
        (DAYS, AT + 5 * DAY, 1, 6),
        (DAYS, AT + 6 * DAY, 1, 0),  # Its days are over: nobody's name is left on it.
        (DateRange(TODAY + DAY, TODAY + 2 * DAY), AT, 1, 0),  # What was given yesterday is seen, whose it was is not.
        (DateRange(TODAY + 61 * DAY, TODAY + 62 * DAY), AT, 0, 0),
        (DateRange(TODAY - 2 * DAY, TODAY - DAY), AT - 3 * DAY, 0, 0),
    ],
)
def test_families_are_taken_along_for_the_days_at_hand(
    world: World, days: DateRange, at: dt.datetime, campaigns: int, rows: int
):
    read = taken(enrolled_phone(world, days=days), at=at)
    assert len(read.header["campaigns"]) == campaigns
    assert (len(read.rows()) if campaigns else 0) == rows


def test_a_closed_campaign_takes_no_families_along(world: World):
    phone = enrolled_phone(world)
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.execute(update(Campaign).values(state=CampaignState.CLOSED))
        work.session.execute(update(CampaignKey).values(state=KeyState.REVOKED))
    read = taken(phone)
    assert read.rows() == [] and read.campaign["state"] == "closed" and read.campaign["keys"][0]["state"] == "revoked"


def test_names_in_urdu_are_masked_by_letters(world: World):
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.execute(
            update(Family).where(Family.id == world.families[0].family_id).values(head_name="سِکندر علی")
        )
    rows = taken(enrolled_phone(world)).rows()
    assert rows[0][4] == "سِ••• ع•••"


@pytest.mark.parametrize(
    ("name", "masked"), [("Ayesha", "A•••"), ("ayesha  bibi", "a••• b•••"), ("É", "É•••"), ("", ""), ("éa", "é•••")]
)
def test_a_masked_name_keeps_first_letters(name: str, masked: str):
    assert mask_name(name) == masked


def test_shards_and_buckets_hold_a_few_hundred_each(store: Store):
    world = build_world(families=1)
    with unit_of_work(SYSTEM, at=AT) as work:
        world.families += [add_family(work, world) for _ in range(600)]
    read = taken(enrolled_phone(world))
    serials = sorted(map(serial_of, world.families))
    assert [row[0] for row in read.rows()] == serials
    assert [part["from"] % 256 for part in read.campaign["roster"]["parts"]] == [1] * len(
        read.campaign["roster"]["parts"]
    )
    assert read.campaign["codes"]["buckets"] == 4
    assert {read.serial_of(one.code.digits) for one in world.families} == set(serials)


def test_who_is_assigned_and_what_is_planned_is_told_for_the_phones_days(world: World):
    with unit_of_work(world.coordinator, at=AT) as work:
        for after in (1, 5, 6):
            command = OpenDay(world.campaign_id, world.point_id, TODAY + after * DAY, 1, (int(world.staff.id),))
            open_day(work, command)
    header = taken(enrolled_phone(world, world.staff)).header
    assert [day["on"] for day in header["campaigns"][0]["days"]] == ["2022-09-20", "2022-09-21", "2022-09-25"]
    assert header["operators"][0]["staffed_on"] == ["2022-09-20", "2022-09-21", "2022-09-25"]
    with reading(SYSTEM) as work:
        assert len(work.session.scalars(select(DayStaff.day_id)).all()) == 4


def test_a_demonstration_says_so(world: World):
    with unit_of_work(SYSTEM, at=AT) as work:
        record(work, Deed(DEMONSTRATION_LOADED, "demonstration", 1))
    assert taken(enrolled_phone(world)).campaign["is_demonstration"]


def test_tokens_of_a_phone_are_the_ones_on_record(world: World):
    with reading(SYSTEM) as work:
        tags = dict(work.session.execute(select(Token.entitlement_id, Token.holder_tag)).all())
    assert {row[6] for row in taken(enrolled_phone(world)).rows()} == set(tags.values())
