"""The conflict desk: hand-overs that broke a rule, waiting for a coordinator of their area."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.distributions import queries
from relief.distributions.conflicts import decide_conflict
from relief.distributions.rules import ConflictState
from relief.kernel.actor import Actor
from relief.kernel.permissions import Permission
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.formats import format_number
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, say

bp = Blueprint("conflicts", __name__, url_prefix="/conflicts")


@bp.get("/")
@needs(Permission.CONFLICT_READ)
def index() -> Answer:
    """List conflicts, those that wait first."""
    listing = Listing.of_request(sorts=("recorded_at",))
    form = Form.of_query(state=ConflictState.OPEN.value)
    state = form.choice("state", ConflictState, required=False) if form.value("state") else None
    with reading(current_actor()) as work:
        rows, listing.total = queries.list_conflicts(work, state=state, limit=listing.limit, offset=listing.offset)
        return render_template(
            "conflicts/index.html", rows=rows, listing=listing, form=form, states=tuple(ConflictState)
        )


@bp.get("/<int:hand_over_id>")
@needs(Permission.CONFLICT_READ)
def show(hand_over_id: int) -> Answer:
    """Show one conflict beside the hand-over that came first."""
    return _page(hand_over_id, Form(None))


@bp.post("/<int:hand_over_id>")
@needs(Permission.CONFLICT_DECIDE)
def decide(hand_over_id: int) -> Answer:
    """Record what was found and what follows."""
    form = Form.of_request()
    with form.attempt():
        decision = form.text("decision", longest=2000)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            decide_conflict(work, hand_over_id, decision)
        say(_("The decision is recorded."))
        return redirect(url_for("conflicts.index"))
    return _page(hand_over_id, form)


def _page(hand_over_id: int, form: Form) -> Answer:
    with reading(current_actor()) as work:
        case, event, campaign, point, area = queries.get_conflict(work, hand_over_id)
        first = queries.find_hand_over(work, case.first_hand_over_id) if case.first_hand_over_id else None
        page = render_template(
            "conflicts/show.html", case=case, event=event, campaign=campaign, point=point, area=area, first=first, form=form,
            lines=queries.lines_of(work, hand_over_id), states=ConflictState,
            people=queries.names_of_people(work, [event.operator_id, event.recorded_by, case.decided_by]),
        )  # fmt: skip
    return page, form.status


def _conflicts_waiting(work: Work, _actor: Actor) -> HomeSection | None:
    _rows, total = queries.list_conflicts(work, state=ConflictState.OPEN, limit=1, offset=0)
    waiting = HomeFigure(
        _("Conflicts wait for a decision"), format_number(total), url_for("conflicts.index"),
        kind="bad" if total else "good",
    )  # fmt: skip
    return HomeSection(_("Conflict desk"), [waiting])


HOME_BLOCKS = (HomeBlock(Permission.CONFLICT_DECIDE, 30, _conflicts_waiting),)
