"""What seals hand-overs in the audit trail: the rows that an event wrote, read back in the order in which it wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relief.audit.trail import digest_of
from relief.distributions.events import COLUMNS
from relief.store.statement import Statement
from relief.store.work import Work

Row = tuple[Any, ...]

_EVENTS = Statement(f"SELECT id, {', '.join(COLUMNS)} FROM hand_over ORDER BY id")
_LINES = Statement(
    "SELECT hand_over_id, line_no, kind, item_id, quantity, amount_paisa, value_paisa FROM hand_over_line"
    " ORDER BY hand_over_id, line_no"
)
_MOVEMENTS = Statement(
    "SELECT CAST(source_id AS BIGINT), kind, item_id, fund_id, from_location_id, to_location_id, quantity, unit_cost_paisa,"
    " moved_on, at, actor_id, source_kind, source_id FROM movement WHERE source_kind = 'hand_over'"
    " ORDER BY CAST(source_id AS BIGINT), id"
)
_ENTRIES = Statement(
    "SELECT CAST(source_id AS BIGINT), id, kind, posted_on, posted_at, actor_id, memo, source_kind, source_id, reverses_id"
    " FROM journal_entry WHERE source_kind = 'hand_over' ORDER BY CAST(source_id AS BIGINT)"
)
_POSTINGS = Statement(
    "SELECT CAST(e.source_id AS BIGINT), p.entry_id, p.line_no, p.fund_id, p.debit, p.credit, p.amount_paisa, p.posted_on,"
    " p.campaign_id, p.area_id, p.point_id FROM posting p JOIN journal_entry e ON e.id = p.entry_id"
    " WHERE e.source_kind = 'hand_over' ORDER BY CAST(e.source_id AS BIGINT), p.line_no"
)


def hand_over_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id and digest of every event, by id: over its row, lines, movements of goods, and entry with postings."""
    lines = _Follower(_LINES.stream(work, {}))
    movements, entries, postings = (
        _Follower((row[0], *row[1:]) for row in statement.stream(work, {}))
        for statement in (_MOVEMENTS, _ENTRIES, _POSTINGS)
    )
    for event in _EVENTS.stream(work, {}):
        hand_over_id = event[0]
        rows = [tuple(event)]
        rows += [tuple(row) for row in lines.of(hand_over_id)]
        for follower in (movements, entries, postings):
            rows += [tuple(row[1:]) for row in follower.of(hand_over_id)]
        yield str(hand_over_id), digest_of(*rows)


class _Follower:
    """A stream sorted by its first column, read beside another one sorted alike."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next: Any = next(rows, None)

    def of(self, key: int) -> list[Any]:
        """Return the rows of that key; those of smaller keys, which belong to no event, are passed over."""
        found = []
        while self._next is not None and self._next[0] <= key:
            if self._next[0] == key:
                found.append(self._next)
            self._next = next(self._rows, None)
        return found
