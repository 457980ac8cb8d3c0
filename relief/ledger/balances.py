"""The running figures of each fund: locked, judged by the rules, and written back in one step."""

from __future__ import annotations

from collections.abc import Callable

from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.ledger.rules import Cost, FundFigures
from relief.store.statement import Statement
from relief.store.work import Work

COLUMNS = "received_paisa, committed_paisa, committed_goods_paisa, purchased_paisa, spent_directly_paisa"

_LOCK = Statement(f"SELECT {COLUMNS} FROM fund_balance WHERE fund_id = :fund_id {{for_update}}")
_WRITE = Statement(
    "UPDATE fund_balance SET received_paisa = :received, committed_paisa = :committed, committed_goods_paisa = :goods,"
    " purchased_paisa = :purchased, spent_directly_paisa = :spent WHERE fund_id = :fund_id"
)


def lock_figures(work: Work, fund_id: int) -> FundFigures:
    """Return the figures of a fund; nobody else changes them before this unit ends. Raises: NotFound "fund.not_found"."""
    row = _LOCK.row(work, {"fund_id": fund_id})
    if row is None:
        raise NotFound("fund.not_found", N_("There is no such fund."))
    return figures_of(row)


def figures_of(row: tuple[int, int, int, int, int]) -> FundFigures:
    """Return the figures of a row of COLUMNS."""
    received, committed, goods, purchased, spent = row
    return FundFigures(Money(received), Cost(Money(committed - goods), Money(goods)), Money(purchased), Money(spent))


def change_figures(work: Work, fund_id: int, change: Callable[[FundFigures], FundFigures], wanted: Money) -> None:
    """Write the changed figures of a fund, or refuse: a fund never promises or spends what it does not have.

    Args: wanted: the sum that the change asks of the fund, for the words of the refusal.
    Raises: NotFound "fund.not_found", RuleViolation "fund.too_little".
    """
    before = lock_figures(work, fund_id)
    after = change(before)
    if not after.is_sound:
        is_for_goods = after.purchased > before.purchased
        raise RuleViolation(
            "fund.too_little",
            N_(
                "The fund has %(free)s free, and this needs %(wanted)s. The rest is promised or spent:"
                " receive money for the fund first, or take a smaller sum."
            ),
            free=before.free_for_goods if is_for_goods else before.free,
            wanted=wanted,
        )
    values = {
        "fund_id": fund_id, "received": after.received.paisa, "committed": after.committed.total.paisa,
        "goods": after.committed.goods.paisa, "purchased": after.purchased.paisa, "spent": after.spent_directly.paisa,
    }  # fmt: skip
    _WRITE.run(work, values)
