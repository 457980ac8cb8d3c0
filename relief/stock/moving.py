"""Taking goods from a location and putting them there: the one place where stock on hand changes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

# Whose stock: (location, item, fund).
_Place = tuple[int, int, int]


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


@dataclass(frozen=True, slots=True)
class Taking:
    """Goods that leave a location in one event."""

    move: Move
    location_id: int
    goods: Sequence[Goods]

    def place_of(self, line: Goods) -> _Place:
        """Return whose stock a line is taken from."""
        return self.location_id, line.item_id, self.move.fund_id


def take(work: Work, taking: Taking) -> Taken:
    """Take goods out of a location. Raises: RuleViolation "stock.short", which names the item and what is left."""
    return take_many(work, [taking], also_unbooked=False)[0]


def take_many(work: Work, takings: Sequence[Taking], *, also_unbooked: bool) -> list[Taken]:
    """Take goods out of locations, event by event; return how many units of each the books had there.

    What happened is recorded even where the books had too few: with `also_unbooked` the rest goes out from nowhere, and the
    caller posts its value as not booked in.
    Raises: RuleViolation "stock.short", which names the item and what is left.
    """
    in_books = _book_out(work, takings, also_unbooked=also_unbooked)
    taken, moved = [], []
    for taking in takings:
        booked: dict[int, int] = {}
        for line in taking.goods:
            place = taking.place_of(line)
            booked[line.item_id] = min(line.quantity, in_books[place])
            in_books[place] -= booked[line.item_id]
        rows = _rows_taken(work, taking, booked)
        moved += rows
        taken.append(Taken(booked, tuple(tuple(row.values()) for row in rows)))
    _MOVE.run_many(work, moved)
    return taken


def _book_out(work: Work, takings: Sequence[Taking], *, also_unbooked: bool) -> dict[_Place, int]:
    """Lower the stock of each place by what is taken there altogether, as far as it reaches; return by how much.

    Places are taken in one order, so that two takers never wait in a ring.
    """
    wanted: dict[_Place, int] = defaultdict(int)
    for taking in takings:
        for line in taking.goods:
            wanted[taking.place_of(line)] += line.quantity
    booked = {place: wanted[place] for place in sorted(wanted)}
    at = [dict(zip(("location_id", "item_id", "fund_id"), place, strict=True)) for place in booked]
    taken = _TAKE.run_each(work, [{**one, "quantity": wanted[place]} for place, one in zip(booked, at, strict=True)])
    for place, one, is_taken in zip(list(booked), at, taken, strict=True):
        if not is_taken:
            row = _LEFT.row(work, one)
            booked[place] = 0 if row is None else int(row[0])
            if not also_unbooked:
                raise _short(work, place[1], booked[place])
            if booked[place]:
                _TAKE.run(work, {**one, "quantity": booked[place]})
    return booked


def _rows_taken(work: Work, taking: Taking, booked: Mapping[int, int]) -> list[dict[str, object]]:
    ways = ((taking.location_id, None), (None, None))  # From the books, and from nowhere.
    parts = [(booked[line.item_id], line.quantity - booked[line.item_id]) for line in taking.goods]
    return [
        _row(work, taking.move, Goods(line.item_id, part[which], line.unit_cost_paisa), ways[which])
        for which in (0, 1)
        for line, part in zip(taking.goods, parts, strict=True)
        if part[which]
    ]


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
            raise _short(work, line.item_id, left[way_from][0] if left[way_from] else 0)
        _PUT.run(work, {**at, "location_id": way_to, "quantity": line.quantity})
    moved = [_row(work, move, line, way) for line in goods]
    _MOVE.run_many(work, moved)
    return tuple(tuple(row.values()) for row in moved)


def _short(work: Work, item_id: int, left: int) -> RuleViolation:
    return RuleViolation(
        "stock.short",
        N_("The stock here is short of %(item)s: %(left)s left. Give what is there, or have a receipt booked first."),
        item=_NAME.row(work, {"item_id": item_id})[0],
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
