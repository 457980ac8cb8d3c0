"""Reading the audit trail within the areas of the reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from relief.audit.model import AuditEntry, AuditHead
from relief.distributions.queries import names_of_people
from relief.kernel.actor import SYSTEM_ID
from relief.kernel.dates import PAKISTAN
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.reports.scope import Place, Scope
from relief.store.work import Work

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which deeds to list; None asks for all. `action` may be the first part of one, such as "token."."""

    action: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    actor_id: int | None = None
    segment: str | None = None
    area_id: int | None = None
    from_on: dt.date | None = None
    to_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One deed; `actor` is None where the system acted."""

    id: int
    segment: str
    position: int
    at: dt.datetime
    actor_id: int
    actor: str | None
    action: str
    subject_kind: str
    subject_id: str
    place: Place | None
    detail: dict[str, Any]
    record_digest: bytes | None
    entry_hash: bytes


@dataclass(frozen=True, slots=True)
class ChainRow:
    """The end of one chain."""

    segment: str
    position: int
    entry_hash: bytes


def list_deeds(work: Work, wanted: TrailFilter, *, limit: int, offset: int) -> tuple[list[TrailRow], int]:
    """Return the deeds asked for, the latest first, and how many there are. Raises: Forbidden, NotFound."""
    scope = Scope.of(work, Permission.AUDIT_READ)
    conditions = _conditions(wanted, scope)
    total = work.session.scalar(select(func.count()).select_from(AuditEntry).where(*conditions)) or 0
    page = select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(limit).offset(offset)
    return _rows(work, list(work.session.scalars(page)), scope), total


def all_deeds(work: Work, wanted: TrailFilter) -> Iterator[TrailRow]:
    """Yield every deed asked for, the oldest first, chunk by chunk: what an export writes."""
    scope = Scope.of(work, Permission.AUDIT_READ)
    conditions, last_id = _conditions(wanted, scope), 0
    while True:
        query = select(AuditEntry).where(*conditions, AuditEntry.id > last_id).order_by(AuditEntry.id).limit(_CHUNK)
        entries = list(work.session.scalars(query))
        if not entries:
            return
        yield from _rows(work, entries, scope)
        last_id = entries[-1].id
        work.session.expunge_all()


def get_deed(work: Work, entry_id: int) -> TrailRow:
    """Return one deed. Raises: Forbidden; NotFound "audit.entry_not_found", also outside the reader's areas."""
    scope = Scope.of(work, Permission.AUDIT_READ)
    entry = work.session.get(AuditEntry, entry_id)
    if entry is None or not scope.sees(entry.area_id):
        raise NotFound("audit.entry_not_found", N_("There is no such entry in the trail."))
    return _rows(work, [entry], scope)[0]


def find_seal(work: Work, segment: str, subject_kind: str, subject_id: str) -> TrailRow | None:
    """Return the deed in a chain that seals a record, None if there is none or the actor may not read it."""
    if not work.actor.may(Permission.AUDIT_READ):
        return None
    # The chain is known: without it all entries would be looked through, for there is no index by subject.
    sealed = (
        AuditEntry.segment == segment,
        AuditEntry.subject_kind == subject_kind,
        AuditEntry.subject_id == subject_id,
    )
    query = select(AuditEntry).where(*sealed, AuditEntry.record_digest.is_not(None)).order_by(AuditEntry.id).limit(1)
    entry = work.session.scalar(query)
    scope = Scope.of(work, Permission.AUDIT_READ)
    return None if entry is None or not scope.sees(entry.area_id) else _rows(work, [entry], scope)[0]


def list_actions(work: Work) -> list[str]:
    """Return every action that stands in the trail, by name."""
    work.actor.require(Permission.AUDIT_READ)
    return sorted(work.session.scalars(select(AuditEntry.action).distinct()))


def list_chains(work: Work) -> list[ChainRow]:
    """Return the ends of all chains, by segment. Raises: Forbidden."""
    work.actor.require(Permission.AUDIT_READ)
    heads = work.session.scalars(select(AuditHead).order_by(AuditHead.segment))
    return [ChainRow(head.segment, head.position, head.entry_hash) for head in heads]


def _conditions(wanted: TrailFilter, scope: Scope) -> list[ColumnElement[bool]]:
    inside = scope.require(wanted.area_id)
    conditions: list[ColumnElement[bool]] = []
    if inside is not None:
        conditions.append(AuditEntry.area_id.in_(sorted(scope.within(inside))))
    elif not scope.sees_all:
        conditions.append(AuditEntry.area_id.in_(sorted(scope.places)))
    if wanted.action:
        is_part = wanted.action.endswith(".")
        conditions.append(
            AuditEntry.action.startswith(wanted.action, autoescape=True)
            if is_part
            else AuditEntry.action == wanted.action
        )
    pairs = (
        (AuditEntry.subject_kind, wanted.subject_kind), (AuditEntry.subject_id, wanted.subject_id),
        (AuditEntry.actor_id, wanted.actor_id), (AuditEntry.segment, wanted.segment),
    )  # fmt: skip
    conditions += [column == value for column, value in pairs if value is not None]
    if wanted.from_on is not None:
        conditions.append(AuditEntry.at >= _midnight(wanted.from_on))
    if wanted.to_on is not None:
        conditions.append(AuditEntry.at < _midnight(wanted.to_on + dt.timedelta(days=1)))
    return conditions


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=PAKISTAN)


def _rows(work: Work, entries: list[AuditEntry], scope: Scope) -> list[TrailRow]:
    names = names_of_people(work, sorted({entry.actor_id for entry in entries if entry.actor_id != SYSTEM_ID}))
    return [
        TrailRow(
            entry.id, entry.segment, entry.position, entry.at, entry.actor_id, names.get(entry.actor_id), entry.action,
            entry.subject_kind, entry.subject_id, scope.places.get(entry.area_id or 0), entry.detail, entry.record_digest,
            entry.entry_hash,
        )
        for entry in entries
    ]  # fmt: skip
