"""Who is eligible and why: every criterion on both sides of its limit, every join, and any nesting of them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.programmes.criteria import Criterion, Group, Join, Leaf, check_criteria
from relief.programmes.eligibility import NO_PACKAGE, FamilyFacts, Reason, Verdict, judge_of, verdict_of

NOBODY_SPECIAL = FamilyFacts(
    area_ids=frozenset({1, 17, 203}),
    house_damage="none",
    is_displaced=False,
    is_woman_headed=False,
    disabled=0,
    pregnant_lactating=0,
    psc_score=None,
    size=6,
)


def of(*parts: dict[str, object], join: str = "all") -> Group:
    return check_criteria({join: list(parts)})


@pytest.mark.parametrize(
    ("test", "changes", "is_eligible", "reason"),
    [
        ({"test": "area", "in": [203]}, {}, True, Reason.AREA_MET),
        ({"test": "area", "in": [17, 99]}, {}, True, Reason.AREA_MET),
        ({"test": "area", "in": [99]}, {}, False, Reason.AREA_NOT_MET),
        ({"test": "house_damage", "in": ["full"]}, {"house_damage": "full"}, True, Reason.HOUSE_DAMAGE_MET),
        ({"test": "house_damage", "in": ["full"]}, {"house_damage": "partial"}, False, Reason.HOUSE_DAMAGE_NOT_MET),
        (
            {"test": "house_damage", "in": ["partial", "full"]},
            {"house_damage": "partial"},
            True,
            Reason.HOUSE_DAMAGE_MET,
        ),
        ({"test": "house_damage", "in": ["none"]}, {}, True, Reason.HOUSE_DAMAGE_MET),
        ({"test": "displaced"}, {"is_displaced": True}, True, Reason.DISPLACED_MET),
        ({"test": "displaced"}, {}, False, Reason.DISPLACED_NOT_MET),
        ({"test": "woman_headed"}, {"is_woman_headed": True}, True, Reason.WOMAN_HEADED_MET),
        ({"test": "woman_headed"}, {}, False, Reason.WOMAN_HEADED_NOT_MET),
        ({"test": "disability"}, {"disabled": 1}, True, Reason.DISABILITY_MET),
        ({"test": "disability"}, {}, False, Reason.DISABILITY_NOT_MET),
        ({"test": "pregnant_lactating"}, {"pregnant_lactating": 2}, True, Reason.PREGNANT_LACTATING_MET),
        ({"test": "pregnant_lactating"}, {}, False, Reason.PREGNANT_LACTATING_NOT_MET),
        ({"test": "psc_score", "between": [12, 18]}, {"psc_score": 11}, False, Reason.PSC_SCORE_NOT_MET),
        ({"test": "psc_score", "between": [12, 18]}, {"psc_score": 12}, True, Reason.PSC_SCORE_MET),
        ({"test": "psc_score", "between": [12, 18]}, {"psc_score": 18}, True, Reason.PSC_SCORE_MET),
        ({"test": "psc_score", "between": [12, 18]}, {"psc_score": 19}, False, Reason.PSC_SCORE_NOT_MET),
        ({"test": "psc_score", "between": [0, 11]}, {"psc_score": 0}, True, Reason.PSC_SCORE_MET),
        ({"test": "psc_score", "between": [0, 100]}, {}, False, Reason.PSC_SCORE_UNKNOWN),
        ({"test": "family_size", "between": [5, 8]}, {"size": 4}, False, Reason.FAMILY_SIZE_NOT_MET),
        ({"test": "family_size", "between": [5, 8]}, {"size": 5}, True, Reason.FAMILY_SIZE_MET),
        ({"test": "family_size", "between": [5, 8]}, {"size": 8}, True, Reason.FAMILY_SIZE_MET),
        ({"test": "family_size", "between": [5, 8]}, {"size": 9}, False, Reason.FAMILY_SIZE_NOT_MET),
    ],
)
def test_each_criterion_at_its_limits(
    test: dict[str, object], changes: dict[str, object], is_eligible: bool, reason: Reason
) -> None:
    facts = NOBODY_SPECIAL._replace(**changes)
    for join in Join:
        assert verdict_of(of(test, join=join), facts) == Verdict(is_eligible, (reason,))


def test_without_criteria_every_family_is_in() -> None:
    assert verdict_of(of(), NOBODY_SPECIAL) == Verdict(is_eligible=True, reasons=(Reason.EVERYONE,))


FLAGS = ("displaced", "woman_headed", "disability")
ANSWERS = {
    "displaced": (Reason.DISPLACED_NOT_MET, Reason.DISPLACED_MET),
    "woman_headed": (Reason.WOMAN_HEADED_NOT_MET, Reason.WOMAN_HEADED_MET),
    "disability": (Reason.DISABILITY_NOT_MET, Reason.DISABILITY_MET),
}


@pytest.mark.parametrize("answers", list(itertools.product([False, True], repeat=3)))
def test_every_combination_of_three_answers(answers: tuple[bool, bool, bool]) -> None:
    facts = NOBODY_SPECIAL._replace(is_displaced=answers[0], is_woman_headed=answers[1], disabled=int(answers[2]))
    tests = [{"test": name} for name in FLAGS]
    for join, holds in (("all", all(answers)), ("any", any(answers))):
        deciding = tuple(ANSWERS[flag][holds] for flag, answer in zip(FLAGS, answers, strict=True) if answer is holds)
        assert verdict_of(of(*tests, join=join), facts) == Verdict(holds, deciding)


def test_reasons_name_only_what_decided() -> None:
    criteria = of(
        {"test": "displaced"},
        {"any": [{"test": "woman_headed"}, {"test": "disability"}, {"test": "psc_score", "between": [0, 18]}]},
    )
    widow = NOBODY_SPECIAL._replace(is_displaced=True, is_woman_headed=True)
    assert verdict_of(criteria, widow).reasons == (Reason.DISPLACED_MET, Reason.WOMAN_HEADED_MET)
    other = NOBODY_SPECIAL._replace(is_displaced=True)
    assert verdict_of(criteria, other).reasons == (
        Reason.WOMAN_HEADED_NOT_MET,
        Reason.DISABILITY_NOT_MET,
        Reason.PSC_SCORE_UNKNOWN,
    )


def test_a_reason_that_two_criteria_give_is_named_once() -> None:
    criteria = of({"test": "psc_score", "between": [0, 11]}, {"test": "psc_score", "between": [19, 23]}, join="any")
    assert verdict_of(criteria, NOBODY_SPECIAL).reasons == (Reason.PSC_SCORE_UNKNOWN,)


def test_every_reason_has_words_and_only_the_score_can_be_unknown() -> None:
    assert all(reason.label for reason in Reason)
    assert [reason for reason in Reason if reason.endswith(".unknown")] == [Reason.PSC_SCORE_UNKNOWN]
    assert {reason.partition(".")[0] for reason in Reason} == set(Criterion) | {Reason.EVERYONE, Reason.NO_PACKAGE}
    assert not NO_PACKAGE.is_eligible


# --- Any nesting ---------------------------------------------------------------------------------------------------------

LEAVES = st.one_of(
    st.builds(lambda ids: Leaf(Criterion.AREA, tuple(sorted(ids))), st.sets(st.integers(1, 5), min_size=1)),
    st.builds(lambda d: Leaf(Criterion.HOUSE_DAMAGE, (d,)), st.sampled_from(["none", "partial", "full"])),
    st.sampled_from(
        [
            Leaf(k)
            for k in (Criterion.DISPLACED, Criterion.WOMAN_HEADED, Criterion.DISABILITY, Criterion.PREGNANT_LACTATING)
        ]
    ),
    st.builds(lambda a, b: Leaf(Criterion.PSC_SCORE, (min(a, b), max(a, b))), st.integers(0, 100), st.integers(0, 100)),
    st.builds(lambda a, b: Leaf(Criterion.FAMILY_SIZE, (min(a, b), max(a, b))), st.integers(1, 9), st.integers(1, 9)),
)


def groups_of(parts: st.SearchStrategy[Leaf | Group]) -> st.SearchStrategy[Group]:
    return st.builds(
        lambda join, some: Group(join, tuple(some)), st.sampled_from(Join), st.lists(parts, min_size=1, max_size=4)
    )


CRITERIA = st.recursive(groups_of(LEAVES), lambda inner: groups_of(st.one_of(LEAVES, inner)), max_leaves=8)
FACTS = st.builds(
    FamilyFacts,
    area_ids=st.frozensets(st.integers(1, 6), min_size=1, max_size=3),
    house_damage=st.sampled_from(["none", "partial", "full"]),
    is_displaced=st.booleans(),
    is_woman_headed=st.booleans(),
    disabled=st.integers(0, 2),
    pregnant_lactating=st.integers(0, 2),
    psc_score=st.none() | st.integers(0, 100),
    size=st.integers(1, 9),
)


def holds(part: Leaf | Group, facts: FamilyFacts) -> bool:
    """The criteria read out word by word: what the fast way must agree with."""
    if isinstance(part, Group):
        answers = [holds(one, facts) for one in part.parts]
        return all(answers) if part.join is Join.ALL else any(answers)
    low, high = (*part.values, None, None)[:2]
    return {
        Criterion.AREA: lambda: any(area in facts.area_ids for area in part.values),
        Criterion.HOUSE_DAMAGE: lambda: facts.house_damage in part.values,
        Criterion.DISPLACED: lambda: facts.is_displaced,
        Criterion.WOMAN_HEADED: lambda: facts.is_woman_headed,
        Criterion.DISABILITY: lambda: facts.disabled >= 1,
        Criterion.PREGNANT_LACTATING: lambda: facts.pregnant_lactating >= 1,
        Criterion.PSC_SCORE: lambda: facts.psc_score is not None and low <= facts.psc_score <= high,
        Criterion.FAMILY_SIZE: lambda: low <= facts.size <= high,
    }[part.kind]()


@given(CRITERIA, st.lists(FACTS, min_size=1, max_size=6))
def test_any_nesting_is_judged_as_it_reads(criteria: Group, families: list[FamilyFacts]) -> None:
    judge = judge_of(criteria)
    for facts in families:
        verdict = judge(facts)
        assert verdict.is_eligible is holds(criteria, facts)
        assert verdict.reasons
        # What decided for a family was met, what decided against it was not.
        assert all(reason.endswith(".met") is verdict.is_eligible for reason in verdict.reasons)


@given(CRITERIA, FACTS)
def test_the_reasons_alone_decide(criteria: Group, facts: FamilyFacts) -> None:
    verdict = verdict_of(criteria, facts)
    kinds = {Criterion(reason.partition(".")[0]) for reason in verdict.reasons}
    undecided = {leaf.kind for leaf in criteria.leaves()} - kinds
    flips = {
        Criterion.DISPLACED: {"is_displaced": not facts.is_displaced},
        Criterion.WOMAN_HEADED: {"is_woman_headed": not facts.is_woman_headed},
        Criterion.DISABILITY: {"disabled": int(not facts.disabled)},
        Criterion.PREGNANT_LACTATING: {"pregnant_lactating": int(not facts.pregnant_lactating)},
    }
    for kind in undecided & set(flips):
        assert verdict_of(criteria, facts._replace(**flips[kind])).is_eligible is verdict.is_eligible
