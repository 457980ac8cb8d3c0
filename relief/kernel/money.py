"""Money in whole paisa of the Pakistani rupee; it never passes through a float."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import WHOLE_NUMBER, clean, fold_digits

# Ten thousand crore rupees: well above any fund of a relief operation, and far inside a 64-bit column even when summed.
LARGEST_PAISA = 10**13 * 100

_AMOUNT = re.compile(rf"(?:PKR|RS\.?|₨)?\s*(-?)({WHOLE_NUMBER})(?:\.([0-9]{{1,2}}))?", re.IGNORECASE)
_MOST_DIGITS = 30  # Python refuses to read numbers of thousands of digits.


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """A sum in whole paisa (1 rupee = 100 paisa); may be negative, as a difference or a reversal is."""

    paisa: int
    ZERO: ClassVar[Money]

    @classmethod
    def rupees(cls, amount: int) -> Money:
        """Return the sum of that many whole rupees."""
        return cls(amount * 100)

    @classmethod
    def parse(cls, text: str) -> Money:
        """Return the sum that a person typed: "1370000000", "PKR 1,370,000,000" or "12,34,567.50" (lakh grouping).

        Raises: InvalidInput "money.not_a_number", "money.too_large".
        """
        match = _AMOUNT.fullmatch(fold_digits(clean(text)).replace("٬", ",").replace("٫", "."))
        if match is None:
            raise InvalidInput(
                "money.not_a_number",
                N_(
                    "This is not a sum of money. Write rupees in digits, with at most two decimals: 25000 or 25,000.50."
                ),
            )
        sign, whole, fraction = match.groups()
        paisa = int(whole.replace(",", "")[:_MOST_DIGITS]) * 100 + int((fraction or "0").ljust(2, "0"))
        if paisa > LARGEST_PAISA or len(whole) > _MOST_DIGITS:
            raise InvalidInput("money.too_large", N_("This sum is larger than any fund can hold. Check the zeros."))
        return cls(-paisa if sign else paisa)

    @classmethod
    def total(cls, parts: Iterable[Money]) -> Money:
        """Return the sum of the parts; nothing sums to zero."""
        return cls(sum(part.paisa for part in parts))

    def __add__(self, other: Money) -> Money:
        return Money(self.paisa + other.paisa)

    def __sub__(self, other: Money) -> Money:
        return Money(self.paisa - other.paisa)

    def __neg__(self) -> Money:
        return Money(-self.paisa)

    def __mul__(self, times: int) -> Money:
        return Money(self.paisa * times)

    def __bool__(self) -> bool:
        return self.paisa != 0

    def __str__(self) -> str:
        sign = "-" if self.paisa < 0 else ""
        rupees, paisa = divmod(abs(self.paisa), 100)
        return f"PKR {sign}{rupees:,}" + (f".{paisa:02d}" if paisa else "")

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Split this sum by weight without losing a paisa.

        Args: weights: shape (n,), each >= 0, at least one > 0.
        Returns: shape (n,), in the order of weights; the parts add up to this sum.
        Raises: InvalidInput "money.bad_weights".
        Source: largest-remainder method; ties go to the earlier weight.
        """
        if not any(weights) or min(weights) < 0:
            raise InvalidInput("money.bad_weights", N_("A sum can only be split by weights that are not all zero."))
        whole, sign, size = sum(weights), (-1 if self.paisa < 0 else 1), abs(self.paisa)
        shares = [size * weight // whole for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda n: (-(size * weights[n] % whole), n))
        for n in by_remainder[: size - sum(shares)]:
            shares[n] += 1
        return [Money(sign * share) for share in shares]


Money.ZERO = Money(0)
