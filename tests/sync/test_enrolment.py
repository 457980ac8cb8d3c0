"""Phones come in by a code shown once, and go out for good."""

import datetime as dt

import pytest
from nacl.signing import SigningKey, VerifyKey
from sqlalchemy import func, select

from relief.accounts.model import Device, DeviceOperator
from relief.accounts.rules import DeviceState
from relief.audit.model import AuditEntry
from relief.kernel.actor import Actor
from relief.kernel.dates import DateRange
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotAuthentic, NotFound, ReliefError, RuleViolation
from relief.kernel.permissions import Role
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from relief.sync.device_queries import find_device, get_device, list_devices, operators_of
from relief.sync.enrolment import InviteDevice, change_days, invite_device, renew_invitation, revoke_device
from relief.sync.wire import b64
from tests.factories.devices import DAYS, Phone, enrolled_phone, invite
from tests.factories.finance import someone
from tests.factories.world import AT, TODAY, World, build_world

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world(store: Store) -> World:
    """A point with its people."""
    return build_world()


def actions() -> list[str]:
    with reading(Actor.system("tests")) as work:
        query = select(AuditEntry.action).where(AuditEntry.action.startswith("device.")).order_by(AuditEntry.id)
        return list(work.session.scalars(query))


def refused(kind: type[ReliefError], code: str, phone: Phone, invitation: str, at: dt.datetime = AT) -> bool:
    with pytest.raises(kind) as refusal:
        phone.enrol(invitation, at=at)
    return refusal.value.code == code


def test_a_phone_enrols_with_the_code_and_its_own_key(world: World):
    phone = Phone()
    enrolled = phone.enrol(invite(world))
    assert len(enrolled.secret) == 32 and len(enrolled.seal_key) == 65
    VerifyKey(enrolled.manifest_key)
    assert (enrolled.device.label, enrolled.device.point.code, enrolled.device.days) == ("Phone 1", "P1", DAYS)
    with reading(world.coordinator) as work:
        row = get_device(work, phone.id)
        assert row.device.state is DeviceState.ACTIVE and row.device.description == "Chrome, Android"
        assert row.device.public_key == phone.public_key and enrolled.secret not in row.device.secret_sealed
        assert find_device(work, "Phone 1") == find_device(work, phone.uuid) == row
    assert actions() == ["device.invited", "device.enrolled"]


def test_a_code_is_good_for_one_phone(world: World):
    code = invite(world)
    phone = Phone()
    first = phone.enrol(code)
    assert refused(Conflict, "device.code_used", Phone(), code)
    # The phone itself heard no answer and asks again: the same answer, and no second deed.
    assert phone.enrol(code, at=AT + HOUR).secret == first.secret
    assert actions() == ["device.invited", "device.enrolled"]


def test_a_code_ends_after_a_day(world: World):
    code = invite(world)
    assert refused(RuleViolation, "device.code_expired", Phone(), code, at=AT + 24 * HOUR)
    assert Phone().enrol(code, at=AT + 24 * HOUR - dt.timedelta(seconds=1)).device.state is DeviceState.ACTIVE


def test_a_code_that_never_was_is_refused(world: World):
    assert refused(NotFound, "device.code_unknown", Phone(), b64(bytes(32)))
    assert refused(NotFound, "device.code_unknown", Phone(), "")


def test_a_key_without_its_private_half_is_refused(world: World):
    thief = Phone()
    thief.key = SigningKey.generate()
    enrolment = thief.enrolment(invite(world))
    for other in (Phone().public_key, bytes(32), b"", b"\xff" * 32):
        stolen = Phone()
        stolen.enrolment = lambda code, other=other: type(enrolment)(code, other, enrolment.proof)  # type: ignore[method-assign]
        assert refused(NotAuthentic, "device.bad_proof", stolen, enrolment.code)


def test_one_phone_is_not_enrolled_twice_under_one_key(world: World):
    phone = enrolled_phone(world)
    assert refused(Conflict, "device.key_taken", phone, invite(world, label="Phone 2"))


def test_a_new_code_ends_the_one_before(world: World):
    old = invite(world)
    with unit_of_work(world.coordinator, at=AT + HOUR) as work:
        device_id = work.session.scalars(select(Device.id)).one()
        new = renew_invitation(work, device_id).code
    assert refused(NotFound, "device.code_unknown", Phone(), old)
    Phone().enrol(new, at=AT + 24 * HOUR)
    with pytest.raises(RuleViolation, match="Enrol it as a new one"), unit_of_work(world.coordinator, at=AT) as work:
        renew_invitation(work, device_id)


def test_a_revoked_phone_is_out_for_good_with_all_who_work_on_it(world: World):
    phone = enrolled_phone(world, world.staff)
    with unit_of_work(world.coordinator, at=AT + HOUR) as work:
        revoke_device(work, phone.id, "  stolen on the way ")
    with reading(world.coordinator) as work:
        row = get_device(work, phone.id)
        assert (row.device.state, row.device.revoked_reason) == (DeviceState.REVOKED, "stolen on the way")
        assert operators_of(work, phone.id) == []
        assert [one.user_id for one in operators_of(work, phone.id, with_ended=True)] == [world.staff.id]
    with pytest.raises(RuleViolation, match="revoked before"), unit_of_work(world.coordinator, at=AT) as work:
        revoke_device(work, phone.id, "again")
    with pytest.raises(Forbidden, match="revoked"), unit_of_work(world.coordinator, at=AT) as work:
        change_days(work, phone.id, DAYS)
    assert actions()[-1] == "device.revoked"


def test_an_invitation_is_withdrawn_by_revoking(world: World):
    code = invite(world)
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_device(work, work.session.scalars(select(Device.id)).one(), "a typing mistake")
    assert refused(Forbidden, "device.revoked", Phone(), code)


def test_a_reason_is_asked_for(world: World):
    phone = enrolled_phone(world)
    for reason in ("", " \u200b ", "x" * 301):
        with pytest.raises(InvalidInput) as refusal, unit_of_work(world.coordinator, at=AT) as work:
            revoke_device(work, phone.id, reason)
        assert refusal.value.problems[0].field == "reason"


@pytest.mark.parametrize(("label", "code"), [("", "device.label_missing"), ("x" * 81, "text.too_long")])
def test_a_phone_has_a_name_of_a_few_words(world: World, label: str, code: str):
    with pytest.raises(InvalidInput) as refusal:
        invite(world, label=label)
    assert refusal.value.problems[0].code == code


def test_a_phone_is_for_some_weeks_at_most(world: World):
    with pytest.raises(InvalidInput) as refusal:
        invite(world, days=DateRange(TODAY, TODAY + dt.timedelta(days=93)))
    assert refusal.value.problems[0].code == "device.too_long"


def test_other_days_are_on_record(world: World):
    phone = enrolled_phone(world)
    later = DateRange(TODAY + dt.timedelta(days=7), TODAY + dt.timedelta(days=9))
    with unit_of_work(world.coordinator, at=AT) as work:
        change_days(work, phone.id, later)
    with reading(world.coordinator) as work:
        assert get_device(work, phone.id).days == later
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "device.days_changed")).one()
    assert entry.detail["first_on"] == "2022-09-27" and entry.area_id == world.uc.id


def test_only_the_points_own_coordinator_or_administrator_enrols(world: World):
    administrator = someone(Role.ADMINISTRATOR, world.district.path, number=90)
    with unit_of_work(administrator, at=AT) as work:
        assert invite_device(work, InviteDevice("A", world.point_id, DAYS)).code
    auditor = someone(Role.AUDITOR, world.district.path, number=91)
    for outsider in (world.staff, world.stranger, auditor, someone(Role.REGISTRAR, world.district.path, number=92)):
        with pytest.raises(NotFound), unit_of_work(outsider, at=AT) as work:
            invite_device(work, InviteDevice("B", world.point_id, DAYS))


def test_phones_of_other_areas_are_not_seen(world: World):
    phone = enrolled_phone(world)
    auditor = someone(Role.AUDITOR, world.district.path, number=91)
    for reader, seen in ((world.coordinator, 1), (auditor, 1), (world.stranger, 0), (world.staff, 0)):
        with reading(reader) as work:
            rows, total = list_devices(work)
            assert (len(rows), total) == (seen, seen)
            assert len(list_devices(work, state=DeviceState.ACTIVE, point_id=world.point_id)[0]) == seen
            if not seen:
                with pytest.raises(NotFound, match="no such phone"):
                    get_device(work, phone.id)
                assert find_device(work, phone.uuid) is None
    with pytest.raises(NotFound), unit_of_work(auditor, at=AT) as work:
        revoke_device(work, phone.id, "not mine to decide")
    with reading(world.coordinator) as work:
        assert work.session.scalar(select(func.count()).select_from(DeviceOperator)) == 0
