"""Criteria as people and programs write them: what is understood, and what each mistake is called."""

import itertools

import pytest

from relief.kernel.errors import InvalidInput
from relief.programmes.criteria import DAMAGES, EVERYONE, PSC_BANDS, Criterion, Group, Join, Leaf, check_criteria

WHOLE = {
    "all": [
        {"test": "area", "in": [12, 15, 12]},
        {
            "any": [
                {"test": "house_damage", "in": ["full", "partial"]},
                {"test": "psc_score", "between": [0, 18]},
                {"all": [{"test": "displaced"}, {"test": "family_size", "between": [5, 60]}]},
            ]
        },
        {"test": "woman_headed"},
        {"test": "disability"},
        {"test": "pregnant_lactating"},
    ]
}


def problems_of(data: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        check_criteria(data)
    assert caught.value.problems
    assert all(str(problem) for problem in caught.value.problems)
    return [(problem.field, problem.code) for problem in caught.value.problems]


def test_criteria_are_read_and_written_back() -> None:
    criteria = check_criteria(WHOLE)
    assert [leaf.kind for leaf in criteria.leaves()] == [
        Criterion.AREA,
        Criterion.HOUSE_DAMAGE,
        Criterion.PSC_SCORE,
        Criterion.DISPLACED,
        Criterion.FAMILY_SIZE,
        Criterion.WOMAN_HEADED,
        Criterion.DISABILITY,
        Criterion.PREGNANT_LACTATING,
    ]
    assert criteria.area_ids() == {12, 15}
    assert check_criteria(criteria.as_json()) == criteria


def test_values_are_brought_into_one_order() -> None:
    criteria = check_criteria(WHOLE)
    assert criteria.parts[0] == Leaf(Criterion.AREA, (12, 15))
    assert next(iter(criteria.parts[1].leaves())) == Leaf(Criterion.HOUSE_DAMAGE, ("partial", "full"))  # type: ignore[union-attr]


def test_no_criteria_mean_every_family() -> None:
    assert check_criteria({"all": []}) == EVERYONE == Group(Join.ALL, ())


def test_the_poverty_bands_follow_on_each_other() -> None:
    assert PSC_BANDS[0][0] == 0 and PSC_BANDS[-1][1] == 100
    assert all(high + 1 == low for (_, high), (low, _) in itertools.pairwise(PSC_BANDS))


@pytest.mark.parametrize(
    "data",
    [
        None, True, 7, "all", [], {}, {"all": None}, {"all": {}}, {"all": "x"}, {"ALL": []}, {"all": [], "any": []},
        {"all": [], "note": "x"}, {"test": "displaced"}, {1: []}, {None: []}, {("all",): []},
    ],
)  # fmt: skip
def test_what_is_no_group_is_refused(data: object) -> None:
    assert problems_of(data) == [("criteria", "criteria.not_a_group")]


@pytest.mark.parametrize(
    ("part", "place", "code"),
    [
        (None, "", "criteria.unknown_test"),
        (7, "", "criteria.unknown_test"),
        ("displaced", "", "criteria.unknown_test"),
        ([], "", "criteria.unknown_test"),
        ({"test": "income"}, "", "criteria.unknown_test"),
        ({"test": None}, "", "criteria.unknown_test"),
        ({"test": ["displaced"]}, "", "criteria.unknown_test"),
        ({"test": {"displaced": 1}}, "", "criteria.unknown_test"),
        ({}, "", "criteria.not_a_group"),
        ({"every": []}, "", "criteria.not_a_group"),
        ({"all": []}, "", "criteria.empty_group"),
        ({"any": []}, "", "criteria.empty_group"),
        ({"test": "displaced", "in": [True]}, "", "criteria.wrong_keys"),
        ({"test": "area"}, "", "criteria.wrong_keys"),
        ({"test": "area", "between": [1, 2]}, "", "criteria.wrong_keys"),
        ({"test": "area", "in": []}, ".in", "criteria.bad_area"),
        ({"test": "area", "in": "1"}, ".in", "criteria.bad_area"),
        ({"test": "area", "in": [True]}, ".in", "criteria.bad_area"),
        ({"test": "area", "in": ["1"]}, ".in", "criteria.bad_area"),
        ({"test": "area", "in": [0]}, ".in", "criteria.bad_area"),
        ({"test": "area", "in": [10**30]}, ".in", "criteria.bad_area"),
        ({"test": "area", "in": [1.0]}, ".in", "criteria.bad_area"),
        ({"test": "area", "in": list(range(1, 1002))}, ".in", "criteria.bad_area"),
        ({"test": "house_damage", "in": []}, ".in", "criteria.bad_house_damage"),
        ({"test": "house_damage", "in": ["ruined"]}, ".in", "criteria.bad_house_damage"),
        ({"test": "house_damage", "in": [["full"]]}, ".in", "criteria.bad_house_damage"),
        ({"test": "psc_score", "between": [0]}, ".between", "criteria.bad_psc_score"),
        ({"test": "psc_score", "between": [18, 0]}, ".between", "criteria.bad_psc_score"),
        ({"test": "psc_score", "between": [-1, 18]}, ".between", "criteria.bad_psc_score"),
        ({"test": "psc_score", "between": [0, 101]}, ".between", "criteria.bad_psc_score"),
        ({"test": "psc_score", "between": [0, float("nan")]}, ".between", "criteria.bad_psc_score"),
        ({"test": "psc_score", "between": [False, True]}, ".between", "criteria.bad_psc_score"),
        ({"test": "psc_score", "between": {"0": 1, "1": 2}}, ".between", "criteria.bad_psc_score"),
        ({"test": "family_size", "between": [0, 5]}, ".between", "criteria.bad_family_size"),
        ({"test": "family_size", "between": [5, 61]}, ".between", "criteria.bad_family_size"),
    ],
)
def test_a_wrong_part_is_named_by_its_place(part: object, place: str, code: str) -> None:
    assert problems_of({"all": [{"test": "displaced"}, part]}) == [(f"criteria.all.2{place}", code)]


def test_all_mistakes_come_at_once() -> None:
    data = {"any": [{"test": "x"}, {"all": [{"any": []}, {"test": "area", "in": []}]}, {"test": "displaced"}]}
    assert problems_of(data) == [
        ("criteria.any.1", "criteria.unknown_test"),
        ("criteria.any.2.all.1", "criteria.empty_group"),
        ("criteria.any.2.all.2.in", "criteria.bad_area"),
    ]


def test_groups_may_not_nest_without_end() -> None:
    data: object = {"test": "displaced"}
    for _ in range(5_000):
        data = {"all": [data]}
    ((field, code),) = problems_of(data)
    assert code == "criteria.too_deep"
    assert field.count(".all") == 6


@pytest.mark.parametrize(
    "data",
    [
        {"all": [{"test": "displaced"}] * 41},
        {"all": [{"any": [{"test": "displaced"}] * 21}, {"any": [{"test": "displaced"}] * 20}]},
    ],
)
def test_tests_may_not_go_on_without_end(data: object) -> None:
    assert problems_of(data) == [("criteria", "criteria.too_many")]


def test_damages_go_from_nothing_to_all() -> None:
    assert DAMAGES == ("none", "partial", "full")
