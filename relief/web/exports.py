"""Sending a table as a file that a spreadsheet opens with text as text."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from flask import send_file

from relief.files.cells import Cell
from relief.files.writing import write_csv, write_workbook
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.web.access import Answer

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def answer_table(kind: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Answer:
    """Answer with the table as a file of the kind, "csv" or "xlsx". It is written to the disk first: no size fills memory.

    Raises: NotFound "export.no_such_kind", InvalidInput "workbook.too_many_rows".
    """
    if kind not in KINDS:
        raise NotFound("export.no_such_kind", N_("Tables come as CSV and as XLSX."))
    with tempfile.TemporaryDirectory(prefix="relief-") as folder:
        path = Path(folder) / f"table.{kind}"
        if kind == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                write_csv(file, header, rows)
        else:
            write_workbook(path, header, rows, sheet=name)
        content = path.open("rb")  # Read on after the folder is gone: the open file keeps its content.
    day = dt.datetime.now(dt.UTC).date().isoformat()
    return send_file(content, KINDS[kind], as_attachment=True, download_name=f"{name}-{day}.{kind}", etag=False)
