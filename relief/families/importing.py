"""Importing a file of registrations: read in chunks to a staging table, then applied in one unit, whole or not at all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from relief.families.applying import apply_batch, discard_batch
from relief.families.columns import Columns, find_columns
from relief.families.model import BatchState, ImportBatch, Outcome
from relief.families.row_reading import Places, RowReader
from relief.families.staging import Stage
from relief.files.table import Table
from relief.geography.gazetteer import Gazetteer
from relief.geography.locator import Locator
from relief.geography.model import Level
from relief.kernel.dates import local_day
from relief.kernel.errors import InvalidInput, ReliefError
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work

T = TypeVar("T")

_CHUNK_ROWS = 10_000

# Opens a writing unit of the person who imports.
Units = Callable[[], AbstractContextManager[Work]]
# Told how many rows were read, and which share of the file that is, 0 to 1.
Progress = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class ImportFamilies:
    """Import a file under its name; a trial tells what would happen and registers nobody."""

    file_name: str
    is_trial: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended: how many rows had each outcome."""

    batch_id: int
    counts: Mapping[Outcome, int]


def import_families(
    units: Units, opened: AbstractContextManager[Table], command: ImportFamilies, progress: Progress = lambda *_: None
) -> Imported:
    """Import the table and return the counts; `queries.list_import_rows` tells of each row.

    Refused rows change nothing and come back by `rejects`. A file sent again changes nothing: its rows are known by their
    submission id and content. If reading breaks off, nothing of the file is kept but a note that it was refused.

    Raises: ReliefError for a file that cannot be read to its end; Conflict if another import took the same sheets meanwhile.
    """
    batch_id = _begin(units, command)
    try:
        with opened as table, _without_collector():
            _stage(units, batch_id, table, progress)
        with units() as work:
            counts = apply_batch(work, batch_id, is_trial=command.is_trial)
    except ReliefError as error:
        with units() as work:
            discard_batch(work, batch_id, error)
        raise
    except BaseException:
        with units() as work:
            discard_batch(work, batch_id, InvalidInput("import.broken_off", N_("The import was broken off.")))
        raise
    return Imported(batch_id, counts)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows make no cycles, and the collector's walks over everything alive took four tenths of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _begin(units: Units, command: ImportFamilies) -> int:
    with units() as work:
        work.actor.require(Permission.FAMILY_REGISTER)
        batch = ImportBatch(
            file_name=command.file_name,
            state=BatchState.READING,
            started_at=work.at,
            imported_by=int(work.actor.id),
            imported_by_name=work.actor.name,
            header=[],
            counts={},
        )
        work.session.add(batch)
        work.session.flush()
        return batch.id


def _stage(units: Units, batch_id: int, table: Table, progress: Progress) -> None:
    columns = find_columns(table.header)
    stage = Stage(batch_id, columns)
    with units() as work:
        reader = _reader(work, columns)
        stage.note_header(work)
    count = 0
    for rows in _chunks(table.rows()):
        good, bad = reader.read(rows)  # Outside the unit: others may write meanwhile.
        with units() as work:
            stage.add(work, good, bad)
        count += len(rows)
        progress(count, table.share_read())
    if not count:
        raise InvalidInput("file.no_rows", N_("The file has a header and no rows below it."))


def _reader(work: Work, columns: Columns) -> RowReader:
    gazetteer = Gazetteer.load(work)
    allowed = frozenset(
        area.id
        for area in gazetteer.areas.values()
        if area.level is Level.UC and work.actor.may(Permission.FAMILY_REGISTER, area.path)
    )
    return RowReader(columns, Places(gazetteer, Locator.load(work), allowed), on=local_day(work.at))


def _chunks(rows: Iterator[T]) -> Iterator[Sequence[T]]:
    while chunk := list(islice(rows, _CHUNK_ROWS)):
        yield chunk
