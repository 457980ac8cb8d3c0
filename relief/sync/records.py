"""Writes down what phones sent, and finds it again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from relief.distributions.rules import Refusal
from relief.store.columns import instant_text
from relief.store.statement import Lookup, Statement
from relief.store.work import Work
from relief.sync.envelopes import Opened, Refused
from relief.sync.requests import KnownDevice, PointFacts
from relief.sync.rules import Answer, Undoing, distance_m
from relief.sync.wire import b64

Rows = list[tuple[Any, ...]]

CONTENT_CONTEXT, PICTURE_CONTEXT = "device_event.content", "device_picture.content"
# A clock that was never set may be decades off; its column holds what a Unix clock can.
_FURTHEST_CLOCK_S = 2**31 - 1

_KNOWN = Lookup(
    ("event_id",),
    "SELECT {n}, e.event_id, e.device_id, e.event_hash, e.hand_over_id FROM {wanted} device_event e"
    " WHERE e.event_id = {w}event_id",
)
EVENT_COLUMNS = (
    "event_id", "device_id", "counter", "operator_id", "sent_by", "kind", "point_id", "device_at", "happened_at",
    "received_at", "clock_offset_s", "lon", "lat", "accuracy_m", "distance_m", "verdict", "answer", "reason",
    "hand_over_id", "previous_hash", "event_hash", "content_sealed",
)  # fmt: skip
_EVENT = Statement(
    f"INSERT INTO device_event ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join(':' + name for name in EVENT_COLUMNS)})"
)
_PICTURE = Statement(
    "INSERT INTO device_picture (event_id, kind, content_sealed) VALUES (:event_id, :kind, :content_sealed)"
)
_REJECTED = Statement(
    "INSERT INTO rejected_event (digest, device_id, event_id, sent_by, received_at, reason, content)"
    " VALUES (:digest, :device_id, :event_id, :sent_by, :received_at, :reason, :content) ON CONFLICT (digest) DO NOTHING"
    " RETURNING digest"
)


@dataclass(frozen=True, slots=True)
class Known:
    """An event that came before."""

    device_id: int
    event_hash: bytes
    hand_over_id: int | None


@dataclass(frozen=True, slots=True)
class Taken:
    """An event with its place, its time by the server's clock, and how it was answered."""

    opened: Opened
    point: PointFacts
    happened_at: dt.datetime
    answer: Answer
    reason: Refusal | Undoing | None = None
    hand_over_id: int | None = None


def find_known(work: Work, event_ids: Sequence[str]) -> dict[str, Known]:
    """Return those of the events that came before, by id."""
    rows = _KNOWN.rows(work, [{"event_id": event_id} for event_id in event_ids]) if event_ids else ()
    return {event_id: Known(device_id, bytes(hash_), number) for _n, event_id, device_id, hash_, number in rows}


def write_events(work: Work, device: KnownDevice, taken: Sequence[Taken], *, offset: dt.timedelta) -> Rows:
    """Write the events of one phone with their pictures, and return the rows by the events' ids; what was read is sealed."""
    # The signature, and below it the bytes that it signs.
    texts = [f"{b64(each.opened.signature)}\n{each.opened.raw.decode()}" for each in taken]
    sealed = work.keys.seal_many(texts, CONTENT_CONTEXT)
    offset_s = max(-_FURTHEST_CLOCK_S, min(round(offset.total_seconds()), _FURTHEST_CLOCK_S))
    rows = [
        _row(work, device, each, offset_s) | {"content_sealed": content}
        for each, content in zip(taken, sealed, strict=True)
    ]
    _EVENT.run_many(work, rows)
    pictures = [
        {
            "event_id": each.opened.event_id, "kind": kind.value,
            "content_sealed": work.keys.seal(b64(content), PICTURE_CONTEXT),
        }
        for each in taken
        for kind, content in sorted(each.opened.pictures.items())
    ]  # fmt: skip
    _PICTURE.run_many(work, pictures)
    by_event = itemgetter("event_id")
    return [tuple(row.values()) for row in (*sorted(rows, key=by_event), *sorted(pictures, key=by_event))]


def write_rejected(work: Work, device: KnownDevice, refused: Sequence[Refused]) -> Rows:
    """Keep what cannot be an event as it came, and return the rows; the same once more is known already."""
    rows = {}
    for one in refused:
        content = one.envelope.iv + one.envelope.sealed
        digest = hashlib.sha256(f"{device.id} {one.event_id} ".encode() + content).digest()
        rows[digest] = {
            "digest": digest, "device_id": device.id, "event_id": one.event_id, "sent_by": int(work.actor.id),
            "received_at": instant_text(work.at), "reason": one.rejection.value, "content": content,
        }  # fmt: skip
    written = {bytes(row[0]) for row in _REJECTED.rows_of_many(work, list(rows.values()))} if rows else set()
    return [tuple(rows[digest].values()) for digest in sorted(written)]


def _row(work: Work, device: KnownDevice, each: Taken, offset_s: int) -> dict[str, Any]:
    payload, point = each.opened.payload, each.point
    gps, distance = payload.gps, None
    if gps is not None and point.lon is not None and point.lat is not None:
        distance = distance_m((gps.lon, gps.lat), (point.lon, point.lat))
    return {
        "event_id": each.opened.event_id, "device_id": device.id, "counter": payload.counter,
        "operator_id": payload.operator, "sent_by": int(work.actor.id), "kind": payload.kind.value, "point_id": point.id,
        "device_at": instant_text(payload.at), "happened_at": instant_text(each.happened_at),
        "received_at": instant_text(work.at), "clock_offset_s": offset_s, "lon": gps.lon if gps else None,
        "lat": gps.lat if gps else None, "accuracy_m": round(gps.accuracy_m) if gps else None, "distance_m": distance,
        "verdict": payload.verdict, "answer": each.answer.value, "reason": each.reason.value if each.reason else "",
        "hand_over_id": each.hand_over_id, "previous_hash": bytes.fromhex(payload.previous),
        "event_hash": each.opened.hash,
    }  # fmt: skip
