"""Points and days: where and when families receive, and who stands at the table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from relief.accounts.queries import people_with_role
from relief.audit.trail import Deed, record
from relief.distributions.model import DayStaff, DistributionDay, Point, PointService
from relief.geography.model import Area
from relief.kernel.errors import Conflict, InvalidInput, NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission, Role
from relief.kernel.text import clean
from relief.programmes.model import Campaign
from relief.programmes.rules import CampaignState
from relief.stock.model import Location
from relief.stock.rules import LocationKind
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class AddPoint:
    """A new distribution point in a Union Council; its store of goods is made with it."""

    code: str
    name: str
    uc_id: int
    lon: float | None = None
    lat: float | None = None


def add_point(work: Work, command: AddPoint) -> int:
    """Add the point and return its id. Raises: InvalidInput "point.name_missing"; Conflict "point.code_taken"."""
    code, name = clean(command.code).upper(), clean(command.name)
    uc = _require_area(work, command.uc_id, Permission.POINT_MANAGE)
    if not code or not name:
        raise InvalidInput("point.name_missing", N_("A point needs a code and a name."))
    if work.session.scalar(select(Point.id).where(Point.code == code)) is not None:
        raise Conflict("point.code_taken", N_("There is a point with the code %(code)s already."), code=code)
    location = Location(code=f"POINT-{code}", name=name, kind=LocationKind.POINT, area_id=uc.id)
    work.session.add(location)
    work.session.flush()
    number = (work.session.scalar(select(func.max(Point.number))) or 0) + 1
    point = Point(
        number=number, code=code, name=name, uc_id=uc.id, location_id=location.id, lon=command.lon, lat=command.lat
    )
    work.session.add(point)
    work.session.flush()
    record(work, Deed("point.added", "point", point.id, uc.id, {"code": code, "number": number}))
    return point.id


def serve_areas(work: Work, *, campaign_id: int, point_id: int, uc_ids: Sequence[int]) -> None:
    """Let the families of these Union Councils receive at the point in the campaign; the point's earlier ones not named are freed.

    Raises: Conflict "point.area_served_elsewhere" naming the first Union Council that another point serves.
    """
    point, _ = get_point(work, point_id, Permission.POINT_MANAGE)
    ucs = [_require_area(work, uc_id, Permission.POINT_MANAGE) for uc_id in dict.fromkeys(uc_ids)]
    elsewhere = work.session.execute(
        select(Area.name_en, Point.name)
        .join(PointService, PointService.uc_id == Area.id)
        .join(Point, Point.id == PointService.point_id)
        .where(
            PointService.campaign_id == campaign_id,
            PointService.point_id != point_id,
            PointService.uc_id.in_([uc.id for uc in ucs]),
        )
    ).first()
    if elsewhere is not None:
        raise Conflict(
            "point.area_served_elsewhere",
            N_("%(area)s receives at %(point)s in this campaign. Take it off there first."),
            area=elsewhere[0],
            point=elsewhere[1],
        )
    work.session.execute(
        delete(PointService).where(PointService.campaign_id == campaign_id, PointService.point_id == point_id)
    )
    rows = [{"campaign_id": campaign_id, "uc_id": uc.id, "point_id": point_id} for uc in ucs]
    if rows:
        work.session.execute(insert(PointService), rows)
    detail = {"campaign": campaign_id, "areas": [uc.code for uc in ucs]}
    record(work, Deed("point.areas_set", "point", point_id, point.uc_id, detail))


@dataclass(frozen=True, slots=True)
class OpenDay:
    """Plan a distribution at a point on a date, for instalments up to the given one, with its staff."""

    campaign_id: int
    point_id: int
    held_on: dt.date
    instalment_no: int = 1
    staff_ids: tuple[int, ...] = ()


def open_day(work: Work, command: OpenDay) -> int:
    """Plan the day and return its id.

    Raises: NotFound; RuleViolation "day.campaign_not_running", "day.outside_campaign", "day.no_such_instalment",
    "day.not_point_staff"; Conflict "day.exists".
    """
    point, area_path = get_point(work, command.point_id, Permission.POINT_MANAGE)
    campaign = work.session.get(Campaign, command.campaign_id)
    if campaign is None:
        raise NotFound("campaign.not_found", N_("There is no such campaign."))
    if campaign.state is not CampaignState.ACTIVE:
        raise RuleViolation("day.campaign_not_running", N_("Days can be planned once the campaign is approved."))
    if not campaign.starts_on <= command.held_on <= campaign.ends_on:
        raise RuleViolation(
            "day.outside_campaign",
            N_("The campaign runs from %(first)s to %(last)s."),
            first=campaign.starts_on.isoformat(),
            last=campaign.ends_on.isoformat(),
        )
    if not 1 <= command.instalment_no <= campaign.instalments:
        raise RuleViolation(
            "day.no_such_instalment", N_("The campaign has %(count)s instalments."), count=campaign.instalments
        )
    same = (
        DistributionDay.campaign_id == campaign.id,
        DistributionDay.point_id == point.id,
        DistributionDay.held_on == command.held_on,
    )
    if work.session.scalar(select(DistributionDay.id).where(*same)) is not None:
        raise Conflict("day.exists", N_("This day is planned at this point already."))
    day = DistributionDay(
        campaign_id=campaign.id, point_id=point.id, held_on=command.held_on, instalment_no=command.instalment_no
    )
    work.session.add(day)
    work.session.flush()
    detail = {"campaign": campaign.id, "on": command.held_on.isoformat(), "staff": len(command.staff_ids)}
    _set_staff(work, day.id, area_path, command.staff_ids)
    record(work, Deed("day.opened", "distribution_day", day.id, point.uc_id, detail))
    return day.id


def assign_staff(work: Work, *, day_id: int, user_ids: Sequence[int]) -> None:
    """Let exactly these people hand over on the day. Raises: NotFound; RuleViolation "day.not_point_staff"."""
    day = work.session.get(DistributionDay, day_id)
    if day is None:
        raise NotFound("day.not_found", N_("There is no such distribution day."))
    point, area_path = get_point(work, day.point_id, Permission.POINT_MANAGE)
    work.session.execute(delete(DayStaff).where(DayStaff.day_id == day_id))
    _set_staff(work, day_id, area_path, user_ids)
    record(work, Deed("day.staff_assigned", "distribution_day", day_id, point.uc_id, {"staff": sorted(user_ids)}))


def get_point(work: Work, point_id: int, permission: Permission) -> tuple[Point, str]:
    """Return the point and the path of its area. Raises: NotFound also where the actor lacks the permission there."""
    row = work.session.execute(
        select(Point, Area.path).join(Area, Area.id == Point.uc_id).where(Point.id == point_id)
    ).first()
    if row is None or not work.actor.may(permission, row[1]):
        raise NotFound("point.not_found", N_("There is no such point or campaign."))
    return row[0], row[1]


def _set_staff(work: Work, day_id: int, area_path: str, user_ids: Sequence[int]) -> None:
    """Assign people who are point staff over the point's area; nobody else gains the table by being named."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return
    allowed = {user_id for user_id, _ in people_with_role(work, Role.POINT_STAFF, area_path)}
    if set(wanted) - allowed:
        raise RuleViolation(
            "day.not_point_staff", N_("Only people with the role of point staff over this area can be assigned.")
        )
    work.session.execute(insert(DayStaff), [{"day_id": day_id, "user_id": user_id} for user_id in wanted])


def _require_area(work: Work, area_id: int, permission: Permission) -> Area:
    area = work.session.get(Area, area_id)
    if area is None or not work.actor.may(permission, area.path):
        raise NotFound("area.not_found", N_("There is no such area among yours."))
    return area
