"""What makes a registration impossible, and what only makes it doubtful."""

import datetime as dt

import pytest

from relief.families.rules import FARTHEST_FROM_UC_M, Flag, flags_of, problems_of
from tests.families.conftest import facts_in

ON = dt.date(2022, 10, 5)


def codes(**changes: object) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in problems_of(facts_in(1, **changes), on=ON)]


def test_plain_facts_are_taken():
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"size": 6}, ("size", "family.size_mismatch")),
        ({"girls": 0}, ("size", "family.size_mismatch")),
        ({"disabled": 6}, ("disabled", "family.too_many_disabled")),
        ({"pregnant_lactating": 4}, ("pregnant_lactating", "family.too_many_pregnant")),
        ({"birth_on": ON + dt.timedelta(days=1)}, ("birth_on", "birth_date.in_future")),
        ({"birth_on": dt.date(1901, 12, 31)}, ("birth_on", "birth_date.too_old")),
        ({"cnic": None}, ("cnic", "cnic.missing")),
        ({"cnic": None, "cnic_verified_by": ""}, ("cnic", "cnic.missing")),
    ],
)
def test_what_cannot_be_is_refused(changes, expected):
    assert codes(**changes) == [expected]


@pytest.mark.parametrize(
    "changes",
    [
        {"cnic": None, "cnic_verified_by": "LSO president, Kakar"},
        {"birth_on": None},
        {"birth_on": ON},
        {"birth_on": dt.date(1902, 1, 1)},
        {"disabled": 5},
        {"pregnant_lactating": 3},
        {"phone": None, "father_name": None, "head_name_local": None, "psc_score": None, "village": ""},
    ],
)
def test_what_can_be_is_taken(changes):
    assert codes(**changes) == []


def test_every_problem_is_named_at_once():
    found = codes(size=9, disabled=10, cnic=None, birth_on=dt.date(2095, 1, 1))
    assert [field for field, _code in found] == ["size", "disabled", "birth_on", "cnic"]


@pytest.mark.parametrize(
    ("distance_m", "expected"),
    [(None, []), (0.0, []), (FARTHEST_FROM_UC_M, []), (5_001.0, ["gps.far_from_uc"]), (254_300.0, ["gps.far_from_uc"])],
)
def test_a_position_far_outside_its_uc_is_a_doubt(distance_m, expected):
    assert [flag.code for flag in flags_of(facts_in(1), on=ON, distance_m=distance_m)] == expected


def test_a_head_of_eleven_is_a_doubt():
    (flag,) = flags_of(facts_in(1, birth_on=dt.date(2011, 3, 1)), on=ON, distance_m=None)
    assert (flag.code, flag.fact, str(flag)) == (
        "head.very_young",
        "birth_on",
        "The head of the family would be 11 years old.",
    )


def test_a_flag_says_what_a_person_should_look_at():
    assert (
        str(Flag("gps.far_from_uc", {"distance_km": 254})) == "The GPS position lies 254 km outside the Union Council."
    )
