"""The full CNIC and phone of a family: shown only to those who may see them, and never without a trace."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select

from relief.audit.trail import Deed, record
from relief.families.entries import index_of_cnic, unseal_cnic, unseal_phone
from relief.families.model import Family
from relief.families.queries import get_family, scoped
from relief.families.registration import SEGMENT
from relief.kernel.identity import Cnic, PhoneNumber
from relief.kernel.permissions import Permission
from relief.store.statement import Lookup
from relief.store.work import Work

_CHUNK = 5_000
_CNICS = Lookup(("family_id",), "SELECT {n}, f.id, f.cnic_sealed FROM {wanted} family f WHERE f.id = {w}family_id")


@dataclass(frozen=True, slots=True)
class Identity:
    """The numbers of a head of family."""

    cnic: Cnic | None
    phone: PhoneNumber | None


def reveal_identity(work: Work, family_id: int) -> Identity:
    """Return the full CNIC and phone; the look is recorded. A registrar sees those of own entries.

    Raises: NotFound outside the areas of the actor; Forbidden.
    """
    family = get_family(work, family_id)
    if not family.is_registered_by(work.actor):
        work.actor.require(Permission.FAMILY_READ_IDENTITY, family.area_path)
    row = work.session.execute(select(Family.cnic_sealed, Family.phone_sealed).where(Family.id == family_id)).one()
    record(work, Deed("family.identity_revealed", "family", family_id, family.uc_id, segment=SEGMENT))
    return Identity(unseal_cnic(work.keys, row[0]), unseal_phone(work.keys, row[1]))


def find_by_cnic(work: Work, cnic: Cnic) -> int | None:
    """Return the id of the family with exactly this CNIC within the areas of the actor; the search is recorded."""
    work.actor.require(Permission.FAMILY_READ)
    index = index_of_cnic(work.keys, cnic)
    found = work.session.scalar(
        scoped(select(Family.id), work.actor.paths(Permission.FAMILY_READ)).where(Family.cnic_index == index)
    )
    detail = {"found": found is not None}
    record(work, Deed("family.searched_by_cnic", "family", found or 0, detail=detail, segment=SEGMENT))
    return found


def matches_last_four(work: Work, family_id: int, last_four: str) -> bool:
    """Return whether these are the last four digits of the holder's CNIC. Whoever asks throttles and records it."""
    cnic = dict(cnics_of(work, [family_id])).get(family_id)
    return cnic is not None and hmac.compare_digest(cnic.last_four.encode(), last_four.encode())


def cnics_of(work: Work, family_ids: Iterable[int]) -> Iterator[tuple[int, Cnic | None]]:
    """Yield the CNIC of each family on record, by chunks in the order of ids: for tags and comparing, never for showing."""
    waiting = iter(sorted(family_ids))
    while chunk := list(islice(waiting, _CHUNK)):
        rows = _CNICS.rows(work, [{"family_id": family_id} for family_id in chunk])
        for _place, family_id, sealed in sorted(rows):
            yield family_id, unseal_cnic(work.keys, sealed)
