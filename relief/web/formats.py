"""How money, numbers, days, instants and names are written for people, in the language of the page."""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol

from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from flask import Flask, g, has_request_context
from flask_babel import get_locale
from flask_babel import gettext as _

from relief.kernel.dates import PAKISTAN
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity

# Figures are written with the digits 0 to 9 in every language: that is how receipts, phones and banks of Sindh write them.
_DIGITS_LOCALE = "en"
_BY_THOUSANDS = "#,##0.##"
_BY_LAKHS = "#,##,##0.##"


class Named(Protocol):
    """What has a name in each language, an area above all."""

    @property
    def name_en(self) -> str:
        """In English; always known."""
        ...

    @property
    def name_ur(self) -> str | None:
        """In Urdu."""
        ...

    @property
    def name_sd(self) -> str | None:
        """In Sindhi."""
        ...


def language() -> str:
    """Return the code of the page's language: en, ur or sd."""
    locale = get_locale()
    return str(locale.language) if locale else "en"


def format_number(value: float | Quantity) -> str:
    """Return "1,370,000", or "13,70,000" for a person who counts in lakh and crore; at most two decimals."""
    number = value.count if isinstance(value, Quantity) else value
    if _counts_in_lakhs():
        return format_decimal(number, _BY_LAKHS, locale=_DIGITS_LOCALE)
    if isinstance(number, int):
        return f"{number:,}"  # The same, and a table of a thousand areas has eight thousand of them.
    return format_decimal(number, _BY_THOUSANDS, locale=_DIGITS_LOCALE)


def format_money(value: Money | int) -> str:
    """Return "PKR 1,370,000,000", with paisa only where the sum is not whole rupees; a bare int is whole paisa."""
    paisa = value.paisa if isinstance(value, Money) else value
    rupees, rest = divmod(abs(paisa), 100)
    amount = ("−" if paisa < 0 else "") + format_number(rupees) + (f".{rest:02d}" if rest else "")
    return str(_("PKR %(amount)s", amount=amount))


def format_percent(share: float | None) -> str:
    """Return "65 %" or "65.3 %" of a fraction from 0 to 1; a dash where there is nothing to divide.

    What is not quite all is never shown as 100 %, and what is more than nothing never as 0 %.
    """
    if share is None:
        return "–"
    percent = round(share * 100, 1)
    if share < 1 <= percent / 100:
        percent = 99.9
    if share > 0 and percent == 0:
        percent = 0.1
    text = f"{percent:.0f} %" if percent == int(percent) else f"{percent:.1f} %"
    # Between right-to-left words the sign would otherwise wander to the other side of its number.
    return f"\u2066{text}\u2069" if language() in ("ur", "sd") else text


def format_day(day: dt.date | None) -> str:
    """Return "14 Sep 2022"; a dash for no day."""
    return format_date(day, "d MMM y", locale=language()) if day else "–"


def format_instant(at: dt.datetime | None) -> str:
    """Return "14 Sep 2022, 13:05" by the clock of Pakistan; a dash for no instant."""
    if at is None:
        return "–"
    local = at.astimezone(PAKISTAN)
    return str(_("%(day)s, %(time)s", day=format_day(local), time=format_time(local, "HH:mm", locale="en")))


def area_name(area: Named) -> str:
    """Return the area's name in the language of the page, in English where it has none in that language."""
    return getattr(area, f"name_{language()}", None) or area.name_en


def label(thing: Any) -> str:
    """Return the translated words for an enum member, a problem or a refusal."""
    message = getattr(thing, "label", None) or getattr(thing, "message", None) or str(thing)
    params = {name: _shown(value) for name, value in getattr(thing, "params", {}).items()}
    return str(_(message, **params))


def register(app: Flask) -> None:
    """Make the formats known to the templates, as filters."""
    app.jinja_env.filters |= {
        "money": format_money, "number": format_number, "percent": format_percent, "day": format_day,
        "instant": format_instant, "area_name": area_name, "label": label,
    }  # fmt: skip


def _shown(value: object) -> object:
    """Return a parameter of a message as people write it."""
    match value:
        case Money():
            return format_money(value)
        case dt.datetime():
            return format_instant(value)
        case dt.date():
            return format_day(value)
        case _:
            return value


def _counts_in_lakhs() -> bool:
    return has_request_context() and bool(g.get("counts_in_lakhs"))
