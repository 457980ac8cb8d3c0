"""Answering a wrong entry by its mirror image; nothing posted is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from relief.audit.trail import Deed, digest_of, record
from relief.kernel.dates import local_day
from relief.kernel.errors import Conflict, InvalidInput, NotFound, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.ledger.balances import change_figures, lock_figures
from relief.ledger.posting import Entry, Line, Posted, post
from relief.ledger.rules import Account, EntryKind, FundFigures, refusal_to_reverse
from relief.ledger.sealing import BY_HAND, SEGMENT
from relief.store.statement import Statement
from relief.store.work import Work

_LINES = Statement(
    "SELECT e.kind, p.fund_id, p.debit, p.credit, p.amount_paisa, p.campaign_id, p.area_id, p.point_id"
    " FROM journal_entry e JOIN posting p ON p.entry_id = e.id WHERE e.id = :entry_id ORDER BY p.line_no"
)
_REVERSAL = Statement("SELECT id, source_id FROM journal_entry WHERE reverses_id = :entry_id")


@dataclass(frozen=True, slots=True)
class ReverseEntry:
    """Undo the effect of an entry; `key` as for posting."""

    entry_id: int
    reason: str
    key: str


def reverse_entry(work: Work, command: ReverseEntry) -> int:
    """Post the reversal of an entry posted at the finance desk, on today's date, and return its id.

    Raises: Forbidden, NotFound "ledger.entry_not_found", InvalidInput, RuleViolation "ledger.cannot_reverse_hand_over",
        "ledger.reverse_the_goods_note", "ledger.cannot_reverse_reversal", "fund.too_little"; Conflict
        "ledger.already_reversed".
    """
    work.actor.require(Permission.LEDGER_POST)
    reason = check_reason(command.reason)
    lines = _LINES.rows(work, {"entry_id": command.entry_id})
    if not lines:
        raise NotFound("ledger.entry_not_found", N_("There is no such entry."))
    refusal = refusal_to_reverse(EntryKind(lines[0][0]))
    if refusal is not None:
        raise RuleViolation(*refusal)
    lock_figures(work, lines[0][1])  # The second click of a double click waits here, and then finds the first.
    earlier = _reversal_of(work, command)
    if earlier is not None:
        return earlier
    posted = post_reversal(work, command, reason, source_kind=BY_HAND)
    detail = {"reverses": command.entry_id}
    seal = digest_of(*posted.rows)
    record(
        work, Deed("ledger.reversed", "journal_entry", posted.id, detail=detail, segment=SEGMENT, record_digest=seal)
    )
    return posted.id


def post_reversal(work: Work, command: ReverseEntry, reason: str, *, source_kind: str) -> Posted:
    """Post the mirror image of an entry and give its sum back to, or take it from, the fund; the caller seals what is returned.

    Raises: RuleViolation "fund.too_little", Conflict "ledger.already_posted".
    """
    rows = _LINES.rows(work, {"entry_id": command.entry_id})
    kind = EntryKind(rows[0][0])
    for row in rows:
        amount = Money(row[4])
        change_figures(work, row[1], partial(_undone, kind=kind, amount=amount), amount)
    return post(
        work,
        Entry(
            EntryKind.REVERSAL, local_day(work.at), reason, source_kind, command.key, [_mirror(row) for row in rows],
            reverses_id=command.entry_id,
        ),
    )  # fmt: skip


def check_reason(text: str) -> str:
    """Return the reason, cleaned. Raises: InvalidInput for one that says nothing."""
    reason = clean(text)
    if len(reason) < 5:
        raise InvalidInput.of(
            [Problem("reason", "reason.missing", N_("Say why, in a few words: an auditor will read it."))]
        )
    return reason


def _reversal_of(work: Work, command: ReverseEntry) -> int | None:
    row = _REVERSAL.row(work, {"entry_id": command.entry_id})
    if row is None:
        return None
    if row[1] != command.key:
        raise Conflict(
            "ledger.already_reversed", N_("This entry was reversed before, by entry %(entry)s."), entry=row[0]
        )
    return int(row[0])


def _undone(figures: FundFigures, *, kind: EntryKind, amount: Money) -> FundFigures:
    if kind is EntryKind.RECEIPT:
        return figures.receive(-amount)
    return figures.purchase(-amount) if kind is EntryKind.PURCHASE else figures.spend(-amount)


def _mirror(row: Any) -> Line:
    _kind, fund_id, debit, credit, paisa, campaign_id, area_id, point_id = row
    return Line(fund_id, Account(credit), Account(debit), Money(paisa), campaign_id, area_id, point_id)
