"""Reading imports and held registrations, within the areas that the actor may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import aliased

from relief.families.columns import Columns, find_columns
from relief.families.entries import facts_from, unseal_cnic, unseal_phone
from relief.families.model import BatchState, Family, HeldRegistration, HeldState, ImportBatch, ImportRow, Outcome
from relief.families.queries import FamilyRecord, Page, get_family, read_flags
from relief.families.rules import Registration
from relief.geography.model import Area
from relief.geography.queries import AreaRecord, get_area
from relief.kernel.codes import FamilyCode
from relief.kernel.errors import NotFound, Problem
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work

SAME_CNIC = N_("Another family has this CNIC. A coordinator decides whether it is the same family.")

KNOWN_SHEET = N_("This sheet was sent before.")


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One file as it was imported."""

    id: int
    file_name: str
    state: BatchState
    started_at: dt.datetime
    finished_at: dt.datetime | None
    imported_by: int
    imported_by_name: str
    header: tuple[str, ...]
    area_path: str | None
    counts: Mapping[Outcome, int]
    failure: Problem | None

    @property
    def rows(self) -> int:
        """How many rows below the header the file had."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class RowRecord:
    """What became of one row; `problems` say why, the column first. A family of another area is not named."""

    row_number: int
    outcome: Outcome
    family_id: int | None
    code: FamilyCode | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A registration that waits for a person, beside the family that has its CNIC."""

    id: int
    head_name: str
    head_name_local: str | None
    father_name: str | None
    village: str
    held_at: dt.datetime
    held_by: int
    state: HeldState
    decision_reason: str
    import_batch_id: int | None
    registered_family_id: int | None
    name_en: str
    name_ur: str | None
    name_sd: str | None
    # The other family: shown only if it lies where the actor may look, else only that there is one.
    family_id: int
    family_number: int
    family_head_name: str
    family_path: str

    @property
    def family_code(self) -> FamilyCode:
        """The code of the other family."""
        return FamilyCode.of(self.family_number)


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A held registration with what was told, beside the family that has its CNIC."""

    line: HeldLine
    facts: Registration
    uc: AreaRecord
    # None if it lies in another area.
    other: FamilyRecord | None
    other_uc: AreaRecord | None


def get_batch(work: Work, batch_id: int) -> BatchRecord:
    """Return the import. Raises: NotFound, also for one of another area."""
    found = find_batch(work, batch_id)
    if found is None:
        raise NotFound("import.not_found", N_("There is no such import in your area."))
    return found


def find_batch(work: Work, batch_id: int) -> BatchRecord | None:
    """Return the import, or None, also for one of another area."""
    found = _batches(work, _visible(work, select(ImportBatch)).where(ImportBatch.id == batch_id))
    return found[0] if found else None


def list_batches(work: Work, page: Page) -> tuple[list[BatchRecord], int]:
    """Return a page of the imports, the latest first, and how many there are."""
    total = work.session.scalar(_visible(work, select(func.count()).select_from(ImportBatch))) or 0
    query = _visible(work, select(ImportBatch)).order_by(ImportBatch.id.desc())
    return _batches(work, query.limit(page.limit).offset(page.offset)), total


def list_import_rows(
    work: Work, batch: BatchRecord, page: Page, outcome: Outcome | None = None
) -> tuple[list[RowRecord], int]:
    """Return a page of the rows of an import in the order of the file, and how many there are."""
    query = _rows_of(batch, outcome)
    total = work.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    read = _RowReader(work, batch)
    rows = work.session.execute(query.order_by(ImportRow.row_number).limit(page.limit).offset(page.offset))
    return [read(row) for row in rows], total


def iterate_import_rows(work: Work, batch: BatchRecord, outcome: Outcome | None = None) -> Iterator[RowRecord]:
    """Yield all the rows of an import in the order of the file."""
    read = _RowReader(work, batch)
    rows = work.session.execute(
        _rows_of(batch, outcome).order_by(ImportRow.row_number), execution_options={"yield_per": 5_000}
    )
    for row in rows:
        yield read(row)


def list_held(work: Work, page: Page, state: HeldState = HeldState.WAITING) -> tuple[list[HeldLine], int]:
    """Return a page of the held registrations, the oldest first, and how many there are."""
    total = (
        work.session.scalar(
            _held(work, select(func.count()).select_from(HeldRegistration)).where(HeldRegistration.state == state)
        )
        or 0
    )
    query = _held_lines(work).where(HeldRegistration.state == state)
    rows: Iterable[Any] = work.session.execute(
        query.order_by(HeldRegistration.id).limit(page.limit).offset(page.offset)
    )
    return [HeldLine(*row) for row in rows], total


def get_held(work: Work, held_id: int) -> HeldRecord:
    """Return the held registration. Raises: NotFound, also for one of another area."""
    found: Any = work.session.execute(_held_lines(work).where(HeldRegistration.id == held_id)).one_or_none()
    if found is None:
        raise NotFound("held.not_found", N_("There is no such registration in your area."))
    line = HeldLine(*found)
    held = work.session.get_one(HeldRegistration, held_id)
    facts = facts_from(
        held, cnic=unseal_cnic(work.keys, held.cnic_sealed), phone=unseal_phone(work.keys, held.phone_sealed)
    )
    is_seen = line.family_path.startswith(work.actor.paths(Permission.FAMILY_READ))
    other = get_family(work, line.family_id) if is_seen else None
    return HeldRecord(line, facts, get_area(work, held.uc_id), other, get_area(work, other.uc_id) if other else None)


def _held_lines(work: Work) -> Select[*tuple[Any, ...]]:
    other, other_area = aliased(Family), aliased(Area)
    columns: list[Any] = [getattr(HeldRegistration, name) for name in HeldLine.__slots__[:11]]
    return (
        _held(work, select(*columns, Area.name_en, Area.name_ur, Area.name_sd))
        .join(other, other.id == HeldRegistration.family_id)
        .join(other_area, other_area.id == other.uc_id)
        .add_columns(other.id, other.number, other.head_name, other_area.path)
    )


def count_held(work: Work, state: HeldState = HeldState.WAITING) -> int:
    """Return how many held registrations there are: by default, how many wait for a decision."""
    query = _held(work, select(func.count()).select_from(HeldRegistration))
    return work.session.scalar(query.where(HeldRegistration.state == state)) or 0


def _held(work: Work, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    within = [_lies_under(Area.path, path) for path in work.actor.paths(Permission.FAMILY_READ)]
    joined = query.join(Area, Area.id == HeldRegistration.uc_id)
    return joined.where(or_(false(), *within))


def _visible(work: Work, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    within = [_lies_under(ImportBatch.area_path, path) for path in work.actor.paths(Permission.FAMILY_READ)]
    return query.where(or_(ImportBatch.imported_by == int(work.actor.id), *within))


def _lies_under(column: Any, path: str) -> Any:
    return column.startswith(path, autoescape=True)


def _batches(work: Work, query: Select[*tuple[Any, ...]]) -> list[BatchRecord]:
    return [
        BatchRecord(
            **{name: getattr(batch, name) for name in BatchRecord.__slots__[:7]},
            header=tuple(batch.header),
            area_path=batch.area_path,
            counts={Outcome(name): count for name, count in batch.counts.items()},
            failure=_failure(batch.failure),
        )
        for batch in work.session.scalars(query)
    ]


def _failure(stored: Mapping[str, Any] | None) -> Problem | None:
    return stored and Problem("", stored["code"], stored["message"], stored["params"])  # type: ignore[return-value]


def _rows_of(batch: BatchRecord, outcome: Outcome | None) -> Select[*tuple[Any, ...]]:
    query = (
        select(ImportRow.row_number, ImportRow.outcome, ImportRow.problems, Family.id, Family.number, Area.path)
        .outerjoin(Family, Family.id == ImportRow.family_id)
        .outerjoin(Area, Area.id == Family.uc_id)
        .where(ImportRow.batch_id == batch.id)
    )
    return query if outcome is None else query.where(ImportRow.outcome == outcome)


class _RowReader:
    """Makes records of the rows of one import; a row keeps only what its outcome does not say already."""

    def __init__(self, work: Work, batch: BatchRecord) -> None:
        self._columns: Columns | None = find_columns(batch.header) if batch.header else None
        self._paths = work.actor.paths(Permission.FAMILY_READ)

    def __call__(self, row: Any) -> RowRecord:
        row_number, outcome, stored, family_id, family_number, path = row
        problems = tuple(self._problems(outcome, stored))
        if family_id is None or not path.startswith(self._paths):
            return RowRecord(row_number, outcome, None, None, problems)
        return RowRecord(row_number, outcome, family_id, FamilyCode.of(family_number), problems)

    def _problems(self, outcome: Outcome, stored: Sequence[Any] | None) -> Iterator[Problem]:
        if outcome is Outcome.HELD:
            yield Problem(self._column("cnic"), "family.same_cnic", SAME_CNIC)
        elif outcome is Outcome.REPEATED and not stored:
            yield Problem(self._column("submission_id"), "submission.known", KNOWN_SHEET)
        elif outcome is Outcome.REGISTERED_WITH_WARNING:
            for flag in read_flags(stored):
                yield Problem(self._column(flag.fact), flag.code, flag.message, flag.params)
        else:
            for one in stored or ():
                yield Problem(one["column"], one["code"], one["message"], one["params"])

    def _column(self, fact: str) -> str:
        return self._columns.column_of(fact) if self._columns else fact
