"""Pages about families: list and search, register, one family, amend, its identity numbers."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.families import amendment, identity, import_queries, queries, registration
from relief.families.amendment import AmendFamily, SettleFlags
from relief.families.identity import Identity
from relief.families.queries import FamilyFilter, FamilyRecord, Page
from relief.families.questions import LABELS, QUESTIONS
from relief.families.registration import RegisterFamily
from relief.families.rules import Gender, HouseDamage, Registration
from relief.geography.model import Level
from relief.geography.queries import get_area, lineage_of
from relief.kernel.actor import Actor
from relief.kernel.codes import FamilyCode
from relief.kernel.errors import InvalidInput
from relief.kernel.identity import Cnic
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.areas import AreaField
from relief.web.formats import format_number
from relief.web.forms import Form, parse_event_id
from relief.web.listing import Listing
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, MenuEntry, family_sections, say

_READ, _REGISTER, _AMEND = Permission.FAMILY_READ, Permission.FAMILY_REGISTER, Permission.FAMILY_AMEND

bp = Blueprint("families", __name__, url_prefix="/families")
MENU = (MenuEntry(N_("Families"), "families.index", _READ, order=20),)

_WITHIN = AreaField("area", _READ)
_UC_TO_REGISTER = AreaField("uc", _REGISTER, level=Level.UC)
_UC_TO_AMEND = AreaField("uc", _AMEND, level=Level.UC)
# Asked elsewhere on the form, or with their own way of being left as they are.
_IDENTITY = ("cnic", "phone")


def _families_today(work: Work, actor: Actor) -> HomeSection:
    total = queries.count_families(work, FamilyFilter())
    figures = [HomeFigure(_("families registered"), format_number(total), url_for("families.index"))]
    flagged = queries.count_families(work, FamilyFilter(is_flagged=True))
    if flagged:
        address = url_for("families.index", flagged="yes")
        figures.append(
            HomeFigure(_("families with a warning to look at"), format_number(flagged), address, kind="waiting")
        )
    held = import_queries.count_held(work)
    if held:
        hint = _("Their CNIC belongs to another family.")
        figures.append(
            HomeFigure(
                _("registrations held for a decision"), format_number(held), url_for("held.index"), hint, "waiting"
            )
        )
    action = (_("Register a family"), url_for("families.new")) if actor.may(_REGISTER) else None
    return HomeSection(_("Families"), figures, action)


HOME_BLOCKS = (HomeBlock(_READ, 20, _families_today),)


@bp.get("/")
@needs(_READ)
def index() -> Answer:
    """List families: by name in any script, area, warnings; a family code leads straight to its family."""
    listing = Listing.of_request(sorts=("code", "name", "village", "size", "registered"))
    form = Form.of_query()
    typed = form.value("q").strip()
    with reading(current_actor()) as work:
        found = _find_by_code(work, typed)
        if found is not None:
            return redirect(url_for("families.show", family_id=found))
        area = _WITHIN.read(work, form, required=False)
        wanted = FamilyFilter(
            name=typed,
            under_path=area.path if area else None,
            is_flagged=form.flag("flagged"),
            is_woman_headed=form.flag("woman"),
        )
        page = Page(listing.sort, listing.descending, listing.limit, listing.offset)
        rows, listing.total = queries.search_families(work, wanted, page)
        above = lineage_of(work, area)[1:] if area else []
        held = import_queries.count_held(work)
    return render_template(
        "families/index.html", rows=rows, listing=listing, form=form, above=above, held=held, typed=typed,
        areas=_WITHIN.choices(),
    )  # fmt: skip


@bp.route("/by-cnic", methods=["GET", "POST"])
@needs(_READ)
def by_cnic() -> Answer:
    """Find the family with exactly this CNIC. It is sent in the body: addresses are kept in histories and logs."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            cnic = form.parse("cnic", Cnic.parse)
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                found = identity.find_by_cnic(work, cnic)
            if found is not None:
                return redirect(url_for("families.show", family_id=found))
            form.add_problem("cnic", "family.cnic_unknown", N_("No family in your area is registered under this CNIC."))
    return render_template("families/by_cnic.html", form=form), form.status


@bp.route("/new", methods=["GET", "POST"])
@needs(_REGISTER)
def new() -> Answer:
    """Register a family."""
    form = Form.of_request(submission_id=str(uuid.uuid4()), disabled=0, pregnant_lactating=0, livestock_lost=0)
    with form.attempt() as sent:
        if sent:
            with unit_of_work(current_actor()) as work:
                done = registration.register_family(work, _read_registration(work, form))
            if done.held_id is not None:
                say(_("Another family has this CNIC. The registration is kept, and a coordinator decides."), "warning")
                return redirect(url_for("held.index"))
            say(_("The family was registered before.") if done.is_repeat else _("The family is registered."))
            return redirect(url_for("families.show", family_id=done.family_id))
    return render_template(
        "families/new.html", form=form, areas=_UC_TO_REGISTER.choices(), **_choices()
    ), form.status  # fmt: skip


@bp.get("/<int:family_id>")
@needs(_READ)
def show(family_id: int) -> Answer:
    """Show a family: what was told, warnings, history, and what other parts of the program know of it."""
    return _family_page(family_id, Form(None))


@bp.post("/<int:family_id>/identity")
@needs(_READ)
def reveal(family_id: int) -> Answer:
    """Show the full CNIC and phone, once, to those who may see them; the look is recorded."""
    with unit_of_work(current_actor()) as work:
        revealed = identity.reveal_identity(work, family_id)
    return _family_page(family_id, Form(None), revealed)


@bp.route("/<int:family_id>/amend", methods=["GET", "POST"])
@needs(_AMEND)
def amend(family_id: int) -> Answer:
    """Change what was told of a family."""
    with reading(current_actor()) as work:
        family = queries.get_family(work, family_id, _AMEND)
        uc = get_area(work, family.uc_id)
    form = Form.of_request(_as_typed(family), uc=uc.code if _UC_TO_AMEND.choices().groups else uc.name_en)
    with form.attempt() as sent:
        if sent:
            with unit_of_work(current_actor()) as work:
                changed = amendment.amend_family(work, _read_amendment(work, form, family))
            say(
                _("The family is amended.") if changed else _("Nothing was different."),
                "success" if changed else "info",
            )
            return redirect(url_for("families.show", family_id=family_id))
    return render_template(
        "families/amend.html", form=form, family=family, areas=_UC_TO_AMEND.choices(), **_choices()
    ), form.status  # fmt: skip


@bp.post("/<int:family_id>/warnings")
@needs(_AMEND)
def settle(family_id: int) -> Answer:
    """Take the warnings off: somebody has looked."""
    form = Form.of_request()
    with form.attempt():
        reason = form.text("reason", longest=500)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            amendment.settle_flags(work, SettleFlags(family_id, reason))
        say(_("The warning is settled."))
        return redirect(url_for("families.show", family_id=family_id))
    return _family_page(family_id, form)


def _family_page(family_id: int, form: Form, revealed: Identity | None = None) -> Answer:
    actor = current_actor()
    with reading(actor) as work:
        family = queries.get_family(work, family_id)
        batch = import_queries.find_batch(work, family.import_batch_id) if family.import_batch_id else None
        changes = [(change, amendment.read_change(work, change)) for change in queries.list_changes(work, family_id)]
        return render_template(
            "families/show.html", family=family, form=form, identity=revealed, changes=changes, labels=LABELS, batch=batch,
            areas=lineage_of(work, get_area(work, family.uc_id))[1:], sections=family_sections(work, family),
            may_reveal=family.is_registered_by(actor) or actor.may(Permission.FAMILY_READ_IDENTITY, family.area_path),
        ), form.status  # fmt: skip


def _find_by_code(work: Work, typed: str) -> int | None:
    try:
        return queries.find_by_code(work, FamilyCode.parse(typed)) if typed else None
    except InvalidInput:
        return None


def _choices() -> dict[str, Any]:
    return {"genders": tuple(Gender), "damages": tuple(HouseDamage), "labels": LABELS}


def _read_registration(work: Work, form: Form) -> RegisterFamily:
    if not form.flag("consent"):
        form.add_problem("consent", "consent.missing", N_("Ask the family for its consent, then tick this."))
    area = _UC_TO_REGISTER.read(work, form)
    facts = _read_facts(form)
    submission_id = form.parse("submission_id", parse_event_id)
    form.refuse_problems()
    return RegisterFamily(Registration(uc_id=area.id, gps_accuracy_m=None, **facts), f"web:{submission_id}")


def _read_amendment(work: Work, form: Form, family: FamilyRecord) -> AmendFamily:
    area = _UC_TO_AMEND.read(work, form)
    facts = _read_facts(form)
    reason = form.text("reason", longest=500)
    version = form.number("version", low=1)
    form.refuse_problems()
    for name in _IDENTITY:  # Left empty they stay as they are: the page does not show them.
        if facts[name] is None and not form.flag(f"{name}_removed"):
            del facts[name]
    return AmendFamily(family.id, {"uc_id": area.id, **facts}, reason, version)


def _read_facts(form: Form) -> dict[str, Any]:
    """Return the facts of the form by name, but for the Union Council."""
    facts: dict[str, Any] = {}
    for question in QUESTIONS:
        if question.name == "is_displaced":
            facts[question.name] = form.flag(question.name)
            continue
        value = form.parse(question.name, question.read, required=question.is_required)
        facts[question.name] = question.default if value is None else value
    if (facts["lon"] is None) != (facts["lat"] is None):
        form.add_problem("lat", "gps.half", N_("Latitude and longitude come together or not at all."))
    return facts


def _as_typed(family: FamilyRecord) -> dict[str, object]:
    """Return what a form that amends the family begins with."""
    return {
        "version": family.version,
        **{question.name: getattr(family, question.name) for question in QUESTIONS if question.name not in _IDENTITY},
    }
