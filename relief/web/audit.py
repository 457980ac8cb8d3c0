"""The audit trail, and how its truth is proved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _

from relief.audit.verification import Finding
from relief.files.cells import Cell
from relief.geography.queries import find_area_by_code
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.reports.scope import Scope
from relief.reports.trail import TrailFilter, TrailRow, all_deeds, get_deed, list_actions, list_chains, list_deeds
from relief.reports.verification import verify
from relief.store.work import Work, reading
from relief.web.access import Answer, current_actor, needs
from relief.web.exports import answer_table
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.shell import MenuEntry

bp = Blueprint("audit", __name__, url_prefix="/audit")
MENU = (MenuEntry(N_("Audit"), "audit.index", Permission.AUDIT_READ, order=70),)

# Beyond it the proof takes longer than a page may: it is then run on the machine itself.
MOST_ENTRIES_ON_A_PAGE = 20_000


@bp.get("")
@needs(Permission.AUDIT_READ)
def index() -> Answer:
    """List deeds, the latest first, with filters in the address."""
    listing = Listing.of_request(sorts=("id",), page_size=100)
    form = Form.of_query()
    with reading(current_actor()) as work:
        rows, listing.total = list_deeds(work, _filter(work, form), limit=listing.limit, offset=listing.offset)
        actions = [(action, action) for action in list_actions(work)]
    return render_template(
        "audit/index.html", rows=rows, listing=listing, form=form, actions=actions,
        export_url=lambda suffix: url_for("audit.export", suffix=suffix, **_arguments()),
    )  # fmt: skip


@bp.get("/deeds.<suffix>")
@needs(Permission.EXPORT)
def export(suffix: str) -> Answer:
    """Answer the deeds as a file, the oldest first."""
    header = (
        "id", "segment", "position", "at", "actor_id", "actor", "action", "subject", "subject_id", "area_code", "detail",
        "record_digest", "entry_hash",
    )  # fmt: skip
    with reading(current_actor()) as work:
        return answer_table(suffix, "audit-trail", header, _cells(all_deeds(work, _filter(work, Form.of_query()))))


@bp.get("/<int:entry_id>")
@needs(Permission.AUDIT_READ)
def show(entry_id: int) -> Answer:
    """Show one deed with its place in the chain."""
    with reading(current_actor()) as work:
        row = get_deed(work, entry_id)
    return render_template("audit/show.html", row=row, leads_to=_leads_to(row))


@bp.get("/verification")
@needs(Permission.AUDIT_READ)
def verification() -> Answer:
    """Show the ends of the chains and how the trail is verified."""
    return _verification_page(is_asked=False)


@bp.post("/verification")
@needs(Permission.AUDIT_READ)
def run_verification() -> Answer:
    """Verify the whole trail now, where it is short enough."""
    return _verification_page(is_asked=True)


def _verification_page(*, is_asked: bool) -> Answer:
    with reading(current_actor()) as work:
        chains = list_chains(work)
        entries = sum(chain.position for chain in chains)
        may_run = work.actor.may(Permission.FUND_READ) and Scope.of(work, Permission.AUDIT_READ).sees_all
        is_short = entries <= MOST_ENTRIES_ON_A_PAGE
        result = verify(work) if is_asked and is_short else None
        return render_template(
            "audit/verification.html", chains=chains, entry_count=entries, result=result, may_run=may_run, is_short=is_short,
            at=work.at, finding_text=_finding_text,
        )  # fmt: skip


def _leads_to(row: TrailRow) -> str | None:
    """Return the page of what the deed is about, where there is one that the reader may open."""
    pages = {
        "hand_over": (Permission.HAND_OVER_READ, "distributions.show", "hand_over_id"),
        "journal_entry": (Permission.FUND_READ, "finance.entry", "entry_id"),
        "goods_note": (Permission.STOCK_READ, "stock.note", "note_id"),
        "fund": (Permission.FUND_READ, "funds.show", "fund_id"),
        "family": (Permission.FAMILY_READ, "families.show", "family_id"),
    }
    if row.subject_kind not in pages:
        return None
    permission, endpoint, name = pages[row.subject_kind]
    path = row.place.path if row.place else None
    arguments: dict[str, Any] = {name: int(row.subject_id)}
    return url_for(endpoint, **arguments) if current_actor().may(permission, path) else None


def _finding_text(finding: Finding) -> str:
    """Return a finding in the language of the page; what it names is translated too where it is a word of ours."""
    params = {name: _(value) if name == "what" else value for name, value in finding.params.items()}
    return str(_(finding.message, **params))


def _arguments() -> dict[str, Any]:
    """Return the filter of this address as arguments of another."""
    names = ("action", "subject", "number", "area", "segment", "actor", "since", "until")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _filter(work: Work, form: Form) -> TrailFilter:
    code, actor = form.value("area"), form.value("actor")
    area_id = None
    if code:
        area = find_area_by_code(work, code)
        place = Scope.of(work, Permission.AUDIT_READ).require(area.id if area else 0)
        area_id = place.id if place else None
    wanted = TrailFilter(
        action=form.value("action") or None, subject_kind=form.value("subject") or None,
        subject_id=form.value("number") or None, actor_id=int(actor) if re.fullmatch(r"[0-9]{1,9}", actor) else None,
        segment=form.value("segment") or None, area_id=area_id,
        from_on=form.day("since", required=False) if form.value("since") else None,
        to_on=form.day("until", required=False) if form.value("until") else None,
    )  # fmt: skip
    form.refuse_problems()
    return wanted


def _cells(rows: Iterator[TrailRow]) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        yield (
            row.id, row.segment, row.position, row.at, row.actor_id, row.actor or _("The system"), row.action,
            row.subject_kind, row.subject_id, row.place.code if row.place else None,
            json.dumps(row.detail, ensure_ascii=False, sort_keys=True),
            row.record_digest.hex() if row.record_digest else None, row.entry_hash.hex(),
        )  # fmt: skip
