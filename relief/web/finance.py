"""Finance totals, the entries behind them, and the same as files."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.files.cells import Cell
from relief.kernel.actor import Actor
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.ledger.reversals import ReverseEntry, reverse_entry
from relief.ledger.rules import Account, EntryKind, refusal_to_reverse
from relief.reports.finance import Totals, totals_by
from relief.reports.funds import list_statements
from relief.reports.journal import JournalFilter, JournalLine, all_lines, get_entry_page, list_lines
from relief.reports.trail import TrailRow, find_seal
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.exports import answer_table
from relief.web.finance_view import View, read_by, read_view
from relief.web.formats import format_money, label
from relief.web.forms import Form, parse_event_id
from relief.web.listing import Listing
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, MenuEntry, say

bp = Blueprint("finance", __name__, url_prefix="/finance")
MENU = (MenuEntry(N_("Finance"), "finance.index", Permission.FUND_READ, order=60),)

# The class of accounts of relief and other spending.
DISBURSED = "5"
_SORTS = {
    "name": lambda row: (row.name.casefold(), row.code),
    "cash": lambda row: row.sums.cash,
    "goods": lambda row: row.sums.goods,
    "other": lambda row: row.sums.other,
    "disbursed": lambda row: row.sums.disbursed,
    "unexplained": lambda row: row.sums.unexplained,
}


@bp.get("")
@needs(Permission.FUND_READ)
def index() -> Answer:
    """Show disbursed totals, told apart as the address asks."""
    listing = Listing.of_request(sorts=tuple(_SORTS))
    with reading(current_actor()) as work:
        view = read_view(work)
        by = read_by(view)
        totals = totals_by(work, by, view.wanted)
    rows = sorted(totals.rows, key=_SORTS[listing.sort], reverse=listing.descending)
    rows.sort(key=lambda row: row.key is None)  # What belongs to none stands last, whatever the order.
    return render_template(
        "finance/index.html", view=view, by=by, totals=totals, rows=rows, listing=listing,
        form=Form(None, initial=view.arguments | {"by": by.value}), options=options_of(view),
    )  # fmt: skip


@bp.get("/totals.<suffix>")
@needs(Permission.EXPORT)
def export_totals(suffix: str) -> Answer:
    """Answer the totals as a file."""
    with reading(current_actor()) as work:
        view = read_view(work)
        totals = totals_by(work, read_by(view), view.wanted)
    header = (
        "by",
        "code",
        "name",
        "cash_pkr",
        "goods_pkr",
        "other_spending_pkr",
        "disbursed_pkr",
        "unexplained_pkr",
        "as_of",
    )
    return answer_table(suffix, f"totals-by-{totals.by.value}", header, _total_cells(totals))


@bp.get("/entries")
@needs(Permission.FUND_READ)
def entries() -> Answer:
    """List postings, those of the latest entry first."""
    listing = Listing.of_request(sorts=("id",), page_size=100)
    form = Form.of_query()
    with reading(current_actor()) as work:
        view = read_view(work)
        wanted = _journal_filter(view, form)
        page = list_lines(work, wanted, limit=listing.limit, offset=listing.offset)
    listing.total = page.count
    own = {"kind": wanted.kind, "account": wanted.account}
    return render_template(
        "finance/entries.html", view=view, page=page, listing=listing, own=own, account=wanted.account,
        form=Form(None, initial=view.arguments | own), options=options_of(view),
    )  # fmt: skip


@bp.get("/entries.<suffix>")
@needs(Permission.EXPORT)
def export_entries(suffix: str) -> Answer:
    """Answer the postings as a file, the oldest first."""
    with reading(current_actor()) as work:
        wanted = _journal_filter(read_view(work), Form.of_query())
        header = (
            "entry", "line", "posted_on", "posted_at", "kind", "memo", "source", "source_id", "fund", "campaign", "area_code",
            "area", "point", "debit", "debit_account", "credit", "credit_account", "amount_pkr",
        )  # fmt: skip
        return answer_table(suffix, "entries", header, (_line_cells(line) for line in all_lines(work, wanted)))


@bp.get("/entries/<int:entry_id>")
@needs(Permission.FUND_READ)
def entry(entry_id: int) -> Answer:
    """Show one entry, what caused it, and what seals it."""
    return _entry_page(entry_id, Form(None))


@bp.post("/entries/<int:entry_id>/reverse")
@needs(Permission.LEDGER_POST)
def reverse(entry_id: int) -> Answer:
    """Answer an entry by its reversal."""
    form = Form.of_request()
    with form.attempt():
        command = ReverseEntry(entry_id, form.text("reason", longest=500), form.parse("key", parse_event_id))
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            reversal_id = reverse_entry(work, command)
        say(_("The entry is reversed."))
        return redirect(url_for("finance.entry", entry_id=reversal_id))
    return _entry_page(entry_id, form)


def options_of(view: View) -> dict[str, list[tuple[str, str]]]:
    """Return the choices of the filter form."""
    return {
        "by": [(by.value, label(by)) for by in view.choices_of_by],
        "fund": [(fund.code, fund.name) for fund in view.funds],
        "campaign": [(campaign.code, campaign.name) for campaign in view.campaigns],
        "kind": [(kind.value, label(kind)) for kind in EntryKind],
        "account": [(DISBURSED, _("All that is disbursed")), *((one.value, label(one)) for one in Account)],
    }


def _entry_page(entry_id: int, form: Form) -> Answer:
    with reading(current_actor()) as work:
        page = get_entry_page(work, entry_id)
        seal = _find_seal(work, page.lines[0])
    return render_template(
        "finance/entry.html", entry=page.entry, lines=page.lines, posted_by=page.posted_by, seal=seal, form=form,
        refusal=refusal_to_reverse(page.entry.kind), key=str(uuid.uuid4()),
    ), form.status  # fmt: skip


def _find_seal(work: Work, line: JournalLine) -> TrailRow | None:
    match line.source_kind:
        case "hand_over":
            return find_seal(work, f"point {line.point_id}", "hand_over", line.source_id)
        case "goods_note":
            return find_seal(work, "stock", "goods_note", line.source_id)
        case _:
            return find_seal(work, "ledger", "journal_entry", str(line.entry_id))


def _journal_filter(view: View, form: Form) -> JournalFilter:
    kind, account = form.value("kind"), form.value("account")
    known = [DISBURSED, *(one.value for one in Account)]
    return JournalFilter(
        view.wanted, EntryKind(kind) if kind in set(EntryKind) else None, account if account in known else None
    )


def _total_cells(totals: Totals) -> Iterator[tuple[Cell, ...]]:
    for row in totals.rows:
        sums = row.sums
        yield (
            totals.by.value, row.code, row.name, sums.cash, sums.goods, sums.other, sums.disbursed, sums.unexplained, totals.at,
        )  # fmt: skip


def _line_cells(line: JournalLine) -> tuple[Cell, ...]:
    place = line.place
    return (
        line.entry_id, line.line_no, line.posted_on, line.posted_at, line.kind.value, line.memo, line.source_kind,
        line.source_id, line.fund_code, line.campaign_code, place.code if place else None, place.name_en if place else None,
        line.point_name, line.debit.value, line.debit.label, line.credit.value, line.credit.label, line.amount,
    )  # fmt: skip


def _home(work: Work, actor: Actor) -> HomeSection | None:
    """What finance sees first: what was disbursed, what is free, and what nobody can explain."""
    statements = list_statements(work)
    if not statements:
        action = (_("Open the first fund"), url_for("funds.new")) if actor.may(Permission.LEDGER_POST) else None
        return HomeSection(_("Money"), next_action=action, text=_("No fund is open yet.")) if action else None
    disbursed = sum((one.sums.disbursed.paisa for one in statements), 0)
    unexplained = sum((one.sums.unexplained.paisa for one in statements), 0)
    figures = [HomeFigure(_("Disbursed"), format_money(disbursed), url_for("finance.index"))]
    if all(one.figures for one in statements):
        free = sum((one.figures.free.paisa for one in statements if one.figures), 0)
        figures.append(HomeFigure(_("Free in the funds"), format_money(free), url_for("funds.index")))
    if unexplained:
        address = url_for("finance.entries", account=Account.UNEXPLAINED_AT_POINTS.value)
        figures.append(HomeFigure(_("Unexplained at points"), format_money(unexplained), address, kind="waiting"))
    return HomeSection(_("Money"), figures)


HOME_BLOCKS = (HomeBlock(Permission.FUND_READ, 60, _home),)
