"""What a coordinator is shown of phones: gaps, broken chains, wrong clocks, far places, too fast, and after revocation."""

import datetime as dt
import hashlib
import uuid

import pytest

from relief.kernel.actor import Actor
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from relief.sync.enrolment import revoke_device
from relief.sync.model import DeviceEvent
from relief.sync.oversight import Concern, EventFilter, findings_of, list_events, phones_to_look_at
from relief.sync.rules import Answer, EventKind
from tests.factories.devices import Phone, enrolled_phone
from tests.factories.world import AT, SYSTEM, World, build_world

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world(store: Store) -> World:
    """A point with its people."""
    return build_world()


def digest(number: int) -> bytes:
    return hashlib.sha256(str(number).encode()).digest() if number else bytes(32)


def events(world: World, phone: Phone, counters: list[int], *, at: dt.datetime = AT, **changes: object) -> None:
    """Events as the intake writes them, a minute apart, one chain; changed as a test wants it."""
    with unit_of_work(SYSTEM, at=at) as work:
        for counter in counters:
            values: dict[str, object] = {
                "event_id": str(uuid.uuid4()), "device_id": phone.id, "counter": counter, "operator_id": int(world.staff.id),
                "sent_by": 0, "kind": EventKind.HAND_OVER, "point_id": world.point_id, "device_at": AT + counter * MINUTE,
                "happened_at": AT, "received_at": at, "clock_offset_s": 0, "distance_m": None, "verdict": "give",
                "answer": Answer.CREATED, "reason": "", "hand_over_id": None, "previous_hash": digest(counter - 1),
                "event_hash": digest(counter), "content_sealed": b"sealed",
            }  # fmt: skip
            work.session.add(DeviceEvent(**values | changes))


def seen(reader: Actor, *phones: Phone) -> dict[Concern, int]:
    with reading(reader) as work:
        return {found.concern: found.count for found in findings_of(work, [phone.id for phone in phones])}


def listed(phone: Phone, concern: Concern | None, operator_id: int | None = None) -> list[int]:
    with reading(SYSTEM) as work:
        rows, total = list_events(work, EventFilter(phone.id, concern, operator_id), limit=50, offset=0)
        assert total == len(rows)
        return [row.event.counter for row in rows]


def test_a_phone_that_did_its_work_gives_nothing_to_look_at(world: World):
    phone = enrolled_phone(world, world.staff)
    events(world, phone, list(range(1, 41)))
    assert seen(SYSTEM, phone) == {} and listed(phone, None) == list(range(40, 0, -1))


def test_missing_numbers_are_found_also_before_the_first(world: World):
    phone = enrolled_phone(world)
    events(world, phone, [2, 3, 7])
    assert seen(SYSTEM, phone) == {Concern.GAP: 2} and listed(phone, Concern.GAP) == [7, 2]


def test_a_gap_is_closed_by_what_comes_later(world: World):
    phone = enrolled_phone(world)
    events(world, phone, [1, 3])
    events(world, phone, [2])
    assert seen(SYSTEM, phone) == {}


def test_two_events_of_one_number_and_a_foreign_predecessor_are_found(world: World):
    phone = enrolled_phone(world)
    events(world, phone, [1, 2, 3])
    events(world, phone, [3], event_hash=digest(99))
    events(world, phone, [4], previous_hash=digest(98))
    assert seen(SYSTEM, phone) == {Concern.BROKEN_CHAIN: 2} and listed(phone, Concern.BROKEN_CHAIN) == [4, 3]


@pytest.mark.parametrize(
    ("changes", "concern"),
    [
        ({"clock_offset_s": 601}, Concern.CLOCK), ({"clock_offset_s": -86_400}, Concern.CLOCK), ({"clock_offset_s": 600}, None),
        ({"distance_m": 5_001}, Concern.FAR), ({"distance_m": 5_000}, None),
    ],
)  # fmt: skip
def test_clocks_and_places_are_held_to_their_bounds(world: World, changes: dict[str, object], concern: Concern | None):
    phone = enrolled_phone(world)
    events(world, phone, [1, 2], **changes)
    assert seen(SYSTEM, phone) == ({concern: 2} if concern else {})


@pytest.mark.parametrize(
    ("step_s", "kind", "count"),
    [(4, EventKind.HAND_OVER, 3), (5, EventKind.HAND_OVER, 0), (1, EventKind.SCAN, 0), (0, EventKind.HAND_OVER, 3)],
)
def test_many_hand_overs_in_no_time_are_found(world: World, step_s: int, kind: EventKind, count: int):
    phone = enrolled_phone(world)
    for counter in range(1, 33):
        events(world, phone, [counter], device_at=AT + counter * dt.timedelta(seconds=step_s), kind=kind)
    assert seen(SYSTEM, phone) == ({Concern.FAST: count} if count else {})


def test_what_comes_after_revocation_is_found(world: World):
    phone = enrolled_phone(world)
    events(world, phone, [1])
    with unit_of_work(world.coordinator, at=AT + MINUTE) as work:
        revoke_device(work, phone.id, "stolen")
    events(world, phone, [2], at=AT + 2 * MINUTE)
    assert seen(SYSTEM, phone) == {Concern.AFTER_REVOCATION: 1}
    assert listed(phone, Concern.AFTER_REVOCATION) == [2]


def test_findings_are_told_apart_by_phone_and_person(world: World):
    first, second = enrolled_phone(world), enrolled_phone(world, label="Phone 2")
    events(world, first, [1, 2], distance_m=9_000)
    events(world, second, [1], distance_m=9_000)
    events(world, second, [2], distance_m=9_000, operator_id=int(world.coordinator.id))
    with reading(SYSTEM) as work:
        found = findings_of(work, [first.id, second.id])
    assert {(one.device_id, one.operator_id, one.count) for one in found} == {
        (first.id, world.staff.id, 2), (second.id, world.staff.id, 1), (second.id, world.coordinator.id, 1),
    }  # fmt: skip
    assert {one.operator_name for one in found} == {world.staff.name, world.coordinator.name}
    assert found[0].latest_at == AT
    assert listed(second, Concern.FAR, int(world.coordinator.id)) == [2]


def test_home_counts_phones_of_ones_own_areas_with_something_of_the_last_week(world: World):
    first, second = enrolled_phone(world), enrolled_phone(world, label="Phone 2")
    events(world, first, [1, 2, 5], distance_m=9_000)
    events(world, second, [1])
    for reader, days, count in (
        (world.coordinator, 0, 1), (world.coordinator, 7, 1), (world.coordinator, 8, 0), (world.stranger, 0, 0),
        (world.staff, 0, 0),
    ):  # fmt: skip
        with reading(reader, at=AT + dt.timedelta(days)) as work:
            assert phones_to_look_at(work) == count
