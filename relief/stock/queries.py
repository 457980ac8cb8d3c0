"""Reading items, locations, what lies there, and the notes and movements that brought it there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, and_, case, cast, false, func, or_, select
from sqlalchemy.orm import aliased

from relief.geography.model import Area
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.ledger.model import Fund, JournalEntry
from relief.stock.model import GoodsNote, Item, Location, Movement, StockOnHand
from relief.stock.notes import SOURCE_KIND
from relief.stock.rules import LocationKind, MovementKind, NoteKind
from relief.store.work import Work

From, To = aliased(Location), aliased(Location)
FromArea, ToArea = aliased(Area), aliased(Area)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item, with how many units lie at the locations that the actor may see."""

    id: int
    code: str
    name_en: str
    name_ur: str
    name_sd: str
    unit: str
    unit_cost_paisa: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class LocationRow:
    """A location with its area."""

    id: int
    code: str
    name: str
    kind: LocationKind
    area_id: int
    area_path: str
    area_name_en: str


@dataclass(frozen=True, slots=True)
class StockRow:
    """Units of an item bought with a fund that lie at a location, at the item's cost of today."""

    location_id: int
    location_name: str
    item_id: int
    item_code: str
    item_name: str
    unit: str
    fund_id: int
    fund_code: str
    quantity: int
    unit_cost_paisa: int

    @property
    def value_paisa(self) -> int:
        """What they are worth."""
        return self.quantity * self.unit_cost_paisa


@dataclass(frozen=True, slots=True)
class FlowRow:
    """How many units of an item came into a location, went on from it, and went to families; conflicts are among the last."""

    item_id: int
    item_name: str
    received: int
    sent_on: int
    handed_over: int

    @property
    def on_hand(self) -> int:
        """What that leaves."""
        return self.received - self.sent_on - self.handed_over


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A goods note; `reversed_by` is the note that answered it, `entry_id` what it posted."""

    id: int
    kind: NoteKind
    fund_id: int
    fund_code: str
    from_id: int | None
    from_name: str | None
    to_id: int | None
    to_name: str | None
    noted_on: dt.date
    reference: str
    reason: str
    reverses_id: int | None
    reversed_by: int | None
    entry_id: int | None
    at: dt.datetime
    actor_id: int


@dataclass(frozen=True, slots=True)
class NoteLine:
    """Units of an item on a note."""

    item_id: int
    item_name: str
    unit: str
    quantity: int
    unit_cost_paisa: int

    @property
    def value_paisa(self) -> int:
        """What they cost."""
        return self.quantity * self.unit_cost_paisa


@dataclass(frozen=True, slots=True)
class StockFilter:
    """Which stock to show; None asks for all."""

    location_id: int | None = None
    item_id: int | None = None
    fund_id: int | None = None


def list_items(work: Work) -> list[ItemRow]:
    """Return all items by code."""
    visible = (
        select(StockOnHand.item_id, func.sum(StockOnHand.quantity).label("quantity"))
        .join(Location, Location.id == StockOnHand.location_id)
        .join(Area, Area.id == Location.area_id)
        .where(_within(work, Area.path))
        .group_by(StockOnHand.item_id)
        .subquery()
    )
    query = select(
        Item.id, Item.code, Item.name_en, Item.name_ur, Item.name_sd, Item.unit, Item.unit_cost_paisa,
        cast(func.coalesce(visible.c.quantity, 0), BigInteger),
    ).outerjoin(visible, visible.c.item_id == Item.id)  # fmt: skip
    rows: Sequence[Any] = work.session.execute(query.order_by(Item.code)).all()
    return [ItemRow(*row) for row in rows]


def get_item(work: Work, item_id: int) -> ItemRow:
    """Return the item. Raises: NotFound "item.not_found"."""
    found = next((item for item in list_items(work) if item.id == item_id), None)
    if found is None:
        raise NotFound("item.not_found", N_("There is no such item."))
    return found


def get_item_by_code(work: Work, code: str) -> ItemRow:
    """Return the item with that code, in capitals or not. Raises: NotFound "item.not_found"."""
    found = next((item for item in list_items(work) if item.code == code.strip().upper()), None)
    if found is None:
        raise NotFound("item.not_found", N_("There is no such item."))
    return found


def list_locations(work: Work, permission: Permission = Permission.STOCK_READ) -> list[LocationRow]:
    """Return the locations where the actor has the permission: warehouses first, then points, by name."""
    query = _locations().where(_within(work, Area.path, permission))
    order = (case((Location.kind == LocationKind.WAREHOUSE, 0), else_=1), Location.name, Location.id)
    return [LocationRow(*row) for row in work.session.execute(query.order_by(*order))]


def get_location(work: Work, location_id: int) -> LocationRow:
    """Return the location. Raises: NotFound "location.not_found"."""
    return _one_location(work, Location.id == location_id)


def get_location_by_code(work: Work, code: str) -> LocationRow:
    """Return the location with that code, in capitals or not. Raises: NotFound "location.not_found"."""
    return _one_location(work, Location.code == code.strip().upper())


def list_stock(work: Work, wanted: StockFilter) -> list[StockRow]:
    """Return what lies at the locations that the actor may see, by location, item and fund; empty shelves are left out."""
    query = (
        select(
            Location.id, Location.name, Item.id, Item.code, Item.name_en, Item.unit, Fund.id, Fund.code,
            StockOnHand.quantity, Item.unit_cost_paisa,
        )
        .select_from(StockOnHand)
        .join(Location, Location.id == StockOnHand.location_id)
        .join(Area, Area.id == Location.area_id)
        .join(Item, Item.id == StockOnHand.item_id)
        .join(Fund, Fund.id == StockOnHand.fund_id)
        .where(StockOnHand.quantity > 0, _within(work, Area.path))
    )  # fmt: skip
    columns = (StockOnHand.location_id, StockOnHand.item_id, StockOnHand.fund_id)
    for column, value in zip(columns, (wanted.location_id, wanted.item_id, wanted.fund_id), strict=True):
        if value is not None:
            query = query.where(column == value)
    rows: Sequence[Any] = work.session.execute(query.order_by(Location.name, Location.id, Item.code, Fund.code)).all()
    return [StockRow(*row) for row in rows]


def flows_at(work: Work, location_id: int) -> list[FlowRow]:
    """Return for each item what came into a location, was sent on and was handed over there, reversals and voids taken off."""
    get_location(work, location_id)
    came, left = Movement.to_location_id == location_id, Movement.from_location_id == location_id
    at_table = Movement.kind.in_((MovementKind.HAND_OVER, MovementKind.CONFLICT))
    given = _units((and_(left, at_table), 1), (and_(came, Movement.kind == MovementKind.VOID), -1))
    # A reversed receipt leaves, a reversed transfer comes back: both count where the goods they undo were counted.
    undone_receipt = and_(left, Movement.kind == MovementKind.REVERSAL)
    undone_sending = and_(came, Movement.kind == MovementKind.REVERSAL)
    received = _units(
        (and_(came, Movement.kind.in_((MovementKind.RECEIPT, MovementKind.TRANSFER))), 1), (undone_receipt, -1)
    )
    sent = _units((and_(left, Movement.kind == MovementKind.TRANSFER), 1), (undone_sending, -1))
    query = select(Item.id, Item.name_en, received, sent, given).join(Movement, Movement.item_id == Item.id)
    query = query.where(or_(came, left)).group_by(Item.id, Item.name_en, Item.code).order_by(Item.code)
    return [FlowRow(row[0], row[1], *(int(units) for units in row[2:])) for row in work.session.execute(query)]


def list_notes(work: Work, *, location_id: int | None = None, limit: int, offset: int) -> tuple[list[NoteRow], int]:
    """Return the notes of the locations that the actor may see, the latest first, and how many there are."""
    query = _notes().where(or_(_within(work, FromArea.path), _within(work, ToArea.path)))
    if location_id is not None:
        query = query.where(or_(GoodsNote.from_location_id == location_id, GoodsNote.to_location_id == location_id))
    total = work.session.scalar(select(func.count()).select_from(query.with_only_columns(GoodsNote.id).subquery()))
    page = query.order_by(GoodsNote.id.desc()).limit(limit).offset(offset)
    return [NoteRow(*row) for row in work.session.execute(page)], total or 0


def get_note(work: Work, note_id: int) -> tuple[NoteRow, list[NoteLine]]:
    """Return the note and its lines. Raises: NotFound "note.not_found"."""
    query = _notes().where(GoodsNote.id == note_id, or_(_within(work, FromArea.path), _within(work, ToArea.path)))
    row = work.session.execute(query).first()
    if row is None:
        raise NotFound("note.not_found", N_("There is no such goods note."))
    lines = (
        select(Movement.item_id, Item.name_en, Item.unit, Movement.quantity, Movement.unit_cost_paisa)
        .join(Item, Item.id == Movement.item_id)
        .where(Movement.source_kind == SOURCE_KIND, Movement.source_id == str(note_id))
    )
    return NoteRow(*row), [NoteLine(*line) for line in work.session.execute(lines.order_by(Movement.id))]


def _within(work: Work, path: Any, permission: Permission = Permission.STOCK_READ) -> ColumnElement[bool]:
    paths: Sequence[str] = work.actor.paths(permission)
    return or_(false(), *(path.startswith(granted, autoescape=True) for granted in paths))


def _locations() -> Any:
    columns = (Location.id, Location.code, Location.name, Location.kind, Area.id, Area.path, Area.name_en)
    return select(*columns).join(Area, Area.id == Location.area_id)


def _one_location(work: Work, condition: ColumnElement[bool]) -> LocationRow:
    row = work.session.execute(_locations().where(condition, _within(work, Area.path))).first()
    if row is None:
        raise NotFound("location.not_found", N_("There is no such location among yours."))
    return LocationRow(*row)


def _units(*signs: tuple[ColumnElement[bool], int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case(*((which, sign * Movement.quantity) for which, sign in signs), else_=0)), 0)


def _notes() -> Any:
    answer = aliased(GoodsNote)
    return (
        select(
            GoodsNote.id, GoodsNote.kind, GoodsNote.fund_id, Fund.code, From.id, From.name, To.id, To.name,
            GoodsNote.noted_on, GoodsNote.reference, GoodsNote.reason, GoodsNote.reverses_id, answer.id, JournalEntry.id,
            GoodsNote.at, GoodsNote.actor_id,
        )
        .join(Fund, Fund.id == GoodsNote.fund_id)
        .outerjoin(From, From.id == GoodsNote.from_location_id)
        .outerjoin(FromArea, FromArea.id == From.area_id)
        .outerjoin(To, To.id == GoodsNote.to_location_id)
        .outerjoin(ToArea, ToArea.id == To.area_id)
        .outerjoin(answer, answer.reverses_id == GoodsNote.id)
        .outerjoin(
            JournalEntry,
            and_(JournalEntry.source_kind == SOURCE_KIND, JournalEntry.source_id == cast(GoodsNote.id, Text)),
        )
    )  # fmt: skip
