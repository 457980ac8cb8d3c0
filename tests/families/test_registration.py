"""Registering one family: the row, the audit entry, and what happens to a CNIC that is taken."""

import threading

import pytest
from flask import current_app
from sqlalchemy import func, select

from relief.audit.model import AuditEntry
from relief.families.model import Family, HeldRegistration
from relief.families.queries import get_family
from relief.families.registration import RegisterFamily, register_family
from relief.kernel.codes import FamilyCode
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from relief.kernel.identity import Cnic
from relief.kernel.names import PersonName
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.families.conftest import AT, BUTT_SERAI, DADU, LARKANA, SYSTEM, facts_in


def deeds(work, action):
    return work.session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()


def count(model):
    with reading(SYSTEM) as work:
        return work.session.scalar(select(func.count()).select_from(model))


def test_a_family_is_registered_with_a_code_and_an_audit_entry(store, uc_id, person):
    registrar = person(Role.REGISTRAR, DADU)
    with unit_of_work(registrar, at=AT) as work:
        done = register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI)), "web:1"))
    assert (done.held_id, done.is_repeat) == (None, False)
    with reading(registrar) as work:
        family = get_family(work, done.family_id)
        (deed,) = deeds(work, "family.registered")
        row = work.session.get_one(Family, done.family_id)
    assert str(family.code) == "F-00000001-95"
    assert (family.head_name, family.size, str(family.cnic)) == ("Sikandar Ali Khoso", 5, "*****-****328-1")
    assert family.is_registered_by(registrar)
    assert (family.registered_at, family.flags) == (AT, ())
    assert (deed.subject_id, deed.actor_id, deed.area_id) == (str(family.id), registrar.id, family.uc_id)
    assert deed.detail == {"code": "F-00000001-95", "flags": []}
    assert b"9609511273281" not in bytes(row.cnic_sealed)
    assert row.search_key == " sikandar ali khoso سکندر علی"


def test_numbers_follow_on_each_other(store, uc_id):
    with unit_of_work(SYSTEM) as work:
        for n in range(3):
            done = register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI), cnic=Cnic(f"960951127328{n}"))))
            assert get_family(work, done.family_id).code == FamilyCode.of(n + 1)


def test_a_position_far_away_is_registered_with_a_flag(store, uc_id):
    with unit_of_work(SYSTEM) as work:
        facts = facts_in(uc_id(BUTT_SERAI), lon=67.0099, lat=24.8615)
        done = register_family(work, RegisterFamily(facts))
        (flag,) = get_family(work, done.family_id).flags
    assert flag.code == "gps.far_from_uc"
    assert 200 < flag.params["distance_km"] < 300


def test_a_taken_cnic_is_held_and_nothing_is_lost(store, uc_id):
    with unit_of_work(SYSTEM, at=AT) as work:
        first = register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI))))
        other = facts_in(uc_id(BUTT_SERAI), head_name=PersonName("Bachal Magsi"), size=6, girls=2)
        second = register_family(work, RegisterFamily(other))
        held = work.session.get_one(HeldRegistration, second.held_id)
        assert (held.family_id, held.head_name, held.size, held.held_at) == (first.family_id, "Bachal Magsi", 6, AT)
        assert len(deeds(work, "registration.held")) == 1
    assert (count(Family), count(HeldRegistration)) == (1, 1)


def test_the_same_sheet_again_changes_nothing(store, uc_id):
    with unit_of_work(SYSTEM) as work:
        command = RegisterFamily(facts_in(uc_id(BUTT_SERAI)), "web:1")
        first, again = register_family(work, command), register_family(work, command)
        assert again.family_id == first.family_id
        assert again.is_repeat
        held = RegisterFamily(facts_in(uc_id(BUTT_SERAI)), "web:2")
        assert register_family(work, held).held_id == register_family(work, held).held_id
        assert len(deeds(work, "registration.held")) == 1
        without_id = RegisterFamily(facts_in(uc_id(BUTT_SERAI), cnic=None, cnic_verified_by="LSO president"))
        assert register_family(work, without_id).family_id == register_family(work, without_id).family_id
    assert (count(Family), count(HeldRegistration)) == (2, 1)


def test_the_same_sheet_with_other_answers_is_refused(store, uc_id):
    with unit_of_work(SYSTEM) as work:
        register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI)), "web:1"))
        with pytest.raises(Conflict) as caught:
            register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI), psc_score=9), "web:1"))
    assert caught.value.code == "submission.exists_with_different_content"


def test_impossible_facts_are_refused_all_at_once(store, uc_id):
    with unit_of_work(SYSTEM) as work, pytest.raises(InvalidInput) as caught:
        register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI), size=9, cnic=None)))
    assert [problem.field for problem in caught.value.problems] == ["size", "cnic"]
    assert count(Family) == 0


def test_only_a_union_council_takes_families(store, uc_id):
    with unit_of_work(SYSTEM) as work:
        with pytest.raises(InvalidInput) as caught:
            register_family(work, RegisterFamily(facts_in(uc_id(DADU))))
        assert caught.value.problems[0].field == "uc"
        with pytest.raises(NotFound):
            register_family(work, RegisterFamily(facts_in(10**6)))


@pytest.mark.parametrize(
    "case",
    [
        (Role.REGISTRAR, DADU, True),
        (Role.REGISTRAR, BUTT_SERAI, True),
        (Role.REGISTRAR, LARKANA, False),
        *((role, DADU, False) for role in Role if role is not Role.REGISTRAR),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_registrars_register_in_their_own_area(store, uc_id, person, case):
    role, area, is_let_in = case
    with unit_of_work(person(role, area)) as work:
        if is_let_in:
            assert register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI)))).held_id is None
        else:
            with pytest.raises(Forbidden):
                register_family(work, RegisterFamily(facts_in(uc_id(BUTT_SERAI))))


def test_eight_registrars_with_one_cnic_make_one_family(store, uc_id):
    place = uc_id(BUTT_SERAI)
    app = current_app._get_current_object()
    ready = threading.Barrier(8)
    done, failed = [], []

    def register(n: int) -> None:
        with app.app_context():
            ready.wait()
            try:
                with unit_of_work(SYSTEM) as work:
                    done.append(register_family(work, RegisterFamily(facts_in(place, psc_score=n), f"web:{n}")))
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
                failed.append(error)

    threads = [threading.Thread(target=register, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sum(one.held_id is None for one in done) == 1
    assert (count(Family), count(HeldRegistration)) == (1, 7)
