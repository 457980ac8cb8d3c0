"""The chart of accounts and what may be done with a fund."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from relief.kernel.messages import N_
from relief.kernel.money import Money


class Account(enum.StrEnum):
    """An account of the chart; the first digit tells its class: 1 assets, 2 liabilities, 3 funds, 5 relief given."""

    BANK = "1000"
    GOODS_IN_STOCK = "1200"
    UNEXPLAINED_AT_POINTS = "1900"
    GOODS_NOT_BOOKED_IN = "2900"
    FUNDS_RECEIVED = "3000"
    CASH_RELIEF = "5100"
    GOODS_RELIEF = "5200"
    OTHER_SPENDING = "5900"

    @property
    def label(self) -> str:
        """The account's name, a msgid."""
        return _LABELS[self]


_LABELS = {
    Account.BANK: N_("Bank"),
    Account.GOODS_IN_STOCK: N_("Goods in stock"),
    # Goods or cash that left a table in breach of a rule: a conflict, until the desk has decided on it.
    Account.UNEXPLAINED_AT_POINTS: N_("Unexplained at points"),
    # Goods that left a table though the books knew of no stock there: a receipt still to be found.
    Account.GOODS_NOT_BOOKED_IN: N_("Goods handed over but not booked in"),
    Account.FUNDS_RECEIVED: N_("Funds received"),
    Account.CASH_RELIEF: N_("Relief in cash"),
    Account.GOODS_RELIEF: N_("Relief in goods"),
    Account.OTHER_SPENDING: N_("Other spending"),
}


class EntryKind(enum.StrEnum):
    """What kind of event an entry posts."""

    RECEIPT = "receipt"
    PURCHASE = "purchase"
    DISBURSEMENT = "disbursement"
    HAND_OVER = "hand_over"
    VOID = "void"
    CONFLICT = "conflict"
    REVERSAL = "reversal"

    @property
    def label(self) -> str:
        """The kind's name, a msgid."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    EntryKind.RECEIPT: N_("Fund received"),
    EntryKind.PURCHASE: N_("Goods bought"),
    EntryKind.DISBURSEMENT: N_("Spent directly"),
    EntryKind.HAND_OVER: N_("Hand-over"),
    EntryKind.VOID: N_("Hand-over undone"),
    EntryKind.CONFLICT: N_("Conflict"),
    EntryKind.REVERSAL: N_("Reversal"),
}

# Entries that people post by hand and may answer by a reversal; all others follow from what happened elsewhere.
POSTED_BY_HAND = frozenset({EntryKind.RECEIPT, EntryKind.DISBURSEMENT, EntryKind.PURCHASE})


@dataclass(frozen=True, slots=True)
class Cost:
    """What is promised, or released again: cash, and goods at the cost fixed with the package."""

    cash: Money = Money.ZERO
    goods: Money = Money.ZERO

    @property
    def total(self) -> Money:
        """Both together."""
        return self.cash + self.goods

    def __neg__(self) -> Cost:
        return Cost(-self.cash, -self.goods)


@dataclass(frozen=True, slots=True)
class FundFigures:
    """What a fund received, and what that is promised to or was used for; all sums since the fund was opened."""

    received: Money = Money.ZERO
    committed: Cost = Cost()
    purchased: Money = Money.ZERO
    spent_directly: Money = Money.ZERO

    @property
    def free(self) -> Money:
        """What may still be promised or spent: goods bought before they are promised tie up money, promised goods do so once."""
        goods = max(self.committed.goods, self.purchased)
        return self.received - self.committed.cash - goods - self.spent_directly

    @property
    def free_for_goods(self) -> Money:
        """What goods may still be bought for: all but the cash that is promised or spent."""
        return self.received - self.committed.cash - self.purchased - self.spent_directly

    @property
    def is_sound(self) -> bool:
        """Whether no promise is without money: what the database checks too."""
        parts = (self.committed.cash, self.committed.goods, self.purchased, self.spent_directly, self.free)
        return all(part >= Money.ZERO for part in parts)

    def receive(self, amount: Money) -> FundFigures:
        """Return the figures after a receipt, or after its reversal with a negative amount."""
        return replace(self, received=self.received + amount)

    def commit(self, cost: Cost) -> FundFigures:
        """Return the figures after a promise, or after its release with a negative cost."""
        committed = Cost(self.committed.cash + cost.cash, self.committed.goods + cost.goods)
        return replace(self, committed=committed)

    def purchase(self, amount: Money) -> FundFigures:
        """Return the figures after buying goods, or after a reversal with a negative amount."""
        return replace(self, purchased=self.purchased + amount)

    def spend(self, amount: Money) -> FundFigures:
        """Return the figures after spending directly, or after a reversal with a negative amount."""
        return replace(self, spent_directly=self.spent_directly + amount)


def refusal_to_reverse(kind: EntryKind) -> tuple[str, str] | None:
    """Return the code and words of why an entry of this kind is not reversed at the finance desk, or None if it may be."""
    if kind is EntryKind.PURCHASE:
        return "ledger.reverse_the_goods_note", N_("Reverse the goods note instead: the goods go back with the money.")
    if kind is EntryKind.REVERSAL:
        return "ledger.cannot_reverse_reversal", N_("A reversal is final. Post what is right as a new entry.")
    if kind not in POSTED_BY_HAND:
        return (
            "ledger.cannot_reverse_hand_over",
            N_("This entry follows from a hand-over. Undo the hand-over itself, and its entry is answered with it."),
        )
    return None
