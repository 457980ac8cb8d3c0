"""Identity numbers of persons: the CNIC and the mobile phone number. Their plain text never shows by accident."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import phonenumbers

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean, fold_digits

_CNIC_MARKS = re.compile(r"[\s\-–—._/]")
_ROUNDED = re.compile(r"\d+[,.]?\d*[eE]\+?\d+")
_MOBILE = re.compile(r"(?:\+?92|0092|0)?(3[0-9]{9})")
_PHONE_MARKS = re.compile(r"[\s\-().]")


@dataclass(frozen=True, slots=True, repr=False)
class Cnic:
    """A Computerised National Identity Card number: 13 digits; `str()` is masked.

    The last digit tells the sex of the holder and is no check digit; numbers that begin with 8 (AJK) are valid though some
    libraries refuse them. So the form is all that can be checked without NADRA.
    """

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number that a person typed: with or without dashes, in any digits.

        Raises: InvalidInput "cnic.rounded", "cnic.not_digits", "cnic.wrong_length".
        """
        typed = fold_digits(clean(text))
        digits = _CNIC_MARKS.sub("", typed)
        if len(digits) == 13 and digits.isdecimal() and digits.isascii():
            return cls(digits)
        if _ROUNDED.fullmatch(typed):
            raise InvalidInput(
                "cnic.rounded",
                N_(
                    "A spreadsheet has rounded this CNIC and its last digits are lost. Format the column as text and type it again."
                ),
            )
        if not (digits.isascii() and digits.isdigit()):
            raise InvalidInput(
                "cnic.not_digits", N_("A CNIC has digits only. Look for a letter O or l in place of 0 or 1.")
            )
        raise InvalidInput(
            "cnic.wrong_length",
            N_("A CNIC has 13 digits, as in 45102-1234567-1; here are %(count)s."),
            count=len(digits),
        )

    @property
    def last_four(self) -> str:
        """The four digits that staff may ask for to check a holder."""
        return self.digits[-4:]

    def full(self) -> str:
        """Return the whole number as printed on the card, 45102-1234567-1. Show it only through an audited use case."""
        return f"{self.digits[:5]}-{self.digits[5:12]}-{self.digits[12]}"

    def __str__(self) -> str:
        return f"*****-****{self.digits[9:12]}-{self.digits[12]}"

    def __repr__(self) -> str:
        return f"Cnic({self})"


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A phone number in E.164; `str()` is masked."""

    digits: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number that a person typed; a leading zero lost in a spreadsheet is put back.

        Raises: InvalidInput "phone.invalid".
        """
        typed = _PHONE_MARKS.sub("", fold_digits(clean(text)))
        mobile = _MOBILE.fullmatch(typed)
        if mobile is not None:  # Nearly all numbers: the library's full parse takes fifty times as long.
            return cls("92" + mobile[1])
        try:
            number = phonenumbers.parse(typed, "PK")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or _is_slip(number) or not phonenumbers.is_possible_number(number):
            raise InvalidInput(
                "phone.invalid", N_("This is not a phone number. Write it as 0300-1234567 or +92 300 1234567.")
            )
        return cls(f"{number.country_code}{number.national_number}")

    def e164(self) -> str:
        """Return the number as +923001234567. Show it only through an audited use case."""
        return f"+{self.digits}"

    def __str__(self) -> str:
        return f"+{self.digits[:2]} *** ****{self.digits[-3:]}"

    def __repr__(self) -> str:
        return f"PhoneNumber({self})"


def _is_slip(number: phonenumbers.PhoneNumber) -> bool:
    """Return whether a mobile of Pakistan, which begins with 3, has a digit more or less than ten."""
    national = str(number.national_number)
    return number.country_code == 92 and national.startswith("3") and len(national) != 10
