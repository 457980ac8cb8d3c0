"""Applying a staged file: deciding all its rows in a few statements, and registering them in one unit."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from sqlalchemy import delete, func, select

from relief.audit.trail import Deed, record
from relief.families.entries import COLUMNS
from relief.families.model import BatchState, ImportBatch, ImportRow, Outcome, StagedRegistration
from relief.families.numbering import last_number
from relief.families.registration import SEGMENT
from relief.families.sealing import import_digest
from relief.geography.model import Area
from relief.kernel.errors import Conflict, ReliefError
from relief.kernel.messages import N_
from relief.store.statement import Statement
from relief.store.work import Work

_FACTS = ", ".join(COLUMNS)
_STAGED_FACTS = ", ".join(f"s.{name}" for name in COLUMNS)

# Between staging and this unit another import may have taken the same sheets.
_TAKEN_MEANWHILE = Statement(
    "SELECT s.row_number FROM staged_registration s WHERE s.batch_id = :batch AND (s.submission_id IN"
    " (SELECT submission_id FROM family) OR s.submission_id IN (SELECT submission_id FROM held_registration)) LIMIT 1"
)
_HOLD_KNOWN_CNICS = Statement(
    "UPDATE staged_registration SET outcome = 'held', family_id = family.id FROM family"
    " WHERE staged_registration.batch_id = :batch AND family.cnic_index = staged_registration.cnic_index"
)
# The first row with a CNIC is registered, those after it wait for a person.
_HOLD_TWINS = Statement(
    "UPDATE staged_registration SET outcome = 'held' WHERE batch_id = :batch AND row_number IN (SELECT row_number FROM"
    " (SELECT row_number, ROW_NUMBER() OVER (PARTITION BY cnic_index ORDER BY row_number) AS turn FROM staged_registration"
    "  WHERE batch_id = :batch AND outcome IS NULL AND cnic_index IS NOT NULL) numbered WHERE turn > 1)"
)
_REGISTER = Statement(
    f"INSERT INTO family (number, state, registered_at, registered_by, import_batch_id, version, {_FACTS})"
    f" SELECT :last_number + ROW_NUMBER() OVER (ORDER BY s.row_number), 'active', b.finished_at, b.imported_by, b.id, 1,"
    f" {_STAGED_FACTS} FROM staged_registration s JOIN import_batch b ON b.id = s.batch_id"
    " WHERE s.batch_id = :batch AND s.outcome IS NULL ORDER BY s.row_number"
)
_FIND_TWINS = Statement(
    "UPDATE staged_registration SET family_id = family.id FROM family WHERE staged_registration.batch_id = :batch"
    " AND staged_registration.outcome = 'held' AND staged_registration.family_id IS NULL"
    " AND family.cnic_index = staged_registration.cnic_index"
)
_HOLD = Statement(
    f"INSERT INTO held_registration (family_id, held_at, held_by, import_batch_id, state, decision_reason, {_FACTS})"
    f" SELECT s.family_id, b.finished_at, b.imported_by, b.id, 'waiting', '', {_STAGED_FACTS} FROM staged_registration s"
    " JOIN import_batch b ON b.id = s.batch_id WHERE s.batch_id = :batch AND s.outcome = 'held' ORDER BY s.row_number"
)
_NOTE_OUTCOMES = Statement(
    "INSERT INTO import_row (batch_id, row_number, outcome, family_id, problems)"
    " SELECT s.batch_id, s.row_number,"
    " COALESCE(s.outcome, CASE WHEN s.flags IS NULL THEN 'registered' ELSE 'registered_with_warning' END),"
    " COALESCE(s.family_id, f.id), CASE WHEN s.outcome IS NULL THEN s.flags END"
    " FROM staged_registration s LEFT JOIN family f ON f.submission_id = s.submission_id WHERE s.batch_id = :batch"
)


def apply_batch(work: Work, batch_id: int, *, is_trial: bool) -> dict[Outcome, int]:
    """Decide every staged row, register what may be, and return how many rows had each outcome.

    Raises: Conflict "import.taken_meanwhile".
    """
    batch = work.session.get_one(ImportBatch, batch_id)
    batch.finished_at = work.at
    work.session.flush()
    about = {"batch": batch_id}
    number = last_number(work)
    if _TAKEN_MEANWHILE.row(work, about) is not None:
        raise Conflict(
            "import.taken_meanwhile",
            N_(
                "Another import took sheets of this file meanwhile. Send the file again: what is here will be passed over."
            ),
        )
    _HOLD_KNOWN_CNICS.run(work, about)
    _HOLD_TWINS.run(work, about)
    if not is_trial:
        _REGISTER.run(work, {**about, "last_number": number})
        _FIND_TWINS.run(work, about)
        _HOLD.run(work, about)
    _NOTE_OUTCOMES.run(work, about)
    batch.area_path = _common_path(work, batch_id)
    counts = _count(work, batch_id)
    _clear_stage(work, batch_id)
    batch.counts = {str(outcome): count for outcome, count in counts.items()}
    batch.state = BatchState.TRIED if is_trial else BatchState.APPLIED
    if not is_trial:
        digest = import_digest(work, batch_id)
        deed = Deed("families.imported", "import_batch", batch_id, None, dict(batch.counts), SEGMENT, digest)
        record(work, deed)
    return counts


def discard_batch(work: Work, batch_id: int, why: ReliefError) -> None:
    """Remove all that was put by of a file which could not be read or applied, and note why."""
    _clear_stage(work, batch_id)
    work.session.execute(delete(ImportRow).where(ImportRow.batch_id == batch_id))
    batch = work.session.get_one(ImportBatch, batch_id)
    batch.state, batch.finished_at = BatchState.FAILED, work.at
    params: Mapping[str, object] = {name: str(value) for name, value in why.params.items()}
    batch.failure = {"code": why.code, "message": why.message, "params": params}


def _count(work: Work, batch_id: int) -> dict[Outcome, int]:
    rows = work.session.execute(
        select(ImportRow.outcome, func.count()).where(ImportRow.batch_id == batch_id).group_by(ImportRow.outcome)
    )
    found = {row[0]: row[1] for row in rows}
    return {outcome: found.get(outcome, 0) for outcome in Outcome}


def _clear_stage(work: Work, batch_id: int) -> None:
    work.session.execute(delete(StagedRegistration).where(StagedRegistration.batch_id == batch_id))


def _common_path(work: Work, batch_id: int) -> str | None:
    """Return the path of the smallest area in which all the staged rows lie."""
    paths = work.session.scalars(
        select(Area.path)
        .where(Area.id.in_(select(StagedRegistration.uc_id).where(StagedRegistration.batch_id == batch_id)))
        .order_by(Area.path)
    ).all()
    return posixpath.join(posixpath.commonpath(paths), "") if paths else None
