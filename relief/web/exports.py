"""Sending a table as a file that a spreadsheet opens with text as text."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from flask import Response

from relief.files.cells import Cell
from relief.files.writing import write_csv, write_workbook
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.web.access import Answer

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PIECE = 2**18


def answer_table(kind: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Answer:
    """Answer with the table as a file of the kind, "csv" or "xlsx". It is written to the disk first: no size fills memory.

    Raises: NotFound "export.no_such_kind", InvalidInput "workbook.too_many_rows".
    """
    if kind not in KINDS:
        raise NotFound("export.no_such_kind", N_("Tables come as CSV and as XLSX."))
    folder = Path(tempfile.mkdtemp(prefix="relief-"))
    remove = partial(shutil.rmtree, folder, ignore_errors=True)
    path = folder / f"table.{kind}"
    try:
        if kind == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                write_csv(file, header, rows)
        else:
            write_workbook(path, header, rows, sheet=name)
    except BaseException:
        remove()
        raise
    response = Response(_pieces(path, remove), content_type=KINDS[kind])
    response.call_on_close(remove)  # Also where nobody waits for the file any more.
    day = dt.datetime.now(dt.UTC).date().isoformat()
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-{day}.{kind}")
    response.content_length = path.stat().st_size
    return response


def _pieces(path: Path, remove: Callable[[], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
    remove()
