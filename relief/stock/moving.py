"""Taking goods from a location and putting them there: the one place where stock on hand changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relief.kernel.errors import RuleViolation
from relief.kernel.messages import N_
from relief.stock.rules import MovementKind
from relief.store.columns import instant_text
from relief.store.statement import Statement
from relief.store.work import Work

_PLACE = " WHERE location_id = :location_id AND item_id = :item_id AND fund_id = :fund_id"
_TAKE = Statement(f"UPDATE stock_on_hand SET quantity = quantity - :quantity{_PLACE} AND quantity >= :quantity")
_LEFT = Statement(f"SELECT quantity FROM stock_on_hand{_PLACE} {{for_update}}")
_PUT = Statement(
    "INSERT INTO stock_on_hand (location_id, item_id, fund_id, quantity) VALUES (:location_id, :item_id, :fund_id, :quantity)"
    " ON CONFLICT (location_id, item_id, fund_id) DO UPDATE SET quantity = stock_on_hand.quantity + excluded.quantity"
)
_NAME = Statement("SELECT name_en FROM item WHERE id = :item_id")
_MOVE = Statement(
    "INSERT INTO movement (kind, item_id, fund_id, from_location_id, to_location_id, quantity, unit_cost_paisa, moved_on, at,"
    " actor_id, source_kind, source_id) VALUES (:kind, :item_id, :fund_id, :from_location_id, :to_location_id, :quantity,"
    " :unit_cost_paisa, :moved_on, :at, :actor_id, :source_kind, :source_id)"
)


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of one item at the cost of each."""

    item_id: int
    quantity: int
    unit_cost_paisa: int


@dataclass(frozen=True, slots=True)
class Move:
    """Why and when goods move: `source` names the event, as in the ledger."""

    kind: MovementKind
    fund_id: int
    moved_on: dt.date
    source_kind: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What left a location: booked units by item id, and the movements as the database holds them, to be sealed."""

    booked: Mapping[int, int]
    rows: tuple[tuple[Any, ...], ...]


def take(work: Work, move: Move, location_id: int, goods: Sequence[Goods], *, also_unbooked: bool = False) -> Taken:
    """Take goods out of a location; return how many units of each the books had there.

    What happened is recorded even where the books had too few: with `also_unbooked` the rest goes out from nowhere, and the
    caller posts its value as not booked in. Items are taken in the order of their ids, so that two takers never wait in a ring.
    Raises: RuleViolation "stock.short", which names the item and what is left.
    """
    booked: dict[int, int] = {}
    for line in sorted(goods, key=lambda line: line.item_id):
        place = {"location_id": location_id, "item_id": line.item_id, "fund_id": move.fund_id}
        if _TAKE.run(work, {**place, "quantity": line.quantity}):
            booked[line.item_id] = line.quantity
            continue
        row = _LEFT.row(work, place)
        left = 0 if row is None else int(row[0])
        if not also_unbooked:
            raise _short(work, line, left)
        booked[line.item_id] = left
        if left:
            _TAKE.run(work, {**place, "quantity": left})
    rows = [_row(work, move, replace(line, quantity=booked[line.item_id]), (location_id, None)) for line in goods]
    rows += [
        _row(work, move, replace(line, quantity=line.quantity - booked[line.item_id]), (None, None)) for line in goods
    ]
    moved = [row for row in rows if row["quantity"]]
    _MOVE.run_many(work, moved)
    return Taken(booked, tuple(tuple(row.values()) for row in moved))


def put(work: Work, move: Move, location_id: int, goods: Sequence[Goods]) -> tuple[tuple[Any, ...], ...]:
    """Put goods into a location; return the movements as the database holds them."""
    places = [
        {"location_id": location_id, "item_id": line.item_id, "fund_id": move.fund_id, "quantity": line.quantity}
        for line in sorted(goods, key=lambda line: line.item_id)
    ]
    _PUT.run_many(work, places)
    moved = [_row(work, move, line, (None, location_id)) for line in goods]
    _MOVE.run_many(work, moved)
    return tuple(tuple(row.values()) for row in moved)


def carry(work: Work, move: Move, way: tuple[int, int], goods: Sequence[Goods]) -> tuple[tuple[Any, ...], ...]:
    """Take goods from one location straight to another; return the movements as the database holds them.

    Args: way: the location they leave, and the one they reach.
    Raises: RuleViolation "stock.short", which names the item and what is left.
    """
    way_from, way_to = way
    for line in sorted(goods, key=lambda line: line.item_id):
        at = {"item_id": line.item_id, "fund_id": move.fund_id}
        # Both rows are locked in one order: two trucks that pass each other never wait for one another.
        left = {place: _LEFT.row(work, {**at, "location_id": place}) for place in sorted(way)}
        if not _TAKE.run(work, {**at, "location_id": way_from, "quantity": line.quantity}):
            raise _short(work, line, left[way_from][0] if left[way_from] else 0)
        _PUT.run(work, {**at, "location_id": way_to, "quantity": line.quantity})
    moved = [_row(work, move, line, way) for line in goods]
    _MOVE.run_many(work, moved)
    return tuple(tuple(row.values()) for row in moved)


def _short(work: Work, line: Goods, left: int) -> RuleViolation:
    return RuleViolation(
        "stock.short",
        N_("The stock here is short of %(item)s: %(left)s left. Give what is there, or have a receipt booked first."),
        item=_NAME.row(work, {"item_id": line.item_id})[0],
        left=left,
    )


def _row(work: Work, move: Move, goods: Goods, way: tuple[int | None, int | None]) -> dict[str, object]:
    way_from, way_to = way
    return {
        "kind": move.kind.value, "item_id": goods.item_id, "fund_id": move.fund_id, "from_location_id": way_from,
        "to_location_id": way_to, "quantity": goods.quantity, "unit_cost_paisa": goods.unit_cost_paisa,
        "moved_on": move.moved_on.isoformat(), "at": instant_text(work.at), "actor_id": int(work.actor.id),
        "source_kind": move.source_kind, "source_id": move.source_id,
    }  # fmt: skip
