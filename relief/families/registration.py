"""Registering one family."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from relief.audit.trail import Deed, record
from relief.families.entries import Entry, Sheet, columns_of, index_of_cnic, sheets_of
from relief.families.model import Family, HeldRegistration, HeldState
from relief.families.numbering import last_number
from relief.families.rules import FamilyState, Flag, Registration, flags_of, problems_of
from relief.geography.locator import Locator
from relief.geography.model import Level
from relief.geography.queries import AreaRecord, get_area
from relief.kernel.dates import local_day
from relief.kernel.errors import Conflict, InvalidInput, Problem
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work

SEGMENT = "families"


@dataclass(frozen=True, slots=True)
class RegisterFamily:
    """Register a family with these facts; the consent to it was given. `submission_id` is made with the empty form."""

    facts: Registration
    submission_id: str | None = None
    enumerator: str | None = None
    surveyed_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a registration: a family, or one held because another family has its CNIC."""

    family_id: int
    # Set if it was held; `family_id` is then the other family.
    held_id: int | None = None
    is_repeat: bool = False


def register_family(work: Work, command: RegisterFamily) -> Registered:
    """Register the family, or hold the registration if its CNIC is taken; the same sheet again changes nothing.

    Raises: InvalidInput with a problem for each wrong fact; Conflict "submission.exists_with_different_content".
    """
    area = require_uc(work, command.facts.uc_id, Permission.FAMILY_REGISTER)
    check_facts(work, command.facts)
    flags = current_flags(work, command.facts)
    entry = Entry(command.facts, tuple(flags), command.submission_id, command.enumerator, command.surveyed_on)
    (sheet,) = sheets_of(work.keys, [entry])
    number = last_number(work) + 1
    earlier = find_earlier(work, sheet)
    if earlier is not None:
        return earlier
    taken_by = find_holder_of_cnic(work, command.facts)
    if taken_by is not None:
        return _hold(work, entry, taken_by)
    family = Family(
        number=number,
        state=FamilyState.ACTIVE,
        registered_at=work.at,
        registered_by=int(work.actor.id),
        version=1,
        **columns_of(work.keys, entry),
    )
    work.session.add(family)
    work.session.flush()
    detail = {"code": str(family.code), "flags": [flag.code for flag in flags]}
    record(work, Deed("family.registered", "family", family.id, area.id, detail, SEGMENT))
    return Registered(family.id)


def require_uc(work: Work, uc_id: int, permission: Permission) -> AreaRecord:
    """Return the Union Council, in which the actor must have the permission.

    Raises: NotFound, Forbidden; InvalidInput at "uc" for an area of another level.
    """
    area = get_area(work, uc_id)
    if area.level is not Level.UC:
        raise InvalidInput.of([Problem("uc", "area.not_a_uc", N_("Choose a Union Council."))])
    work.actor.require(permission, area.path)
    return area


def check_facts(work: Work, facts: Registration) -> None:
    """Refuse facts that cannot be. Raises: InvalidInput with a problem for each."""
    problems = problems_of(facts, on=local_day(work.at))
    if problems:
        raise InvalidInput.of(problems)


def current_flags(work: Work, facts: Registration) -> list[Flag]:
    """Return what a person should look at, by the boundaries of today."""
    distance_m = None
    if facts.lon is not None and facts.lat is not None:
        distance = float(Locator.load(work).distance_to_area_m([facts.lon], [facts.lat], facts.uc_id)[0])
        distance_m = distance if distance == distance else None  # noqa: PLR0124 - NaN where there is no boundary
    return flags_of(facts, on=local_day(work.at), distance_m=distance_m)


def find_holder_of_cnic(work: Work, facts: Registration) -> int | None:
    """Return the id of the family that has the CNIC of these facts."""
    if facts.cnic is None:
        return None
    index = index_of_cnic(work.keys, facts.cnic)
    return work.session.scalar(select(Family.id).where(Family.cnic_index == index))


def find_earlier(work: Work, sheet: Sheet) -> Registered | None:
    """Return what became of the same sheet before. Raises: Conflict if that sheet told something else."""
    family = work.session.execute(
        select(Family.content_index, Family.id).where(Family.submission_id == sheet.submission_id)
    ).one_or_none()
    held = work.session.execute(
        select(HeldRegistration.content_index, HeldRegistration.family_id, HeldRegistration.id).where(
            HeldRegistration.submission_id == sheet.submission_id
        )
    ).one_or_none()
    earlier = family or held
    if earlier is None:
        return None
    if bytes(earlier[0]) != sheet.content_index:
        raise Conflict("submission.exists_with_different_content", DIFFERENT_CONTENT)
    return Registered(earlier[1], held_id=held.id if held and not family else None, is_repeat=True)


DIFFERENT_CONTENT = N_(
    "This sheet was registered before with other answers. Amend the family instead of sending it again."
)


def _hold(work: Work, entry: Entry, family_id: int) -> Registered:
    held = HeldRegistration(
        family_id=family_id,
        held_at=work.at,
        held_by=int(work.actor.id),
        state=HeldState.WAITING,
        decision_reason="",
        **columns_of(work.keys, entry),
    )
    work.session.add(held)
    work.session.flush()
    detail = {"family_id": family_id}
    record(work, Deed("registration.held", "held_registration", held.id, entry.facts.uc_id, detail, SEGMENT))
    return Registered(family_id, held.id)
