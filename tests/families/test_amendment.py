"""Amending a family: history, versions, flags and the audit trail."""

import json

import pytest
from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.families.amendment import HISTORY, AmendFamily, SettleFlags, amend_family, read_change, settle_flags
from relief.families.model import FamilyChange
from relief.families.queries import get_family, list_changes
from relief.families.registration import RegisterFamily, register_family
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from relief.kernel.identity import Cnic, PhoneNumber
from relief.kernel.names import PersonName
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.families.conftest import AT, BUTT_SERAI, DADU, LARKANA, SYSTEM, facts_in


@pytest.fixture
def family_id(store, uc_id):
    with unit_of_work(SYSTEM, at=AT) as work:
        return register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI)), "web:1")).family_id


def test_what_changed_is_kept_with_who_when_and_why(store, family_id, person):
    coordinator = person(Role.COORDINATOR, DADU)
    with unit_of_work(coordinator, at=AT) as work:
        changes = {
            "village": "Goth Nayo",
            "phone": PhoneNumber("923001234567"),
            "cnic": Cnic("9609511273299"),
            "size": 5,
        }
        assert amend_family(work, AmendFamily(family_id, changes, " Moved ")) == ("village", "cnic", "phone")
    with reading(coordinator) as work:
        family = get_family(work, family_id)
        (change,) = list_changes(work, family_id)
        (deed,) = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "family.amended"))
        assert (family.village, family.cnic, family.version) == ("Goth Nayo", Cnic("9609511273299"), 2)
        assert (change.changed_at, change.changed_by_name, change.reason) == (AT, coordinator.name, "Moved")
        assert read_change(work, change) == {
            "village": ("Goth Haji Khan", "Goth Nayo"),
            "cnic": ("*****-****328-1", "*****-****329-9"),
            "phone": ("+92 *** ****665", "+92 *** ****567"),
        }
        assert deed.detail["facts"] == ["cnic", "phone", "village"]
        assert deed.record_digest is not None


def test_personal_data_in_the_history_is_sealed(store, family_id):
    with unit_of_work(SYSTEM) as work:
        amend_family(work, AmendFamily(family_id, {"head_name": PersonName("Another Name")}, "Misheard"))
        row = work.session.scalars(select(FamilyChange)).one()
        assert b"Another" not in row.values_sealed
        assert json.loads(work.keys.unseal(row.values_sealed, HISTORY))["head_name"][1] == "Another Name"


def test_no_difference_makes_no_history(store, family_id):
    with unit_of_work(SYSTEM) as work:
        assert amend_family(work, AmendFamily(family_id, {"village": "Goth Haji Khan"}, "")) == ()
        assert list_changes(work, family_id) == []


def test_two_people_who_amend_at_once_do_not_undo_each_other(store, family_id):
    with unit_of_work(SYSTEM) as work:
        amend_family(work, AmendFamily(family_id, {"village": "A"}, "first", version=1))
        with pytest.raises(Conflict) as caught:
            amend_family(work, AmendFamily(family_id, {"village": "B"}, "second", version=1))
        assert caught.value.code == "family.changed_meanwhile"
        assert get_family(work, family_id).village == "A"


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"size": 9}, "why", "size"),
        ({"cnic": None}, "why", "cnic"),
        ({"village": "B"}, "  ", "reason"),
    ],
)
def test_impossible_changes_are_refused(store, family_id, changes, reason, field):
    with unit_of_work(SYSTEM) as work, pytest.raises(InvalidInput) as caught:
        amend_family(work, AmendFamily(family_id, changes, reason))
    assert [problem.field for problem in caught.value.problems] == [field]


def test_a_cnic_of_another_family_is_refused(store, family_id, uc_id):
    with unit_of_work(SYSTEM) as work:
        register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI), cnic=Cnic("9609511273299"))))
        with pytest.raises(Conflict) as caught:
            amend_family(work, AmendFamily(family_id, {"cnic": Cnic("9609511273299")}, "typed wrong"))
    assert caught.value.code == "family.cnic_taken"


def test_a_settled_flag_stays_settled_until_its_facts_change(store, family_id):
    with unit_of_work(SYSTEM) as work:
        amend_family(work, AmendFamily(family_id, {"lon": 67.0099, "lat": 24.8615}, "met in Karachi"))
        assert [flag.code for flag in get_family(work, family_id).flags] == ["gps.far_from_uc"]
        with pytest.raises(InvalidInput):
            settle_flags(work, SettleFlags(family_id, " "))
        settle_flags(work, SettleFlags(family_id, "They live with relatives there for now."))
        assert get_family(work, family_id).flags == ()
        settle_flags(work, SettleFlags(family_id, "again"))
        amend_family(work, AmendFamily(family_id, {"village": "B"}, "spelling"))
        assert get_family(work, family_id).flags == ()
        amend_family(work, AmendFamily(family_id, {"lat": 24.9}, "measured again"))
        assert len(get_family(work, family_id).flags) == 1
        assert [change.facts for change in list_changes(work, family_id)] == [
            ["lat"],
            ["village"],
            ["flags"],
            ["lat", "lon"],
        ]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "case",
    [
        (Role.REGISTRAR, DADU, True),
        (Role.COORDINATOR, DADU, True),
        (Role.COORDINATOR, LARKANA, False),
        (Role.AUDITOR, DADU, False),
        (Role.FINANCE, DADU, False),
        (Role.POINT_STAFF, DADU, False),
    ],
)
def test_registrars_and_coordinators_amend_in_their_area(store, family_id, person, case):
    role, area, is_let_in = case
    with unit_of_work(person(role, area)) as work:
        if is_let_in:
            assert amend_family(work, AmendFamily(family_id, {"village": "B"}, "why")) == ("village",)
        else:
            with pytest.raises(NotFound):
                amend_family(work, AmendFamily(family_id, {"village": "B"}, "why"))


def test_nobody_moves_a_family_out_of_their_area(store, family_id, uc_id, person):
    with unit_of_work(person(Role.COORDINATOR, DADU)) as work, pytest.raises(Forbidden):
        amend_family(work, AmendFamily(family_id, {"uc_id": uc_id("PK71301U01")}, "moved to Larkana"))
