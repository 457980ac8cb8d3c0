"""Registrations held because another family has their CNIC: listed, and decided on."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.families import deciding, import_queries
from relief.families.deciding import DismissHeld, RegisterHeld
from relief.families.model import HeldState
from relief.families.queries import Page
from relief.families.questions import LABELS
from relief.kernel.identity import Cnic
from relief.kernel.permissions import Permission
from relief.store.work import reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.shell import say

_READ, _DECIDE = Permission.FAMILY_READ, Permission.FAMILY_DECIDE_DUPLICATE

bp = Blueprint("held", __name__, url_prefix="/families/held")


@bp.get("/")
@needs(_READ)
def index() -> Answer:
    """List the held registrations: those that wait, or those decided."""
    listing = Listing.of_request(sorts=("held_at",))
    form = Form.of_query(state=HeldState.WAITING)
    chosen = form.choice("state", HeldState, required=False)
    with reading(current_actor()) as work:
        page = Page(limit=listing.limit, offset=listing.offset)
        rows, listing.total = import_queries.list_held(work, page, chosen or HeldState.WAITING)
        paths = work.actor.paths(_READ)
    return render_template(
        "held/index.html", rows=rows, listing=listing, form=form, states=tuple(HeldState),
        chosen=chosen or HeldState.WAITING, sees=lambda path: path.startswith(paths),
    )  # fmt: skip


@bp.get("/<int:held_id>")
@needs(_READ)
def show(held_id: int) -> Answer:
    """Show a held registration beside the family that has its CNIC."""
    return _page(held_id, Form(None), Form(None))


@bp.post("/<int:held_id>/dismiss")
@needs(_DECIDE)
def dismiss(held_id: int) -> Answer:
    """It is the same family."""
    form = Form.of_request()
    form.key = "dismiss"
    with form.attempt():
        reason = form.text("reason", longest=500)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            deciding.dismiss_held(work, DismissHeld(held_id, reason))
        say(_("The registration is dismissed: the family is registered already."))
        return redirect(url_for("held.index"))
    return _page(held_id, form, Form(None))


@bp.post("/<int:held_id>/register")
@needs(_DECIDE)
def register(held_id: int) -> Answer:
    """It is another family."""
    form = Form.of_request()
    form.key = "register"
    with form.attempt():
        cnic = form.parse("cnic", Cnic.parse, required=False)
        verified_by = form.text("cnic_verified_by", required=False)
        reason = form.text("reason", longest=500)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            family_id = deciding.register_held(work, RegisterHeld(held_id, reason, cnic, verified_by))
        say(_("The family is registered."))
        return redirect(url_for("families.show", family_id=family_id))
    return _page(held_id, Form(None), form)


def _page(held_id: int, dismissing: Form, registering: Form) -> Answer:
    dismissing.key, registering.key = "dismiss", "register"
    with reading(current_actor()) as work:
        held = import_queries.get_held(work, held_id)
        is_own = held.line.held_by == work.actor.id
        may_decide = work.actor.may(_DECIDE, held.uc.path) and held.line.state is HeldState.WAITING
    return render_template(
        "held/show.html", held=held, dismissing=dismissing, registering=registering, labels=LABELS, is_own=is_own,
        may_decide=may_decide,
    ), max(dismissing.status, registering.status)  # fmt: skip
