"""Goods in whole units of their item: tents, bags, kits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import WHOLE_NUMBER, clean, fold_digits

LARGEST_COUNT = 10**9
_MOST_SIGNS = 20


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """A count of whole units, never negative: what is short is a second quantity, not a minus sign."""

    count: int
    ZERO: ClassVar[Quantity]

    def __post_init__(self) -> None:
        if not 0 <= self.count <= LARGEST_COUNT:
            raise InvalidInput(
                "quantity.out_of_range", N_("A quantity is a whole number from 0 to a thousand million.")
            )

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Return the quantity that a person typed, in any digits. Raises: InvalidInput "quantity.not_a_number"."""
        typed = fold_digits(clean(text)).replace("٬", ",")
        if len(typed) > _MOST_SIGNS or not re.fullmatch(WHOLE_NUMBER, typed):
            raise InvalidInput("quantity.not_a_number", N_("This is not a quantity. Write a whole number, such as 2."))
        return cls(int(typed.replace(",", "")))

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.count + other.count)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.count - other.count)

    def __bool__(self) -> bool:
        return self.count != 0

    def __str__(self) -> str:
        return f"{self.count:,}"


Quantity.ZERO = Quantity(0)
