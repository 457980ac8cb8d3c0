"""Point staff sign in on a phone, and what they sign with ends with their role or account."""

import pytest
from sqlalchemy import select

from relief.accounts.administration import disable_user
from relief.accounts.devices import unseal_credential
from relief.accounts.grants import GrantRole, end_grant, grant_role, narrow_grant
from relief.accounts.model import DeviceOperator, RoleGrant, User
from relief.accounts.sign_in import Attempt, begin_attempt
from relief.audit.model import AuditEntry
from relief.kernel.actor import Actor
from relief.kernel.errors import Forbidden, RuleViolation
from relief.kernel.permissions import Role
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from relief.sync.device_queries import operators_of
from relief.sync.enrolment import revoke_device
from relief.sync.operators import SignedInOperator, sign_in_operator
from tests.factories.devices import PHONE, Phone, enrolled_phone
from tests.factories.world import AT, SYSTEM, TODAY, World, build_world

ADDRESS = "203.0.113.7"


@pytest.fixture
def world(store: Store) -> World:
    """A point with its people."""
    return build_world()


def attempt_of(person: Actor) -> Attempt:
    with unit_of_work(SYSTEM, at=AT) as work:
        return begin_attempt(work, work.session.get_one(User, int(person.id)).email, ADDRESS)


def sign_in(phone: Phone, person: Actor) -> SignedInOperator:
    attempt = attempt_of(person)
    with unit_of_work(PHONE, at=AT) as work:
        return sign_in_operator(work, phone.known(work), attempt)


def still_in(phone: Phone) -> list[int]:
    with reading(SYSTEM) as work:
        return [one.user_id for one in operators_of(work, phone.id)]


def test_staff_get_a_credential_of_their_own(world: World):
    phone = enrolled_phone(world)
    operator = sign_in(phone, world.staff)
    assert (operator.user_id, operator.staffed_on) == (world.staff.id, [TODAY])
    with reading(SYSTEM) as work:
        row = work.session.scalars(select(DeviceOperator)).one()
        assert (
            unseal_credential(work.keys, row.credential_sealed) == operator.credential
            and len(operator.credential) == 32
        )
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "device.operator_signed_in")).one()
    assert entry.subject_id == str(world.staff.id) and entry.detail == {"device": phone.uuid, "point": "P1"}


def test_signing_in_again_ends_the_credential_before(world: World):
    phone = enrolled_phone(world)
    first, second = sign_in(phone, world.staff), sign_in(phone, world.staff)
    assert first.credential != second.credential and still_in(phone) == [world.staff.id]
    other = enrolled_phone(world, label="Phone 2")
    sign_in(other, world.staff)
    assert still_in(phone) == still_in(other) == [world.staff.id]


def test_whoever_may_not_hand_over_at_the_point_gets_none(world: World):
    phone = enrolled_phone(world)
    for outsider in (world.coordinator, world.stranger):
        with pytest.raises(Forbidden) as refusal:
            sign_in(phone, outsider)
        assert refusal.value.code == "operator.not_point_staff"
    assert still_in(phone) == []


def test_a_password_that_others_know_is_not_enough(world: World):
    phone = enrolled_phone(world)
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.get_one(User, int(world.staff.id)).must_change_password = True
    with pytest.raises(Forbidden) as refusal:
        sign_in(phone, world.staff)
    assert refusal.value.code == "operator.password_not_own"


def test_nobody_signs_in_on_a_revoked_phone(world: World):
    phone = enrolled_phone(world)
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_device(work, phone.id, "lost")
    with pytest.raises(Forbidden) as refusal:
        sign_in(phone, world.staff)
    assert refusal.value.code == "device.revoked"


def test_guesses_on_phones_and_on_the_web_are_counted_together(world: World):
    for _ in range(5):
        attempt_of(world.staff)
    with pytest.raises(RuleViolation) as refusal:
        attempt_of(world.staff)
    assert refusal.value.code == "sign_in.wait"


def test_the_right_password_is_not_counted(world: World):
    phone = enrolled_phone(world)
    for _ in range(8):
        sign_in(phone, world.staff)


def test_credentials_end_with_the_account(world: World):
    phone, other = enrolled_phone(world, world.staff), enrolled_phone(world, world.staff, label="Phone 2")
    with unit_of_work(SYSTEM, at=AT) as work:
        disable_user(work, int(world.staff.id), "left")
    assert still_in(phone) == still_in(other) == []


def test_credentials_end_with_the_role(world: World):
    phone = enrolled_phone(world, world.staff)
    with unit_of_work(SYSTEM, at=AT) as work:
        grant_role(work, GrantRole(int(world.staff.id), Role.REGISTRAR, world.uc.id))
    assert still_in(phone) == [world.staff.id]  # A further role takes nothing away.
    with unit_of_work(SYSTEM, at=AT) as work:
        of_staff = select(RoleGrant).where(RoleGrant.user_id == world.staff.id)
        grants = {grant.role: grant.id for grant in work.session.scalars(of_staff)}
        end_grant(work, grants[Role.REGISTRAR])
    assert still_in(phone) == [world.staff.id]  # Nor does the end of a role that hands nothing over.
    with unit_of_work(SYSTEM, at=AT) as work:
        end_grant(work, grants[Role.POINT_STAFF])
    assert still_in(phone) == []


def test_credentials_end_when_the_role_is_narrowed(world: World):
    with unit_of_work(SYSTEM, at=AT) as work:
        wide = grant_role(work, GrantRole(int(world.staff.id), Role.POINT_STAFF, world.district.id))
    phone = enrolled_phone(world, world.staff)
    with unit_of_work(SYSTEM, at=AT) as work:
        narrow_grant(work, wide, world.uc.parent_id or 0)
    assert still_in(phone) == []
