"""Posting entries to the journal; every other part that moves money comes through here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relief.kernel.errors import Conflict
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.ledger.rules import Account, EntryKind
from relief.store.columns import instant_text
from relief.store.statement import Statement
from relief.store.work import Work

_ENTRY = Statement(
    "INSERT INTO journal_entry (kind, posted_on, posted_at, actor_id, memo, source_kind, source_id, reverses_id)"
    " VALUES (:kind, :posted_on, :posted_at, :actor_id, :memo, :source_kind, :source_id, :reverses_id)"
    " ON CONFLICT DO NOTHING RETURNING id, source_kind, source_id"
)
_POSTING = Statement(
    "INSERT INTO posting (entry_id, line_no, fund_id, debit, credit, amount_paisa, posted_on, campaign_id, area_id, point_id)"
    " VALUES (:entry_id, :line_no, :fund_id, :debit, :credit, :amount_paisa, :posted_on, :campaign_id, :area_id, :point_id)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A sum that goes from one account (credit) to another (debit), with what totals are asked by."""

    fund_id: int
    debit: Account
    credit: Account
    amount: Money
    campaign_id: int | None = None
    area_id: int | None = None
    point_id: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in money; `source` is what caused it, and is posted once."""

    kind: EntryKind
    posted_on: dt.date
    memo: str
    source_kind: str
    source_id: str
    lines: Sequence[Line]
    reverses_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry in the journal: its id, and its rows as the database holds them, to be sealed in the audit trail."""

    id: int
    rows: tuple[tuple[Any, ...], ...]


def post(work: Work, entry: Entry) -> Posted:
    """Append the entry with its postings and return what was written; lines of nothing are left out.

    Raises: Conflict "ledger.already_posted" when the source was posted, or the entry was reversed, before.
    """
    return post_many(work, [entry])[0]


def post_many(work: Work, entries: Sequence[Entry]) -> list[Posted]:
    """Append the entries, each of another source, as `post` does, and return what was written, in their order."""
    heads = [_head(work, entry) for entry in entries]
    ids = {(row[1], row[2]): int(row[0]) for row in _ENTRY.rows_of_many(work, heads)}
    if len(ids) < len(entries):
        raise Conflict("ledger.already_posted", N_("This was posted before; nothing was posted a second time."))
    posted, postings = [], []
    for entry, head in zip(entries, heads, strict=True):
        entry_id = ids[entry.source_kind, entry.source_id]
        rows = _postings(entry, entry_id, head["posted_on"])
        postings += rows
        posted.append(Posted(entry_id, ((entry_id, *head.values()), *(tuple(row.values()) for row in rows))))
    _POSTING.run_many(work, postings)
    return posted


def _head(work: Work, entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind.value, "posted_on": entry.posted_on.isoformat(), "posted_at": instant_text(work.at),
        "actor_id": int(work.actor.id), "memo": entry.memo, "source_kind": entry.source_kind,
        "source_id": entry.source_id, "reverses_id": entry.reverses_id,
    }  # fmt: skip


def _postings(entry: Entry, entry_id: int, posted_on: str) -> list[dict[str, Any]]:
    lines = [line for line in entry.lines if line.amount]
    assert lines, "an entry moves money"
    return [
        {
            "entry_id": entry_id, "line_no": line_no, "fund_id": line.fund_id, "debit": line.debit.value,
            "credit": line.credit.value, "amount_paisa": line.amount.paisa, "posted_on": posted_on,
            "campaign_id": line.campaign_id, "area_id": line.area_id, "point_id": line.point_id,
        }
        for line_no, line in enumerate(lines, 1)
    ]  # fmt: skip
