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
    " ON CONFLICT DO NOTHING RETURNING id"
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
    lines = [line for line in entry.lines if line.amount]
    assert lines, "an entry moves money"
    posted_on = entry.posted_on.isoformat()
    head = {
        "kind": entry.kind.value, "posted_on": posted_on, "posted_at": instant_text(work.at),
        "actor_id": int(work.actor.id), "memo": entry.memo, "source_kind": entry.source_kind,
        "source_id": entry.source_id, "reverses_id": entry.reverses_id,
    }  # fmt: skip
    row = _ENTRY.row(work, head)
    if row is None:
        raise Conflict("ledger.already_posted", N_("This was posted before; nothing was posted a second time."))
    entry_id = int(row[0])
    postings = [
        {
            "entry_id": entry_id, "line_no": line_no, "fund_id": line.fund_id, "debit": line.debit.value,
            "credit": line.credit.value, "amount_paisa": line.amount.paisa, "posted_on": posted_on,
            "campaign_id": line.campaign_id, "area_id": line.area_id, "point_id": line.point_id,
        }
        for line_no, line in enumerate(lines, 1)
    ]  # fmt: skip
    _POSTING.run_many(work, postings)
    return Posted(entry_id, ((entry_id, *head.values()), *(tuple(posting.values()) for posting in postings)))
