"""Figures of a campaign by area, and who sees which."""

import pytest

from relief.coverage.indicators import NOTHING, Figures
from relief.coverage.queries import Coverage, Question, coverage_of, find_area, levels_within, whole_area
from relief.geography.model import Level
from relief.geography.queries import find_area_by_code
from relief.kernel.actor import Actor, ActorId, Grant
from relief.kernel.errors import Forbidden, NotFound
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.store.work import Work, reading
from tests.coverage.world import BADIN_UC, BUTT_SERAI, CASH_PAISA, DADU_UC, GOODS_PAISA, MEHAR_UC, PLACES

BY_CODE = {place.code: place.figures for place in PLACES}
DADU = BY_CODE[DADU_UC] + BY_CODE[MEHAR_UC] + BY_CODE[BUTT_SERAI] + BY_CODE["PK70304"]
SINDH = DADU + BY_CODE[BADIN_UC]


def figures_by_code(coverage: Coverage) -> dict[str, Figures]:
    return {row.area.code: row.figures for row in coverage.rows if row.figures}


def actor_over(work: Work, *codes: str, role: Role = Role.COORDINATOR) -> Actor:
    areas = [find_area_by_code(work, code) for code in codes]
    return Actor(ActorId(7), "A coordinator", tuple(Grant(role, area.id, area.path) for area in areas if area))


def test_districts_add_up_to_the_province(work: Work):
    coverage = coverage_of(work, Question(Level.DISTRICT, campaign_id=1))
    assert figures_by_code(coverage) == {"PK701": BY_CODE[BADIN_UC], "PK703": DADU}
    assert len(coverage.rows) == 29
    assert (coverage.unknown, coverage.total) == (NOTHING, SINDH)


def test_what_lies_in_no_area_of_the_level_is_counted_apart_and_in_the_total(work: Work):
    for level, under in ((Level.UC, None), (Level.UC, "PK703"), (Level.UC, "PK70304")):
        area = find_area(work, under) if under else None
        coverage = coverage_of(work, Question(level, area, campaign_id=1))
        assert coverage.unknown == BY_CODE["PK70304"]
        assert coverage.total == sum((row.figures for row in coverage.rows), coverage.unknown)


def test_voided_hand_overs_do_not_count_and_conflicts_stand_apart(work: Work):
    coverage = coverage_of(work, Question(Level.UC, find_area(work, MEHAR_UC), campaign_id=1))
    ((row),) = coverage.rows
    assert row.figures == BY_CODE[MEHAR_UC]
    assert row.figures.disbursed == Money(8 * (CASH_PAISA + GOODS_PAISA))
    assert (row.figures.served, row.figures.waiting, row.figures.unexplained.paisa) == (5, 11, CASH_PAISA + GOODS_PAISA)


def test_an_instalment_is_counted_for_itself(work: Work):
    second = coverage_of(work, Question(Level.DISTRICT, campaign_id=1, instalment_no=2)).total
    assert (second.served, second.entitled) == (3, SINDH.entitled)
    assert second.disbursed == Money(3 * (CASH_PAISA + GOODS_PAISA))


def test_another_campaign_has_the_families_and_none_of_the_rest(work: Work):
    total = coverage_of(work, Question(Level.DISTRICT, campaign_id=2)).total
    assert total == Figures(registered=SINDH.registered)


def test_all_campaigns_together(work: Work):
    assert coverage_of(work, Question(Level.DISTRICT)).total == SINDH


def test_excluded_families_are_not_registered(work: Work):
    coverage = coverage_of(work, Question(Level.UC, find_area(work, DADU_UC)))
    assert coverage.total == Figures(registered=5)


def test_a_coordinator_counts_the_own_district_only(work: Work):
    with reading(actor_over(work, "PK703")) as mine:
        coverage = coverage_of(mine, Question(Level.DISTRICT, campaign_id=1))
        assert [row.area.code for row in coverage.rows] == ["PK703"]
        assert coverage.total == DADU
        assert whole_area(mine) == find_area_by_code(work, "PK703")
        with pytest.raises(NotFound) as refused:
            find_area(mine, "PK701")
        assert refused.value.code == "area.not_found"
        with pytest.raises(Forbidden):
            coverage_of(mine, Question(Level.UC, find_area_by_code(work, "PK701")))
        with pytest.raises(NotFound):
            find_area(mine, "PK7")


def test_somebody_without_the_permission_sees_nothing(work: Work):
    with reading(actor_over(work, "PK703", role=Role.POINT_STAFF)) as theirs, pytest.raises(Forbidden):
        coverage_of(theirs, Question(Level.DISTRICT))


def test_parts_of_two_districts_are_not_shown_as_districts(work: Work):
    with reading(actor_over(work, "PK701", "PK70304")) as mine:
        assert whole_area(mine) is None
        assert levels_within(mine, None) == (Level.TALUKA, Level.UC)
        coverage = coverage_of(mine, Question(Level.TALUKA, campaign_id=1))
        assert coverage.total == SINDH + Figures(registered=-5)
        assert {row.area.code for row in coverage.rows} >= {"PK70304", "PK70101"}
        assert "PK70301" not in {row.area.code for row in coverage.rows}


def test_levels_lead_down_to_the_union_council(work: Work):
    assert levels_within(work, None) == (Level.DISTRICT, Level.TALUKA, Level.UC)
    assert levels_within(work, find_area(work, "PK703")) == (Level.TALUKA, Level.UC)
    assert levels_within(work, find_area(work, MEHAR_UC)) == (Level.UC,)
