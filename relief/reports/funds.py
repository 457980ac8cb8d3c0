"""What became of each fund: received, promised, disbursed, and where the rest is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.ledger import queries
from relief.ledger.queries import FundRow
from relief.ledger.rules import Account, FundFigures
from relief.reports.finance import NOTHING, By, Sums, TotalsFilter, totals_by
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


def list_statements(work: Work) -> list[FundStatement]:
    """Return the statement of every fund, by code. Raises: Forbidden."""
    scope = Scope.of(work, Permission.FUND_READ)
    sums = {row.key: row.sums for row in totals_by(work, By.FUND, TotalsFilter()).rows}
    balances = balances_of_funds(work) if sees_whole_funds(work, scope) else None
    statements = []
    for fund in queries.list_funds(work):
        holdings = None if balances is None else _holdings(balances[fund.id])
        figures = None if balances is None else fund.figures
        statements.append(FundStatement(fund, sums.get(fund.id, NOTHING), figures, holdings))
    return statements


def get_statement(work: Work, fund_id: int) -> FundStatement:
    """Return the statement of one fund. Raises: Forbidden, NotFound "fund.not_found"."""
    work.actor.require(Permission.FUND_READ)
    queries.get_fund(work, fund_id)
    return next(statement for statement in list_statements(work) if statement.fund.id == fund_id)


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


def _holdings(balances: dict[Account, Money]) -> Holdings:
    return Holdings(
        balances[Account.BANK],
        balances[Account.GOODS_IN_STOCK],
        balances[Account.UNEXPLAINED_AT_POINTS],
        -balances[Account.GOODS_NOT_BOOKED_IN],
    )
