"""What can differ between two books, and one such place: it names the event, the entry or the entitlement."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from relief.kernel.messages import N_
from relief.kernel.money import Money


class Kind(enum.StrEnum):
    """What differs."""

    REDEEMED_NOT_POSTED = "redeemed_not_posted"
    POSTED_NOT_REDEEMED = "posted_not_redeemed"
    CASH = "cash"
    GOODS = "goods"
    UNEXPLAINED = "unexplained"
    POSTED_ELSEWHERE = "posted_elsewhere"
    LINES = "lines"
    STOCK = "stock"
    MOVED_NOT_REDEEMED = "moved_not_redeemed"
    GIVEN = "given"
    OWED = "owed"
    COMMITTED = "committed"
    FUND = "fund"
    ON_HAND = "on_hand"

    @property
    def label(self) -> str:
        """What it says, a msgid."""
        return _LABELS[self]


_LABELS = {
    Kind.REDEEMED_NOT_POSTED: N_("Handed over and not posted"),
    Kind.POSTED_NOT_REDEEMED: N_("Posted, and no such hand-over"),
    Kind.CASH: N_("Cash handed over and posted differ"),
    Kind.GOODS: N_("Goods handed over and posted differ in value"),
    Kind.UNEXPLAINED: N_("A conflict's value and what was posted as unexplained differ"),
    Kind.POSTED_ELSEWHERE: N_("Posted under another campaign, area, point or day"),
    Kind.LINES: N_("The hand-over and its lines differ"),
    Kind.STOCK: N_("Goods on the lines and goods that left the stock differ"),
    Kind.MOVED_NOT_REDEEMED: N_("Goods left the stock, and no such hand-over"),
    Kind.GIVEN: N_("What an entitlement has received and its hand-overs differ"),
    Kind.OWED: N_("What is owed differs from the package"),
    Kind.COMMITTED: N_("What the fund committed and what families are entitled to differ"),
    Kind.FUND: N_("The fund's balance and its entries differ"),
    Kind.ON_HAND: N_("Stock on hand and its movements differ"),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures that should be one: `expected` by the first book named, `found` in the other; paisa or units."""

    kind: Kind
    campaign_id: int | None = None
    area_id: int | None = None
    hand_over_id: int | None = None
    entry_id: int | None = None
    entitlement_id: int | None = None
    # The fund, or the place and item of goods, where the row is about no event.
    subject: str = ""
    expected: int = 0
    found: int = 0
    # Whether the figures are units of goods; else they are paisa.
    is_units: bool = False

    @property
    def figures(self) -> tuple[Money | int, Money | int]:
        """Expected and found, as sums of money or as units."""
        return (self.expected, self.found) if self.is_units else (Money(self.expected), Money(self.found))

    @property
    def where(self) -> str:
        """The event, entry, entitlement, fund or place that it is about, by number."""
        named = (
            ("hand-over", self.hand_over_id),
            ("entry", self.entry_id),
            ("entitlement", self.entitlement_id),
            ("", self.subject or None),
            ("campaign", self.campaign_id),
        )
        return ", ".join(f"{word} {number}".strip() for word, number in named if number is not None)
