"""Reading the answers of a registration form: one text to one value, with the sentence that says how to mend it."""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
from typing import TypeVar

from relief.families.rules import Gender, HouseDamage
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean, fold_digits
from relief.programmes.rules import LARGEST_FAMILY

E = TypeVar("E", bound=enum.StrEnum)

LONGEST_TEXT = 200
MOST_LIVESTOCK = 5_000
_WHOLE = re.compile(r"-?\d{1,9}(?:\.0*)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,9}(?:\.\d*)?", re.ASCII)
_NUMBER = _DECIMAL.pattern
# Latitude, longitude, and perhaps altitude and accuracy.
_GPS = re.compile(rf"({_NUMBER})\s+({_NUMBER})(?:\s+{_NUMBER}(?:\s+(\d{{1,9}}(?:\.\d*)?))?)?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_SERIAL = re.compile(r"\d{5}(?:\.0*)?")
# Day 0 of a spreadsheet, which believes that 1900 had a 29 February.
_SERIAL_EPOCH = dt.date(1899, 12, 30)

_YES_NO = {
    **dict.fromkeys(("yes", "y", "true", "1", "ہاں", "ہاں جی", "جی ہاں", "ها", "هائو"), True),
    **dict.fromkeys(("no", "n", "false", "0", "نہیں", "نہ", "نه", "جی نہیں"), False),
}
_GENDERS = {
    **dict.fromkeys(("female", "f", "woman", "عورت", "خاتون"), Gender.FEMALE),
    **dict.fromkeys(("male", "m", "man", "مرد"), Gender.MALE),
    **dict.fromkeys(("transgender", "x", "t", "خواجہ سرا"), Gender.TRANSGENDER),
}
_DAMAGES = {
    **dict.fromkeys(("none", "no", "not damaged", "0"), HouseDamage.NONE),
    **dict.fromkeys(("partial", "partially", "partly", "partly damaged", "partially damaged"), HouseDamage.PARTIAL),
    **dict.fromkeys(("full", "fully", "fully damaged", "destroyed", "complete"), HouseDamage.FULL),
}


def read_text(text: str) -> str:
    """Return the text without invisible marks. Raises: InvalidInput "text.too_long"."""
    cleaned = clean(text)
    if len(cleaned) > LONGEST_TEXT:
        raise InvalidInput("text.too_long", N_("Write at most %(count)s characters."), count=LONGEST_TEXT)
    return cleaned


def read_members(text: str) -> int:
    """Return a count of members, 0 to the largest family. Raises: InvalidInput "number.*"."""
    return _read_count(text, low=0, high=LARGEST_FAMILY)


def read_size(text: str) -> int:
    """Return the number of members, at least one. Raises: InvalidInput "number.*"."""
    return _read_count(text, low=1, high=LARGEST_FAMILY)


def read_livestock(text: str) -> int:
    """Return a count of animals. Raises: InvalidInput "number.*"."""
    return _read_count(text, low=0, high=MOST_LIVESTOCK)


def read_psc_score(text: str) -> int:
    """Return a poverty score of 0 to 100 in whole points: bands are told by them, so a fraction is cut off.

    Raises: InvalidInput "psc.out_of_range".
    """
    number = fold_digits(clean(text))
    if not _DECIMAL.fullmatch(number) or not 0 <= float(number) <= 100:
        raise InvalidInput("psc.out_of_range", N_("A poverty score lies between 0 and 100."))
    return int(float(number))


def read_degrees(text: str) -> float:
    """Return degrees rounded to the decimetre, so that a spreadsheet's noise makes no other place of it.

    Raises: InvalidInput "gps.not_degrees".
    """
    if not _DECIMAL.fullmatch(text):  # Nearly all come plain.
        text = fold_digits(clean(text)).replace("٫", ".")
    degrees = float(text) if _DECIMAL.fullmatch(text) else math.nan
    if not -180 <= degrees <= 180:
        raise InvalidInput("gps.not_degrees", N_("Write degrees as 26.611579."))
    return round(degrees, 6)


def read_gps(text: str) -> tuple[float, float, float | None]:
    """Return latitude, longitude and accuracy in metres of "26.61 67.38 50.1 5.9" (the third is the altitude).

    Raises: InvalidInput "gps.malformed".
    """
    match = _GPS.fullmatch(text) or _GPS.fullmatch(fold_digits(clean(text)).replace(",", " "))
    lat, lon = (float(match[1]), float(match[2])) if match else (math.nan, math.nan)
    if match is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise InvalidInput("gps.malformed", N_("Write a GPS position as latitude and longitude: 26.611579 67.385825."))
    return round(lat, 6), round(lon, 6), float(match[3]) if match[3] else None


def read_yes_no(text: str) -> bool:
    """Return whether the answer is yes. Raises: InvalidInput "answer.not_yes_or_no"."""
    answer = _YES_NO.get(clean(text).casefold())
    if answer is None:
        raise InvalidInput("answer.not_yes_or_no", N_("Answer yes or no."))
    return answer


def read_consent(text: str) -> bool:
    """Return True. Raises: InvalidInput "consent.missing": without it nothing about the family may be kept."""
    if _YES_NO.get(clean(text).casefold()) is not True:
        raise InvalidInput("consent.missing", N_("The family has not agreed to be registered. Ask for its consent."))
    return True


def read_gender(text: str) -> Gender:
    """Return the gender. Raises: InvalidInput "choice.unknown"."""
    return _read_choice(text, _GENDERS)


def read_house_damage(text: str) -> HouseDamage:
    """Return the damage. Raises: InvalidInput "choice.unknown"."""
    return _read_choice(text, _DAMAGES)


def read_day(text: str) -> dt.date:
    """Return the day of 1978-11-16, 16/11/1978 (day first) or a spreadsheet's serial number.

    Raises: InvalidInput "day.impossible", "day.not_a_day".
    """
    typed = fold_digits(clean(text))
    if _SERIAL.fullmatch(typed):
        return _SERIAL_EPOCH + dt.timedelta(days=int(float(typed)))
    day_first, year_first = _DAY_FIRST.fullmatch(typed), _YEAR_FIRST.fullmatch(typed)
    if day_first:
        day, month, year = day_first.groups()
    elif year_first:
        year, month, day = year_first.groups()
    else:
        raise InvalidInput("day.not_a_day", N_("Write a day as 14/09/1980: day, month, year."))
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise InvalidInput("day.impossible", N_("There is no such day in the calendar.")) from None


def _read_count(text: str, *, low: int, high: int) -> int:
    number = fold_digits(clean(text))
    if not _WHOLE.fullmatch(number):
        raise InvalidInput("number.not_whole", N_("Write a whole number in digits, such as 12."))
    count = int(float(number))
    if not low <= count <= high:
        raise InvalidInput("number.out_of_range", N_("Write a number from %(low)s to %(high)s."), low=low, high=high)
    return count


def _read_choice(text: str, answers: dict[str, E]) -> E:
    answer = answers.get(clean(text).casefold())
    if answer is None:
        raise InvalidInput(
            "choice.unknown", N_("Write one of: %(answers)s."), answers=", ".join(dict.fromkeys(answers.values()))
        )
    return answer
