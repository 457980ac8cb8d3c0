"""Phones: enrolled for a point by a code shown once, looked after, revoked; and the files of those that get no signal."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from relief.accounts.rules import DeviceState
from relief.config import Settings
from relief.distributions.queries import list_points, names_of_people
from relief.kernel.actor import Actor
from relief.kernel.dates import DateRange, local_day
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.papers import qr
from relief.store.work import Work, reading, unit_of_work
from relief.sync import device_queries, enrolment, oversight
from relief.sync.enrolment import Invitation, InviteDevice
from relief.sync.outbox_files import import_outbox
from relief.sync.oversight import Concern, EventFilter
from relief.sync.rules import Answer as EventAnswer
from relief.web.access import Answer, current_actor, needs
from relief.web.formats import format_number
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, MenuEntry, say

bp = Blueprint("devices", __name__, url_prefix="/devices")
MENU = (MenuEntry(N_("Phones"), "devices.index", Permission.DEVICE_READ, order=45),)


@bp.get("")
@needs(Permission.DEVICE_READ)
def index() -> Answer:
    """List the phones of the reader's areas, with how much there is to look at."""
    listing = Listing.of_request(sorts=("label",))
    form = Form.of_query()
    state = form.choice("state", DeviceState, required=False) if form.value("state") else None
    with reading(current_actor()) as work:
        rows, listing.total = device_queries.list_devices(work, state=state, limit=listing.limit, offset=listing.offset)
        findings = oversight.findings_of(work, [row.device.id for row in rows])
        return render_template(
            "devices/index.html", rows=rows, listing=listing, form=form, states=tuple(DeviceState),
            found={found.device_id for found in findings}, today=local_day(work.at),
        )  # fmt: skip


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.DEVICE_MANAGE)
def new() -> Answer:
    """Enrol a phone; the code is shown once, on the page that answers."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            command = InviteDevice(form.text("label", longest=80), form.number("point"), _days(form))
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                invitation = enrolment.invite_device(work, command)
            return _code_page(invitation)
    actor = current_actor()
    with reading(actor) as work:
        rows = [row for row in list_points(work) if actor.may(Permission.DEVICE_MANAGE, row[1].path)]
    return render_template(
        "devices/new.html", form=form, points=[(point.id, point.name) for point, _area, _count in rows]
    ), form.status


@bp.get("/<int:device_id>")
@needs(Permission.DEVICE_READ)
def show(device_id: int) -> Answer:
    """Show a phone: where it is for, who works on it, what there is to look at."""
    return _page(device_id, Form(None))


@bp.post("/<int:device_id>/code")
@needs(Permission.DEVICE_MANAGE)
def renew(device_id: int) -> Answer:
    """Show a new code for a phone that has not come yet."""
    form = Form.of_request()
    with form.attempt():
        with unit_of_work(current_actor()) as work:
            invitation = enrolment.renew_invitation(work, device_id)
        return _code_page(invitation)
    return _page(device_id, form)


@bp.post("/<int:device_id>/days")
@needs(Permission.DEVICE_MANAGE)
def change_days(device_id: int) -> Answer:
    """Let a phone be used on other days."""
    form = Form.of_request()
    with form.attempt():
        days = _days(form)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            enrolment.change_days(work, device_id, days)
        say(_("The days are changed. The phone hears of it with its next list."))
        return redirect(url_for("devices.show", device_id=device_id))
    return _page(device_id, form)


@bp.post("/<int:device_id>/revoke")
@needs(Permission.DEVICE_MANAGE)
def revoke(device_id: int) -> Answer:
    """Shut a phone out for good."""
    form = Form.of_request()
    with form.attempt():
        reason = form.text("reason", longest=300)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            enrolment.revoke_device(work, device_id, reason)
        say(_("The phone is revoked. What it still holds is taken in, and waits on the conflict desk."))
        return redirect(url_for("devices.show", device_id=device_id))
    return _page(device_id, form)


@bp.post("/<int:device_id>/outbox")
@needs(Permission.DEVICE_MANAGE)
def bring_in(device_id: int) -> Answer:
    """Bring in the file of a phone that gets no signal, and list what became of each record."""
    form = Form.of_request()
    with form.attempt():
        upload = form.file("file")
        form.refuse_problems()
        answers = import_outbox(current_actor(), device_id, upload.read())
        with reading(current_actor()) as work:
            device = device_queries.get_device(work, device_id).device
        return render_template("devices/brought_in.html", device=device, rows=answers, answers=EventAnswer)
    return _page(device_id, form)


@bp.get("/<int:device_id>/events")
@needs(Permission.DEVICE_READ)
def events(device_id: int) -> Answer:
    """List what a phone recorded: all of it, of one person, or of one thing to look at."""
    listing = Listing.of_request(sorts=("counter",), descending=True)
    form = Form.of_query()
    concern = form.choice("concern", Concern, required=False) if form.value("concern") else None
    operator_id = form.number("operator", required=False) if form.value("operator") else None
    with reading(current_actor()) as work:
        row = device_queries.get_device(work, device_id)
        rows, listing.total = oversight.list_events(
            work, EventFilter(device_id, concern, operator_id), limit=listing.limit, offset=listing.offset
        )
        people = {one.user_id: one.name for one in device_queries.operators_of(work, device_id, with_ended=True)}
        return render_template(
            "devices/events.html", device=row.device, rows=rows, listing=listing, form=form, concern=concern,
            concerns=tuple(Concern), people=people, answers=EventAnswer,
        )  # fmt: skip


def _page(device_id: int, form: Form) -> Answer:
    with reading(current_actor()) as work:
        row = device_queries.get_device(work, device_id)
        device = row.device
        if not form.is_sent:
            form = Form(None, None, {"first_on": row.days.first_on, "last_on": row.days.last_on})
        page = render_template(
            "devices/show.html", device=device, point=row.point, area=row.area, days=row.days, form=form, states=DeviceState,
            operators=device_queries.operators_of(work, device_id, with_ended=True),
            findings=oversight.findings_of(work, [device_id]), rejected=oversight.count_rejected(work, device_id),
            people=names_of_people(work, [device.invited_by, device.revoked_by]),
            is_expired=work.at >= device.invite_expires_at,
            event_count=oversight.list_events(work, EventFilter(device_id), limit=1, offset=0)[1],
        )  # fmt: skip
    return page, form.status


def _code_page(invitation: Invitation) -> Answer:
    origin = _origin()
    # In the fragment, which no browser sends: the code stands in no log.
    address = f"{origin}/scan#enrol={invitation.code}"
    picture = Markup(qr.svg(address, qr.Level.M, label=_("QR code that enrols the phone")))  # noqa: S704 - drawn by us
    with reading(current_actor()) as work:
        row = device_queries.get_device(work, invitation.device_id)
    has_camera = origin.startswith("https://") or request.host.partition(":")[0] == "localhost"
    return render_template(
        "devices/code.html", row=row, picture=picture, address=address, origin=origin, has_camera=has_camera
    )


def _origin() -> str:
    settings = current_app.extensions["relief.settings"]
    assert isinstance(settings, Settings)
    return f"https://{settings.public_address}" if settings.public_address else request.host_url.rstrip("/")


def _days(form: Form) -> DateRange:
    first_on, last_on = form.day("first_on"), form.day("last_on")
    form.refuse_problems()
    try:
        return DateRange(first_on, last_on)
    except InvalidInput as error:
        form.add_problem("last_on", error.code, error.message)
        form.refuse_problems()
        raise


def _phones_to_look_at(work: Work, _actor: Actor) -> HomeSection:
    count = oversight.phones_to_look_at(work)
    figure = HomeFigure(
        _("phones with something to look at this week"), format_number(count), url_for("devices.index"),
        kind="waiting" if count else "good",
    )  # fmt: skip
    return HomeSection(_("Phones"), [figure], (_("Enrol a phone"), url_for("devices.new")))


HOME_BLOCKS = (HomeBlock(Permission.DEVICE_MANAGE, 35, _phones_to_look_at),)
