"""A held registration waits for a person, and for another one than entered it."""

import pytest
from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.families.deciding import DismissHeld, RegisterHeld, dismiss_held, register_held
from relief.families.import_queries import count_held, get_held, list_held
from relief.families.model import HeldState
from relief.families.queries import FamilyFilter, Page, count_families, get_family
from relief.families.registration import RegisterFamily, register_family
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.identity import Cnic
from relief.kernel.names import PersonName
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.families.conftest import AT, BUTT_SERAI, DADU, LARKANA, SYSTEM, facts_in

ANOTHER = Cnic("9000000000009")


@pytest.fixture
def held_id(store, uc_id, person):
    """A registration of the registrar of Dadu, held because a family of Larkana has its CNIC."""
    with unit_of_work(SYSTEM, at=AT) as work:
        register_family(work, RegisterFamily(facts_in(uc_id("PK71301U01")), "web:1"))
    with unit_of_work(person(Role.REGISTRAR, DADU), at=AT) as work:
        other = facts_in(uc_id(BUTT_SERAI), head_name=PersonName("Bachal Magsi"))
        return register_family(work, RegisterFamily(other, "web:2")).held_id


def test_it_is_dismissed_as_the_same_family(held_id, person):
    with unit_of_work(person(Role.COORDINATOR, DADU), at=AT) as work:
        dismiss_held(work, DismissHeld(held_id, "Same card, same photo."))
        held = get_held(work, held_id)
        (deed,) = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "registration.decided"))
        assert (held.line.state, held.line.decision_reason) == (HeldState.DISMISSED, "Same card, same photo.")
        assert deed.detail["decision"] == "dismissed"
        assert count_held(work) == 0
    with reading(SYSTEM) as work:
        assert count_families(work, FamilyFilter()) == 1


def test_it_is_registered_as_another_family_with_its_right_cnic(held_id, person):
    with unit_of_work(person(Role.COORDINATOR, DADU), at=AT) as work:
        family_id = register_held(work, RegisterHeld(held_id, "Her own card seen.", ANOTHER, None))
        family = get_family(work, family_id)
        assert (family.head_name, family.cnic, str(family.code)) == ("Bachal Magsi", ANOTHER, "F-00000002-92")
        assert get_held(work, held_id).line.registered_family_id == family_id
        assert family.is_registered_by(person(Role.REGISTRAR, DADU))


def test_it_is_registered_without_a_cnic_if_somebody_verified_it(held_id, person, uc_id):
    with unit_of_work(person(Role.COORDINATOR, DADU)) as work:
        family_id = register_held(work, RegisterHeld(held_id, "Card lost.", None, "LSO president"))
        assert get_family(work, family_id).cnic is None
    # The sheet is known again, though the CNIC in it was wrong.
    with unit_of_work(person(Role.REGISTRAR, DADU)) as work:
        other = facts_in(uc_id(BUTT_SERAI), head_name=PersonName("Bachal Magsi"))
        again = register_family(work, RegisterFamily(other, "web:2"))
        assert (again.family_id, again.held_id, again.is_repeat) == (family_id, None, True)


@pytest.mark.parametrize(
    ("cnic", "reason", "field"),
    [(None, "why", "cnic"), (Cnic("9609511273281"), "why", "cnic"), (ANOTHER, " ", "reason")],
)
def test_a_decision_needs_a_proof_and_a_reason(held_id, person, cnic, reason, field):
    with unit_of_work(person(Role.COORDINATOR, DADU)) as work, pytest.raises(InvalidInput) as caught:
        register_held(work, RegisterHeld(held_id, reason, cnic, None))
    assert [problem.field for problem in caught.value.problems] == [field]
    with reading(SYSTEM) as work:
        assert count_held(work) == 1


def test_nobody_decides_twice(held_id, person):
    with unit_of_work(person(Role.COORDINATOR, DADU)) as work:
        dismiss_held(work, DismissHeld(held_id, "why"))
    with unit_of_work(person(Role.COORDINATOR, "PK7")) as work, pytest.raises(Conflict):
        register_held(work, RegisterHeld(held_id, "why", ANOTHER, None))


def test_nobody_decides_on_an_own_entry(store, uc_id, person):
    coordinator = person(Role.COORDINATOR, DADU)
    both = type(coordinator)(
        coordinator.id, coordinator.name, (*coordinator.grants, *person(Role.REGISTRAR, DADU).grants)
    )
    with unit_of_work(both) as work:
        register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI)), "web:1"))
        held_id = register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI)), "web:2")).held_id
        with pytest.raises(RuleViolation) as caught:
            dismiss_held(work, DismissHeld(held_id, "why"))
    assert caught.value.code == "held.own_entry"


@pytest.mark.parametrize(
    ("role", "area", "error"),
    [
        (Role.REGISTRAR, DADU, Forbidden),
        (Role.AUDITOR, DADU, Forbidden),
        (Role.COORDINATOR, LARKANA, NotFound),
        (Role.POINT_STAFF, DADU, NotFound),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_only_coordinators_of_the_area_decide(held_id, person, role, area, error):
    with unit_of_work(person(role, area)) as work, pytest.raises(error):
        dismiss_held(work, DismissHeld(held_id, "why"))


def test_the_family_of_another_area_stays_unseen(held_id, person):
    with reading(person(Role.COORDINATOR, DADU)) as work:
        (line,), total = list_held(work, Page())
        assert (line.id, total) == (held_id, 1)
        assert get_held(work, held_id).other is None
    with reading(person(Role.COORDINATOR, "PK7")) as work:
        assert get_held(work, held_id).other.head_name == "Sikandar Ali Khoso"
    with reading(person(Role.COORDINATOR, LARKANA)) as work:
        assert list_held(work, Page()) == ([], 0)
        with pytest.raises(NotFound):
            get_held(work, held_id)
