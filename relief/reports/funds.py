"""What became of each fund: received, promised, disbursed, and where the rest is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.ledger import queries
from relief.ledger.queries import FundRow
from relief.ledger.rules import Account, FundFigures
from relief.reports.finance import NOTHING, By, Sums, TotalsFilter, TotalsRow, totals_by
from relief.reports.scope import Scope
from relief.store.statement import Statement
from relief.store.work import Work

_BALANCES = Statement(
    "SELECT fund_id, debit, credit, CAST(SUM(amount_paisa) AS BIGINT) FROM posting GROUP BY fund_id, debit, credit"
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """Where the money of a fund is that families have not received."""

    bank: Money
    goods_in_stock: Money
    unexplained: Money
    # Goods handed over though the books knew of none: a receipt to be found, so it counts against the fund.
    not_booked_in: Money

    @property
    def unspent(self) -> Money:
        """All of it: what was received less what was disbursed."""
        return self.bank + self.goods_in_stock + self.unexplained - self.not_booked_in


@dataclass(frozen=True, slots=True)
class FundStatement:
    """A fund with what it disbursed within the areas seen; the figures of the whole fund only for those who see the whole."""

    fund: FundRow
    sums: Sums
    figures: FundFigures | None
    holdings: Holdings | None
    # What each campaign disbursed of it, where one fund is asked for.
    campaigns: tuple[TotalsRow, ...] = ()


def list_statements(work: Work) -> list[FundStatement]:
    """Return the statement of every fund, by code. Raises: Forbidden."""
    scope = Scope.of(work, Permission.FUND_READ)
    sums = {row.key: row.sums for row in totals_by(work, By.FUND, TotalsFilter()).rows}
    balances = balances_of_funds(work) if sees_whole_funds(work, scope) else None
    return [_statement(fund, sums.get(fund.id, NOTHING), balances) for fund in queries.list_funds(work)]


def get_statement(work: Work, fund_id: int) -> FundStatement:
    """Return the statement of one fund. Raises: Forbidden, NotFound "fund.not_found"."""
    scope = Scope.of(work, Permission.FUND_READ)
    fund = queries.get_fund(work, fund_id)
    totals = totals_by(work, By.CAMPAIGN, TotalsFilter(fund_id=fund_id))
    balances = balances_of_funds(work) if sees_whole_funds(work, scope) else None
    return replace(_statement(fund, totals.total, balances), campaigns=totals.rows)


def sees_whole_funds(work: Work, scope: Scope) -> bool:
    """Return whether the actor sees what a fund received: funds have no area, and who posts must know what is free."""
    return scope.sees_all or work.actor.may(Permission.LEDGER_POST)


def balances_of_funds(work: Work) -> dict[int, dict[Account, Money]]:
    """Return for each fund what every account holds, debits less credits."""
    balances: dict[int, dict[Account, Money]] = defaultdict(lambda: defaultdict(lambda: Money.ZERO))
    for fund_id, debit, credit, paisa in _BALANCES.rows(work, {}):
        balances[fund_id][Account(debit)] += Money(paisa)
        balances[fund_id][Account(credit)] -= Money(paisa)
    return balances


def _statement(fund: FundRow, sums: Sums, balances: dict[int, dict[Account, Money]] | None) -> FundStatement:
    if balances is None:
        return FundStatement(fund, sums, None, None)
    return FundStatement(fund, sums, fund.figures, _holdings(balances[fund.id]))


def _holdings(balances: dict[Account, Money]) -> Holdings:
    return Holdings(
        balances[Account.BANK],
        balances[Account.GOODS_IN_STOCK],
        balances[Account.UNEXPLAINED_AT_POINTS],
        -balances[Account.GOODS_NOT_BOOKED_IN],
    )
