"""Finding families: names in any script, codes, CNICs, and never outside the reader's areas."""

import pytest
from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.families.identity import cnics_of, find_by_cnic, matches_last_four, reveal_identity
from relief.families.queries import (
    FamilyFilter,
    Page,
    count_by_uc,
    count_families,
    find_by_code,
    get_family,
    list_changes,
    search_families,
)
from relief.families.registration import RegisterFamily, register_family
from relief.families.rules import Gender
from relief.kernel.codes import FamilyCode
from relief.kernel.errors import Forbidden, NotFound
from relief.kernel.identity import Cnic
from relief.kernel.names import PersonName
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.families.conftest import AT, BUTT_SERAI, DADU, LARKANA, SYSTEM, facts_in

IN_LARKANA = "PK71301U01"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def ids(store, uc_id, person):
    """Four families: three in Dadu, one in Larkana."""
    told = [
        facts_in(uc_id(BUTT_SERAI)),
        facts_in(uc_id(BUTT_SERAI), cnic=Cnic("9000000000001"), head_name=PersonName("Sakina Jatoi"), gender=Gender.FEMALE,
                 head_name_local=PersonName("سکینہ"), lon=67.0099, lat=24.8615),
        facts_in(uc_id(BUTT_SERAI), cnic=Cnic("9000000000002"), head_name=PersonName(HOSTILE), head_name_local=None),
        facts_in(uc_id(IN_LARKANA), cnic=Cnic("9000000000003"), head_name=PersonName("Sikandar Bhutto")),
    ]  # fmt: skip
    with unit_of_work(person(Role.REGISTRAR, "PK7"), at=AT) as work:
        return [register_family(work, RegisterFamily(facts)).family_id for facts in told]


def found_by(actor, **wanted):
    with reading(actor) as work:
        rows, total = search_families(work, FamilyFilter(**wanted), Page())
    assert len(rows) == total
    return [row.id for row in rows]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sikandar", [0, 3]),
        ("SIKANDAR ali", [0]),
        ("ali sikan", [0]),
        ("سکندر", [0, 3]),
        ("سڪندر", [0, 3]),
        ("سکینه", [1]),
        ("kina", []),
        ("%", [0, 1, 2, 3]),
        ("script alert", [2]),
        ("nobody", []),
    ],
)
def test_names_are_found_by_words_and_their_beginnings_in_any_script(ids, typed, expected):
    assert found_by(SYSTEM, name=typed) == [ids[n] for n in expected]


def test_filters_narrow(ids, uc_id):
    assert found_by(SYSTEM, is_flagged=True) == [ids[1]]
    assert found_by(SYSTEM, is_woman_headed=True) == [ids[1]]
    with reading(SYSTEM) as work:
        path = get_family(work, ids[3]).area_path
    assert found_by(SYSTEM, under_path=path) == [ids[3]]


def test_pages_and_orders(ids):
    with reading(SYSTEM) as work:
        rows, total = search_families(work, FamilyFilter(), Page("name", True, limit=2, offset=1))
    assert total == 4
    assert [row.head_name for row in rows] == ["Sikandar Ali Khoso", HOSTILE] or len(rows) == 2


def test_another_district_is_neither_seen_nor_counted(ids, person):
    for role in (Role.REGISTRAR, Role.COORDINATOR, Role.AUDITOR):
        dadu, larkana = person(role, DADU), person(role, LARKANA)
        assert found_by(dadu) == ids[:3]
        assert found_by(larkana) == ids[3:]
        with reading(larkana) as work:
            for seek in (get_family, list_changes):
                with pytest.raises(NotFound):
                    seek(work, ids[0])
            assert find_by_code(work, FamilyCode.of(1)) is None
            assert find_by_code(work, FamilyCode.of(4)) == ids[3]
            assert sum(count_by_uc(work).values()) == count_families(work, FamilyFilter()) == 1


@pytest.mark.parametrize("role", [Role.POINT_STAFF, Role.FINANCE, Role.ADMINISTRATOR])
def test_roles_without_the_permission_see_no_family(ids, person, role):
    assert found_by(person(role, "PK7")) == []


def test_counts_by_union_council(ids, uc_id):
    with reading(SYSTEM) as work:
        assert count_by_uc(work) == {uc_id(BUTT_SERAI): 3, uc_id(IN_LARKANA): 1}


def test_a_cnic_is_found_exactly_within_the_area_and_the_search_is_recorded(ids, person):
    for actor, expected in ((person(Role.COORDINATOR, DADU), ids[1]), (person(Role.COORDINATOR, LARKANA), None)):
        with unit_of_work(actor) as work:
            assert find_by_cnic(work, Cnic("9000000000001")) == expected
    with reading(SYSTEM) as work:
        entries = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "family.searched_by_cnic")).all()
    assert [entry.detail for entry in entries] == [{"found": True}, {"found": False}]
    assert not any("9000000000001" in str(vars(entry)) for entry in entries)


def test_full_numbers_are_shown_to_coordinators_and_to_whoever_entered_them(ids, person):
    for actor in (person(Role.COORDINATOR, DADU), person(Role.REGISTRAR, "PK7")):
        with unit_of_work(actor) as work:
            identity = reveal_identity(work, ids[0])
        assert (identity.cnic.full(), identity.phone.e164()) == ("96095-1127328-1", "+923917008665")
    with reading(SYSTEM) as work:
        entries = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "family.identity_revealed")).all()
    assert len(entries) == 2


def test_full_numbers_are_kept_from_others(ids, person):
    for actor, error in (
        (person(Role.REGISTRAR, DADU), Forbidden),  # Not the registrar who entered them.
        (person(Role.AUDITOR, DADU), Forbidden),
        (person(Role.COORDINATOR, LARKANA), NotFound),
        (person(Role.POINT_STAFF, DADU), NotFound),
    ):
        with unit_of_work(actor) as work, pytest.raises(error):
            reveal_identity(work, ids[0])


def test_last_four_digits_check_a_holder(ids):
    with reading(SYSTEM) as work:
        assert matches_last_four(work, ids[0], "3281")
        assert not matches_last_four(work, ids[0], "3282")
        assert not matches_last_four(work, 10**6, "3281")
        assert dict(cnics_of(work, ids)) == {
            ids[0]: Cnic("9609511273281"), ids[1]: Cnic("9000000000001"), ids[2]: Cnic("9000000000002"),
            ids[3]: Cnic("9000000000003"),
        }  # fmt: skip
