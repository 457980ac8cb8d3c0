"""Entitled = redeemed = posted: side by side, each difference, and what families wait for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from flask import Blueprint, render_template, request, url_for

from relief.files.cells import Cell
from relief.kernel.codes import FamilyCode
from relief.kernel.permissions import Permission
from relief.ledger.rules import Account
from relief.reports.comparing import differences_in
from relief.reports.differences import Difference
from relief.reports.journal import JournalFilter, sum_of
from relief.reports.reconciliation import Reconciliation, reconcile
from relief.reports.scope import Scope
from relief.reports.waiting import State, WaitingFilter, WaitingRow, list_waiting
from relief.store.work import reading
from relief.web.access import Answer, current_actor, needs
from relief.web.exports import answer_table
from relief.web.finance_view import View, read_level, read_view
from relief.web.formats import label
from relief.web.forms import Form
from relief.web.listing import Listing

bp = Blueprint("reconciliation", __name__, url_prefix="/finance/reconciliation")

# More than anybody reads on a page; the file has all.
_MOST_SHOWN = 500
_MOST_WAITING = 1_000_000


@bp.get("")
@needs(Permission.FUND_READ)
def index() -> Answer:
    """Show entitled, redeemed and posted of each campaign, or of the areas of one level."""
    with reading(current_actor()) as work:
        view = read_view(work)
        level = read_level(view)
        found = reconcile(work, campaign_id=view.wanted.campaign_id, level=level)
        not_booked_in = -sum_of(work, JournalFilter(view.wanted, account=Account.GOODS_NOT_BOOKED_IN.value))
    options = {
        "campaign": [(campaign.code, campaign.name) for campaign in view.campaigns],
        "level": [(one.value, label(one)) for one in view.scope.levels],
    }
    return render_template(
        "reconciliation/index.html", view=view, level=level, found=found, options=options, waiting_url=_waiting_url,
        not_booked_in=not_booked_in,
        form=Form(None, initial=view.arguments | {"level": level.value if level else ""}),
    )  # fmt: skip


@bp.get("/books.<suffix>")
@needs(Permission.EXPORT)
def export(suffix: str) -> Answer:
    """Answer the books as a file."""
    with reading(current_actor()) as work:
        view = read_view(work)
        found = reconcile(work, campaign_id=view.wanted.campaign_id, level=read_level(view))
    header = (
        "code", "name", "families_entitled", "entitled_pkr", "families_served", "redeemed_pkr", "posted_pkr", "difference_pkr",
        "waiting_pkr", "unexplained_recorded_pkr", "unexplained_posted_pkr", "as_of",
    )  # fmt: skip
    return answer_table(suffix, "reconciliation", header, _book_cells(found))


@bp.get("/differences")
@needs(Permission.FUND_READ)
def differences() -> Answer:
    """Compare the books event by event and list every difference."""
    with reading(current_actor()) as work:
        scope = Scope.of(work, Permission.FUND_READ)
        found = list(islice(differences_in(work), _MOST_SHOWN + 1))
        return render_template(
            "reconciliation/differences.html", found=found[:_MOST_SHOWN], is_cut=len(found) > _MOST_SHOWN, at=work.at,
            places=scope.places,
        )  # fmt: skip


@bp.get("/differences.<suffix>")
@needs(Permission.EXPORT)
def export_differences(suffix: str) -> Answer:
    """Answer every difference as a file."""
    header = (
        "difference", "hand_over", "entry", "entitlement", "subject", "campaign_id", "area_code", "expected", "found", "unit",
    )  # fmt: skip
    with reading(current_actor()) as work:
        scope = Scope.of(work, Permission.FUND_READ)
        return answer_table(
            suffix, "differences", header, (_difference_cells(one, scope) for one in differences_in(work))
        )


@bp.get("/waiting")
@needs(Permission.FUND_READ)
def waiting() -> Answer:
    """List entitlements that families have not, or not wholly, received."""
    listing = Listing.of_request(sorts=("serial",))
    with reading(current_actor()) as work:
        view = read_view(work)
        wanted = _waiting_filter(view)
        rows, listing.total = list_waiting(work, wanted, limit=listing.limit, offset=listing.offset)
    options = {
        "campaign": [(campaign.code, campaign.name) for campaign in view.campaigns],
        "state": [(state.value, label(state)) for state in State],
    }
    return render_template(
        "reconciliation/waiting.html", view=view, rows=rows, listing=listing, options=options, code_of=FamilyCode.of,
        form=Form(None, initial=view.arguments | {"state": wanted.state or ""}),
    )  # fmt: skip


@bp.get("/waiting.<suffix>")
@needs(Permission.EXPORT)
def export_waiting(suffix: str) -> Answer:
    """Answer all that families wait for as a file."""
    header = ("campaign", "serial", "family", "area_code", "area", "state", "entitled_pkr", "received_pkr", "left_pkr")
    with reading(current_actor()) as work:
        rows, _total = list_waiting(work, _waiting_filter(read_view(work)), limit=_MOST_WAITING, offset=0)
    return answer_table(suffix, "waiting", header, (_waiting_cells(row) for row in rows))


def _waiting_filter(view: View) -> WaitingFilter:
    asked = request.args.get("state", "")
    return WaitingFilter(view.wanted.campaign_id, view.wanted.area_id, State(asked) if asked in set(State) else None)


def _waiting_url(view: View, code: str, *, is_area: bool) -> str:
    return (
        view.url("reconciliation.waiting", **{"area" if is_area else "campaign": code})
        if code
        else url_for("reconciliation.waiting")
    )


def _book_cells(found: Reconciliation) -> Iterator[tuple[Cell, ...]]:
    for row in found.rows:
        books = row.books
        yield (
            row.code, row.name, books.families_entitled, books.entitled, books.families_served, books.redeemed, books.posted,
            books.difference, books.waiting, books.unexplained_recorded, books.unexplained_posted, found.at,
        )  # fmt: skip


def _difference_cells(one: Difference, scope: Scope) -> tuple[Cell, ...]:
    place = scope.places.get(one.area_id or 0)
    expected, found = one.figures
    return (
        one.kind.label, one.hand_over_id, one.entry_id, one.entitlement_id, one.subject, one.campaign_id,
        place.code if place else None, expected, found, "units" if one.is_units else "PKR",
    )  # fmt: skip


def _waiting_cells(row: WaitingRow) -> tuple[Cell, ...]:
    place = row.place
    return (
        row.campaign_code, row.serial, str(FamilyCode.of(row.family_number)), place.code if place else None,
        place.name_en if place else None, row.state.value, row.entitled, row.received, row.left,
    )  # fmt: skip
