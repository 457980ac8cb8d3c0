"""Requests that phones sign: known by their signature, whatever their clock says."""

import dataclasses
import datetime as dt

import pytest

from relief.kernel.errors import Forbidden, NotAuthentic
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from relief.sync.enrolment import revoke_device
from relief.sync.requests import KnownDevice, SignedRequest, authenticate_request, note_contact
from tests.factories.devices import PHONE, Phone, enrolled_phone, invite
from tests.factories.world import AT, World, build_world

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def world(store: Store) -> World:
    """A point with its people."""
    return build_world()


def asked(request: SignedRequest, *, at: dt.datetime = AT, also_revoked: bool = False) -> KnownDevice:
    with reading(PHONE, at=at) as work:
        return authenticate_request(work, request, also_revoked=also_revoked)


def refused(code: str, request: SignedRequest) -> bool:
    with pytest.raises(NotAuthentic) as refusal:
        asked(request)
    return refusal.value.code == code


def test_a_phone_is_known_by_its_signature(world: World):
    phone = enrolled_phone(world)
    known = asked(phone.request(body=b"{}"))
    assert (known.id, known.point.code, known.is_revoked) == (phone.id, "P1", False)
    # Replays do no harm: what they ask for has its effect once.
    request = phone.request()
    assert asked(request) == asked(request)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"}, {"path": "/api/v1/sync/batches"}, {"body_digest": bytes(32)}, {"time": "2022-09-20T06:00:00.001Z"},
        {"nonce": "AAAAAAAAAAAAAAAAAAAAAA"}, {"nonce": "AAAA"}, {"nonce": ""}, {"signature": ""}, {"signature": "!"},
        {"signature": "A" * 86}, {"time": "yesterday"}, {"time": "2022-09-20T06:00:00"}, {"time": ""},
        {"time": "0001-01-01T00:00:00+14:00"},
    ],
)  # fmt: skip
def test_a_request_that_was_changed_on_the_way_is_refused(world: World, change: dict[str, object]):
    request = enrolled_phone(world).request()
    assert refused("device.bad_signature", dataclasses.replace(request, **change))


def test_an_unknown_phone_is_refused(world: World):
    enrolled, stranger = enrolled_phone(world), Phone()
    for name in ("", "x", "4f5b7f6e-2f0b-4c6e-9a35-0d8b0ad2a4f1"):
        stranger.uuid = name
        assert refused("device.unknown", stranger.request())
    stranger.uuid = enrolled.uuid
    assert refused("device.bad_signature", stranger.request())


def test_a_phone_that_is_still_awaited_is_unknown(world: World):
    invite(world)
    with reading(world.coordinator) as work:
        from_list = work.scope.connection.exec_driver_sql("SELECT uuid FROM device").scalar()
    phone = Phone(uuid=str(from_list))
    assert refused("device.unknown", phone.request())


def test_a_revoked_phone_is_heard_only_where_it_hands_in(world: World):
    phone = enrolled_phone(world)
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_device(work, phone.id, "lost")
    with pytest.raises(Forbidden) as refusal:
        asked(phone.request())
    assert refusal.value.code == "device.revoked"
    assert asked(phone.request(), also_revoked=True).is_revoked


@pytest.mark.parametrize(
    ("clock", "offset_ms"),
    [
        (AT + 11 * MINUTE, 660_000), (AT - 3 * MINUTE, -180_000), (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), -1_663_653_600_000),
        (dt.datetime(9999, 12, 31, tzinfo=dt.UTC), 100 * 366 * 86_400_000),
    ],
)  # fmt: skip
def test_a_wrong_clock_is_noted_and_no_reason_to_refuse(world: World, clock: dt.datetime, offset_ms: int):
    phone = enrolled_phone(world)
    known = asked(phone.request(clock=clock))
    assert known.clock_offset_ms == offset_ms and known.is_news
    with unit_of_work(PHONE, at=AT) as work:
        note_contact(work, known)
    with reading(PHONE) as work:
        row = work.scope.connection.exec_driver_sql("SELECT clock_offset_ms FROM device").scalar()
    assert row == offset_ms


def test_only_a_contact_that_tells_something_is_written_down(world: World):
    phone = enrolled_phone(world)
    first = asked(phone.request())
    with unit_of_work(PHONE, at=AT) as work:
        note_contact(work, first)
    soon, later = AT + MINUTE, AT + 5 * MINUTE
    assert not asked(phone.request(clock=soon), at=soon).is_news
    assert asked(phone.request(clock=later), at=later).is_news
    assert asked(phone.request(clock=soon + MINUTE), at=soon).is_news
