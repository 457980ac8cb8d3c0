"""What seals goods notes in the audit trail: the same digests when they are written and when they are verified."""

from __future__ import annotations

from collections.abc import Iterator

from relief.audit.trail import digest_of
from relief.ledger.sealing import Rows, journal_rows
from relief.stock.notes import COLUMNS, SOURCE_KIND
from relief.store.statement import Statement
from relief.store.work import Work

_NOTES = Statement(f"SELECT id, {', '.join(COLUMNS)} FROM goods_note ORDER BY id")
_MOVEMENTS = Statement(
    "SELECT kind, item_id, fund_id, from_location_id, to_location_id, quantity, unit_cost_paisa, moved_on, at, actor_id,"
    " source_kind, source_id FROM movement WHERE source_kind = 'goods_note' ORDER BY id"
)


def goods_note_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id and digest of each note: over its row, its movements, and its entry with postings.

    A country has some thousands of notes: their rows fit in memory, unlike those of hand-overs.
    """
    movements: dict[str, list[tuple[object, ...]]] = {}
    for row in _MOVEMENTS.stream(work, {}):
        movements.setdefault(row[-1], []).append(tuple(row))
    entries: dict[str, Rows] = {str(rows[0][7]): rows for rows in journal_rows(work, SOURCE_KIND)}
    for note in _NOTES.stream(work, {}):
        key = str(note[0])
        yield key, digest_of(tuple(note), *movements.get(key, []), *entries.get(key, ()))
