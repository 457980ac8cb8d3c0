"""Goods notes: receiving goods into a location, sending them on, and reversing a wrong note.

Buying turns money of a fund into goods of the same fund; spending happens when a family receives them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from relief.audit.trail import Deed, digest_of, record
from relief.kernel.dates import local_day
from relief.kernel.errors import Conflict, InvalidInput, NotFound, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import LARGEST_PAISA, Money
from relief.kernel.permissions import Permission
from relief.kernel.quantity import Quantity
from relief.kernel.text import clean
from relief.ledger.balances import change_figures
from relief.ledger.posting import Entry, Line, post
from relief.ledger.reversals import ReverseEntry, check_reason, post_reversal
from relief.ledger.rules import Account, EntryKind
from relief.stock.catalogue import SEGMENT
from relief.stock.moving import Goods, Move, Taking, carry, put, take
from relief.stock.rules import MovementKind, NoteKind
from relief.store.columns import instant_text
from relief.store.locks import take_turn
from relief.store.statement import Statement
from relief.store.work import Work

SOURCE_KIND = "goods_note"
# Ten million units of one item are more than any truck, ship or flood has seen: a slip of the finger.
LARGEST_RECEIPT = Quantity(10_000_000)
EARLIEST_DAY = dt.date(2000, 1, 1)

COLUMNS = (
    "form_key", "kind", "fund_id", "from_location_id", "to_location_id", "noted_on", "reference", "reason", "reverses_id", "at",
    "actor_id", "content_digest",
)  # fmt: skip
_FIND = Statement("SELECT id, content_digest FROM goods_note WHERE form_key = :form_key")
_APPEND = Statement(
    f"INSERT INTO goods_note ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_PLACE = Statement("SELECT a.path, l.area_id FROM location l JOIN area a ON a.id = l.area_id WHERE l.id = :location_id")
_COST = Statement("SELECT unit_cost_paisa FROM item WHERE id = :item_id")
_FUND = Statement("SELECT id FROM fund WHERE id = :fund_id")
_NOTE = Statement("SELECT kind, fund_id, from_location_id, to_location_id FROM goods_note WHERE id = :note_id")
_MOVED = Statement(
    "SELECT item_id, quantity, unit_cost_paisa FROM movement WHERE source_kind = 'goods_note' AND source_id = :source_id"
    " ORDER BY id"
)
_ENTRY = Statement("SELECT id FROM journal_entry WHERE source_kind = 'goods_note' AND source_id = :source_id")


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """Units of an item that came in, at what was paid for each; a gift costs nothing."""

    item_id: int
    quantity: Quantity
    unit_cost: Money


@dataclass(frozen=True, slots=True)
class ReceiveGoods:
    """Goods bought with a fund, or given to it, that came into a location. `key` is made with the form."""

    location_id: int
    fund_id: int
    lines: tuple[ReceivedLine, ...]
    on: dt.date
    reference: str
    key: str


@dataclass(frozen=True, slots=True)
class TransferGoods:
    """Goods of a fund that went from one location to another; `lines` are items and units."""

    from_location_id: int
    to_location_id: int
    fund_id: int
    lines: tuple[tuple[int, Quantity], ...]
    on: dt.date
    reference: str
    key: str


@dataclass(frozen=True, slots=True)
class ReverseNote:
    """Undo the effect of a goods note."""

    note_id: int
    reason: str
    key: str


def receive_goods(work: Work, command: ReceiveGoods) -> int:
    """Book goods into a location, post what they cost, and return the note's id; the same form again returns the same id.

    A campaign's commitment holds its goods at cost, so that buying them does not take from the fund's free money again; what is
    bought beyond the goods committed does.
    Raises: Forbidden; NotFound "location.not_found", "fund.not_found", "item.not_found"; InvalidInput; RuleViolation
        "fund.too_little"; Conflict "stock.exists_with_different_content".
    """
    area_id = _require_place(work, command.location_id)
    goods = [Goods(line.item_id, line.quantity.count, line.unit_cost.paisa) for line in command.lines]
    cost = Money(sum(line.quantity * line.unit_cost_paisa for line in goods))
    _check(work, goods, on=command.on, reference=command.reference, cost=cost)
    _require_fund(work, command.fund_id)
    note = _Note(
        NoteKind.RECEIPT, command.key, command.fund_id, command.on, reference=clean(command.reference),
        to_id=command.location_id,
    )  # fmt: skip
    written, is_new = _append(work, note, goods)
    if is_new:
        move = Move(MovementKind.RECEIPT, command.fund_id, command.on, SOURCE_KIND, str(written[0]))
        rows = [written, *put(work, move, command.location_id, goods)]
        if cost:
            rows += _post_purchase(work, command, cost, str(written[0]))
        _seal(work, "goods.received", rows, area_id)
    return int(written[0])


def transfer_goods(work: Work, command: TransferGoods) -> int:
    """Move goods from one location to another and return the note's id; the same form again returns the same id.

    Raises: Forbidden; NotFound "location.not_found", "fund.not_found", "item.not_found"; InvalidInput; RuleViolation
        "stock.short"; Conflict "stock.exists_with_different_content".
    """
    area_id = _require_place(work, command.from_location_id)
    _require_place(work, command.to_location_id)
    if command.from_location_id == command.to_location_id:
        raise InvalidInput.of([
            Problem("to", "stock.same_place", N_("Choose another location than the one the goods leave."))
        ])  # fmt: skip
    _require_fund(work, command.fund_id)
    goods = [Goods(item_id, quantity.count, _cost_of(work, item_id)) for item_id, quantity in command.lines]
    _check(work, goods, on=command.on, reference=command.reference, cost=Money.ZERO)
    note = _Note(
        NoteKind.TRANSFER, command.key, command.fund_id, command.on, reference=clean(command.reference),
        from_id=command.from_location_id, to_id=command.to_location_id,
    )  # fmt: skip
    written, is_new = _append(work, note, goods)
    if is_new:
        move = Move(MovementKind.TRANSFER, command.fund_id, command.on, SOURCE_KIND, str(written[0]))
        rows = [written, *carry(work, move, (command.from_location_id, command.to_location_id), goods)]
        _seal(work, "goods.transferred", rows, area_id)
    return int(written[0])


def reverse_note(work: Work, command: ReverseNote) -> int:
    """Take the goods of a note back where they came from, and the money with them, on today's date; return the reversal's id.

    Raises: Forbidden; NotFound "note.not_found"; InvalidInput; RuleViolation "note.cannot_reverse_reversal", "stock.short";
        Conflict "note.already_reversed".
    """
    row = _NOTE.row(work, {"note_id": command.note_id})
    if row is None:
        raise NotFound("note.not_found", N_("There is no such goods note."))
    kind, fund_id, from_id, to_id = row
    areas = [_require_place(work, place) for place in (from_id, to_id) if place is not None]
    if kind == NoteKind.REVERSAL:
        raise RuleViolation(
            "note.cannot_reverse_reversal", N_("A reversal is final. Book what is right as a new note.")
        )
    note = _Note(
        NoteKind.REVERSAL, command.key, fund_id, local_day(work.at), reason=check_reason(command.reason), from_id=to_id,
        to_id=from_id, reverses_id=command.note_id,
    )  # fmt: skip
    goods = [Goods(*line) for line in _MOVED.rows(work, {"source_id": str(command.note_id)})]
    written, is_new = _append(work, note, goods)
    if is_new:
        move = Move(MovementKind.REVERSAL, fund_id, note.on, SOURCE_KIND, str(written[0]))
        moved = (
            take(work, Taking(move, to_id, goods)).rows
            if from_id is None
            else carry(work, move, (to_id, from_id), goods)
        )
        entry = _ENTRY.row(work, {"source_id": str(command.note_id)})
        posted = () if entry is None else _reverse_purchase(work, entry[0], note.reason, str(written[0]))
        _seal(work, "goods_note.reversed", [written, *moved, *posted], areas[0])
    return int(written[0])


@dataclass(frozen=True, slots=True)
class _Note:
    kind: NoteKind
    key: str
    fund_id: int
    on: dt.date
    reference: str = ""
    reason: str = ""
    from_id: int | None = None
    to_id: int | None = None
    reverses_id: int | None = None


def _append(work: Work, note: _Note, goods: list[Goods]) -> tuple[tuple[Any, ...], bool]:
    """Append the note and return its row and True; or the row's id and False if the same form was booked before."""
    # The second click of a double click waits here, and then finds the first.
    take_turn(work, f"goods note {note.key}")
    places = (note.fund_id, note.from_id, note.to_id, note.reverses_id)
    content = (note.kind.value, *places, note.on, note.reference, note.reason)
    digest = digest_of(content, *((line.item_id, line.quantity, line.unit_cost_paisa) for line in goods))
    earlier = _FIND.row(work, {"form_key": note.key})
    if earlier is not None:
        if bytes(earlier[1]) != digest:
            raise Conflict(
                "stock.exists_with_different_content",
                N_(
                    "This form was sent before with other values, and those were booked. Open a new form for another note."
                ),
            )
        return (int(earlier[0]),), False
    values = {
        "form_key": note.key, "kind": note.kind.value, "fund_id": note.fund_id, "from_location_id": note.from_id,
        "to_location_id": note.to_id, "noted_on": note.on.isoformat(), "reference": note.reference, "reason": note.reason,
        "reverses_id": note.reverses_id, "at": instant_text(work.at), "actor_id": int(work.actor.id),
        "content_digest": digest,
    }  # fmt: skip
    row = _APPEND.row(work, values)
    if row is None:
        raise Conflict("note.already_reversed", N_("This goods note was reversed before."))
    return (int(row[0]), *values.values()), True


def _post_purchase(work: Work, command: ReceiveGoods, cost: Money, source_id: str) -> tuple[tuple[Any, ...], ...]:
    change_figures(work, command.fund_id, lambda figures: figures.purchase(cost), cost)
    line = Line(command.fund_id, Account.GOODS_IN_STOCK, Account.BANK, cost)
    memo = clean(command.reference)
    return post(work, Entry(EntryKind.PURCHASE, command.on, memo, SOURCE_KIND, source_id, [line])).rows


def _reverse_purchase(work: Work, entry_id: int, reason: str, source_id: str) -> tuple[tuple[Any, ...], ...]:
    return post_reversal(work, ReverseEntry(entry_id, reason, source_id), reason, source_kind=SOURCE_KIND).rows


def _seal(work: Work, action: str, rows: list[tuple[Any, ...]], area_id: int) -> None:
    note_id, form_key = rows[0][:2]
    record(work, Deed(action, "goods_note", note_id, area_id, {"form": form_key}, SEGMENT, digest_of(*rows)))


def _check(work: Work, goods: list[Goods], *, on: dt.date, reference: str, cost: Money) -> None:
    problems = []
    if not goods:
        problems.append(Problem("item-0", "stock.nothing", N_("Name at least one item.")))
    for number, line in enumerate(goods):
        if not 0 < line.quantity <= LARGEST_RECEIPT.count:
            problems.append(
                Problem(f"quantity-{number}", "stock.quantity", N_("Write a quantity from 1 to %(most)s."),
                        {"most": LARGEST_RECEIPT})
            )  # fmt: skip
        if line.unit_cost_paisa < 0 or line.unit_cost_paisa > LARGEST_PAISA:
            problems.append(Problem(f"unit_cost-{number}", "money.negative", N_("Write a sum that is not negative.")))
        if _COST.row(work, {"item_id": line.item_id}) is None:
            raise NotFound("item.not_found", N_("There is no such item."))
    if cost.paisa > LARGEST_PAISA:
        problems.append(
            Problem("unit_cost-0", "money.too_large", N_("This sum is larger than any fund can hold. Check the zeros."))
        )
    if not EARLIEST_DAY <= on <= local_day(work.at):
        problems.append(
            Problem("on", "day.out_of_range", N_("Write the day on which it happened; it cannot lie ahead."))
        )
    if not clean(reference):
        problems.append(
            Problem("reference", "field.missing", N_("Write the number of the delivery note or waybill that came with the goods."))
        )  # fmt: skip
    if problems:
        raise InvalidInput.of(problems)


def _require_place(work: Work, location_id: int) -> int:
    """Return the area of a location where the actor manages goods; elsewhere it looks as if there were none."""
    row = _PLACE.row(work, {"location_id": location_id})
    if row is None or not (
        work.actor.may(Permission.STOCK_READ, row[0]) or work.actor.may(Permission.STOCK_MANAGE, row[0])
    ):
        raise NotFound("location.not_found", N_("There is no such location among yours."))
    work.actor.require(Permission.STOCK_MANAGE, row[0])
    return int(row[1])


def _require_fund(work: Work, fund_id: int) -> None:
    if _FUND.row(work, {"fund_id": fund_id}) is None:
        raise NotFound("fund.not_found", N_("There is no such fund."))


def _cost_of(work: Work, item_id: int) -> int:
    row = _COST.row(work, {"item_id": item_id})
    if row is None:
        raise NotFound("item.not_found", N_("There is no such item."))
    return int(row[0])
