"""`relief finance`: funds, totals, postings by hand, and the reconciliation."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from dataclasses import dataclass
from typing import Any

import click

from relief.cli.aligned import align
from relief.cli.console import actor_named, as_option, in_instance, json_option, report
from relief.geography.queries import find_area_by_code
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.ledger.funds import MoveFund, OpenFund, open_fund, receive_fund, spend_directly
from relief.ledger.queries import get_fund_by_code
from relief.ledger.reversals import ReverseEntry, reverse_entry
from relief.ledger.rules import Account
from relief.programmes.queries import campaign_not_found, find_campaign_by_code
from relief.reports.comparing import differences_in
from relief.reports.differences import Difference
from relief.reports.finance import By, Sums, TotalsFilter, find_point_by_code, totals_by
from relief.reports.funds import FundStatement, list_statements
from relief.reports.journal import JournalFilter, sum_of
from relief.reports.reconciliation import Books, reconcile
from relief.store.work import Work, reading, unit_of_work

_DAY = click.DateTime(["%Y-%m-%d"])
on_option = click.option("--on", type=_DAY, help="The day on which it happened. [default: today]")
key_option = click.option(
    "--key", help="A name of your own for this posting: given again with the same values, it posts nothing twice."
)


@click.group()
def group() -> None:
    """Funds, totals, postings by hand, and the reconciliation."""


@dataclass(frozen=True, slots=True)
class _Asked:
    fund: str | None
    campaign: str | None
    area: str | None
    point: str | None
    since: dt.datetime | None
    until: dt.datetime | None

    def filter(self, work: Work) -> TotalsFilter:
        return TotalsFilter(
            get_fund_by_code(work, self.fund).id if self.fund else None, _campaign_id(work, self.campaign),
            _area_id(work, self.area), find_point_by_code(work, self.point) if self.point else None,
            self.since.date() if self.since else None, self.until.date() if self.until else None,
        )  # fmt: skip


@group.command()
@click.option(
    "--by", type=click.Choice([by.value for by in By]), default="district", show_default=True, help="Told apart by."
)
@click.option("--fund", metavar="CODE", help="Only of this fund.")
@click.option("--campaign", metavar="CODE", help="Only of this campaign.")
@click.option("--area", metavar="CODE", help="Only within this area.")
@click.option("--point", metavar="CODE", help="Only at this point.")
@click.option("--since", type=_DAY, help="From this day on.")
@click.option("--until", type=_DAY, help="Up to this day.")
@as_option
@json_option
@in_instance
def totals(*, by: str, email: str | None, as_json: bool, **asked: Any) -> None:
    """Show what was disbursed: cash, goods at cost, other spending; and what is unexplained, which is no part of it."""
    with reading(actor_named(email)) as work:
        found = totals_by(work, By(by), _Asked(**asked).filter(work))
    rows = [(row.code or "-", row.name or "None", *_cells(row.sums)) for row in found.rows]
    header = ("code", by, "cash", "goods", "other", "disbursed", "unexplained")
    data = {
        "by": by, "at": found.at.isoformat(),
        "rows": [{"code": row.code, "name": row.name, **_paisa(row.sums)} for row in found.rows],
        "total": _paisa(found.total),
    }  # fmt: skip
    report(data, as_json, align(header, rows, ("", "Total", *_cells(found.total))))


@group.command()
@as_option
@json_option
@in_instance
def funds(*, email: str | None, as_json: bool) -> None:
    """List the funds: received, promised, disbursed, unspent, free."""
    with reading(actor_named(email)) as work:
        statements = list_statements(work)
    header = ("code", "name", "received", "promised", "disbursed", "unspent", "free")
    rows = [_fund_cells(one) for one in statements]
    text = align(header, rows) if rows else "There is no fund yet: relief finance open"
    report({"funds": [_fund_data(one) for one in statements]}, as_json, text)


@group.command("open")
@click.argument("code")
@click.option("--name", required=True, help="What the money is for.")
@click.option("--donor", required=True, help="Who gives it.")
@click.option(
    "--free-to-use", is_flag=True, help="The donor lets it be used for anything. [default: only for its purpose]"
)
@as_option
@json_option
@in_instance
def open_new(*, code: str, name: str, donor: str, free_to_use: bool, email: str | None, as_json: bool) -> None:
    """Open a fund with nothing in it."""
    with unit_of_work(actor_named(email)) as work:
        fund_id = open_fund(work, OpenFund(code, name, donor, is_restricted=not free_to_use))
    report({"id": fund_id, "code": code.upper()}, as_json, f"The fund {code.upper()} is open.")


@group.command()
@click.argument("fund")
@click.argument("amount")
@click.option("--memo", required=True, help="What it is, with the number of the paper that shows it.")
@on_option
@key_option
@as_option
@json_option
@in_instance
def receive(*, fund: str, amount: str, email: str | None, as_json: bool, **more: Any) -> None:
    """Post money that a donor paid into a fund, such as 1370000000."""
    with unit_of_work(actor_named(email)) as work:
        entry_id = receive_fund(work, _movement(work, fund, amount, **more))
    report({"entry": entry_id}, as_json, f"Posted as entry {entry_id}.")


@group.command()
@click.argument("fund")
@click.argument("amount")
@click.option("--memo", required=True, help="What for, with the number of the bill.")
@on_option
@key_option
@as_option
@json_option
@in_instance
def spend(*, fund: str, amount: str, email: str | None, as_json: bool, **more: Any) -> None:
    """Post what was paid out of a fund for something other than relief to families."""
    with unit_of_work(actor_named(email)) as work:
        entry_id = spend_directly(work, _movement(work, fund, amount, **more))
    report({"entry": entry_id}, as_json, f"Posted as entry {entry_id}.")


@group.command()
@click.argument("entry", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why; it stays on record.")
@key_option
@as_option
@json_option
@in_instance
def reverse(*, entry: int, reason: str, key: str | None, email: str | None, as_json: bool) -> None:
    """Answer a wrong entry of the finance desk by its mirror image."""
    with unit_of_work(actor_named(email)) as work:
        reversal_id = reverse_entry(work, ReverseEntry(entry, reason, key or str(uuid.uuid4())))
    report({"entry": reversal_id, "reverses": entry}, as_json, f"Entry {entry} is reversed by entry {reversal_id}.")


@group.command("reconcile")
@click.option("--campaign", metavar="CODE", help="Only of this campaign; differences are looked for in all.")
@as_option
@json_option
@in_instance
def reconcile_books(*, campaign: str | None, email: str | None, as_json: bool) -> None:
    """Put entitled, redeemed and posted side by side, and compare the books event by event.

    The exit status is 1 if there is any difference; each is listed with its hand-over, entry or entitlement.
    """
    with reading(actor_named(email)) as work:
        found = reconcile(work, campaign_id=_campaign_id(work, campaign))
        differences = list(differences_in(work))
        not_booked_in = -sum_of(work, JournalFilter(account=Account.GOODS_NOT_BOOKED_IN.value))
    header = (
        "campaign",
        "families",
        "entitled",
        "served",
        "redeemed",
        "posted",
        "difference",
        "waiting",
        "unexplained",
    )
    rows = [(row.code, *_book_cells(row.books)) for row in found.rows]
    lines = [align(header, rows, ("Total", *_book_cells(found.total)))]
    lines.append(f"Unexplained at points: {found.total.unexplained_posted}; goods not booked in: {not_booked_in}.")
    lines += [f"{one.kind.label} ({one.where}): {one.figures[0]} against {one.figures[1]}" for one in differences]
    lines.append(f"{len(differences):,} differences." if differences else "The books agree: not one difference.")
    data = {
        "at": found.at.isoformat(), "campaigns": [{"code": row.code, **_book_data(row.books)} for row in found.rows],
        "total": _book_data(found.total), "not_booked_in_paisa": not_booked_in.paisa,
        "differences": [_difference_data(one) for one in differences],
    }  # fmt: skip
    report(data, as_json, "\n".join(lines))
    if differences or not found.total.agrees:
        sys.exit(1)


def _movement(work: Work, fund: str, amount: str, *, memo: str, on: dt.datetime | None, key: str | None) -> MoveFund:
    sum_ = Money.parse(amount)
    day = on.date() if on else local_day(work.at)
    return MoveFund(get_fund_by_code(work, fund).id, sum_, day, memo, key or str(uuid.uuid4()))


def _campaign_id(work: Work, code: str | None) -> int | None:
    if code is None:
        return None
    campaign = find_campaign_by_code(work, code)
    if campaign is None:
        raise campaign_not_found()
    return campaign.id


def _area_id(work: Work, code: str | None) -> int | None:
    if code is None:
        return None
    area = find_area_by_code(work, code)
    if area is None:
        raise NotFound("area.not_found", N_("There is no area with the code %(code)s."), code=code)
    return area.id


def _cells(sums: Sums) -> tuple[Money, ...]:
    return (sums.cash, sums.goods, sums.other, sums.disbursed, sums.unexplained)


def _paisa(sums: Sums) -> dict[str, int]:
    names = ("cash_paisa", "goods_paisa", "other_paisa", "disbursed_paisa", "unexplained_paisa")
    return {name: cell.paisa for name, cell in zip(names, _cells(sums), strict=True)}


def _fund_cells(one: FundStatement) -> tuple[object, ...]:
    figures, holdings = one.figures, one.holdings
    if figures is None or holdings is None:
        return (one.fund.code, one.fund.name, None, None, one.sums.disbursed, None, None)
    return (
        one.fund.code, one.fund.name, figures.received, figures.committed.total, one.sums.disbursed, holdings.unspent,
        figures.free,
    )  # fmt: skip


def _fund_data(one: FundStatement) -> dict[str, Any]:
    names = ("received_paisa", "promised_paisa", "disbursed_paisa", "unspent_paisa", "free_paisa")
    code, name, *cells = _fund_cells(one)
    sums = {key: cell.paisa if isinstance(cell, Money) else None for key, cell in zip(names, cells, strict=True)}
    return {"code": code, "name": name, "donor": one.fund.donor_name, "is_restricted": one.fund.is_restricted, **sums}


def _book_cells(books: Books) -> tuple[object, ...]:
    return (
        books.families_entitled, books.entitled, books.families_served, books.redeemed, books.posted, books.difference,
        books.waiting, books.unexplained_posted,
    )  # fmt: skip


def _book_data(books: Books) -> dict[str, Any]:
    names = (
        "families_entitled", "entitled_paisa", "families_served", "redeemed_paisa", "posted_paisa", "difference_paisa",
        "waiting_paisa", "unexplained_paisa",
    )  # fmt: skip
    cells = (cell.paisa if isinstance(cell, Money) else cell for cell in _book_cells(books))
    return dict(zip(names, cells, strict=True)) | {"agrees": books.agrees}


def _difference_data(one: Difference) -> dict[str, Any]:
    return {
        "kind": one.kind.value, "what": one.kind.label, "where": one.where, "campaign_id": one.campaign_id,
        "area_id": one.area_id, "hand_over_id": one.hand_over_id, "entry_id": one.entry_id,
        "entitlement_id": one.entitlement_id, "expected": one.expected, "found": one.found,
        "unit": "units" if one.is_units else "paisa",
    }  # fmt: skip
