"""Reading points, days, hand-overs and conflicts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from relief.accounts.model import User
from relief.distributions.model import (
    ConflictCase,
    DayStaff,
    DistributionDay,
    HandOver,
    HandOverLine,
    Point,
    PointService,
)
from relief.distributions.rules import ConflictState, HandOverKind
from relief.entitlements.model import Entitlement
from relief.families.model import Family
from relief.geography.model import Area
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.ledger.model import JournalEntry, Posting
from relief.programmes.model import Campaign
from relief.stock.model import Item
from relief.store.work import Work

Row = Any
FamilyArea = aliased(Area)
Operator = aliased(User)
DELIVERING = (HandOverKind.OPENING, HandOverKind.COMPLETION)


def within(work: Work, permission: Permission, path: ColumnElement[str] | Any) -> ColumnElement[bool]:
    """Return the condition that an area path lies within the areas where the actor has the permission."""
    paths = work.actor.paths(permission)
    return or_(*(path.startswith(granted, autoescape=True) for granted in paths)) if paths else false()


# --- Points --------------------------------------------------------------------------------------------------------------


def list_points(work: Work) -> list[Row]:
    """Return (point, area, days planned) of every point the actor may see, by name."""
    days = select(func.count()).where(DistributionDay.point_id == Point.id).scalar_subquery()
    query = select(Point, Area, days.label("days")).join(Area, Area.id == Point.uc_id)
    return list(work.session.execute(query.where(within(work, Permission.POINT_READ, Area.path)).order_by(Point.name)))


def get_point(work: Work, point_id: int) -> Row:
    """Return (point, area). Raises: NotFound "point.not_found"."""
    query = select(Point, Area).join(Area, Area.id == Point.uc_id).where(Point.id == point_id)
    row = work.session.execute(query.where(within(work, Permission.POINT_READ, Area.path))).first()
    if row is None:
        raise NotFound("point.not_found", N_("There is no such point or campaign."))
    return row


def find_point(work: Work, code: str) -> Point | None:
    """Return the point with that code within the actor's areas, or None."""
    query = select(Point).join(Area, Area.id == Point.uc_id).where(Point.code == code.strip().upper())
    return work.session.scalar(query.where(within(work, Permission.POINT_READ, Area.path)))


def areas_served(work: Work, point_id: int, campaign_id: int | None = None) -> list[Row]:
    """Return (campaign id, area) for every Union Council that receives at the point, by campaign and name."""
    query = select(PointService.campaign_id, Area).join(Area, Area.id == PointService.uc_id)
    query = query.where(PointService.point_id == point_id)
    if campaign_id is not None:
        query = query.where(PointService.campaign_id == campaign_id)
    return list(work.session.execute(query.order_by(PointService.campaign_id, Area.name_en)))


def points_by_area(work: Work, campaign_id: int) -> dict[int, int]:
    """Return the number of the point (as in tokens) at which each Union Council receives in the campaign."""
    query = select(PointService.uc_id, Point.number).join(Point, Point.id == PointService.point_id)
    return dict(work.session.execute(query.where(PointService.campaign_id == campaign_id)).all())


# --- Days ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DayFilter:
    """Which days to list; None asks for all."""

    from_on: dt.date | None = None
    to_on: dt.date | None = None
    campaign_id: int | None = None
    point_id: int | None = None
    mine: bool = False


def list_days(work: Work, wanted: DayFilter, *, limit: int, offset: int) -> tuple[list[Row], int]:
    """Return (day, point, area, campaign, families served) of the days asked for, latest first, and how many there are."""
    served = (
        select(func.coalesce(func.sum(HandOver.served), 0))
        .where(
            HandOver.campaign_id == DistributionDay.campaign_id,
            HandOver.point_id == DistributionDay.point_id,
            HandOver.given_on == DistributionDay.held_on,
        )
        .scalar_subquery()
    )
    query = _days(select(DistributionDay, Point, Area, Campaign, served.label("served")))
    conditions = [within(work, Permission.POINT_READ, Area.path)]
    if wanted.from_on is not None:
        conditions.append(DistributionDay.held_on >= wanted.from_on)
    if wanted.to_on is not None:
        conditions.append(DistributionDay.held_on <= wanted.to_on)
    if wanted.campaign_id is not None:
        conditions.append(DistributionDay.campaign_id == wanted.campaign_id)
    if wanted.point_id is not None:
        conditions.append(DistributionDay.point_id == wanted.point_id)
    if wanted.mine:
        mine = select(DayStaff.day_id).where(DayStaff.user_id == int(work.actor.id))
        conditions.append(DistributionDay.id.in_(mine))
    query = query.where(*conditions)
    total = work.session.scalar(
        select(func.count()).select_from(query.with_only_columns(DistributionDay.id).subquery())
    )
    ordered = query.order_by(DistributionDay.held_on.desc(), Point.name, DistributionDay.id)
    return list(work.session.execute(ordered.limit(limit).offset(offset))), total or 0


def get_day(work: Work, day_id: int) -> Row:
    """Return (day, point, area, campaign). Raises: NotFound "day.not_found"."""
    query = _days(select(DistributionDay, Point, Area, Campaign)).where(DistributionDay.id == day_id)
    row = work.session.execute(query.where(within(work, Permission.POINT_READ, Area.path))).first()
    if row is None:
        raise NotFound("day.not_found", N_("There is no such distribution day."))
    return row


def staff_of(work: Work, day_id: int) -> list[Row]:
    """Return (user id, name) of the people assigned to the day."""
    query = select(User.id, User.name).join(DayStaff, DayStaff.user_id == User.id).where(DayStaff.day_id == day_id)
    return list(work.session.execute(query.order_by(User.name)))


def is_assigned(work: Work, day_id: int) -> bool:
    """Return whether the actor stands at the table on that day."""
    mine = (DayStaff.day_id == day_id, DayStaff.user_id == int(work.actor.id))
    return work.session.scalar(select(DayStaff.day_id).where(*mine)) is not None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over hand-overs: families served, cash and goods in paisa, what is unexplained."""

    served: int
    cash_paisa: int
    goods_paisa: int
    unexplained_paisa: int


def totals_of_day(work: Work, day: DistributionDay) -> Totals:
    """Return what the day has come to so far."""
    query = select(
        func.coalesce(func.sum(HandOver.served), 0),
        func.coalesce(func.sum(HandOver.cash_paisa), 0),
        func.coalesce(func.sum(HandOver.goods_paisa), 0),
        func.coalesce(func.sum(HandOver.unexplained_paisa), 0),
    ).where(
        HandOver.campaign_id == day.campaign_id, HandOver.point_id == day.point_id, HandOver.given_on == day.held_on
    )
    return Totals(*(int(value) for value in work.session.execute(query).one()))


# --- Hand-overs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HandOverFilter:
    """Which hand-overs to list; None asks for all."""

    campaign_id: int | None = None
    point_id: int | None = None
    area_path: str | None = None
    kind: HandOverKind | None = None
    given_on: dt.date | None = None
    family_id: int | None = None


def _seen(work: Work) -> ColumnElement[bool]:
    """Return the condition of a hand-over's readers: over the family's area, at the table of that day, or its maker."""
    in_scope = within(work, Permission.HAND_OVER_READ, FamilyArea.path)
    if not work.actor.paths(Permission.HAND_OVER):
        return in_scope
    me = int(work.actor.id)
    table = select(DayStaff.day_id).join(DistributionDay, DistributionDay.id == DayStaff.day_id)
    own_table = table.where(
        DayStaff.user_id == me, DistributionDay.campaign_id == HandOver.campaign_id,
        DistributionDay.point_id == HandOver.point_id, DistributionDay.held_on == HandOver.given_on,
    )  # fmt: skip
    return or_(in_scope, own_table.exists(), and_(HandOver.operator_id == me, HandOver.operator_id > 0))


def list_hand_overs(work: Work, wanted: HandOverFilter, *, limit: int, offset: int) -> tuple[list[Row], int]:
    """Return (event, campaign, point, area, family or None, operator's name) asked for, latest first, and how many."""
    conditions = [_seen(work)]
    if wanted.campaign_id is not None:
        conditions.append(HandOver.campaign_id == wanted.campaign_id)
    if wanted.point_id is not None:
        conditions.append(HandOver.point_id == wanted.point_id)
    if wanted.kind is not None:
        conditions.append(HandOver.kind == wanted.kind)
    if wanted.given_on is not None:
        conditions.append(HandOver.given_on == wanted.given_on)
    if wanted.area_path is not None:
        conditions.append(FamilyArea.path.startswith(wanted.area_path, autoescape=True))
    if wanted.family_id is not None:
        conditions.append(Entitlement.family_id == wanted.family_id)
    count = _joined_for_count(select(func.count()), of_family=wanted.family_id is not None).where(*conditions)
    page = _events().where(*conditions).order_by(HandOver.id.desc()).limit(limit).offset(offset)
    return list(work.session.execute(page)), work.session.scalar(count) or 0


def get_hand_over(work: Work, hand_over_id: int) -> Row:
    """Return (event, campaign, point, area, family or None, operator's name).

    Raises: NotFound "hand_over.not_found", also for what the actor may not see.
    """
    row = work.session.execute(_events().where(HandOver.id == hand_over_id, _seen(work))).first()
    if row is None:
        raise NotFound("hand_over.not_found", N_("There is no such hand-over."))
    return row


def find_hand_over(work: Work, hand_over_id: int) -> Row:
    """Return the same as `get_hand_over` without asking who reads: for what a page that was scoped already refers to."""
    return work.session.execute(_events().where(HandOver.id == hand_over_id)).first()


def lines_of(work: Work, hand_over_id: int) -> list[Row]:
    """Return (line, item or None) of a hand-over."""
    query = select(HandOverLine, Item).outerjoin(Item, Item.id == HandOverLine.item_id)
    return list(
        work.session.execute(query.where(HandOverLine.hand_over_id == hand_over_id).order_by(HandOverLine.line_no))
    )


def postings_of(work: Work, hand_over_id: int) -> list[Row]:
    """Return (entry, posting) that the hand-over caused in the ledger."""
    query = select(JournalEntry, Posting).join(Posting, Posting.entry_id == JournalEntry.id)
    source = (JournalEntry.source_kind == "hand_over", JournalEntry.source_id == str(hand_over_id))
    return list(work.session.execute(query.where(*source).order_by(Posting.line_no)))


def void_of(work: Work, hand_over_id: int) -> HandOver | None:
    """Return the void of a hand-over, None if it stands."""
    return work.session.scalar(select(HandOver).where(HandOver.voids_id == hand_over_id))


# --- Conflicts -----------------------------------------------------------------------------------------------------------


def list_conflicts(work: Work, *, state: ConflictState | None, limit: int, offset: int) -> tuple[list[Row], int]:
    """Return (case, event, campaign, point, area) of the conflicts within the actor's areas, oldest first, and how many."""
    query = _cases().where(within(work, Permission.CONFLICT_READ, FamilyArea.path))
    if state is not None:
        query = query.where(ConflictCase.state == state)
    total = work.session.scalar(select(func.count()).select_from(query.with_only_columns(HandOver.id).subquery()))
    page = query.order_by(HandOver.id).limit(limit).offset(offset)
    return list(work.session.execute(page)), total or 0


def get_conflict(work: Work, hand_over_id: int) -> Row:
    """Return (case, event, campaign, point, area). Raises: NotFound "conflict.not_found"."""
    query = _cases().where(HandOver.id == hand_over_id, within(work, Permission.CONFLICT_READ, FamilyArea.path))
    row = work.session.execute(query).first()
    if row is None:
        raise NotFound("conflict.not_found", N_("There is no such conflict."))
    return row


def names_of_people(work: Work, user_ids: Sequence[int | None]) -> dict[int, str]:
    """Return the names of the people behind actor ids; the system has none."""
    wanted = {user_id for user_id in user_ids if user_id}
    if not wanted:
        return {}
    return dict(work.session.execute(select(User.id, User.name).where(User.id.in_(wanted))).all())


# --- At the desk ---------------------------------------------------------------------------------------------------------


def head_of(work: Work, family_id: int) -> Family:
    """Return the family that stands at the table: its token was shown there, so its name may be too."""
    return work.session.get_one(Family, family_id)


def last_given(work: Work, entitlement_id: int) -> Row:
    """Return (event, point, operator's name) of the latest hand-over of an entitlement that stands, or None."""
    void = aliased(HandOver)
    query = (
        select(HandOver, Point, Operator.name)
        .join(Point, Point.id == HandOver.point_id)
        .outerjoin(Operator, Operator.id == HandOver.operator_id)
        .outerjoin(void, void.voids_id == HandOver.id)
        .where(HandOver.entitlement_id == entitlement_id, HandOver.kind.in_(DELIVERING), void.id.is_(None))
    )
    return work.session.execute(query.order_by(HandOver.id.desc()).limit(1)).first()


def point_numbered(work: Work, number: int) -> Point | None:
    """Return the point that a token names."""
    return work.session.scalar(select(Point).where(Point.number == number))


def items_by_id(work: Work, item_ids: Sequence[int | None]) -> dict[int | None, Item]:
    """Return the items of package lines."""
    wanted = {item_id for item_id in item_ids if item_id is not None}
    return {item.id: item for item in work.session.scalars(select(Item).where(Item.id.in_(wanted)))}


def _days(query: Any) -> Any:
    return (
        query.select_from(DistributionDay)
        .join(Point, Point.id == DistributionDay.point_id)
        .join(Area, Area.id == Point.uc_id)
        .join(Campaign, Campaign.id == DistributionDay.campaign_id)
    )


def _events() -> Any:
    return (
        select(HandOver, Campaign, Point, FamilyArea, Family, Operator.name)
        .join(Campaign, Campaign.id == HandOver.campaign_id)
        .join(Point, Point.id == HandOver.point_id)
        .join(FamilyArea, FamilyArea.id == HandOver.uc_id)
        .outerjoin(Entitlement, Entitlement.id == HandOver.entitlement_id)
        .outerjoin(Family, Family.id == Entitlement.family_id)
        .outerjoin(Operator, Operator.id == HandOver.operator_id)
    )


def _joined_for_count(query: Any, *, of_family: bool) -> Any:
    query = query.select_from(HandOver).join(FamilyArea, FamilyArea.id == HandOver.uc_id)
    return query.join(Entitlement, Entitlement.id == HandOver.entitlement_id) if of_family else query


def _cases() -> Any:
    return (
        select(ConflictCase, HandOver, Campaign, Point, FamilyArea)
        .join(HandOver, HandOver.id == ConflictCase.hand_over_id)
        .join(Campaign, Campaign.id == HandOver.campaign_id)
        .join(Point, Point.id == HandOver.point_id)
        .join(FamilyArea, FamilyArea.id == HandOver.uc_id)
    )
