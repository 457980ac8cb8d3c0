"""Appending one event to the table of hand-overs."""

from __future__ import annotations

from collections.abc import Mapping
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
    " ON CONFLICT DO NOTHING RETURNING id"
)


def append_event(work: Work, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Append the event and return its row, the id first; None if a unique index holds its place already."""
    row = _INSERT.row(work, values)
    return None if row is None else (int(row[0]), *(values[name] for name in COLUMNS))
