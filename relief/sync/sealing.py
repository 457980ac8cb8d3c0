"""What seals the events of phones in the audit trail: the rows that one batch wrote, read back as they were written."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from relief.audit.trail import digest_of
from relief.store.columns import as_instant, instant_text
from relief.store.statement import Statement
from relief.store.work import Work
from relief.sync.records import EVENT_COLUMNS

_EVENTS = Statement(
    f"SELECT device_id, received_at, {', '.join(EVENT_COLUMNS)} FROM device_event ORDER BY device_id, received_at, event_id"
)
_PICTURES = Statement(
    "SELECT COALESCE(e.device_id, 0), e.received_at, p.event_id, p.kind, p.content_sealed FROM device_picture p"
    " LEFT JOIN device_event e ON e.event_id = p.event_id ORDER BY 1, e.received_at, p.event_id, p.kind"
)
_REJECTED = Statement(
    "SELECT device_id, received_at, digest, device_id, event_id, sent_by, received_at, reason, content FROM rejected_event"
    " ORDER BY device_id, received_at, digest"
)


def batch_name(device_id: int, received_at: dt.datetime) -> str:
    """Return what the trail calls a batch: its phone and the moment in which it came in."""
    return f"{device_id} {instant_text(received_at)}"


def batch_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the name and digest of every batch: over its events, their pictures, and what was rejected, in this order."""
    streams = [
        ((row[0], _text(row[1]), kind, tuple(row[2:])) for row in statement.stream(work, {}))
        for kind, statement in enumerate((_EVENTS, _PICTURES, _REJECTED))
    ]
    merged = heapq.merge(*streams, key=itemgetter(0, 1, 2))
    for (device_id, received_at), rows in itertools.groupby(merged, key=itemgetter(0, 1)):
        yield f"{device_id} {received_at}", digest_of(*(row[3] for row in rows))


def _text(received_at: Any) -> str:
    return "" if received_at is None else instant_text(as_instant(received_at))
