"""Opening a table that a person sent: told apart by its content, never by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from relief.files.csv_tables import open_csv
from relief.files.table import Table
from relief.files.workbooks import open_workbook
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Excel before 2007, and every workbook with a password.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@contextmanager
def open_table(path: Path, *, sheet: str | None = None) -> Iterator[Table]:
    """Open a CSV file or an Excel workbook for reading.

    Args: sheet: which sheet of a workbook that has several.
    Raises: InvalidInput "file.*", "csv.*", "zip.*", "workbook.*", also while rows are read: a cut shows only at the end.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start == _OLE:
        raise _old_or_locked(path)
    if start.startswith(_ZIP):
        yield open_workbook(path, sheet)
        return
    table, text = open_csv(path)
    with text:
        yield table


def _old_or_locked(path: Path) -> InvalidInput:
    # The names of the streams stand in the directory, which may lie anywhere in a file that is small when it is locked.
    with path.open("rb") as file:
        is_locked = _ENCRYPTED in file.read(64 << 20)
    if is_locked:
        return InvalidInput("workbook.password", N_("The workbook is protected with a password. Save it without one."))
    return InvalidInput(
        "workbook.old_format", N_("This is a workbook of the format before 2007 (.xls). Save it as .xlsx or CSV.")
    )
