"""The file of a phone that never gets a signal is taken in by the same way, once, and only on its own page."""

import datetime as dt
import json

import pytest
from sqlalchemy import select

from relief.kernel.errors import InvalidInput, NotFound
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from relief.sync.enrolment import revoke_device
from relief.sync.intake import receive_batch
from relief.sync.model import DeviceEvent
from relief.sync.outbox_files import import_outbox
from relief.sync.requests import authenticate_request, note_contact
from relief.sync.wire import b64, iso_ms
from tests.factories.devices import PHONE, enrolled_phone, invite
from tests.factories.outbox import Outbox, outbox_of
from tests.factories.world import AT, SYSTEM, World, build_world

LATER = AT + dt.timedelta(days=3)


@pytest.fixture
def world(store: Store) -> World:
    """Four families of one point."""
    return build_world(families=4)


@pytest.fixture
def outbox(world: World) -> Outbox:
    """The outbox of a phone on which staff signed in."""
    return outbox_of(world, enrolled_phone(world, world.staff))


def exported(outbox: Outbox, **changes: object) -> bytes:
    batch = outbox.batch()
    events = [
        {"id": one.event_id, "counter": one.counter, "key": one.key, "iv": b64(one.iv), "sealed": b64(one.sealed)}
        for one in batch.envelopes
    ]
    keys = {name: b64(key) for name, key in batch.keys.items()}
    body = {"device": batch.device, "sent_at": iso_ms(batch.sent_at), "keys": keys, "events": events} | changes
    return json.dumps({"format": "relief outbox 1", "batches": [body]}).encode()


def brought_in(world: World, outbox: Outbox, content: bytes) -> list[str]:
    return [one.answer.value for one in import_outbox(world.coordinator, outbox.phone.id, content, at=LATER)]


def test_a_file_is_taken_in_once_however_often_it_comes(world: World, outbox: Outbox):
    for holder in world.families[:2]:
        outbox.hand_over(holder)
    assert brought_in(world, outbox, exported(outbox)) == ["created", "created"]
    assert brought_in(world, outbox, exported(outbox)) == ["exists", "exists"]
    # And when a signal comes after all, the phone's own batch changes nothing.
    outbox.clock = LATER
    assert {one.answer.value for one in receive_batch(PHONE, outbox.batch(), at=LATER).answers} == {"exists"}


def test_the_days_on_the_way_are_no_fault_of_the_clock(world: World, outbox: Outbox):
    known_off = AT + dt.timedelta(minutes=3)
    with unit_of_work(PHONE, at=AT) as work:
        note_contact(work, authenticate_request(work, outbox.phone.request(clock=known_off)))
    outbox.clock = known_off
    outbox.hand_over(world.families[0])
    brought_in(world, outbox, exported(outbox))
    with reading(SYSTEM) as work:
        event = work.session.scalars(select(DeviceEvent)).one()
    assert (event.clock_offset_s, event.happened_at, event.sent_by) == (180, AT, world.coordinator.id)


def test_a_damaged_event_keeps_none_of_the_others_back(world: World, outbox: Outbox):
    for holder in world.families[:3]:
        outbox.hand_over(holder)
    file = json.loads(exported(outbox))
    file["batches"][0]["events"][1]["sealed"] = "not base64!"
    assert brought_in(world, outbox, json.dumps(file).encode()) == ["created", "rejected", "created"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"\xff\xfe", b'{"format": "relief outbox 2", "batches": []}', b"[" * 100_000,
     b'{"format": "relief outbox 1", "batches": [{}]}'],
)  # fmt: skip
def test_what_is_no_such_file_is_refused(world: World, outbox: Outbox, content: bytes):
    with pytest.raises(InvalidInput) as refusal:
        brought_in(world, outbox, content)
    assert refusal.value.code == "outbox.unreadable"


def test_a_file_is_brought_in_on_its_own_phones_page(world: World, outbox: Outbox):
    outbox.hand_over(world.families[0])
    other = outbox_of(world, enrolled_phone(world, label="Phone 2"))
    with pytest.raises(InvalidInput) as refusal:
        brought_in(world, other, exported(outbox))
    assert refusal.value.code == "outbox.other_device"


def test_what_a_revoked_phone_held_becomes_a_conflict(world: World, outbox: Outbox):
    outbox.hand_over(world.families[0])
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_device(work, outbox.phone.id, "its days are over")
    assert brought_in(world, outbox, exported(outbox)) == ["conflict"]


def test_only_who_manages_the_phone_brings_its_file_in(world: World, outbox: Outbox):
    content = exported(outbox)
    for outsider in (world.stranger, world.staff):
        with pytest.raises(NotFound):
            import_outbox(outsider, outbox.phone.id, content, at=LATER)
    invite(world, label="Phone 3")
    with pytest.raises(NotFound) as refusal:
        import_outbox(world.coordinator, outbox.phone.id + 1, content, at=LATER)
    assert refusal.value.code == "device.not_enrolled"
