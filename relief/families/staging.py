"""Putting the rows of a file by: good ones to the staging table, those already decided to the outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, select, update

from relief.families.columns import Columns
from relief.families.entries import COLUMNS, Entry, Mark, marks_of, rows_of
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
        marks = marks_of(work.keys, [row.entry for row in good])
        known = _find_known(work, marks)
        fresh: list[tuple[int, Entry, Mark]] = []
        repeated: list[tuple[object, ...]] = []
        refused = list(bad)
        for one, mark in zip(good, marks, strict=True):
            earlier = known.get(mark.submission_id) or self._seen.get(mark.submission_id)
            if earlier is None:
                self._seen[mark.submission_id] = _Known(mark.content_index, row_number=one.row.number)
                fresh.append((one.row.number, one.entry, mark))
            elif earlier.content_index == mark.content_index:
                repeated.append(self._repeated(one.row, earlier))
            else:
                problem = Problem(SUBMISSION.name, "submission.exists_with_different_content", DIFFERENT_CONTENT)
                refused.append(BadRow(one.row, (problem,)))
        self._stage(work, fresh)
        insert_rows(work, _DECIDED_TABLE, _DECIDED, [*repeated, *self._refused(work, refused)])

    def _stage(self, work: Work, fresh: Sequence[tuple[int, Entry, Mark]]) -> None:
        entries, marks = [entry for _n, entry, _m in fresh], [mark for _n, _e, mark in fresh]
        rows = rows_of(work.keys, entries, marks)
        numbered = ((self._batch_id, one[0], *row) for one, row in zip(fresh, rows, strict=True))
        insert_rows(work, _STAGED_TABLE, _STAGED, numbered)

    def _repeated(self, row: Row, earlier: _Known) -> tuple[object, ...]:
        if earlier.row_number is None:
            problem = Problem(SUBMISSION.name, "submission.known", N_("This sheet was sent before."))
        else:
            message = N_("This is the same sheet as in row %(row)s.")
            problem = Problem(SUBMISSION.name, "submission.known", message, {"row": earlier.row_number})
        return (self._batch_id, row.number, Outcome.REPEATED, earlier.family_id, [self._described(problem)], None)

    def _refused(self, work: Work, bad: Sequence[BadRow]) -> list[tuple[object, ...]]:
        cells = work.keys.seal_many((canonical_json(one.row.cells) for one in bad), CELLS)
        return [
            (self._batch_id, one.row.number, Outcome.REFUSED, None, [self._described(problem) for problem in one.problems], sealed)
            for one, sealed in zip(bad, cells, strict=True)
        ]  # fmt: skip

    def _described(self, problem: Problem) -> dict[str, object]:
        column = self._columns.column_of(problem.field) if problem.field else ""
        return {"column": column, "code": problem.code, "message": problem.message, "params": dict(problem.params)}


def _find_known(work: Work, marks: Sequence[Mark]) -> dict[str, _Known]:
    """Return the content and family of the sheets that were taken before this file."""
    ids = [mark.submission_id for mark in marks]
    known: dict[str, _Known] = {}
    for columns in (
        (HeldRegistration.submission_id, HeldRegistration.content_index, HeldRegistration.family_id),
        (Family.submission_id, Family.content_index, Family.id),
    ):
        rows = work.session.execute(select(*columns).where(columns[0].in_(ids)))
        known.update((row[0], _Known(bytes(row[1]), row[2])) for row in rows)
    return known


_STAGED_TABLE = cast(Table, StagedRegistration.__table__)
_DECIDED_TABLE = cast(Table, ImportRow.__table__)
