"""Entitled = redeemed = posted, side by side for each campaign and area."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from relief.geography.model import Level
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.reports.scope import Place, Scope
from relief.store.statement import Statement
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class Books:
    """The same hand-overs as three books have them: what was promised, what the tables recorded, what the ledger posted."""

    families_entitled: int = 0
    entitled: Money = Money.ZERO
    families_served: int = 0
    redeemed: Money = Money.ZERO
    posted: Money = Money.ZERO
    unexplained_recorded: Money = Money.ZERO
    unexplained_posted: Money = Money.ZERO

    @property
    def waiting(self) -> Money:
        """Promised and not handed over yet."""
        return self.entitled - self.redeemed

    @property
    def difference(self) -> Money:
        """What the tables recorded and the ledger did not post, or (negative) the other way round. It must be nothing."""
        return self.redeemed - self.posted

    @property
    def unexplained_difference(self) -> Money:
        """The same of what left a table in a conflict."""
        return self.unexplained_recorded - self.unexplained_posted

    @property
    def agrees(self) -> bool:
        """Whether the sums agree. Two errors can make up for each other in a sum: the list of differences looks at each event."""
        return not self.difference and not self.unexplained_difference and self.waiting >= Money.ZERO

    def __add__(self, other: Books) -> Books:
        return Books(
            self.families_entitled + other.families_entitled,
            self.entitled + other.entitled,
            self.families_served + other.families_served,
            self.redeemed + other.redeemed,
            self.posted + other.posted,
            self.unexplained_recorded + other.unexplained_recorded,
            self.unexplained_posted + other.unexplained_posted,
        )


@dataclass(frozen=True, slots=True)
class ReconciledRow:
    """The books of one campaign, or of one area in it; `key` is its id, None for what lies in no area that is seen."""

    key: int | None
    code: str
    name: str
    place: Place | None
    books: Books


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The answer, as of an instant; rows add up to the total."""

    rows: tuple[ReconciledRow, ...]
    total: Books
    at: dt.datetime


# Cost of a band for all instalments.
_COSTS = Statement(
    "SELECT b.campaign_id, b.band_no, CAST(SUM(l.amount_paisa + l.quantity * l.unit_cost_paisa) * MAX(c.instalments) AS BIGINT)"
    " FROM package_band b JOIN package_line l ON l.band_id = b.id JOIN campaign c ON c.id = b.campaign_id"
    " GROUP BY b.campaign_id, b.band_no"
)
_ENTITLED = Statement(
    "SELECT campaign_id, uc_id, band_no, COUNT(*) FROM entitlement GROUP BY campaign_id, uc_id, band_no"
)
_REDEEMED = Statement(
    "SELECT campaign_id, uc_id, CAST(SUM(served) AS BIGINT), CAST(SUM(cash_paisa + goods_paisa) AS BIGINT),"
    " CAST(SUM(unexplained_paisa) AS BIGINT) FROM hand_over GROUP BY campaign_id, uc_id"
)
# In the order of ix_posting_totals: the index alone is read, and nothing is sorted.
_POSTED = Statement(
    "SELECT campaign_id, area_id,"
    " CAST(SUM(CASE WHEN debit IN ('5100', '5200') THEN amount_paisa WHEN credit IN ('5100', '5200') THEN -amount_paisa"
    " ELSE 0 END) AS BIGINT),"
    " CAST(SUM(CASE WHEN debit = '1900' THEN amount_paisa WHEN credit = '1900' THEN -amount_paisa ELSE 0 END) AS BIGINT)"
    " FROM posting WHERE campaign_id IS NOT NULL GROUP BY campaign_id, area_id"
)
_CAMPAIGNS = Statement("SELECT id, code, name FROM campaign")

_ByPlace = dict[tuple[int, int | None], Books]


def reconcile(work: Work, *, campaign_id: int | None = None, level: Level | None = None) -> Reconciliation:
    """Return the books of every campaign, or of the areas of a level in one or all, within the areas seen. Raises: Forbidden."""
    scope = Scope.of(work, Permission.FUND_READ)
    parts: dict[int | None, Books] = defaultdict(Books)
    for (campaign, area_id), books in _by_place(work).items():
        if scope.sees(area_id) and campaign_id in (None, campaign):
            key = campaign if level is None else _id_at(scope, area_id, level)
            parts[key] += books
    names = {row[0]: (row[1], row[2]) for row in _CAMPAIGNS.rows(work, {})}
    rows = [_row(key, books, names, scope if level else None) for key, books in parts.items()]
    total = sum((row.books for row in rows), Books())
    ordered = sorted(rows, key=lambda row: (row.key is None, row.name.casefold(), row.code))
    return Reconciliation(tuple(ordered), total, work.at)


def _by_place(work: Work) -> _ByPlace:
    """Return the books of each campaign and Union Council, each table read once by its covering index."""
    books: _ByPlace = defaultdict(Books)
    costs = {(campaign, band): paisa for campaign, band, paisa in _COSTS.rows(work, {})}
    for campaign, uc_id, band, count in _ENTITLED.rows(work, {}):
        books[campaign, uc_id] += Books(families_entitled=count, entitled=Money(costs.get((campaign, band), 0)) * count)
    for campaign, uc_id, served, redeemed, unexplained in _REDEEMED.rows(work, {}):
        books[campaign, uc_id] += Books(
            families_served=served, redeemed=Money(redeemed), unexplained_recorded=Money(unexplained)
        )
    for campaign, area_id, posted, unexplained in _POSTED.rows(work, {}):
        books[campaign, area_id] += Books(posted=Money(posted), unexplained_posted=Money(unexplained))
    return books


def _id_at(scope: Scope, area_id: int | None, level: Level) -> int | None:
    place = scope.at_level(area_id, level)
    return None if place is None else place.id


def _row(key: int | None, books: Books, names: dict[int, tuple[str, str]], areas: Scope | None) -> ReconciledRow:
    if areas is not None:
        place = None if key is None else areas.places[key]
        return ReconciledRow(key, place.code if place else "", place.name_en if place else "", place, books)
    code, name = names.get(key or 0, ("", ""))
    return ReconciledRow(key, code, name, None, books)
