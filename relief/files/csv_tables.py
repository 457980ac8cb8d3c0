"""Reading CSV as it comes: any usual encoding and separator, and never a row less than the file holds."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from relief.files.cells import unguard_text
from relief.files.encodings import encoding_of
from relief.files.table import Table
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

_SEPARATORS = ",;\t|"
_DIRECTIVE = "sep="
_LONGEST_HEADER = 1 << 17


class CsvTable(Table):
    """A CSV file, read row by row: memory does not grow with the file."""

    def __init__(self, file: TextIO, separator: str, *, size: int) -> None:
        self._file, self._size = file, max(size, 1)
        self._last_line = ""
        # Strict: an open quotation mark otherwise swallows the rest of the file, and its families, into one cell.
        self._reader = csv.reader(self._lines(), delimiter=separator, strict=True)
        self._number = 0
        super().__init__([unguard_text(name) for name in self._next_record() or []], header_row=1)

    def _lines(self) -> Iterator[str]:
        for line in self._file:
            self._last_line = line
            yield line

    def _next_record(self) -> list[str] | None:
        try:
            record = next(self._reader, None)
        except csv.Error as error:
            raise self._broken(error) from error
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from error
        if record is not None:
            self._number += 1
        return record

    def _records(self) -> Iterator[list[str]]:
        width, last_width = len(self.header), 0
        while (record := self._next_record()) is not None:
            # Apostrophes are rare: one look at the joined row spares thirty-seven at its cells.
            yield [unguard_text(cell) for cell in record] if "'" in "".join(record) else record
            last_width = len(record) or last_width
        if 0 < last_width < width and not self._last_line.endswith(("\n", "\r")):
            raise self._cut()

    def share_read(self) -> float:
        """Return how much of the file was read so far, 0 to 1."""
        return min(1.0, self._file.buffer.tell() / self._size)

    def _cut(self) -> InvalidInput:
        return InvalidInput(
            "file.cut",
            N_("The file ends in the middle of row %(row)s: it was cut on its way. Fetch it again."),
            row=self._number,
        )

    def _undecodable(self, error: UnicodeDecodeError) -> InvalidInput:
        if error.reason in ("unexpected end of data", "truncated data"):
            return self._cut()
        return InvalidInput(
            "file.text_damaged", N_("Near line %(line)s the text is damaged. Export it again."), line=self._number + 1
        )

    def _broken(self, error: csv.Error) -> InvalidInput:
        if "unexpected end of data" in str(error):
            return InvalidInput(
                "csv.open_quote",
                N_(
                    "A quotation mark opened near row %(row)s is never closed. The file was cut on its way, or the mark must be"
                    " written twice."
                ),
                row=self._number + 1,
            )
        return InvalidInput(
            "csv.malformed",
            N_(
                "Row %(row)s cannot be read: a quotation mark stands in the middle of a cell, or a cell is far too long."
            ),
            row=self._number + 1,
        )


def open_csv(path: Path) -> tuple[CsvTable, TextIO]:
    """Return the table and the file to close after it."""
    encoding = encoding_of(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        separator, has_directive = _separator_of(file.read(_LONGEST_HEADER))
    file = path.open(encoding=encoding, newline="")
    try:
        if has_directive:
            file.readline()
        return CsvTable(file, separator, size=path.stat().st_size), file
    except BaseException:
        file.close()
        raise


def _separator_of(start: str) -> tuple[str, bool]:
    """Return the separator of the header, and whether Excel's own line "sep=;" names it before."""
    first = start.split("\n", 1)[0].strip().strip('"')
    if first.lower().startswith(_DIRECTIVE) and len(first) == len(_DIRECTIVE) + 1:
        return first[-1], True
    counts = dict.fromkeys(_SEPARATORS, 0)
    quoted = False
    for character in start:
        if character == '"':
            quoted = not quoted
        elif not quoted and character in "\r\n":
            break
        elif not quoted and character in counts:
            counts[character] += 1
    return max(_SEPARATORS, key=lambda separator: counts[separator]), False
