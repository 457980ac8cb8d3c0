"""What is counted of an area, and how the counts of small areas add up to those of large ones."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from relief.kernel.messages import N_
from relief.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of one area. Only counts are kept and added: a percentage is always worked out anew, never averaged."""

    registered: int = 0
    entitled: int = 0
    served: int = 0
    cash: Money = Money.ZERO
    # Goods at the cost fixed in the campaign's package.
    goods: Money = Money.ZERO
    # Left the table in breach of a rule; never a part of what was disbursed.
    unexplained: Money = Money.ZERO

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.registered + other.registered,
            self.entitled + other.entitled,
            self.served + other.served,
            self.cash + other.cash,
            self.goods + other.goods,
            self.unexplained + other.unexplained,
        )

    def __bool__(self) -> bool:
        return self != NOTHING

    @property
    def waiting(self) -> int:
        """Families that are entitled and not yet served."""
        return self.entitled - self.served

    @property
    def disbursed(self) -> Money:
        """Cash and goods that families received."""
        return self.cash + self.goods

    @property
    def share_served(self) -> float | None:
        """Served of entitled, 0 to 1; None where nobody is entitled."""
        return self.served / self.entitled if self.entitled else None

    @property
    def per_family(self) -> Money | None:
        """What a served family received on average, to the nearest paisa; None where nobody was served."""
        if self.served <= 0:
            return None
        return Money((2 * self.disbursed.paisa + self.served) // (2 * self.served))


NOTHING = Figures()


class Unit(enum.StrEnum):
    """What an indicator is counted in."""

    FAMILIES = "families"
    SHARE = "share"
    MONEY = "money"


class Indicator(enum.StrEnum):
    """One column of the table, and one map."""

    REGISTERED = "registered"
    ENTITLED = "entitled"
    SERVED = "served"
    SHARE_SERVED = "percent_served"
    WAITING = "waiting"
    DISBURSED = "disbursed"
    PER_FAMILY = "per_family"
    UNEXPLAINED = "unexplained"

    @property
    def label(self) -> str:
        """The indicator's name, a msgid."""
        return _LABELS[self]

    @property
    def head(self) -> str:
        """The name over a column of figures, a msgid."""
        return _HEADS[self]

    @property
    def unit(self) -> Unit:
        """What its values are: families, a share from 0 to 1, or money."""
        return _UNITS.get(self, Unit.FAMILIES)

    def value_of(self, figures: Figures) -> int | float | Money | None:
        """Return the value of an area's figures; None where there is nothing to divide by."""
        value: int | float | Money | None = getattr(figures, _FIELDS.get(self, self.value))
        return value

    def shade_of(self, figures: Figures) -> float | None:
        """Return the value for a map: money in paisa; None (no data) also where the campaign has nobody to count."""
        if self is not Indicator.REGISTERED and not (figures.entitled or figures.unexplained):
            return None
        value = self.value_of(figures)
        return value.paisa if isinstance(value, Money) else value


_LABELS = {
    Indicator.REGISTERED: N_("Families registered"), Indicator.ENTITLED: N_("Families entitled"),
    Indicator.SERVED: N_("Families served"), Indicator.SHARE_SERVED: N_("Percent served"),
    Indicator.WAITING: N_("Families still waiting"), Indicator.DISBURSED: N_("PKR disbursed"),
    Indicator.PER_FAMILY: N_("PKR per family served"), Indicator.UNEXPLAINED: N_("PKR in conflicts"),
}  # fmt: skip
_HEADS = {
    Indicator.REGISTERED: N_("Registered"), Indicator.ENTITLED: N_("Entitled"), Indicator.SERVED: N_("Served"),
    Indicator.SHARE_SERVED: N_("Percent served"), Indicator.WAITING: N_("Waiting"), Indicator.DISBURSED: N_("PKR disbursed"),
    Indicator.PER_FAMILY: N_("PKR per family"), Indicator.UNEXPLAINED: N_("PKR in conflicts"),
}  # fmt: skip
_UNITS = {
    Indicator.SHARE_SERVED: Unit.SHARE, Indicator.DISBURSED: Unit.MONEY, Indicator.PER_FAMILY: Unit.MONEY,
    Indicator.UNEXPLAINED: Unit.MONEY,
}  # fmt: skip
_FIELDS = {Indicator.SHARE_SERVED: "share_served"}


@dataclass(frozen=True, slots=True)
class RollUp:
    """Figures by area; what lies in none of the areas stands in `unknown` and is a part of the total."""

    by_area: dict[int, Figures]
    unknown: Figures
    total: Figures


def roll_up(parts: Iterable[tuple[str | None, Figures]], areas: Collection[int]) -> RollUp:
    """Add up the figures of small areas within each of the given ones.

    Args: parts: area path ("/1/17/203/", None where the area is not known) with its figures; areas: ids, none inside another.
    Returns: one entry for each of the areas, also where nothing was counted.
    """
    gathered: dict[int | None, list[Figures]] = defaultdict(list)
    for path, figures in parts:
        ids = map(int, (path or "").strip("/").split("/")) if path else ()
        gathered[next((number for number in ids if number in areas), None)].append(figures)
    by_area = {number: sum(gathered[number], NOTHING) for number in areas}
    unknown = sum(gathered[None], NOTHING)
    return RollUp(by_area, unknown, sum(by_area.values(), unknown))
