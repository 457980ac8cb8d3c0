"""Disbursed totals by fund, campaign, area, point and day, added up from the journal."""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from relief.geography.model import Level
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.ledger.queries import day_of
from relief.ledger.rules import Account
from relief.reports.scope import Place, Scope
from relief.store.statement import Statement
from relief.store.work import Work


class By(enum.StrEnum):
    """What totals are told apart by."""

    FUND = "fund"
    CAMPAIGN = "campaign"
    DISTRICT = "district"
    TALUKA = "taluka"
    UC = "uc"
    POINT = "point"
    DAY = "day"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _BY_LABELS[self]

    @property
    def level(self) -> Level | None:
        """The level of areas, where it is one."""
        return Level(self.value) if self in (By.DISTRICT, By.TALUKA, By.UC) else None


_BY_LABELS = {
    By.FUND: N_("Fund"), By.CAMPAIGN: N_("Campaign"), By.DISTRICT: N_("District"), By.TALUKA: N_("Taluka"),
    By.UC: N_("Union Council"), By.POINT: N_("Distribution point"), By.DAY: N_("Day"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TotalsFilter:
    """Which postings count; None asks for all."""

    fund_id: int | None = None
    campaign_id: int | None = None
    area_id: int | None = None
    point_id: int | None = None
    from_on: dt.date | None = None
    to_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """What was disbursed, reversals and voids taken off; what is unexplained is no part of it."""

    cash: Money = Money.ZERO
    goods: Money = Money.ZERO
    other: Money = Money.ZERO
    unexplained: Money = Money.ZERO

    @property
    def disbursed(self) -> Money:
        """Relief in cash and goods, and other spending."""
        return self.cash + self.goods + self.other

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.cash + other.cash, self.goods + other.goods, self.other + other.other, self.unexplained + other.unexplained
        )  # fmt: skip

    def __bool__(self) -> bool:
        return self != NOTHING


NOTHING = Sums()


@dataclass(frozen=True, slots=True)
class TotalsRow:
    """The sums of one fund, campaign, area, point or day; `key` is its id or ISO date, None for what has none."""

    key: int | str | None
    code: str
    name: str
    place: Place | None
    sums: Sums

    @property
    def day(self) -> dt.date | None:
        """The day, where the row is of one."""
        return dt.date.fromisoformat(self.key) if isinstance(self.key, str) else None


@dataclass(frozen=True, slots=True)
class Totals:
    """The answer: rows that add up to the total, to the paisa, as of an instant."""

    by: By
    wanted: TotalsFilter
    rows: tuple[TotalsRow, ...]
    total: Sums
    at: dt.datetime


class _Group(NamedTuple):
    """What the covering index is grouped by."""

    campaign_id: int | None
    area_id: int | None
    point_id: int | None
    posted_on: Any
    fund_id: int
    debit: str
    credit: str
    paisa: int


# In the order of ix_posting_totals, which holds all of it: SQLite adds up in one walk over the index, without a sort.
_GROUPS = (
    "SELECT campaign_id, area_id, point_id, posted_on, fund_id, debit, credit, CAST(SUM(amount_paisa) AS BIGINT) FROM posting"
    "{where} GROUP BY campaign_id, area_id, point_id, posted_on, fund_id, debit, credit"
)
_ALL = Statement(_GROUPS.format(where=""))
_OF_CAMPAIGN = Statement(_GROUPS.format(where=" WHERE campaign_id = :campaign_id"))
_NAMES = {
    By.FUND: Statement("SELECT id, code, name FROM fund"),
    By.CAMPAIGN: Statement("SELECT id, code, name FROM campaign"),
    By.POINT: Statement("SELECT id, code, name FROM point"),
}
_FIELDS = {
    Account.CASH_RELIEF.value: "cash",
    Account.GOODS_RELIEF.value: "goods",
    Account.OTHER_SPENDING.value: "other",
    Account.UNEXPLAINED_AT_POINTS.value: "unexplained",
}


def totals_by(work: Work, by: By, wanted: TotalsFilter) -> Totals:
    """Return the totals within the areas in which the actor may read funds; rows of nothing are left out.

    Raises: Forbidden; NotFound "area.not_found" for a filter on an area that is not seen.
    """
    scope = Scope.of(work, Permission.FUND_READ)
    sums: dict[int | str | None, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    key_of = _key_of(by, scope)
    for group in _groups(work, wanted, scope):
        into = sums[key_of(group)]
        for account, sign in ((group.debit, 1), (group.credit, -1)):
            if account in _FIELDS:
                into[_FIELDS[account]] += sign * group.paisa
    names = _names(work, by)
    rows = [
        _row(key, Sums(**{name: Money(paisa) for name, paisa in parts.items()}), names, scope if by.level else None)
        for key, parts in sums.items()
    ]
    shown = tuple(sorted((row for row in rows if row.sums), key=_order))
    total = sum((row.sums for row in shown), NOTHING)
    return Totals(by, wanted, shown, total, work.at)


def point_name(work: Work, point_id: int | None) -> str | None:
    """Return the name of a distribution point, None if there is none with that id."""
    return None if point_id is None else _names(work, By.POINT).get(point_id, ("", None))[1]


def find_point_by_code(work: Work, code: str) -> int:
    """Return the id of a distribution point. Raises: NotFound "point.not_found"."""
    for point_id, (known, _name) in _names(work, By.POINT).items():
        if known == code.strip().upper():
            return point_id
    raise NotFound("point.not_found", N_("There is no point with the code %(code)s."), code=code)


def _groups(work: Work, wanted: TotalsFilter, scope: Scope) -> Iterator[_Group]:
    inside = scope.require(wanted.area_id)
    areas = None if inside is None else scope.within(inside)
    statement = _ALL if wanted.campaign_id is None else _OF_CAMPAIGN
    for row in statement.rows(work, {"campaign_id": wanted.campaign_id} if wanted.campaign_id else {}):
        group = _Group(*row)
        if areas is not None and group.area_id not in areas:
            continue
        if scope.sees(group.area_id) and _is_wanted(group, wanted):
            yield group


def _is_wanted(group: _Group, wanted: TotalsFilter) -> bool:
    if wanted.fund_id not in (None, group.fund_id) or wanted.point_id not in (None, group.point_id):
        return False
    if wanted.from_on is None and wanted.to_on is None:
        return True
    on = day_of(group.posted_on)
    return (wanted.from_on is None or wanted.from_on <= on) and (wanted.to_on is None or on <= wanted.to_on)


def _key_of(by: By, scope: Scope) -> Callable[[_Group], int | str | None]:
    level = by.level
    if level is not None:
        above = {place.id: _id_at(scope.at_level(place.id, level)) for place in scope.places.values()}
        return lambda group: above.get(group.area_id or 0)
    if by is By.DAY:
        return lambda group: str(group.posted_on)
    field = f"{by.value}_id"
    return lambda group: getattr(group, field)


def _id_at(place: Place | None) -> int | None:
    return None if place is None else place.id


def _names(work: Work, by: By) -> dict[int, tuple[str, str]]:
    return {row[0]: (row[1], row[2]) for row in _NAMES[by].rows(work, {})} if by in _NAMES else {}


def _row(key: int | str | None, sums: Sums, names: dict[int, tuple[str, str]], areas: Scope | None) -> TotalsRow:
    if areas is not None and key is not None:
        place = areas.places[int(key)]
        return TotalsRow(key, place.code, place.name_en, place, sums)
    if isinstance(key, str):
        return TotalsRow(key, key, key, None, sums)
    code, name = names.get(key or 0, ("", ""))
    return TotalsRow(key, code, name, None, sums)


def _order(row: TotalsRow) -> tuple[bool, str, str]:
    return row.key is None, row.name.casefold(), row.code
