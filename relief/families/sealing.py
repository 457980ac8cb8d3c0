"""What seals amendments and imports in the audit trail: the same digests when they are written and when they are verified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from relief.audit.trail import digest_of
from relief.families.model import FamilyChange
from relief.store.columns import canonical_json
from relief.store.statement import Statement
from relief.store.work import Work

_CHANGES = Statement(
    "SELECT id, family_id, changed_at, changed_by, changed_by_name, reason, facts, values_sealed FROM family_change ORDER BY id"
)
_APPLIED = Statement("SELECT id FROM import_batch WHERE state = 'applied' ORDER BY id")
_OUTCOMES = Statement(
    "SELECT row_number, outcome, family_id FROM import_row WHERE batch_id = :batch_id ORDER BY row_number"
)


def change_digest(row: FamilyChange) -> bytes:
    """Return the digest of one amendment."""
    return digest_of(
        (row.id, row.family_id, row.changed_at, row.changed_by, row.changed_by_name, row.reason, canonical_json(row.facts),
         row.values_sealed),
    )  # fmt: skip


def change_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the family's id and the digest of each amendment."""
    for row in _CHANGES.stream(work, {}):
        yield str(row[1]), digest_of(tuple(row))


def import_digest(work: Work, batch_id: int) -> bytes:
    """Return SHA-256 over what became of each row of a file: row, outcome and family, one a line."""
    digest = hashlib.sha256()
    for row in _OUTCOMES.stream(work, {"batch_id": batch_id}):
        digest.update(b"%d %s %d\n" % (row[0], row[1].encode(), row[2] or 0))
    return digest.digest()


def import_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id and digest of every file that was imported."""
    for (batch_id,) in _APPLIED.rows(work, {}):
        yield str(batch_id), import_digest(work, batch_id)
