"""The codes that people type: a token's typed code and a family's code, both with two check digits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_97_10

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean, fold_digits

_MARKS = re.compile(r"[\s\-–—.]")


def _checked(digits: str) -> bool:
    try:
        mod_97_10.validate(digits)
    except ValidationError:
        return False
    return (
        "02" <= digits[-2:] <= "98"
    )  # 00, 01 and 99 leave the remainder of 97, 98 and 02: a second code for one number.


@dataclass(frozen=True, slots=True)
class TokenCode:
    """The code under a token's QR for when no camera reads it: 10 digits and 2 check digits, printed 4-4-4.

    The check is ISO 7064 Mod 97-10: no single or swapped digit passes. A token's code is a secret like its text.
    """

    digits: str = field(repr=False)

    @classmethod
    def of(cls, number: int) -> Self:
        """Return the code of a number below 10^10."""
        assert 0 <= number < 10**10
        # The same figure that stdnum computes, without its string work: a bulk issue makes hundreds of thousands.
        return cls(f"{number:010d}{98 - number * 100 % 97:02d}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the code that a person typed, in Western, Urdu or Arabic digits, with or without its gaps.

        Raises: InvalidInput "token_code.wrong_length", "token_code.check_failed".
        """
        digits = _MARKS.sub("", fold_digits(clean(text)))
        if not re.fullmatch(r"[0-9]{12}", digits):
            raise InvalidInput(
                "token_code.wrong_length", N_("A token's code has 12 digits, printed under its QR code.")
            )
        if not _checked(digits):
            raise InvalidInput(
                "token_code.check_failed", N_("A digit of this code is wrong. Compare it with the paper.")
            )
        return cls(digits)

    def grouped(self) -> str:
        """Return the code as printed: 1234 5678 9012."""
        return f"{self.digits[:4]} {self.digits[4:8]} {self.digits[8:]}"


@dataclass(frozen=True, slots=True, order=True)
class FamilyCode:
    """The code by which people name a family, F-00012345-67: its number and two check digits (ISO 7064 Mod 97-10)."""

    digits: str

    @classmethod
    def of(cls, number: int) -> Self:
        """Return the code of the family with that number, 1 to 99,999,999."""
        assert 0 < number < 10**8
        return cls(f"{number:08d}{98 - number * 100 % 97:02d}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the code that a person typed. Raises: InvalidInput "family_code.malformed", "family_code.check_failed"."""
        digits = _MARKS.sub("", fold_digits(clean(text))).upper().removeprefix("F")
        if not re.fullmatch(r"[0-9]{10}", digits):
            raise InvalidInput("family_code.malformed", N_("A family's code looks like F-00012345-67."))
        if not _checked(digits):
            raise InvalidInput(
                "family_code.check_failed", N_("A digit of this family code is wrong. Compare it with the paper.")
            )
        return cls(digits)

    @property
    def number(self) -> int:
        """The family's number, which the code is made of."""
        return int(self.digits[:8])

    def __str__(self) -> str:
        return f"F-{self.digits[:8]}-{self.digits[8:]}"
