"""Reading funds and single entries. Totals by place stand in the reports, which know the areas."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.ledger.balances import COLUMNS, figures_of
from relief.ledger.rules import Account, EntryKind, FundFigures
from relief.store.statement import Statement
from relief.store.work import Work

_FUND = f"SELECT id, code, name, donor_name, is_restricted, {COLUMNS} FROM fund JOIN fund_balance ON fund_id = id"
_BY_ID = Statement(f"{_FUND} WHERE id = :fund_id")
_BY_CODE = Statement(f"{_FUND} WHERE code = :code")
_ALL = Statement(f"{_FUND} ORDER BY code")
_ENTRY = Statement(
    "SELECT e.id, e.kind, e.posted_on, e.posted_at, e.actor_id, e.memo, e.source_kind, e.source_id, e.reverses_id, r.id"
    " FROM journal_entry e LEFT JOIN journal_entry r ON r.reverses_id = e.id WHERE e.id = :entry_id"
)
_POSTINGS = Statement(
    "SELECT line_no, fund_id, debit, credit, amount_paisa, campaign_id, area_id, point_id FROM posting"
    " WHERE entry_id = :entry_id ORDER BY line_no"
)
_COMMITMENTS = Statement(
    "SELECT id, amount_paisa, goods_paisa, source_kind, source_id, at FROM commitment WHERE fund_id = :fund_id ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class FundRow:
    """A fund and its figures."""

    id: int
    code: str
    name: str
    donor_name: str
    is_restricted: bool
    figures: FundFigures


@dataclass(frozen=True, slots=True)
class CommitmentRow:
    """A promise of a fund's money, or (negative) its release."""

    id: int
    amount: Money
    goods: Money
    source_kind: str
    source_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One line of an entry."""

    line_no: int
    fund_id: int
    debit: Account
    credit: Account
    amount: Money
    campaign_id: int | None
    area_id: int | None
    point_id: int | None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with its lines; `reversed_by` is the entry that answered it."""

    id: int
    kind: EntryKind
    posted_on: dt.date
    posted_at: dt.datetime
    actor_id: int
    memo: str
    source_kind: str
    source_id: str
    reverses_id: int | None
    reversed_by: int | None
    postings: tuple[PostingRow, ...]

    @property
    def amount(self) -> Money:
        """The sum of its lines."""
        return Money.total(line.amount for line in self.postings)


def get_fund(work: Work, fund_id: int) -> FundRow:
    """Return the fund. Raises: NotFound "fund.not_found"."""
    row = _BY_ID.row(work, {"fund_id": fund_id})
    if row is None:
        raise NotFound("fund.not_found", N_("There is no such fund."))
    return _fund(row)


def get_fund_by_code(work: Work, code: str) -> FundRow:
    """Return the fund with that code, in capitals or not. Raises: NotFound "fund.not_found"."""
    row = _BY_CODE.row(work, {"code": code.strip().upper()})
    if row is None:
        raise NotFound("fund.not_found", N_("There is no such fund."))
    return _fund(row)


def list_funds(work: Work) -> list[FundRow]:
    """Return all funds by code."""
    return [_fund(row) for row in _ALL.rows(work, {})]


def list_commitments(work: Work, fund_id: int) -> list[CommitmentRow]:
    """Return what a fund was promised to, the oldest first."""
    return [
        CommitmentRow(number, Money(amount), Money(goods), kind, source, instant_of(at))
        for number, amount, goods, kind, source, at in _COMMITMENTS.rows(work, {"fund_id": fund_id})
    ]


def get_entry(work: Work, entry_id: int) -> EntryRow:
    """Return the entry with its lines. Raises: NotFound "ledger.entry_not_found"."""
    row = _ENTRY.row(work, {"entry_id": entry_id})
    if row is None:
        raise NotFound("ledger.entry_not_found", N_("There is no such entry."))
    lines = tuple(
        PostingRow(line_no, fund_id, Account(debit), Account(credit), Money(paisa), *places)
        for line_no, fund_id, debit, credit, paisa, *places in _POSTINGS.rows(work, {"entry_id": entry_id})
    )
    number, kind, on, at, actor_id, memo, source_kind, source_id, reverses_id, reversed_by = row
    return EntryRow(
        number, EntryKind(kind), day_of(on), instant_of(at), actor_id, memo, source_kind, source_id, reverses_id, reversed_by,
        lines,
    )  # fmt: skip


def day_of(value: Any) -> dt.date:
    """Return the day of a raw column of either database."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def instant_of(value: Any) -> dt.datetime:
    """Return the UTC instant of a raw column of either database."""
    at = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(dt.UTC)


def _fund(row: Any) -> FundRow:
    number, code, name, donor, is_restricted, *figures = row
    return FundRow(number, code, name, donor, bool(is_restricted), figures_of(figures))
