"""Reading the figures of a campaign by area, inside what the actor may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from relief.coverage.indicators import Figures, roll_up
from relief.distributions.model import HandOver
from relief.entitlements.model import Entitlement
from relief.families.model import Family
from relief.families.rules import FamilyState
from relief.geography.model import Level
from relief.geography.queries import AreaRecord, find_area_by_code, get_area, list_areas
from relief.kernel.actor import EVERYWHERE
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: one campaign or all, by the areas of a level, inside one area or all that the actor may see.

    Without an instalment, served are the families that received the first one, and sums are those of all instalments.
    """

    level: Level
    under: AreaRecord | None = None
    campaign_id: int | None = None
    instalment_no: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One area with its figures; the area above it tells it from its namesakes."""

    area: AreaRecord
    above: AreaRecord | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer: a row for each area of the level, what lies in none of them, and the total of both."""

    rows: tuple[Row, ...]
    unknown: Figures
    total: Figures
    at: dt.datetime


def coverage_of(work: Work, question: Question) -> Coverage:
    """Return the figures, areas by English name. Needs coverage.read; what lies outside its areas is not counted."""
    work.actor.require(Permission.COVERAGE_READ, question.under.path if question.under else None)
    paths = (question.under.path,) if question.under else work.actor.paths(Permission.COVERAGE_READ)
    areas = {area.id: area for path in paths for area in list_areas(work, under_path=path)}
    shown = [area for area in areas.values() if area.level is question.level]
    counted = _count(work, question, None if EVERYWHERE in paths else areas)
    parts = ((areas[uc_id].path if uc_id in areas else None, figures) for uc_id, figures in counted)
    rolled = roll_up(parts, {area.id for area in shown})
    rows = tuple(Row(area, areas.get(area.parent_id or 0), rolled.by_area[area.id]) for area in shown)
    return Coverage(rows, rolled.unknown, rolled.total, work.at)


def find_area(work: Work, code: str) -> AreaRecord:
    """Return the area with that code. Raises: NotFound "area.not_found", also where the actor may not look."""
    area = find_area_by_code(work, code)
    if area is None or not work.actor.may(Permission.COVERAGE_READ, area.path):
        raise NotFound("area.not_found", N_("There is no such area."))
    return area


def whole_area(work: Work) -> AreaRecord | None:
    """Return the one area that the actor may see, None where it is everywhere or in several parts."""
    paths = work.actor.paths(Permission.COVERAGE_READ)
    return roots_of(work, None)[0] if len(paths) == 1 and paths[0] != EVERYWHERE else None


def roots_of(work: Work, under: AreaRecord | None) -> list[AreaRecord]:
    """Return the outermost areas that are looked at: the one named, or all that the actor may see."""
    if under is not None:
        return [under]
    paths = work.actor.paths(Permission.COVERAGE_READ)
    if EVERYWHERE in paths:
        return list_areas(work, Level.PROVINCE)
    return [get_area(work, int(path.strip("/").rpartition("/")[2])) for path in paths]


def levels_within(work: Work, under: AreaRecord | None) -> tuple[Level, ...]:
    """Return the levels by which an area, or all that the actor may see, can be told apart; the coarsest first.

    A level is left out if one of its areas would be seen in part only: its figures would be taken for the whole.
    """
    if under is not None:
        return tuple(level for level in Level if level.rank > under.level.rank) or (under.level,)
    # A path has one id for each level from the province down.
    deepest = max((path.count("/") - 2 for path in work.actor.paths(Permission.COVERAGE_READ)), default=0)
    return tuple(level for level in Level if level.rank >= max(deepest, Level.DISTRICT.rank))


def _count(work: Work, question: Question, within: Collection[int] | None) -> Iterator[tuple[int | None, Figures]]:
    """Yield figures by UC, each table read once by its covering index and grouped by the database."""
    registered = select(Family.uc_id, func.count()).where(Family.state == FamilyState.ACTIVE)
    entitled = select(Entitlement.uc_id, func.count())
    given = _given(question)
    if question.campaign_id is not None:
        entitled = entitled.where(Entitlement.campaign_id == question.campaign_id)
        given = given.where(HandOver.campaign_id == question.campaign_id)
    for uc_id, count in _grouped(work, registered, Family.uc_id, within):
        yield uc_id, Figures(registered=count)
    for uc_id, count in _grouped(work, entitled, Entitlement.uc_id, within):
        yield uc_id, Figures(entitled=count)
    for uc_id, served, *paisa in _grouped(work, given, HandOver.uc_id, within):
        cash, goods, unexplained = (Money(int(amount)) for amount in paisa)
        yield uc_id, Figures(served=int(served), cash=cash, goods=goods, unexplained=unexplained)


def _given(question: Question) -> Select[*tuple[Any, ...]]:
    sums = [func.sum(column) for column in (HandOver.cash_paisa, HandOver.goods_paisa, HandOver.unexplained_paisa)]
    if question.instalment_no is not None:
        given = select(HandOver.uc_id, func.sum(HandOver.served), *sums)
        return given.where(HandOver.instalment_no == question.instalment_no)
    return select(HandOver.uc_id, func.sum(case((HandOver.instalment_no == 1, HandOver.served), else_=0)), *sums)


def _grouped(
    work: Work, query: Select[*tuple[Any, ...]], uc_id: ColumnElement[Any] | Any, within: Collection[int] | None
) -> Any:
    if within is not None:
        query = query.where(uc_id.in_(within))
    return work.session.execute(query.group_by(uc_id))
