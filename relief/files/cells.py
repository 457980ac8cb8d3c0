"""Text in a cell: kept from becoming a formula on the way out, and brought back unchanged on the way in."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from relief.kernel.money import Money
from relief.kernel.quantity import Quantity

# A spreadsheet runs a CSV cell that begins with one of these. The full-width forms are read as formulas by East Asian editions.
_RUNS = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")

# What a writer takes. Text is always written as text; only the number types become numbers.
Cell = str | int | float | Decimal | Money | Quantity | dt.date | dt.datetime | None


def guard_text(text: str) -> str:
    """Return the text for a CSV cell: with an apostrophe before what a spreadsheet would run as a formula."""
    return "'" + text if _RUNS.match(text) else text


def unguard_text(text: str) -> str:
    """Return the text that `guard_text` was given: so a file that went out can be mended and sent back as it is."""
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def looks_like_formula(text: str) -> bool:
    """Return whether a spreadsheet would run the text if a person typed it into a cell."""
    return _RUNS.match(text) is not None


def plain_text(value: Cell) -> str:
    """Return a value as a CSV holds it: no thousands separators, a full stop before decimals, ISO dates, rupees for money."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guard_text(value)
    if isinstance(value, Money):
        return f"{Decimal(value.paisa) / 100:.2f}"
    if isinstance(value, Quantity):
        return str(value.count)
    if isinstance(value, dt.date):  # Instants too.
        return value.isoformat()
    return str(value)


def read_text(value: object) -> str:
    """Return a workbook's cell as the text that a person sees in it: 5, not 5.0; 1978-11-16, not a serial number."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet shows; the sixteenth and on are noise of the binary form.
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    return "" if value is None else str(value)
