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
# Numbers kept as text come in their order by length first. They are not cast: an attacker may have written anything there.
_MOVEMENTS = Statement(
    "SELECT source_id, kind, item_id, fund_id, from_location_id, to_location_id, quantity, unit_cost_paisa,"
    " moved_on, at, actor_id, source_kind, source_id FROM movement WHERE source_kind = 'hand_over'"
    " ORDER BY LENGTH(source_id), source_id, id"
)
_ENTRIES = Statement(
    "SELECT source_id, id, kind, posted_on, posted_at, actor_id, memo, source_kind, source_id, reverses_id"
    " FROM journal_entry WHERE source_kind = 'hand_over' ORDER BY LENGTH(source_id), source_id"
)
_POSTINGS = Statement(
    "SELECT e.source_id, p.entry_id, p.line_no, p.fund_id, p.debit, p.credit, p.amount_paisa, p.posted_on,"
    " p.campaign_id, p.area_id, p.point_id FROM posting p JOIN journal_entry e ON e.id = p.entry_id"
    " WHERE e.source_kind = 'hand_over' ORDER BY LENGTH(e.source_id), e.source_id, p.line_no"
)


def hand_over_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id and digest of every event, by id: over its row, lines, movements of goods, and entry with postings."""
    followers = [
        _Follower(statement.stream(work, {}), skip=skip)
        for statement, skip in ((_LINES, 0), (_MOVEMENTS, 1), (_ENTRIES, 1), (_POSTINGS, 1))
    ]
    for event in _EVENTS.stream(work, {}):
        number = str(event[0])
        rows = [event]
        for follower in followers:
            rows += follower.of(number)
        yield number, digest_of(*rows)


class _Follower:
    """A stream sorted by its first column, a number or one kept as text, read beside another one sorted alike."""

    def __init__(self, rows: Iterator[Any], *, skip: int) -> None:
        self._rows = rows
        self._skip = skip
        self._next: Any = next(rows, None)

    def of(self, number: str) -> list[Row]:
        """Return the rows of that number without the columns to skip; rows before it, which belong to no event, are passed over."""
        found = []
        place = (len(number), number)
        while self._next is not None:
            text = str(self._next[0])
            if text == number:
                found.append(self._next[self._skip :])
            elif (len(text), text) > place:
                break
            self._next = next(self._rows, None)
        return found
