"""Writing tables that a spreadsheet opens with text as text."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import xlsxwriter

from relief.files.cells import Cell, looks_like_formula, plain_text
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity

BYTE_ORDER_MARK = "\ufeff"  # Without it Excel reads Urdu and Sindhi as Windows letters.
_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767


def write_csv(stream: TextIO, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a table as CSV in UTF-8 with its mark; return how many rows there were.

    Text that a spreadsheet would run gets an apostrophe before it; our own reader takes it off again.
    """
    stream.write(BYTE_ORDER_MARK)
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([plain_text(name) for name in header])
    count = 0
    for row in rows:
        writer.writerow([plain_text(value) for value in row])
        count += 1
    return count


def write_workbook(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, sheet: str) -> int:
    """Write a table as one sheet of an .xlsx file, in constant memory; return how many rows there were.

    Text is stored as text, whatever it looks like: a name `=HYPERLINK(...)` is a name. Money is in rupees.
    Raises: InvalidInput "workbook.too_many_rows".
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    count = 0
    with xlsxwriter.Workbook(path, options) as workbook:
        page = workbook.add_worksheet(sheet[:31])
        page.freeze_panes(1, 0)
        pen = _Pen(workbook)
        pen.write_row(page, 0, header)
        for count, row in enumerate(rows, 1):
            if count >= _MOST_ROWS:
                raise InvalidInput(
                    "workbook.too_many_rows", N_("A sheet holds at most 1,048,575 rows. Ask for the table as CSV.")
                )
            pen.write_row(page, count, row)
    return count


class _Pen:
    """Writes values by their type, with the formats of one workbook."""

    def __init__(self, workbook: Any) -> None:
        # The quote prefix keeps a cell text also after a person edits it.
        self._guarded = workbook.add_format({"quote_prefix": True})
        self._money = workbook.add_format({"num_format": "#,##0.00"})
        self._day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self._instant = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})

    def write_row(self, page: Any, row: int, values: Sequence[Cell]) -> None:
        for column, value in enumerate(values):
            if isinstance(value, str):
                if value:
                    style = self._guarded if looks_like_formula(value) else None
                    page.write_string(row, column, value[:_LONGEST_CELL], style)
            elif value is not None:
                self._write_value(page, row, column, value)

    def _write_value(self, page: Any, row: int, column: int, value: Cell) -> None:
        if isinstance(value, Money):
            page.write_number(row, column, float(Decimal(value.paisa) / 100), self._money)
        elif isinstance(value, Quantity):
            page.write_number(row, column, value.count)
        elif isinstance(value, dt.datetime):
            # A sheet knows no zones: instants are written as UTC, as everywhere in our files.
            page.write_datetime(row, column, value.astimezone(dt.UTC).replace(tzinfo=None), self._instant)
        elif isinstance(value, dt.date):
            page.write_datetime(row, column, dt.datetime.combine(value, dt.time()), self._day)
        else:
            page.write_number(row, column, value)
