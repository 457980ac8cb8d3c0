"""What goes wrong, or only looks odd, in files from the field: each fault with what must become of the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Cells = dict[str, str]
# Puts the fault into a row: given the row, an earlier row to refer to, and a number to vary by.
Apply = Callable[[Cells, Cells, int], None]

_URDU_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True, slots=True)
class Fault:
    """One class of rows."""

    expect: str
    why: str
    apply: Apply
    needs_model: bool = False


def _set(column: str, *choices: str) -> Apply:
    def apply(row: Cells, _model: Cells, n: int) -> None:
        row[column] = choices[n % len(choices)]

    return apply


def _change(column: str, change: Callable[[str], str]) -> Apply:
    def apply(row: Cells, _model: Cells, _n: int) -> None:
        row[column] = change(row[column])

    return apply


def _clear(*columns: str) -> Apply:
    def apply(row: Cells, _model: Cells, _n: int) -> None:
        row.update(dict.fromkeys(columns, ""))

    return apply


def _lost_card(row: Cells, _model: Cells, _n: int) -> None:
    row["head/cnic"], row["head/cnic_lost_verified_by"] = "", f"LSO president, {row['location/uc']}"


def _letter_o(row: Cells, _model: Cells, n: int) -> None:
    cnic = row["head/cnic"]
    place = 6 + n % 7
    row["head/cnic"] = cnic[:place] + "O" + cnic[place + 1 :]


def _lahore(row: Cells, _model: Cells, _n: int) -> None:
    row["location/gps"] = "31.582045 74.329376 10 5"
    row["_location/gps_latitude"], row["_location/gps_longitude"] = "31.582045", "74.329376"


def _one_more(text: str) -> str:
    return str(int(text) + 3)


def _same_cnic(row: Cells, model: Cells, _n: int) -> None:
    row["head/cnic"] = model["head/cnic"].replace("-", "")


def _same_person(row: Cells, model: Cells, _n: int) -> None:
    for column in model:
        if column.startswith(("location/", "_location/", "head/", "household/")):
            row[column] = model[column]
    row["head/name"] = model["head/name"].replace("Ahmed", "Ahmad").replace("Bux", "Bakhsh")
    row["head/cnic"] = model["head/cnic"].replace("-", "")


def _same_sheet(row: Cells, model: Cells, _n: int) -> None:
    row.update(model)


def _other_content(row: Cells, model: Cells, _n: int) -> None:
    row["_uuid"] = model["_uuid"]


def _slip_in_cnic(row: Cells, model: Cells, n: int) -> None:
    _same_person(row, model, n)
    # The eight keeps the number apart from every other invented one.
    row["head/cnic"] = "98" + model["head/cnic"].replace("-", "")[2:]


def _day_first(text: str) -> str:
    year, month, day = text.split("-")
    return f"{day}/{month}/{year}"


FAULTS = (
    Fault("ok", "UC in capitals with a trailing space", _change("location/uc", lambda name: name.upper() + " ")),
    Fault("ok", "cnic without dashes", _change("head/cnic", lambda cnic: cnic.replace("-", ""))),
    Fault("ok", "phone with country code", _change("head/phone", lambda p: f"+92 {p[1:4]} {p[5:]}")),
    Fault("ok", "phone that lost its leading zero", _change("head/phone", lambda p: p.replace("-", "")[1:])),
    Fault("ok", "no GPS", _clear("location/gps", "_location/gps_latitude", "_location/gps_longitude")),
    Fault("ok", "GPS in one column only", _clear("_location/gps_latitude", "_location/gps_longitude")),
    Fault("ok", "cnic in Urdu digits", _change("head/cnic", lambda cnic: cnic.translate(_URDU_DIGITS))),
    Fault("ok", "zero-width and direction marks round the cnic", _change("head/cnic", lambda c: f"\u200b {c}\u200f ")),
    Fault("ok", "birth date as dd/mm/yyyy", _change("head/birth_date", _day_first)),
    Fault("ok", "no birth date", _clear("head/birth_date")),
    Fault("ok", "cnic lost in the flood, verified by the LSO", _lost_card),
    Fault("ok", "same family with a slip in the cnic: told apart later", _slip_in_cnic, needs_model=True),
    Fault(
        "ok", "hostile name: kept as text, shown as text, never run",
        _set("head/name", "<script>alert(1)</script>", '=HYPERLINK("http://x.test","pay")', "+cmd|' /C calc'!A0",
             "${7*7}{{7*7}}", "@SUM(A1)", "-2+3", "'; DROP TABLE family; --", "Robert\tTabs", "%(name)s %s %d"),
    ),
    Fault("refuse", "no cnic and nobody who verified the family", _clear("head/cnic")),
    Fault("refuse", "letter O in the cnic", _letter_o),
    Fault("refuse", "cnic with 12 digits", _change("head/cnic", lambda cnic: cnic.replace("-", "")[:12])),
    Fault("refuse", "cnic rounded by a spreadsheet", _set("head/cnic", "4.13025E+12", "4,13025E+12", "4.13e12")),
    Fault("refuse", "unknown UC", _set("location/uc", "Chak 999 Nowhere")),
    Fault("refuse", "impossible family size", _set("household/size", "0", "-3", "640", "abc")),
    Fault("refuse", "size is not the sum of its parts", _change("household/size", _one_more)),
    Fault("refuse", "impossible birth date", _set("head/birth_date", "31/02/1980", "2095-01-01", "yesterday", "1780-01-01")),
    Fault("refuse", "no name", _set("head/name", "  ", "", "\u200b")),
    Fault("refuse", "poverty score above 100", _set("psc_score", "140", "101", "-1")),
    Fault("refuse", "no consent", _set("consent", "no", "")),
    Fault("refuse", "same _uuid, other content", _other_content, needs_model=True),
    Fault("flag", "GPS lies in Lahore", _lahore),
    Fault("duplicate", "another person under the same cnic", _same_cnic, needs_model=True),
    Fault("duplicate", "the same person registered again, same cnic", _same_person, needs_model=True),
    Fault("repeat", "same _uuid and content as another row", _same_sheet, needs_model=True),
)  # fmt: skip
