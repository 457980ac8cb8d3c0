"""What a fund may still be used for."""

import pytest

from relief.kernel.money import Money
from relief.ledger.rules import POSTED_BY_HAND, Account, Cost, EntryKind, FundFigures, refusal_to_reverse


def figures(received: int, *, cash: int = 0, goods: int = 0, purchased: int = 0, spent: int = 0) -> FundFigures:
    return FundFigures(Money(received), Cost(Money(cash), Money(goods)), Money(purchased), Money(spent))


@pytest.mark.parametrize(
    ("fund", "free", "free_for_goods", "is_sound"),
    [
        (figures(100), 100, 100, True),
        (figures(100, cash=40), 60, 60, True),
        (figures(100, goods=40), 60, 100, True),
        # Goods promised and then bought are charged once.
        (figures(100, goods=40, purchased=40), 60, 60, True),
        # So are goods bought ahead and promised later.
        (figures(100, goods=10, purchased=40), 60, 60, True),
        (figures(100, cash=50, goods=50), 0, 50, True),
        (figures(100, cash=50, goods=50, purchased=50), 0, 0, True),
        (figures(100, cash=50, goods=50, purchased=51), -1, -1, False),
        (figures(100, cash=50, spent=51), -1, -1, False),
        (figures(100, purchased=-1), 100, 101, False),
        (figures(100, goods=-1), 100, 100, False),
        (figures(-1), -1, -1, False),
    ],
)
def test_what_is_free_of_a_fund(fund: FundFigures, free: int, free_for_goods: int, is_sound: bool):
    assert (fund.free, fund.free_for_goods, fund.is_sound) == (Money(free), Money(free_for_goods), is_sound)


def test_a_change_and_its_opposite_leave_a_fund_as_it_was():
    fund, sum_, cost = figures(100, cash=10), Money(5), Cost(Money(3), Money(4))
    assert fund.receive(sum_).receive(-sum_) == fund.purchase(sum_).purchase(-sum_) == fund
    assert fund.spend(sum_).spend(-sum_) == fund.commit(cost).commit(-cost) == fund
    assert cost.total == Money(7)


@pytest.mark.parametrize("kind", list(EntryKind))
def test_only_what_the_finance_desk_posted_is_reversed_there(kind: EntryKind):
    assert (refusal_to_reverse(kind) is None) == (kind in POSTED_BY_HAND and kind is not EntryKind.PURCHASE)


def test_every_account_and_kind_of_entry_has_a_name():
    assert all(account.label for account in Account) and all(kind.label for kind in EntryKind)
