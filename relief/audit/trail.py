"""Appending to the audit trail."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relief.store.columns import canonical_json, instant_text
from relief.store.statement import Statement
from relief.store.work import Work

GENESIS = bytes(32)

_HEAD = Statement("SELECT position, entry_hash FROM audit_head WHERE segment = :segment {for_update}")
_NEW_HEAD = Statement(
    "INSERT INTO audit_head (segment, position, entry_hash) VALUES (:segment, 0, :entry_hash) ON CONFLICT (segment) DO NOTHING"
)
_MOVE_HEAD = Statement("UPDATE audit_head SET position = :position, entry_hash = :entry_hash WHERE segment = :segment")
_APPEND = Statement(
    "INSERT INTO audit_entry (segment, position, at, actor_id, action, subject_kind, subject_id, area_id, detail,"
    " record_digest, previous_hash, entry_hash) VALUES (:segment, :position, :at, :actor_id, :action, :subject_kind,"
    " :subject_id, :area_id, :detail, :record_digest, :previous_hash, :entry_hash)"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done: an action in the past tense, "token.redeemed", and the object it was done to."""

    action: str
    subject_kind: str
    subject_id: int | str
    area_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    # Deeds at one distribution point chain apart from all others, so that no chain's end is a lock for the whole country.
    segment: str = "office"
    # Seals rows that the deed wrote: see `digest_of`.
    record_digest: bytes | None = None


def record(work: Work, deed: Deed) -> None:
    """Append the deed to its segment's chain. Call it last in a unit: the chain's end stays locked until the commit."""
    record_many(work, [deed])


def record_many(work: Work, deeds: Sequence[Deed]) -> None:
    """Append the deeds, in their order, to the chains of their segments; last in a unit, as `record`."""
    entries: list[dict[str, Any]] = []
    # Chains are locked in one order: two units that write to the same two never wait in a ring.
    for segment in sorted({deed.segment for deed in deeds}):
        position, previous = _lock_head(work, segment)
        for deed in deeds:
            if deed.segment == segment:
                position += 1
                entries.append(_entry(work, deed, position, previous))
                previous = entries[-1]["entry_hash"]
        _MOVE_HEAD.run(work, {"segment": segment, "position": position, "entry_hash": previous})
    _APPEND.run_many(work, entries)


def _lock_head(work: Work, segment: str) -> tuple[int, bytes]:
    head = _HEAD.row(work, {"segment": segment})
    if head is None:
        _NEW_HEAD.run(work, {"segment": segment, "entry_hash": GENESIS})
        head = _HEAD.row(work, {"segment": segment})
    return head[0], bytes(head[1])


def _entry(work: Work, deed: Deed, position: int, previous: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "segment": deed.segment, "position": position, "at": instant_text(work.at), "actor_id": int(work.actor.id),
        "action": deed.action, "subject_kind": deed.subject_kind, "subject_id": str(deed.subject_id),
        "area_id": deed.area_id, "detail": canonical_json(dict(deed.detail)), "record_digest": deed.record_digest,
        "previous_hash": previous,
    }  # fmt: skip
    entry["entry_hash"] = entry_hash(entry)
    return entry


def entry_hash(entry: Mapping[str, Any]) -> bytes:
    """Return SHA-256 over the canonical JSON list of an entry's fields, in the order of the table; bytes as hex."""
    fields = [
        entry["segment"], entry["position"], entry["at"], entry["actor_id"], entry["action"], entry["subject_kind"],
        entry["subject_id"], entry["area_id"], entry["detail"], (entry["record_digest"] or b"").hex(),
        entry["previous_hash"].hex(),
    ]  # fmt: skip
    return hashlib.sha256(canonical_json(fields).encode()).digest()


def digest_of(*rows: tuple[Any, ...]) -> bytes:
    """Return SHA-256 over rows as the database holds them, in the order given: what `record_digest` seals them with."""
    # Written out: a call for each value costs three times as much, and every hand-over is sealed at the table.
    told_apart = [[_plain(value) for value in row] if bool in map(type, row) else row for row in rows]
    return hashlib.sha256(_ENCODER.encode(told_apart).encode()).digest()


def _plain(value: Any) -> Any:
    # Both databases must yield the same bytes for the same row.
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, dt.datetime):
        return instant_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool):
        return int(value)
    return value


# The spelling of `canonical_json`; it asks `_plain` about what JSON does not know.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False, default=_plain
)
