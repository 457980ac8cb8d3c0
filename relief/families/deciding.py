"""Deciding on a registration that was held because its CNIC is taken."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from relief.audit.trail import Deed, record
from relief.families.entries import Entry, columns_of, facts_from, unseal_cnic, unseal_phone
from relief.families.model import Family, HeldRegistration, HeldState
from relief.families.numbering import last_number
from relief.families.queries import read_flags
from relief.families.registration import SEGMENT, check_facts, find_holder_of_cnic
from relief.families.rules import FamilyState, Registration
from relief.geography.queries import get_area
from relief.kernel.errors import Conflict, InvalidInput, NotFound, Problem, RuleViolation
from relief.kernel.identity import Cnic
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class DismissHeld:
    """It is the family that is registered already: the registration is kept and not counted."""

    held_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class RegisterHeld:
    """It is another family: register it with its right CNIC, or without one if somebody verified it."""

    held_id: int
    reason: str
    cnic: Cnic | None
    cnic_verified_by: str | None


def dismiss_held(work: Work, command: DismissHeld) -> None:
    """Close the held registration as the same family. Raises: as `register_held`."""
    held = _open(work, command.held_id)
    _close(work, held, HeldState.DISMISSED, command.reason)


def register_held(work: Work, command: RegisterHeld) -> int:
    """Register the held registration as a family of its own; return its id.

    Raises: NotFound outside the areas of the actor; Conflict if it was decided before, or if the CNIC is taken too;
        RuleViolation for an own entry; InvalidInput.
    """
    number = last_number(work) + 1
    held = _open(work, command.held_id)
    facts = _facts_of(work, held)._replace(
        cnic=command.cnic, cnic_verified_by=command.cnic_verified_by or held.cnic_verified_by
    )
    check_facts(work, facts)
    if find_holder_of_cnic(work, facts) is not None:
        raise InvalidInput.of(
            [Problem("cnic", "family.cnic_taken", N_("Another family is registered under this CNIC."))]
        )
    entry = Entry(facts, read_flags(held.flags), held.submission_id, held.enumerator, held.surveyed_on)
    # What the sheet told stays its mark: sent again, it is known again, though the CNIC in it was wrong.
    columns = columns_of(work.keys, entry) | {"content_index": held.content_index}
    family = Family(
        number=number,
        state=FamilyState.ACTIVE,
        registered_at=work.at,
        registered_by=held.held_by,
        import_batch_id=held.import_batch_id,
        version=1,
        **columns,
    )
    work.session.add(family)
    work.session.flush()
    held.registered_family_id = family.id
    _close(work, held, HeldState.REGISTERED, command.reason)
    return family.id


def _open(work: Work, held_id: int) -> HeldRegistration:
    held = work.session.scalar(select(HeldRegistration).where(HeldRegistration.id == held_id).with_for_update())
    path = get_area(work, held.uc_id).path if held else ""
    if held is None or not work.actor.may(Permission.FAMILY_READ, path):
        raise NotFound("held.not_found", N_("There is no such registration in your area."))
    work.actor.require(Permission.FAMILY_DECIDE_DUPLICATE, path)
    if held.state is not HeldState.WAITING:
        raise Conflict("held.decided", N_("Somebody has decided on this registration already."))
    if held.held_by == work.actor.id and not work.actor.is_system:
        raise RuleViolation("held.own_entry", N_("You entered this registration: another person decides on it."))
    return held


def _close(work: Work, held: HeldRegistration, state: HeldState, reason: str) -> None:
    if not clean(reason):
        raise InvalidInput.of([Problem("reason", "reason.missing", N_("Say why."))])
    held.state, held.decided_at, held.decided_by = state, work.at, int(work.actor.id)
    held.decision_reason = clean(reason)
    work.session.flush()
    detail = {"decision": str(state), "family_id": held.registered_family_id or held.family_id}
    record(work, Deed("registration.decided", "held_registration", held.id, held.uc_id, detail, SEGMENT))


def _facts_of(work: Work, held: HeldRegistration) -> Registration:
    keys = work.keys
    return facts_from(held, cnic=unseal_cnic(keys, held.cnic_sealed), phone=unseal_phone(keys, held.phone_sealed))
