"""Distribution points, days and hand-overs."""

from __future__ import annotations

import datetime as dt
import math
import uuid

from flask import Blueprint, abort, redirect, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from relief.accounts.queries import people_with_role
from relief.distributions import points, queries
from relief.distributions.rules import HandOverKind
from relief.distributions.voiding import VoidHandOver, void_hand_over
from relief.families.queries import FamilyRecord
from relief.geography.model import Level
from relief.geography.queries import find_area_by_code
from relief.kernel.actor import Actor
from relief.kernel.dates import local_day
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission, Role
from relief.kernel.text import fold_digits
from relief.programmes.queries import list_campaigns
from relief.store.work import Work, reading, unit_of_work
from relief.sync.evidence import find_trace, reveal_picture
from relief.sync.rules import PictureKind
from relief.web.access import Answer, current_actor, needs
from relief.web.areas import AreaField
from relief.web.formats import format_number
from relief.web.forms import Form, parse_event_id
from relief.web.listing import Listing
from relief.web.shell import FamilyBlock, HomeBlock, HomeFigure, HomeSection, MenuEntry, campaign_in_hand, say

bp = Blueprint("distributions", __name__, url_prefix="/distribution")
MENU = (MenuEntry(N_("Distribution"), "distributions.index", Permission.POINT_READ, order=40),)

# A face is as personal as a number.
_SEE_PEOPLE = (Permission.FAMILY_READ_IDENTITY, Permission.AUDIT_READ)
_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}
_UC = AreaField("uc", Permission.POINT_MANAGE, level=Level.UC)


@bp.get("/")
@needs(Permission.POINT_READ)
def index() -> Answer:
    """List distribution days: a person at the table sees their own first."""
    listing = Listing.of_request(sorts=("held_on",))
    form = Form.of_query()
    actor = current_actor()
    with reading(actor) as work:
        wanted = queries.DayFilter(
            from_on=_day(form, "since"),
            to_on=_day(form, "until"),
            campaign_id=_id(form, "campaign"),
            mine=_is_at_tables(actor),
        )
        rows, listing.total = queries.list_days(work, wanted, limit=listing.limit, offset=listing.offset)
        return render_template(
            "distributions/index.html", rows=rows, listing=listing, form=form, campaigns=_campaign_options(work),
            today=local_day(work.at),
        )  # fmt: skip


@bp.get("/days/<int:day_id>")
@needs(Permission.POINT_READ)
def day(day_id: int) -> Answer:
    """Show one day: figures, staff, and its hand-overs."""
    return _day_page(day_id, Form(None))


@bp.post("/days/<int:day_id>/staff")
@needs(Permission.POINT_MANAGE)
def staff(day_id: int) -> Answer:
    """Assign the people at the table."""
    form = Form.of_request()
    with form.attempt():
        with unit_of_work(current_actor()) as work:
            user_ids = [int(value) for value in form.values("staff") if value.isdigit()]
            points.assign_staff(work, day_id=day_id, user_ids=user_ids)
        say(_("The people at the table are assigned."))
        return redirect(url_for("distributions.day", day_id=day_id))
    return _day_page(day_id, form)


@bp.get("/points")
@needs(Permission.POINT_READ)
def list_points() -> Answer:
    """List the distribution points."""
    with reading(current_actor()) as work:
        return render_template("distributions/points.html", rows=queries.list_points(work))


@bp.route("/points/new", methods=["GET", "POST"])
@needs(Permission.POINT_MANAGE)
def new_point() -> Answer:
    """Add a point."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            with unit_of_work(current_actor()) as work:
                uc = _UC.read(work, form)
                command = points.AddPoint(
                    form.text("code", longest=20),
                    form.text("name", longest=120),
                    uc.id,
                    lon=form.parse("lon", _degrees, required=False),
                    lat=form.parse("lat", _degrees, required=False),
                )
                form.refuse_problems()
                point_id = points.add_point(work, command)
            say(_("The point is added. Now say which Union Councils receive there."))
            return redirect(url_for("distributions.point", point_id=point_id))
    return render_template("distributions/new_point.html", form=form, areas=_UC.choices()), form.status


@bp.get("/points/<int:point_id>")
@needs(Permission.POINT_READ)
def point(point_id: int) -> Answer:
    """Show a point: the areas it serves, its days, its stock."""
    return _point_page(point_id, Form(None))


@bp.post("/points/<int:point_id>/areas")
@needs(Permission.POINT_MANAGE)
def serve(point_id: int) -> Answer:
    """Say which Union Councils receive at the point in a campaign."""
    form = Form.of_request()
    with form.attempt():
        campaign_id = form.number("campaign")
        with unit_of_work(current_actor()) as work:
            ucs = [
                _uc_of(work, form, line) for line in form.value("areas").replace(",", "\n").splitlines() if line.strip()
            ]
            form.refuse_problems()
            points.serve_areas(work, campaign_id=campaign_id, point_id=point_id, uc_ids=ucs)
        say(_("The areas that receive here are set."))
        return redirect(url_for("distributions.point", point_id=point_id))
    return _point_page(point_id, form)


@bp.post("/points/<int:point_id>/days")
@needs(Permission.POINT_MANAGE)
def open_day(point_id: int) -> Answer:
    """Plan a distribution day."""
    form = Form.of_request()
    with form.attempt():
        command = points.OpenDay(
            form.number("campaign"), point_id, form.day("held_on"), form.number("instalment", low=1, high=12),
            tuple(int(value) for value in form.values("staff") if value.isdigit()),
        )  # fmt: skip
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            day_id = points.open_day(work, command)
        say(_("The day is planned."))
        return redirect(url_for("distributions.day", day_id=day_id))
    return _point_page(point_id, form)


@bp.get("/hand-overs", endpoint="list")
@needs(Permission.HAND_OVER_READ)
def list_hand_overs() -> Answer:
    """List hand-overs, with filters in the address."""
    listing = Listing.of_request(sorts=("recorded_at",))
    form = Form.of_query()
    with reading(current_actor()) as work:
        area = find_area_by_code(work, form.value("area")) if form.value("area") else None
        wanted = queries.HandOverFilter(
            campaign_id=_id(form, "campaign"), point_id=_id(form, "point"), given_on=_day(form, "on"),
            kind=form.choice("kind", HandOverKind, required=False) if form.value("kind") else None,
            area_path=area.path if area else None,
        )  # fmt: skip
        rows, listing.total = queries.list_hand_overs(work, wanted, limit=listing.limit, offset=listing.offset)
        return render_template(
            "distributions/list.html", rows=rows, listing=listing, form=form, area=area, kinds=tuple(HandOverKind),
            campaigns=_campaign_options(work), points=[(row[0].id, row[0].name) for row in queries.list_points(work)],
        )  # fmt: skip


@bp.get("/hand-overs/<int:hand_over_id>")
@needs(Permission.HAND_OVER_READ, Permission.HAND_OVER)
def show(hand_over_id: int) -> Answer:
    """Show one hand-over: what, who, where, how known, and its postings."""
    return _hand_over_page(hand_over_id, Form(None))


@bp.get("/hand-overs/<int:hand_over_id>/pictures/<kind>")
@needs(*_SEE_PEOPLE)
def picture(hand_over_id: int, kind: str) -> Answer:
    """Show a picture that was taken with a hand-over; the look stands in the audit trail."""
    if kind not in tuple(PictureKind):
        abort(404)
    with unit_of_work(current_actor()) as work:
        area = queries.get_hand_over(work, hand_over_id)[3]
        if not any(current_actor().may(permission, area.path) for permission in _SEE_PEOPLE):
            abort(404)
        content = reveal_picture(work, hand_over_id, PictureKind(kind))
    found = next((mime for start, mime in _PICTURES.items() if content.startswith(start)), "application/octet-stream")
    return content, {"Content-Type": found}


@bp.post("/hand-overs/<int:hand_over_id>/void")
@needs(Permission.HAND_OVER_VOID)
def void(hand_over_id: int) -> Answer:
    """Undo a hand-over."""
    form = Form.of_request()
    with form.attempt():
        event_id = form.parse("event_id", parse_event_id)
        reason = form.text("reason", longest=500)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            void_id = void_hand_over(work, VoidHandOver(event_id, hand_over_id, reason))
        say(_("The hand-over is undone; what was given is owed again."))
        return redirect(url_for("distributions.show", hand_over_id=void_id))
    return _hand_over_page(hand_over_id, form)


def _day_page(day_id: int, form: Form) -> Answer:
    listing = Listing.of_request(sorts=("recorded_at",))
    with reading(current_actor()) as work:
        held, at_point, area, campaign = queries.get_day(work, day_id)
        wanted = queries.HandOverFilter(campaign_id=held.campaign_id, point_id=held.point_id, given_on=held.held_on)
        rows, listing.total = queries.list_hand_overs(work, wanted, limit=listing.limit, offset=listing.offset)
        assigned = queries.staff_of(work, day_id)
        is_mine = queries.is_assigned(work, day_id)
        page = render_template(
            "distributions/day.html", day=held, point=at_point, area=area, campaign=campaign, rows=rows, listing=listing,
            form=form, totals=queries.totals_of_day(work, held), assigned=assigned,
            is_mine=is_mine, may_list=is_mine or work.actor.may(Permission.HAND_OVER_READ, area.path),
            people=people_with_role(work, Role.POINT_STAFF, area.path),
            assigned_ids={str(row.id) for row in assigned}, today=local_day(work.at),
        )  # fmt: skip
    return page, form.status


def _point_page(point_id: int, form: Form) -> Answer:
    with reading(current_actor()) as work:
        held, area = queries.get_point(work, point_id)
        campaigns = _campaign_options(work)
        days, _total = queries.list_days(work, queries.DayFilter(point_id=point_id), limit=50, offset=0)
        page = render_template(
            "distributions/point.html", point=held, area=area, form=form, campaigns=campaigns, days=days,
            served=queries.areas_served(work, point_id), campaign_names=dict(campaigns),
            people=people_with_role(work, Role.POINT_STAFF, area.path), in_hand=campaign_in_hand(),
        )  # fmt: skip
    return page, form.status


def _hand_over_page(hand_over_id: int, form: Form) -> Answer:
    with reading(current_actor()) as work:
        event, campaign, at_point, area, family, operator = queries.get_hand_over(work, hand_over_id)
        page = render_template(
            "distributions/show.html", event=event, campaign=campaign, point=at_point, area=area, family=family,
            operator=operator, lines=queries.lines_of(work, hand_over_id), form=form, event_id=str(uuid.uuid4()),
            postings=queries.postings_of(work, hand_over_id), void=queries.void_of(work, hand_over_id),
            recorded_by=queries.names_of_people(work, [event.recorded_by]).get(event.recorded_by),
            kinds=HandOverKind, trace=find_trace(work, hand_over_id),
        )  # fmt: skip
    return page, form.status


def _uc_of(work: Work, form: Form, line: str) -> int:
    uc = find_area_by_code(work, line.strip())
    if uc is None or uc.level is not Level.UC:
        form.add_problem(
            "areas", "area.unknown", N_("There is no Union Council with the code %(area)s."), area=line.strip()
        )
        return 0
    return uc.id


def _campaign_options(work: Work) -> list[tuple[int, str]]:
    return [(campaign.id, campaign.name) for campaign in list_campaigns(work)]


def _day(form: Form, name: str) -> dt.date | None:
    return form.day(name, required=False) if form.value(name) else None


def _id(form: Form, name: str) -> int | None:
    return int(form.value(name)) if form.value(name).isdigit() else None


def _degrees(text: str) -> float:
    try:
        value = float(fold_digits(text))
    except ValueError:
        value = math.nan
    if not -180 <= value <= 180:
        raise InvalidInput("point.bad_degrees", N_("Write degrees with a point, such as 27.18."))
    return value


def _is_at_tables(actor: Actor) -> bool:
    return not actor.may(Permission.HAND_OVER_READ) and actor.may(Permission.HAND_OVER)


def _my_days(work: Work, _actor: Actor) -> HomeSection | None:
    today = local_day(work.at)
    wanted = queries.DayFilter(from_on=today, mine=True)
    rows, total = queries.list_days(work, wanted, limit=20, offset=0)
    mine = [row for row in rows if row[0].held_on == today]
    figures = [
        HomeFigure(
            f"{at_point.name}: {campaign.name}", format_number(served), url_for("distributions.day", day_id=held.id),
            _("families served today"),
        )
        for held, at_point, _area, campaign, served in mine
    ]  # fmt: skip
    if mine:
        return HomeSection(
            _("Your table today"), figures, (_("Open the desk"), url_for("desk.show", day_id=mine[0][0].id))
        )
    text = _("You stand at no table today.") if not total else None
    coming = [HomeFigure(_("Days to come"), format_number(total), url_for("distributions.index"))] if total else []
    return HomeSection(_("Your table today"), coming, text=text)


def _days_today(work: Work, _actor: Actor) -> HomeSection | None:
    today = local_day(work.at)
    rows, total = queries.list_days(work, queries.DayFilter(from_on=today, to_on=today), limit=1000, offset=0)
    address = url_for("distributions.index", since=today.isoformat(), until=today.isoformat())
    figures = [
        HomeFigure(_("Points open today"), format_number(total), address),
        HomeFigure(_("Families served today"), format_number(sum(row[4] for row in rows)), address),
    ]
    return HomeSection(_("Distribution today"), figures)


HOME_BLOCKS = (
    HomeBlock(Permission.HAND_OVER, 10, _my_days),
    HomeBlock(Permission.POINT_MANAGE, 20, _days_today),
)


def _hand_overs_of(work: Work, family: FamilyRecord) -> Markup:
    rows, total = queries.list_hand_overs(work, queries.HandOverFilter(family_id=family.id), limit=50, offset=0)
    return Markup(render_template("distributions/family.html", rows=rows, total=total))  # noqa: S704 - made by a template


FAMILY_BLOCKS = (FamilyBlock(Permission.HAND_OVER_READ, 30, _hand_overs_of),)
