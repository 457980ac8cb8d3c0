"""The entries behind a total, and one entry, within the areas of the reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, and_, case, cast, func, or_, select, type_coerce

from relief.distributions.model import Point
from relief.distributions.queries import names_of_people
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.ledger.model import Fund, JournalEntry, Posting
from relief.ledger.queries import EntryRow, get_entry
from relief.ledger.rules import Account, EntryKind
from relief.programmes.model import Campaign
from relief.reports.finance import TotalsFilter
from relief.reports.funds import sees_whole_funds
from relief.reports.scope import Place, Scope
from relief.store.work import Work

_EXPORT_CHUNK = 5_000
# Accounts as the texts that they are stored as: a class of accounts is the beginning of their numbers.
_TEXT_DEBIT, _TEXT_CREDIT = type_coerce(Posting.debit, Text), type_coerce(Posting.credit, Text)


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which postings to list; None asks for all.

    `account` is the beginning of account numbers: "5" stands for all that is disbursed, "5100" for relief in cash.
    """

    totals: TotalsFilter = field(default_factory=TotalsFilter)
    kind: EntryKind | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One posting with its entry and the names of what it is told apart by."""

    entry_id: int
    kind: EntryKind
    posted_on: dt.date
    posted_at: dt.datetime
    memo: str
    source_kind: str
    source_id: str
    line_no: int
    fund_code: str
    debit: Account
    credit: Account
    amount: Money
    campaign_code: str | None
    place: Place | None
    point_id: int | None
    point_name: str | None

    def net(self, account: str | None) -> Money:
        """Return what the line adds to accounts that begin so, negative for what it takes off; its sum if none is named."""
        if account is None:
            return self.amount
        sign = self.debit.value.startswith(account) - self.credit.value.startswith(account)
        return self.amount * sign

    @property
    def hand_over_id(self) -> int | None:
        """The hand-over that it follows from."""
        return int(self.source_id) if self.source_kind == "hand_over" else None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One entry with its lines and who posted it."""

    entry: EntryRow
    lines: tuple[JournalLine, ...]
    posted_by: str | None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Some postings of all that were asked for: how many there are, and what they come to."""

    lines: tuple[JournalLine, ...]
    count: int
    sum: Money


def list_lines(work: Work, wanted: JournalFilter, *, limit: int, offset: int) -> JournalPage:
    """Return postings, those of the latest entry first. Raises: Forbidden, NotFound."""
    scope = Scope.of(work, Permission.FUND_READ)
    conditions = _conditions(work, wanted, scope)
    whole = select(func.count(), cast(func.coalesce(func.sum(_net(wanted.account)), 0), BigInteger)).select_from(
        Posting
    )
    page = select(Posting.id).where(*conditions).order_by(Posting.id.desc()).limit(limit).offset(offset)
    count, paisa = work.session.execute(whole.where(*conditions)).one()
    shown = _joined().where(Posting.id.in_(select(page.subquery().c.id)))
    return JournalPage(tuple(_lines(work, shown, scope)), count, Money(paisa))


def sum_of(work: Work, wanted: JournalFilter) -> Money:
    """Return what the postings asked for come to. Raises: Forbidden, NotFound."""
    return list_lines(work, wanted, limit=0, offset=0).sum


def all_lines(work: Work, wanted: JournalFilter) -> Iterator[JournalLine]:
    """Yield every posting asked for, the oldest first, chunk by chunk: what an export writes."""
    scope = Scope.of(work, Permission.FUND_READ)
    conditions, last_id = _conditions(work, wanted, scope), 0
    while True:
        query = _joined(oldest_first=True).where(*conditions, Posting.id > last_id)
        rows = work.session.execute(query.limit(_EXPORT_CHUNK)).all()
        if not rows:
            return
        yield from (_line(row, scope) for row in rows)
        last_id = rows[-1][0]


def get_entry_page(work: Work, entry_id: int) -> EntryPage:
    """Return the entry. Raises: Forbidden; NotFound "ledger.entry_not_found", also outside the reader's areas."""
    scope = Scope.of(work, Permission.FUND_READ)
    conditions = _conditions(work, JournalFilter(), scope)
    lines = tuple(_lines(work, _joined().where(Posting.entry_id == entry_id, *conditions), scope))
    if not lines:
        raise NotFound("ledger.entry_not_found", N_("There is no such entry."))
    entry = get_entry(work, entry_id)
    return EntryPage(entry, tuple(reversed(lines)), names_of_people(work, [entry.actor_id]).get(entry.actor_id))


def _conditions(work: Work, wanted: JournalFilter, scope: Scope) -> list[ColumnElement[bool]]:
    totals = wanted.totals
    inside = scope.require(totals.area_id)
    conditions: list[ColumnElement[bool]] = []
    if inside is not None:
        conditions.append(Posting.area_id.in_(sorted(scope.within(inside))))
    elif not scope.sees_all:
        seen: ColumnElement[bool] = Posting.area_id.in_(sorted(scope.places))
        conditions.append(or_(seen, Posting.area_id.is_(None)) if sees_whole_funds(work, scope) else seen)
    pairs = (
        (Posting.fund_id, totals.fund_id),
        (Posting.campaign_id, totals.campaign_id),
        (Posting.point_id, totals.point_id),
    )
    conditions += [column == value for column, value in pairs if value is not None]
    if wanted.kind is not None:
        conditions.append(Posting.entry_id.in_(select(JournalEntry.id).where(JournalEntry.kind == wanted.kind)))
    if wanted.account is not None:
        touched = (column.startswith(wanted.account, autoescape=True) for column in (_TEXT_DEBIT, _TEXT_CREDIT))
        conditions.append(or_(*touched))
    if totals.from_on is not None:
        conditions.append(Posting.posted_on >= totals.from_on)
    if totals.to_on is not None:
        conditions.append(Posting.posted_on <= totals.to_on)
    return conditions


def _net(account: str | None) -> Any:
    if account is None:
        return Posting.amount_paisa
    debited, credited = (column.startswith(account, autoescape=True) for column in (_TEXT_DEBIT, _TEXT_CREDIT))
    return case((and_(debited, credited), 0), (debited, Posting.amount_paisa), else_=-Posting.amount_paisa)


def _joined(*, oldest_first: bool = False) -> Any:
    columns = (
        Posting.id, JournalEntry.id, JournalEntry.kind, JournalEntry.posted_on, JournalEntry.posted_at, JournalEntry.memo,
        JournalEntry.source_kind, JournalEntry.source_id, Posting.line_no, Fund.code, Posting.debit, Posting.credit,
        Posting.amount_paisa, Campaign.code, Posting.area_id, Posting.point_id, Point.name,
    )  # fmt: skip
    return (
        select(*columns)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .outerjoin(Campaign, Campaign.id == Posting.campaign_id)
        .outerjoin(Point, Point.id == Posting.point_id)
        .order_by(Posting.id if oldest_first else Posting.id.desc())
    )


def _lines(work: Work, query: Any, scope: Scope) -> Iterator[JournalLine]:
    return (_line(row, scope) for row in work.session.execute(query))


def _line(row: Any, scope: Scope) -> JournalLine:
    paisa, campaign, area_id, *point = row[12:]
    values: tuple[Any, ...] = (*row[1:12], Money(paisa), campaign, scope.places.get(area_id), *point)
    return JournalLine(*values)
