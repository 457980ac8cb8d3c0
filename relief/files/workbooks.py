"""Reading Excel workbooks by calamine, after a look inside that keeps it within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from relief.files.cells import read_text
from relief.files.table import Table
from relief.files.zips import GuardedZip
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

# Calamine holds a sheet as a full rectangle of 32 bytes a cell from its first to its last cell, whatever lies between: two
# cells in opposite corners end the process. So the corner is looked for first. Larger tables come as CSV, which has no limit.
MOST_CELLS = 16_000_000
_USUAL_COLUMNS, _USUAL_ROWS = 104, 299_999
_FAR_CELL = re.compile(rb"\sr\s*=\s*[\"'](?:[A-Za-z]{3,}\d|[D-Zd-z][A-Za-z]\d|[A-Za-z]*(?:[3-9]\d{5}|\d{7,})[\"'])")
_CELL = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]*)(\d+)[\"']")
_OVERLAP = 64  # A cell's address may lie across two chunks.
_WORKSHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)


class SheetTable(Table):
    """One sheet of a workbook."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._height = max(sheet.total_height, 1)
        self._read = 0
        self._rows: Iterator[list[Any]] = sheet.iter_rows()
        header: list[str] = []
        for row in self._rows:  # Some leave rows free above the table.
            self._read += 1
            header = [read_text(value) for value in row]
            if any(header):
                break
        super().__init__(header, header_row=self._read)

    def _records(self) -> Iterator[list[str]]:
        for row in self._rows:
            self._read += 1
            yield [value if type(value) is str else read_text(value) for value in row]

    def share_read(self) -> float:
        """Return how much of the sheet was read so far, 0 to 1."""
        return min(1.0, self._read / self._height)


def open_workbook(path: Path, sheet: str | None) -> SheetTable:
    """Return the sheet of that name, or the only one that holds something.

    Raises: InvalidInput "workbook.*", "zip.*".
    """
    _check_workbook(GuardedZip(path))
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            return SheetTable(_sheet_of(workbook, sheet))
    except CalamineError as error:
        raise _unreadable() from error
    except BaseException as error:
        # A panic of the Rust library reaches Python as a bare BaseException that cannot be named in an except clause.
        if type(error).__name__ == "PanicException":
            raise _unreadable() from error
        raise


def _check_workbook(opened: GuardedZip) -> None:
    names = {name.lower() for name in opened.names}
    if "xl/vbaproject.bin" in names:
        raise InvalidInput("workbook.macros", N_("This workbook holds macros. Save it as .xlsx, which has none."))
    if "xl/workbook.bin" in names:
        raise InvalidInput("workbook.binary", N_("This is a binary workbook (.xlsb). Save it as .xlsx or CSV."))
    if "xl/workbook.xml" not in names:
        raise InvalidInput("workbook.none", N_("This zip is not an Excel workbook. Send a .xlsx or CSV file."))
    for name in opened.names:
        if _WORKSHEET.fullmatch(name):
            _check_extent(opened, name)
        else:
            for _chunk in opened.chunks(name):
                pass


def _check_extent(opened: GuardedZip, name: str) -> None:
    """Refuse a sheet whose cells span a larger rectangle than memory should hold."""
    is_usual = True
    for chunk in _overlapping(opened.chunks(name)):
        is_usual = is_usual and _FAR_CELL.search(chunk) is None
    if is_usual:
        return  # At most 104 columns and 299,999 rows.
    columns, rows = _extent(opened, name)
    if columns * rows > MOST_CELLS:
        raise InvalidInput(
            "workbook.too_large",
            N_(
                "The sheet spans %(rows)s rows and %(columns)s columns. Delete stray cells far from the table, split it, or send it"
                " as CSV."
            ),
            rows=rows,
            columns=columns,
        )


def _extent(opened: GuardedZip, name: str) -> tuple[int, int]:
    rows, letters = 1, {b"A"}
    for chunk in _overlapping(opened.chunks(name)):
        found = _CELL.findall(chunk)
        rows = max([rows, *(int(digits) for _column, digits in found)])
        letters.update(column.upper() for column, _digits in found if column)
    return max(_column_number(column) for column in letters), rows


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _overlapping(chunks: Iterator[bytes]) -> Iterator[bytes]:
    tail = b""
    for chunk in chunks:
        yield tail + chunk
        tail = (tail + chunk)[-_OVERLAP:]


def _sheet_of(workbook: CalamineWorkbook, wanted: str | None) -> CalamineSheet:
    names = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]
    if wanted is not None:
        if wanted not in names:
            raise InvalidInput(
                "workbook.no_such_sheet",
                N_("The workbook has no sheet named %(wanted)s. It has: %(names)s."),
                wanted=wanted,
                names=", ".join(names),
            )
        return workbook.get_sheet_by_name(wanted)
    filled = [sheet for sheet in map(workbook.get_sheet_by_name, names) if sheet.height]
    if not filled:
        raise InvalidInput("file.empty", N_("The file is empty."))
    if len(filled) > 1:
        raise InvalidInput(
            "workbook.which_sheet",
            N_("The workbook has several sheets: %(names)s. Say which one to read."),
            names=", ".join(sheet.name for sheet in filled),
        )
    return filled[0]


def _unreadable() -> InvalidInput:
    return InvalidInput(
        "workbook.unreadable",
        N_("The workbook is damaged. Open it in a spreadsheet, save it as .xlsx and send it again."),
    )
