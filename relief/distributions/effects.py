"""What a hand-over does to stock, ledger and what is owed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relief.distributions.claims import PackageLineOf, Table
from relief.kernel.money import Money
from relief.ledger.posting import Entry, Line, post_many
from relief.ledger.rules import Account, EntryKind
from relief.stock.moving import Goods, Move, Taking, put, take_many
from relief.stock.rules import MovementKind
from relief.store.statement import Statement
from relief.store.work import Work

SOURCE_KIND = "hand_over"

# The accounts that cash and goods go to.
_GIVEN = (Account.CASH_RELIEF, Account.GOODS_RELIEF)
_LOST = (Account.UNEXPLAINED_AT_POINTS, Account.UNEXPLAINED_AT_POINTS)

Lines = Sequence[tuple[PackageLineOf, int]]
Rows = list[tuple[Any, ...]]

_OWED = Statement(
    "INSERT INTO owed_line (entitlement_id, instalment_no, line_no, owed, given)"
    " VALUES (:entitlement_id, :instalment_no, :line_no, :owed, :given)"
    " ON CONFLICT (entitlement_id, instalment_no, line_no) DO UPDATE SET given = owed_line.given + excluded.given"
)
_OWED_AGAIN = Statement(
    "UPDATE owed_line SET given = given - :amount"
    " WHERE entitlement_id = :entitlement_id AND instalment_no = :instalment_no AND line_no = :line_no"
)
_LINE = Statement(
    "INSERT INTO hand_over_line (hand_over_id, line_no, kind, item_id, quantity, amount_paisa, value_paisa)"
    " VALUES (:hand_over_id, :line_no, :kind, :item_id, :quantity, :amount_paisa, :value_paisa)"
)


@dataclass(frozen=True, slots=True)
class Source:
    """The event that causes an effect, the Union Council of its family, and the day of the books that it belongs to."""

    hand_over_id: int
    uc_id: int
    on: dt.date


@dataclass(frozen=True, slots=True)
class Leaving:
    """What left one table in one event."""

    table: Table
    source: Source
    lines: Lines


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was given to one family of one instalment of its package."""

    entitlement_id: int
    instalment_no: int
    package: Sequence[PackageLineOf]
    lines: Lines


def settle_owed(work: Work, settlements: Sequence[Settlement]) -> None:
    """Book what was given of each line against what is owed; the first hand-over writes a row for every line.

    The table's check refuses whatever would exceed what is owed: the rules have looked before, and this looks for them.
    """
    rows = []
    for settled in settlements:
        given = {line.line_no: amount for line, amount in settled.lines}
        rows += [
            {
                "entitlement_id": settled.entitlement_id, "instalment_no": settled.instalment_no, "line_no": line.line_no,
                "owed": line.owed, "given": given.get(line.line_no, 0),
            }
            for line in settled.package
        ]  # fmt: skip
    _OWED.run_many(work, rows)


def unsettle_owed(work: Work, entitlement_id: int, instalment_no: int, lines: Lines) -> None:
    """Book what came back: the lines of an undone hand-over are owed again."""
    rows = [
        {"entitlement_id": entitlement_id, "instalment_no": instalment_no, "line_no": line.line_no, "amount": amount}
        for line, amount in lines
    ]
    _OWED_AGAIN.run_many(work, rows)


def write_lines(work: Work, written: Sequence[tuple[int, Lines]], *, sign: int) -> list[Rows]:
    """Write the lines of hand-overs (sign 1) or voids (sign -1), given by id, and return each one's as the database holds them."""
    rows = [
        [
            {
                "hand_over_id": hand_over_id, "line_no": line.line_no, "kind": line.kind.value, "item_id": line.item_id,
                "quantity": 0 if line.item_id is None else sign * amount,
                "amount_paisa": sign * amount if line.item_id is None else 0, "value_paisa": sign * line.value_paisa(amount),
            }
            for line, amount in lines
        ]
        for hand_over_id, lines in written
    ]  # fmt: skip
    _LINE.run_many(work, [row for of_one in rows for row in of_one])
    return [[tuple(row.values()) for row in of_one] for of_one in rows]


def hand_out(work: Work, leaving: Sequence[Leaving], *, may_exceed_books: bool) -> list[Rows]:
    """Take goods from the points' stock and post cash and goods as relief given; return the rows written for each event.

    Raises: RuleViolation "stock.short" unless what happened may exceed what the books knew of.
    """
    to = _Destination(EntryKind.HAND_OVER, MovementKind.HAND_OVER, *_GIVEN)
    return _leave(work, leaving, to, may_exceed_books=may_exceed_books)


def lose(work: Work, leaving: Sequence[Leaving]) -> list[Rows]:
    """Take goods and cash of conflicts out of the books, to the account of what is unexplained at points; return the rows written
    for each.
    """
    to = _Destination(EntryKind.CONFLICT, MovementKind.CONFLICT, *_LOST)
    return _leave(work, leaving, to, may_exceed_books=True)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a void puts back: the lines of the event undone, and how much of each item the books had when it left."""

    lines: Lines
    booked: Mapping[int, int]
    was_conflict: bool = False


def take_back(work: Work, table: Table, source: Source, returned: Returned) -> Rows:
    """Put the goods of an undone event back and post its reversal; return the rows written."""
    accounts = _LOST if returned.was_conflict else _GIVEN
    move = _move(MovementKind.VOID, table, source)
    goods = [
        Goods(item.item_id, returned.booked[item.item_id], item.unit_cost_paisa) for item in _items(returned.lines)
    ]
    rows: Rows = list(put(work, move, table.location_id, [line for line in goods if line.quantity]))
    entry = Entry(
        EntryKind.VOID, source.on, "", SOURCE_KIND, str(source.hand_over_id),
        [
            Line(line.fund_id, line.credit, line.debit, line.amount, line.campaign_id, line.area_id, line.point_id)
            for line in _postings(table, source, returned.lines, returned.booked, accounts)
        ],
    )  # fmt: skip
    return rows + _post_if_any(work, [entry])[0]


@dataclass(frozen=True, slots=True)
class _Destination:
    """What leaving a table is called in the books, and the accounts that cash and goods go to."""

    entry: EntryKind
    movement: MovementKind
    cash_to: Account
    goods_to: Account


def _leave(work: Work, leaving: Sequence[Leaving], to: _Destination, *, may_exceed_books: bool) -> list[Rows]:
    takings = [
        Taking(_move(to.movement, each.table, each.source), each.table.location_id, _items(each.lines))
        for each in leaving
    ]
    taken = take_many(work, takings, also_unbooked=may_exceed_books)
    entries = [
        Entry(
            to.entry, each.source.on, "", SOURCE_KIND, str(each.source.hand_over_id),
            _postings(each.table, each.source, each.lines, moved.booked, (to.cash_to, to.goods_to)),
        )
        for each, moved in zip(leaving, taken, strict=True)
    ]  # fmt: skip
    posted = _post_if_any(work, entries)
    return [[*moved.rows, *rows] for moved, rows in zip(taken, posted, strict=True)]


def _postings(
    table: Table, source: Source, lines: Lines, booked: Mapping[int, int], accounts: tuple[Account, Account]
) -> list[Line]:
    cash_to, goods_to = accounts
    cash = sum(amount for line, amount in lines if line.item_id is None)
    in_books = sum(booked[item.item_id] * item.unit_cost_paisa for item in _items(lines))
    beyond_books = sum((item.quantity - booked[item.item_id]) * item.unit_cost_paisa for item in _items(lines))
    moves = (
        (cash_to, Account.BANK, cash),
        (goods_to, Account.GOODS_IN_STOCK, in_books),
        (goods_to, Account.GOODS_NOT_BOOKED_IN, beyond_books),
    )
    return [
        Line(table.fund_id, debit, credit, Money(paisa), table.campaign_id, source.uc_id, table.point_id)
        for debit, credit, paisa in moves
    ]


def _items(lines: Lines) -> list[Goods]:
    return [Goods(line.item_id, amount, line.unit_cost_paisa) for line, amount in lines if line.item_id is not None]


def _move(kind: MovementKind, table: Table, source: Source) -> Move:
    return Move(kind, table.fund_id, source.on, SOURCE_KIND, str(source.hand_over_id))


def _post_if_any(work: Work, entries: Sequence[Entry]) -> list[Rows]:
    # Goods may have come as a gift and stand in the books at no cost.
    posted = iter(post_many(work, [entry for entry in entries if _moves_money(entry)]))
    return [list(next(posted).rows) if _moves_money(entry) else [] for entry in entries]


def _moves_money(entry: Entry) -> bool:
    return any(line.amount for line in entry.lines)
