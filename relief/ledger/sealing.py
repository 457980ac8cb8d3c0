"""What seals the rows of the ledger in the audit trail: the same digests when they are written and when they are verified."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from relief.audit.trail import digest_of
from relief.store.statement import Statement
from relief.store.work import Work

# All deeds of finance form one chain.
SEGMENT = "ledger"
# What a person posts at the finance desk; hand-overs and goods notes name themselves.
BY_HAND = "finance_desk"

Rows = tuple[tuple[Any, ...], ...]

_COMMITMENTS = Statement(
    "SELECT id, fund_id, amount_paisa, goods_paisa, source_kind, source_id, at, actor_id FROM commitment ORDER BY id"
)
_JOURNAL = Statement(
    "SELECT e.id, e.kind, e.posted_on, e.posted_at, e.actor_id, e.memo, e.source_kind, e.source_id, e.reverses_id,"
    " p.entry_id, p.line_no, p.fund_id, p.debit, p.credit, p.amount_paisa, p.posted_on, p.campaign_id, p.area_id, p.point_id"
    " FROM journal_entry e LEFT JOIN posting p ON p.entry_id = e.id WHERE e.source_kind = :source_kind ORDER BY e.id, p.line_no"
)
_ENTRY_COLUMNS = 9


def commitment_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id and digest of each commitment."""
    for row in _COMMITMENTS.stream(work, {}):
        yield str(row[0]), digest_of(row)


def entry_digests(work: Work) -> Iterator[tuple[str, bytes]]:
    """Yield the id and digest of each entry posted by hand."""
    for rows in journal_rows(work, BY_HAND):
        yield str(rows[0][0]), digest_of(*rows)


def journal_rows(work: Work, source_kind: str) -> Iterator[Rows]:
    """Yield for each entry of a kind of source, by id, the entry's row and then its postings, as `post` returned them."""
    rows = _JOURNAL.stream(work, {"source_kind": source_kind})
    for head, lines in groupby(rows, key=lambda row: tuple(row[:_ENTRY_COLUMNS])):
        postings = [tuple(line[_ENTRY_COLUMNS:]) for line in lines]
        yield (head, *(posting for posting in postings if posting[0] is not None))
