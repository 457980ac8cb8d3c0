"""What seals verdicts, entitlements and tokens in the audit trail: the same digests when written and when verified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from relief.store.statement import Statement
from relief.store.work import Work

_PROPOSED = Statement("SELECT id FROM allocation ORDER BY id")
_APPROVED = Statement("SELECT id FROM allocation WHERE state = 'approved' ORDER BY id")
_VERDICTS = Statement(
    "SELECT family_id, uc_id, is_eligible, band_no, ground_no FROM verdict WHERE allocation_id = :allocation_id"
    " ORDER BY family_id"
)
_GROUNDS = Statement(
    "SELECT ground_no, is_eligible, reasons FROM verdict_ground WHERE allocation_id = :allocation_id ORDER BY ground_no"
)
_ENTITLEMENTS = Statement(
    "SELECT e.id, e.serial, e.family_id, e.band_no, e.uc_id FROM entitlement e"
    " WHERE e.campaign_id = (SELECT campaign_id FROM allocation WHERE id = :allocation_id)"
    " AND e.allocation_id = :allocation_id ORDER BY e.serial"
)
_TOKENS = Statement(
    "SELECT id, entitlement_id, reissue, key_id, point_no, expires_on, holder_tag, code_index FROM token"
    " WHERE id BETWEEN :first_id AND :last_id ORDER BY id"
)
# One row each, as text: of numbers, of truth values as 1 or 0, of days in ISO form, of bytes in hex.
VERDICT: Final = "%d,%d,%d,%d,%d;"
GROUND: Final = "%d,%d,%s;"
_ENTITLEMENT: Final = "%d,%d,%d,%d,%d;"
_TOKEN: Final = "%d,%d,%d,%d,%d,%s,%d,%s;"
_ROWS: Final = 5_000


class Seal:
    """Hashes rows as they come, so that a deed over hundreds of thousands of them needs no memory for all."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, form: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take in rows of either database in the form given; a truth value counts as 1 or 0 in both."""
        rest = iter(rows)
        while some := list(islice(rest, _ROWS)):
            self._hash.update("".join([form % row for row in some]).encode())

    def digest(self) -> bytes:
        """Return SHA-256 over all rows so far."""
        return self._hash.digest()


def proposal_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id of each allocation and the digest of its verdicts, as "allocation.proposed" holds it."""
    for (allocation_id,) in _PROPOSED.rows(work, {}):
        params, seal = {"allocation_id": allocation_id}, Seal()
        seal.add(VERDICT, _VERDICTS.stream(work, params))
        seal.add(GROUND, _GROUNDS.rows(work, params))
        yield str(allocation_id), seal.digest()


def approval_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id of each approved allocation and the digest of its entitlements, as "allocation.approved" holds it."""
    for (allocation_id,) in _APPROVED.rows(work, {}):
        yield str(allocation_id), entitlements_digest(work, allocation_id)


def entitlements_digest(work: Work, allocation_id: int) -> bytes:
    """Return the digest of an allocation's entitlements."""
    seal = Seal()
    seal.add(_ENTITLEMENT, _ENTITLEMENTS.stream(work, {"allocation_id": allocation_id}))
    return seal.digest()


def tokens_digest(work: Work, first_id: int, last_id: int) -> bytes:
    """Return the digest of the tokens of one issue, as "tokens.issued" holds it with these ids; states are left out."""
    seal = Seal()
    rows = _TOKENS.stream(work, {"first_id": first_id, "last_id": last_id})
    seal.add(_TOKEN, ((*row[:-1], bytes(row[-1]).hex()) for row in rows))
    return seal.digest()
