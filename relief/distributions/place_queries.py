"""Reading what a token's paper and its public page say: places with their days, and how far an entitlement was handed over."""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from relief.distributions.model import DistributionDay, HandOver, OwedLine, Point
from relief.distributions.queries import last_given
from relief.distributions.rules import HandOverKind
from relief.geography.model import Area
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class Place:
    """A distribution point as anybody may see it: where it is, and on which days a campaign is handed over there."""

    number: int
    code: str
    name: str
    uc_id: int
    name_en: str
    name_ur: str | None
    name_sd: str | None
    days: tuple[dt.date, ...]


class UseState(enum.StrEnum):
    """How far an entitlement was handed over."""

    UNUSED = "unused"
    PARTLY = "partly"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Use:
    """How far an entitlement was handed over, and when and where something was given last."""

    state: UseState
    last_given_on: dt.date | None = None
    last_point_name: str | None = None


def places_of(work: Work, campaign_id: int, numbers: Collection[int] | None = None) -> dict[int, Place]:
    """Return the points with these numbers, or all, by number, with the campaign's days there; whoever asks."""
    days: dict[int, list[dt.date]] = defaultdict(list)
    planned = select(DistributionDay.point_id, DistributionDay.held_on).where(
        DistributionDay.campaign_id == campaign_id
    )
    for point_id, held_on in work.session.execute(planned.order_by(DistributionDay.held_on)):
        days[point_id].append(held_on)
    query = select(
        Point.id, Point.number, Point.code, Point.name, Point.uc_id, Area.name_en, Area.name_ur, Area.name_sd
    ).join(Area, Area.id == Point.uc_id)
    if numbers is not None:
        query = query.where(Point.number.in_(numbers))
    return {row.number: Place(*row[1:], tuple(days[row.id])) for row in work.session.execute(query)}


def use_of(work: Work, entitlement_id: int, instalments: int) -> Use:
    """Return how far an entitlement to so many instalments was handed over, whoever asks: see `check_holder`."""
    opened = _opened(work, entitlement_id)
    if not opened:
        return Use(UseState.UNUSED)
    owed = select(OwedLine.line_no).where(
        OwedLine.entitlement_id == entitlement_id, OwedLine.instalment_no.in_(opened), OwedLine.given < OwedLine.owed
    )
    is_whole = len(opened) == instalments and work.session.scalar(owed.limit(1)) is None
    event, point, _operator = last_given(work, entitlement_id)
    return Use(UseState.USED if is_whole else UseState.PARTLY, event.given_on, point.name)


def _opened(work: Work, entitlement_id: int) -> set[int]:
    """Return the instalments that were opened and not undone."""
    query = (
        select(HandOver.instalment_no)
        .where(HandOver.entitlement_id == entitlement_id, HandOver.kind != HandOverKind.CONFLICT)
        .group_by(HandOver.instalment_no)
        .having(func.sum(HandOver.served) > 0)
    )
    return set(work.session.scalars(query))
