"""Tables of goods."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from relief.stock.rules import LocationKind, MovementKind, NoteKind
from relief.store.append_only import AppendOnly
from relief.store.columns import EnumText, Instant, Key, Paisa, internal, public
from relief.store.db import Model


class Item(Model):
    """A kind of goods with its unit and what one unit costs."""

    __tablename__ = "item"
    __table_args__ = (CheckConstraint("unit_cost_paisa >= 0", name="cost_not_negative"),)

    id: Mapped[int] = internal(Integer, primary_key=True)
    code: Mapped[str] = public(Text, unique=True)
    name_en: Mapped[str] = public(Text)
    name_ur: Mapped[str] = public(Text)
    name_sd: Mapped[str] = public(Text)
    unit: Mapped[str] = public(Text)
    unit_cost_paisa: Mapped[int] = internal(Paisa)


class Location(Model):
    """A place that holds goods: a warehouse, or the table of a distribution point."""

    __tablename__ = "location"

    id: Mapped[int] = internal(Integer, primary_key=True)
    code: Mapped[str] = public(Text, unique=True)
    name: Mapped[str] = public(Text)
    kind: Mapped[LocationKind] = internal(EnumText(LocationKind))
    area_id: Mapped[int] = internal(ForeignKey("area.id"), index=True)


class StockOnHand(Model):
    """How many units of an item bought by a fund lie at a location; never below zero."""

    __tablename__ = "stock_on_hand"
    __table_args__ = (CheckConstraint("quantity >= 0", name="not_negative"),)

    location_id: Mapped[int] = internal(ForeignKey("location.id"), primary_key=True)
    item_id: Mapped[int] = internal(ForeignKey("item.id"), primary_key=True)
    fund_id: Mapped[int] = internal(ForeignKey("fund.id"), primary_key=True)
    quantity: Mapped[int] = internal(Integer)


class GoodsNote(AppendOnly, Model):
    """The paper behind goods that were received into a location or sent from one to another; a reversal answers a wrong one.

    Its movements and its entry in the ledger name it as their source, ("goods_note", id).
    """

    __tablename__ = "goods_note"
    __table_args__ = (
        UniqueConstraint("reverses_id"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_names_its_note"),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    # Made with the form, so that a note that is sent twice is kept once.
    form_key: Mapped[str] = internal(Text, unique=True)
    kind: Mapped[NoteKind] = internal(EnumText(NoteKind))
    fund_id: Mapped[int] = internal(ForeignKey("fund.id"))
    from_location_id: Mapped[int | None] = internal(ForeignKey("location.id"), index=True)
    to_location_id: Mapped[int | None] = internal(ForeignKey("location.id"), index=True)
    noted_on: Mapped[dt.date] = internal(Date)
    # The number of the supplier's delivery note or of the waybill.
    reference: Mapped[str] = internal(Text)
    reason: Mapped[str] = internal(Text)
    reverses_id: Mapped[int | None] = internal(ForeignKey("goods_note.id"))
    at: Mapped[dt.datetime] = internal(Instant)
    actor_id: Mapped[int] = internal(Key)
    # What was sent, to tell a repetition from another note under the same key.
    content_digest: Mapped[bytes] = internal(LargeBinary)


class Movement(AppendOnly, Model):
    """Units of one item that moved. No "from" means that they came from outside the books, no "to" that they left them."""

    __tablename__ = "movement"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="positive"),
        Index("ix_movement_source", "source_kind", "source_id"),
        Index("ix_movement_from", "from_location_id", "item_id"),
        Index("ix_movement_to", "to_location_id", "item_id"),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    kind: Mapped[MovementKind] = internal(EnumText(MovementKind))
    item_id: Mapped[int] = internal(ForeignKey("item.id"))
    fund_id: Mapped[int] = internal(ForeignKey("fund.id"))
    from_location_id: Mapped[int | None] = internal(ForeignKey("location.id"))
    to_location_id: Mapped[int | None] = internal(ForeignKey("location.id"))
    quantity: Mapped[int] = internal(Integer)
    unit_cost_paisa: Mapped[int] = internal(Paisa)
    moved_on: Mapped[dt.date] = internal(Date)
    at: Mapped[dt.datetime] = internal(Instant)
    actor_id: Mapped[int] = internal(Key)
    source_kind: Mapped[str] = internal(Text)
    source_id: Mapped[str] = internal(Text)
