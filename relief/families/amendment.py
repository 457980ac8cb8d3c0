"""Amending a family, with its history kept."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from relief.audit.trail import Deed, record
from relief.families.entries import Entry, columns_of, facts_from
from relief.families.model import Family, FamilyChange
from relief.families.numbering import last_number
from relief.families.queries import ChangeRecord, FamilyRecord, get_family
from relief.families.registration import SEGMENT, check_facts, current_flags, find_holder_of_cnic, require_uc
from relief.families.rules import Registration
from relief.families.sealing import change_digest
from relief.geography.queries import get_area
from relief.kernel.errors import Conflict, InvalidInput, Problem
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.store.columns import canonical_json
from relief.store.work import Work

HISTORY = "family.history"
# The columns that an amendment leaves alone: by them the sheet of the registration is known again.
_OF_THE_SHEET = {"submission_id", "content_index", "enumerator", "surveyed_on"}
# The facts that flags are about.
_DOUBTED = {"uc_id", "lon", "lat", "birth_on"}


@dataclass(frozen=True, slots=True)
class AmendFamily:
    """Change some facts of a family. `version` is the one that the person saw; None takes the latest."""

    family_id: int
    changes: Mapping[str, Any]
    reason: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class SettleFlags:
    """Say that the doubts about a family were looked at, and why it stays as it is."""

    family_id: int
    reason: str


def amend_family(work: Work, command: AmendFamily) -> tuple[str, ...]:
    """Change the facts and keep what they were; return the names of those that differ.

    Raises: NotFound outside the areas of the actor; InvalidInput with a problem for each wrong fact;
        Conflict "family.changed_meanwhile", "family.cnic_taken".
    """
    last_number(work)  # Its turn: no registration may take the new CNIC meanwhile.
    family = get_family(work, command.family_id, Permission.FAMILY_AMEND)
    _check_version(family, command.version)
    before = facts_from(family, cnic=family.cnic, phone=family.phone)
    after = before._replace(**command.changes)
    changed = tuple(name for name in Registration._fields if getattr(before, name) != getattr(after, name))
    if not changed:
        return ()
    reason = _check_reason(command.reason)
    require_uc(work, after.uc_id, Permission.FAMILY_AMEND)
    check_facts(work, after)
    if "cnic" in changed and find_holder_of_cnic(work, after) is not None:
        raise Conflict("family.cnic_taken", N_("Another family is registered under this CNIC."))
    # Doubts that a person has settled do not come back because a phone number was mended.
    flags = current_flags(work, after) if _DOUBTED.intersection(changed) else family.flags
    columns = columns_of(work.keys, Entry(after, tuple(flags), None))
    _store(work, family, {name: value for name, value in columns.items() if name not in _OF_THE_SHEET})
    values = {name: [_shown(work, name, before), _shown(work, name, after)] for name in changed}
    _keep_history(work, family, _Change("family.amended", reason, values))
    return changed


def settle_flags(work: Work, command: SettleFlags) -> None:
    """Take the flags off a family after a person has looked. Raises: NotFound; InvalidInput without a reason."""
    family = get_family(work, command.family_id, Permission.FAMILY_AMEND)
    reason = _check_reason(command.reason)
    if family.flags:
        _store(work, family, {"flags": None})
        values = {"flags": [" ".join(str(flag) for flag in family.flags), ""]}
        _keep_history(work, family, _Change("family.flags_settled", reason, values))


def read_change(work: Work, change: ChangeRecord) -> dict[str, tuple[str, str]]:
    """Return by fact what it was and what it became; CNIC and phone masked."""
    values = json.loads(work.keys.unseal(change.values_sealed, HISTORY))
    return {name: (old, new) for name, (old, new) in values.items()}


@dataclass(frozen=True, slots=True)
class _Change:
    action: str
    reason: str
    values: Mapping[str, list[str]]


def _check_version(family: FamilyRecord, seen: int | None) -> None:
    if seen is not None and seen != family.version:
        raise Conflict(
            "family.changed_meanwhile",
            N_("Somebody else has amended this family meanwhile. Look at it again, then make your change."),
        )


def _check_reason(reason: str) -> str:
    if not clean(reason):
        raise InvalidInput.of([Problem("reason", "reason.missing", N_("Say why."))])
    return clean(reason)


def _store(work: Work, family: FamilyRecord, columns: Mapping[str, object]) -> None:
    done = work.session.execute(
        update(Family)
        .where(Family.id == family.id, Family.version == family.version)
        .values(version=family.version + 1, **columns)
    )
    _check_version(family, family.version if done.rowcount == 1 else 0)  # type: ignore[attr-defined]


def _keep_history(work: Work, family: FamilyRecord, change: _Change) -> None:
    row = FamilyChange(
        family_id=family.id,
        changed_at=work.at,
        changed_by=int(work.actor.id),
        changed_by_name=work.actor.name,
        reason=change.reason,
        facts=sorted(change.values),
        values_sealed=work.keys.seal(canonical_json(change.values), HISTORY),
    )
    work.session.add(row)
    work.session.flush()
    detail = {"facts": sorted(change.values), "change_id": row.id}
    uc_id = work.session.scalar(select(Family.uc_id).where(Family.id == family.id))
    record(work, Deed(change.action, "family", family.id, uc_id, detail, SEGMENT, change_digest(row)))


def _shown(work: Work, name: str, facts: Registration) -> str:
    value = getattr(facts, name)
    if name == "uc_id":
        return get_area(work, value).name_en
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case enum.StrEnum():
            return str(value)
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)  # A CNIC and a phone number mask themselves.
