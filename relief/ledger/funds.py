"""Opening funds, receiving money for them, spending it directly, and answering a mistake by a reversal."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from relief.audit.trail import Deed, digest_of, record
from relief.kernel.dates import local_day
from relief.kernel.errors import Conflict, InvalidInput, Problem
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.ledger.balances import change_figures, lock_figures
from relief.ledger.posting import Entry, Line, post
from relief.ledger.rules import Account, EntryKind
from relief.ledger.sealing import BY_HAND, SEGMENT
from relief.store.columns import instant_text
from relief.store.statement import Statement
from relief.store.work import Work

EARLIEST_DAY = dt.date(2000, 1, 1)
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,30}")

_OPEN = Statement(
    "INSERT INTO fund (code, name, donor_name, is_restricted, opened_at, opened_by)"
    " VALUES (:code, :name, :donor_name, :is_restricted, :opened_at, :opened_by) ON CONFLICT (code) DO NOTHING RETURNING id"
)
_BALANCE = Statement(
    "INSERT INTO fund_balance (fund_id, received_paisa, committed_paisa, committed_goods_paisa, purchased_paisa,"
    " spent_directly_paisa) VALUES (:fund_id, 0, 0, 0, 0, 0)"
)
_FIND = Statement(
    "SELECT e.id, e.kind, e.posted_on, e.memo, p.fund_id, p.amount_paisa FROM journal_entry e"
    " JOIN posting p ON p.entry_id = e.id WHERE e.source_kind = :source_kind AND e.source_id = :source_id"
)


@dataclass(frozen=True, slots=True)
class OpenFund:
    """A new fund; a restricted one may be used for its donor's purpose alone."""

    code: str
    name: str
    donor_name: str
    is_restricted: bool


@dataclass(frozen=True, slots=True)
class MoveFund:
    """Money that came into a fund, or went out of it. `key` is made with the form: sent twice, it is posted once."""

    fund_id: int
    amount: Money
    on: dt.date
    memo: str
    key: str


def open_fund(work: Work, command: OpenFund) -> int:
    """Open a fund with nothing in it and return its id. Raises: Forbidden, InvalidInput, Conflict "fund.code_taken"."""
    work.actor.require(Permission.LEDGER_POST)
    code, name, donor = command.code.strip().upper(), clean(command.name), clean(command.donor_name)
    problems = [Problem(field, "field.missing", N_("This is missing."))
                for field, value in (("name", name), ("donor_name", donor)) if not value]  # fmt: skip
    if not _CODE.fullmatch(code):
        problems.append(
            Problem("code", "fund.bad_code", N_("Write 2 to 31 letters, digits and hyphens, such as SRSO-2022."))
        )
    if problems:
        raise InvalidInput.of(problems)
    row = _OPEN.row(
        work,
        {
            "code": code, "name": name, "donor_name": donor, "is_restricted": command.is_restricted,
            "opened_at": instant_text(work.at), "opened_by": int(work.actor.id),
        },
    )  # fmt: skip
    if row is None:
        raise Conflict("fund.code_taken", N_("There is a fund with the code %(code)s already."), code=code)
    _BALANCE.run(work, {"fund_id": row[0]})
    record(work, Deed("fund.opened", "fund", row[0], detail={"code": code}, segment=SEGMENT))
    return int(row[0])


def receive_fund(work: Work, command: MoveFund) -> int:
    """Post money that a donor paid in and return the entry's id; the same form again returns the same id.

    Raises: Forbidden, NotFound "fund.not_found", InvalidInput, Conflict "ledger.exists_with_different_content".
    """
    return _post_by_hand(work, command, EntryKind.RECEIPT, (Account.BANK, Account.FUNDS_RECEIVED))


def spend_directly(work: Work, command: MoveFund) -> int:
    """Post what was paid for something other than relief to families, transport or printing, and return the entry's id.

    Raises: as `receive_fund`, and RuleViolation "fund.too_little": what is promised to families is not for spending.
    """
    return _post_by_hand(work, command, EntryKind.DISBURSEMENT, (Account.OTHER_SPENDING, Account.BANK))


def check_movement(work: Work, *, amount: Money, on: dt.date, memo: str) -> None:
    """Refuse what no paper can say: nothing or less, a day to come, no words. Raises: InvalidInput with all problems."""
    problems = []
    if amount <= Money.ZERO:
        problems.append(Problem("amount", "money.not_positive", N_("Write a sum above zero.")))
    if not EARLIEST_DAY <= on <= local_day(work.at):
        problems.append(
            Problem("on", "day.out_of_range", N_("Write the day on which it happened; it cannot lie ahead."))
        )
    if not clean(memo):
        problems.append(
            Problem("memo", "memo.missing", N_("Say what this was, with the number of the paper that shows it."))
        )
    if problems:
        raise InvalidInput.of(problems)


def _post_by_hand(work: Work, command: MoveFund, kind: EntryKind, accounts: tuple[Account, Account]) -> int:
    work.actor.require(Permission.LEDGER_POST)
    check_movement(work, amount=command.amount, on=command.on, memo=command.memo)
    lock_figures(work, command.fund_id)  # The second click of a double click waits here, and then finds the first.
    memo = clean(command.memo)
    earlier = _FIND.row(work, {"source_kind": BY_HAND, "source_id": command.key})
    if earlier is not None:
        found = (earlier[1], str(earlier[2]), *earlier[3:])
        if found != (kind.value, command.on.isoformat(), memo, command.fund_id, command.amount.paisa):
            raise Conflict(
                "ledger.exists_with_different_content",
                N_(
                    "This form was sent before with other values, and those were posted. Open a new form for another entry."
                ),
            )
        return int(earlier[0])
    amount = command.amount
    change_figures(
        work, command.fund_id, lambda f: f.receive(amount) if kind is EntryKind.RECEIPT else f.spend(amount), amount
    )
    debit, credit = accounts
    line = Line(command.fund_id, debit, credit, amount)
    posted = post(work, Entry(kind, command.on, memo, BY_HAND, command.key, [line]))
    action = "fund.received" if kind is EntryKind.RECEIPT else "fund.spent"
    detail = {"fund": command.fund_id, "paisa": amount.paisa}
    seal = digest_of(*posted.rows)
    record(work, Deed(action, "journal_entry", posted.id, detail=detail, segment=SEGMENT, record_digest=seal))
    return posted.id
