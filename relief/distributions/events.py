"""Appending one event to the table of hand-overs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from relief.store.statement import Statement
from relief.store.work import Work

# In the order of the table. Rows are sealed in the audit trail in this order, with the id in front.
COLUMNS = (
    "event_id", "kind", "channel", "campaign_id", "entitlement_id", "token_id", "instalment_no", "point_id", "uc_id",
    "given_on", "given_at", "recorded_at", "operator_id", "recorded_by", "proof", "taken_by_proxy", "served", "cash_paisa",
    "goods_paisa", "unexplained_paisa", "voids_id", "reopens_id", "reason", "content_digest",
)  # fmt: skip

_INSERT = Statement(
    f"INSERT INTO hand_over ({', '.join(COLUMNS)}) VALUES ({', '.join(':' + name for name in COLUMNS)})"
    " ON CONFLICT DO NOTHING RETURNING id, event_id"
)


def append_event(work: Work, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Append the event and return its row, the id first; None if a unique index holds its place already."""
    return append_events(work, [values])[0]


def append_events(work: Work, events: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...] | None]:
    """Append the events, each of another id, and return their rows; None for each whose place a unique index holds already."""
    ids = {event_id: int(number) for number, event_id in _INSERT.rows_of_many(work, events)} if events else {}
    return [
        (ids[values["event_id"]], *(values[name] for name in COLUMNS)) if values["event_id"] in ids else None
        for values in events
    ]
