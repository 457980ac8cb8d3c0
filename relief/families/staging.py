"""Putting the rows of a file by: good ones to the staging table, those already decided to the outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Table, Text, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute

from relief.families.columns import Columns
from relief.families.entries import COLUMNS, Sheet, rows_of, sheets_of
from relief.families.model import Family, HeldRegistration, ImportBatch, ImportRow, Outcome, StagedRegistration
from relief.families.questions import SUBMISSION
from relief.families.registration import DIFFERENT_CONTENT
from relief.families.row_reading import BadRow, GoodRow
from relief.files.table import Row
from relief.kernel.errors import Problem
from relief.kernel.messages import N_
from relief.store.bulk import insert_rows
from relief.store.columns import canonical_json
from relief.store.work import Work

CELLS = "import_row.cells"

_STAGED = ("batch_id", "row_number", *COLUMNS)
_DECIDED = ("batch_id", "row_number", "outcome", "family_id", "problems", "cells_sealed")


@dataclass(frozen=True, slots=True)
class _Known:
    """A sheet that came before: with its family, or in an earlier row of the same file."""

    content_index: bytes
    family_id: int | None = None
    row_number: int | None = None


class Stage:
    """The staging of one file. A sheet that came before, in this file or another, is told apart here and not staged again."""

    def __init__(self, batch_id: int, columns: Columns) -> None:
        self._batch_id, self._columns = batch_id, columns
        # The sheets of this file that were taken so far: about 30 MB for 186,331 rows.
        self._seen: dict[str, _Known] = {}

    def note_header(self, work: Work) -> None:
        """Keep the header of the file, for the file of its refused rows."""
        work.session.execute(
            update(ImportBatch).where(ImportBatch.id == self._batch_id).values(header=list(self._columns.header))
        )

    def add(self, work: Work, good: Sequence[GoodRow], bad: Sequence[BadRow]) -> None:
        """Put some rows by."""
        sheets = sheets_of(work.keys, [row.entry for row in good])
        known = _find_known(work, sheets)
        fresh: list[tuple[int, Sheet]] = []
        repeated: list[tuple[object, ...]] = []
        refused = list(bad)
        for one, sheet in zip(good, sheets, strict=True):
            earlier = known.get(sheet.submission_id) or self._seen.get(sheet.submission_id)
            if earlier is None:
                self._seen[sheet.submission_id] = _Known(sheet.content_index, row_number=one.row.number)
                fresh.append((one.row.number, sheet))
            elif earlier.content_index == sheet.content_index:
                repeated.append(self._repeated(one.row, earlier))
            else:
                problem = Problem(SUBMISSION.name, "submission.exists_with_different_content", DIFFERENT_CONTENT)
                refused.append(BadRow(one.row, (problem,)))
        self._stage(work, fresh)
        insert_rows(work, _DECIDED_TABLE, _DECIDED, [*repeated, *self._refused(work, refused)])

    def _stage(self, work: Work, fresh: Sequence[tuple[int, Sheet]]) -> None:
        rows = rows_of(work.keys, [sheet for _number, sheet in fresh])
        numbered = ((self._batch_id, number, *row) for (number, _sheet), row in zip(fresh, rows, strict=True))
        insert_rows(work, _STAGED_TABLE, _STAGED, numbered)

    def _repeated(self, row: Row, earlier: _Known) -> tuple[object, ...]:
        problems = None  # A sheet of an earlier file: nothing more to say, and whole files are sent twice.
        if earlier.row_number is not None:
            message = N_("This is the same sheet as in row %(row)s.")
            problem = Problem(SUBMISSION.name, "submission.known", message, {"row": earlier.row_number})
            problems = [self._described(problem)]
        return (self._batch_id, row.number, Outcome.REPEATED, earlier.family_id, problems, None)

    def _refused(self, work: Work, bad: Sequence[BadRow]) -> list[tuple[object, ...]]:
        cells = work.keys.seal_many((canonical_json(one.row.cells) for one in bad), CELLS)
        return [
            (self._batch_id, one.row.number, Outcome.REFUSED, None, [self._described(problem) for problem in one.problems], sealed)
            for one, sealed in zip(bad, cells, strict=True)
        ]  # fmt: skip

    def _described(self, problem: Problem) -> dict[str, object]:
        column = self._columns.column_of(problem.field) if problem.field else ""
        return {"column": column, "code": problem.code, "message": problem.message, "params": dict(problem.params)}


def _find_known(work: Work, sheets: Sequence[Sheet]) -> dict[str, _Known]:
    """Return the content and family of the sheets that were taken before this file."""
    ids = [sheet.submission_id for sheet in sheets]
    known: dict[str, _Known] = {}
    for columns in (
        (HeldRegistration.submission_id, HeldRegistration.content_index, HeldRegistration.family_id),
        (Family.submission_id, Family.content_index, Family.id),
    ):
        rows = work.session.execute(select(*columns).where(_is_among(work, columns[0], ids)))
        known.update((row[0], _Known(bytes(row[1]), row[2])) for row in rows)
    return known


def _is_among(work: Work, column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition with all the values in one parameter: ten thousand single ones take longer than the search.

    As rows, not as `= ANY`: a prepared statement compares each row of the table with the whole array.
    """
    if work.dialect == "postgresql":
        return column.in_(select(func.unnest(literal(values, ARRAY(Text)))))
    listed = func.json_each(canonical_json(values)).table_valued("value")
    return column.in_(select(listed.c.value))


_STAGED_TABLE = cast(Table, StagedRegistration.__table__)
_DECIDED_TABLE = cast(Table, ImportRow.__table__)
