"""The refused rows of a file, to be mended and sent again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from relief.audit.trail import Deed, record
from relief.families.columns import REFUSED_COLUMN, REFUSED_REASON
from relief.families.import_queries import BatchRecord, get_batch
from relief.families.model import ImportRow, Outcome
from relief.families.registration import SEGMENT
from relief.families.staging import CELLS
from relief.kernel.actor import Actor
from relief.kernel.errors import Forbidden, NotFound, Problem
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work

# Turns a problem into a sentence, in the language of the reader.
Speak = Callable[[Problem], str]


@dataclass(frozen=True, slots=True)
class Rejects:
    """A table of the refused rows as they were sent, each with the column and the reason behind its own cells."""

    file_name: str
    header: tuple[str, ...]
    rows: Iterator[list[str]]


def take_rejects(work: Work, batch_id: int, speak: Speak = str) -> Rejects:
    """Return the refused rows of an import, to be read while the unit is open; the look at the numbers in them is recorded.

    Whoever sent the file may have them back; others need to be allowed to see CNICs there.
    Raises: NotFound; Forbidden.
    """
    batch = get_batch(work, batch_id)
    if not may_take_rejects(work.actor, batch):
        raise Forbidden("access.forbidden", N_("Only the person who sent this file may have its rows."))
    if not batch.counts.get(Outcome.REFUSED):
        raise NotFound("import.no_refused_rows", N_("No row of this file was refused."))
    record(work, Deed("import.rejects_taken", "import_batch", batch_id, segment=SEGMENT))
    kept = [n for n, column in enumerate(batch.header) if column not in (REFUSED_COLUMN, REFUSED_REASON)]
    header = (*(batch.header[n] for n in kept), REFUSED_COLUMN, REFUSED_REASON)
    return Rejects(batch.file_name, header, _rows(work, batch, kept, speak))


def may_take_rejects(actor: Actor, batch: BatchRecord) -> bool:
    """Return whether the actor sent the file, or may see CNICs in all of its area."""
    if batch.imported_by == actor.id:
        return True
    return batch.area_path is not None and actor.may(Permission.FAMILY_READ_IDENTITY, batch.area_path)


def _rows(work: Work, batch: BatchRecord, kept: list[int], speak: Speak) -> Iterator[list[str]]:
    width = len(batch.header)
    rows = work.session.execute(
        select(ImportRow.cells_sealed, ImportRow.problems)
        .where(ImportRow.batch_id == batch.id, ImportRow.outcome == Outcome.REFUSED)
        .order_by(ImportRow.row_number),
        execution_options={"yield_per": 5_000},
    )
    for sealed, stored in rows:
        cells: list[str] = json.loads(work.keys.unseal(sealed, CELLS))
        problems = [Problem(one["column"], one["code"], one["message"], one["params"]) for one in stored]
        columns = " | ".join(dict.fromkeys(problem.field for problem in problems if problem.field))
        reasons = " | ".join(speak(problem) for problem in problems)
        # What a row had beyond the header stays beyond it, so that it does not slip into a column.
        yield [*(cells[n] for n in kept), columns, reasons, *cells[width:]]
