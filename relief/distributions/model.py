"""Tables of points, days and hand-overs."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped

from relief.distributions.rules import Channel, ConflictState, HandOverKind, Refusal
from relief.programmes.rules import LineKind, Proof
from relief.store.append_only import AppendOnly
from relief.store.columns import EnumText, Instant, Key, Paisa, internal, personal, public
from relief.store.db import Model


class Point(Model):
    """A place where families receive. `number` is the point's two bytes in a token; its goods lie at `location_id`."""

    __tablename__ = "point"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 65535", name="number_fits_token"),)

    id: Mapped[int] = internal(Integer, primary_key=True)
    number: Mapped[int] = public(Integer, unique=True)
    code: Mapped[str] = public(Text, unique=True)
    name: Mapped[str] = public(Text)
    uc_id: Mapped[int] = internal(ForeignKey("area.id"), index=True)
    location_id: Mapped[int] = internal(ForeignKey("location.id"), unique=True)
    lon: Mapped[float | None] = public(Float)
    lat: Mapped[float | None] = public(Float)


class PointService(Model):
    """The point at which the families of a Union Council receive in a campaign."""

    __tablename__ = "point_service"

    campaign_id: Mapped[int] = internal(ForeignKey("campaign.id"), primary_key=True)
    uc_id: Mapped[int] = internal(ForeignKey("area.id"), primary_key=True)
    point_id: Mapped[int] = internal(ForeignKey("point.id"), index=True)


class DistributionDay(Model):
    """One opening of a point for one instalment of a campaign."""

    __tablename__ = "distribution_day"
    __table_args__ = (UniqueConstraint("campaign_id", "point_id", "held_on"),)

    id: Mapped[int] = internal(Integer, primary_key=True)
    campaign_id: Mapped[int] = internal(ForeignKey("campaign.id"))
    point_id: Mapped[int] = internal(ForeignKey("point.id"), index=True)
    held_on: Mapped[dt.date] = public(Date, index=True)
    instalment_no: Mapped[int] = internal(Integer)


class DayStaff(Model):
    """A person assigned to hand over at a point on a day."""

    __tablename__ = "day_staff"

    day_id: Mapped[int] = internal(ForeignKey("distribution_day.id"), primary_key=True)
    user_id: Mapped[int] = internal(ForeignKey("user_account.id"), primary_key=True, index=True)


class DeviceAssignment(Model):
    """The point and the days for which a phone takes its roster along."""

    __tablename__ = "device_assignment"
    __table_args__ = (CheckConstraint("last_on >= first_on", name="dates"),)

    device_id: Mapped[int] = internal(Key, ForeignKey("device.id"), primary_key=True)
    point_id: Mapped[int] = internal(ForeignKey("point.id"), index=True)
    first_on: Mapped[dt.date] = public(Date)
    last_on: Mapped[dt.date] = public(Date)


class HandOver(AppendOnly, Model):
    """What happened at a table, as one event with the id that its maker gave it.

    An *opening* spends an instalment: a partial unique index lets one through, and each void lets one more (`reopens_id`).
    A *completion* gives what an opening left owed. A *void* undoes the event `voids_id`, its figures are negative. A *conflict*
    happened in breach of a rule: its value stands in `unexplained_paisa` and never counts as delivered. A *withdrawal* undoes a
    conflict whose goods stayed on the table.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        Index("uq_hand_over_opening", "entitlement_id", "instalment_no", unique=True,
              sqlite_where=text("kind = 'opening' AND reopens_id IS NULL"),
              postgresql_where=text("kind = 'opening' AND reopens_id IS NULL")),
        # Of the rare rows alone: an index over all would cost each hand-over a page for nothing.
        Index("uq_hand_over_reopens_id", "reopens_id", unique=True, sqlite_where=text("reopens_id IS NOT NULL"),
              postgresql_where=text("reopens_id IS NOT NULL")),
        Index("uq_hand_over_voids_id", "voids_id", unique=True, sqlite_where=text("voids_id IS NOT NULL"),
              postgresql_where=text("voids_id IS NOT NULL")),
        CheckConstraint("(kind IN ('void', 'withdrawal')) = (voids_id IS NOT NULL)", name="void_names_its_event"),
        CheckConstraint("kind IN ('conflict', 'withdrawal') OR entitlement_id IS NOT NULL", name="delivered_to_a_family"),
        CheckConstraint("kind IN ('conflict', 'withdrawal') OR unexplained_paisa = 0", name="unexplained_is_conflict"),
        CheckConstraint("served = CASE kind WHEN 'opening' THEN 1 WHEN 'void' THEN served ELSE 0 END", name="served"),
        # Covers coverage and finance totals.
        Index("ix_hand_over_totals", "campaign_id", "uc_id", "point_id", "given_on", "instalment_no", "served", "cash_paisa",
              "goods_paisa", "unexplained_paisa"),
        Index("ix_hand_over_entitlement", "entitlement_id", "instalment_no"),
        Index("ix_hand_over_day", "point_id", "given_on"),
    )  # fmt: skip

    id: Mapped[int] = internal(Key, primary_key=True)
    event_id: Mapped[str] = internal(Text, unique=True)
    kind: Mapped[HandOverKind] = internal(EnumText(HandOverKind))
    channel: Mapped[Channel] = internal(EnumText(Channel))
    campaign_id: Mapped[int] = internal(ForeignKey("campaign.id"))
    entitlement_id: Mapped[int | None] = internal(ForeignKey("entitlement.id"))
    token_id: Mapped[int | None] = internal(ForeignKey("token.id"))
    instalment_no: Mapped[int] = internal(Integer)
    point_id: Mapped[int] = internal(ForeignKey("point.id"))
    uc_id: Mapped[int] = internal(ForeignKey("area.id"))
    given_on: Mapped[dt.date] = internal(Date)
    given_at: Mapped[dt.datetime] = internal(Instant)
    recorded_at: Mapped[dt.datetime] = internal(Instant)
    operator_id: Mapped[int] = internal(Key)
    recorded_by: Mapped[int] = internal(Key)
    proof: Mapped[Proof] = internal(EnumText(Proof))
    taken_by_proxy: Mapped[str] = personal(Text)
    served: Mapped[int] = internal(Integer)
    cash_paisa: Mapped[int] = internal(Paisa)
    goods_paisa: Mapped[int] = internal(Paisa)
    unexplained_paisa: Mapped[int] = internal(Paisa)
    voids_id: Mapped[int | None] = internal(ForeignKey("hand_over.id"))
    reopens_id: Mapped[int | None] = internal(ForeignKey("hand_over.id"))
    reason: Mapped[str] = internal(Text)
    content_digest: Mapped[bytes] = internal(LargeBinary)


class HandOverLine(AppendOnly, Model):
    """What of one package line went over the table; negative in a void. Cash in paisa, goods in units."""

    __tablename__ = "hand_over_line"

    hand_over_id: Mapped[int] = internal(ForeignKey("hand_over.id"), primary_key=True)
    line_no: Mapped[int] = internal(Integer, primary_key=True)
    kind: Mapped[LineKind] = internal(EnumText(LineKind))
    item_id: Mapped[int | None] = internal(ForeignKey("item.id"))
    quantity: Mapped[int] = internal(Integer)
    amount_paisa: Mapped[int] = internal(Paisa)
    value_paisa: Mapped[int] = internal(Paisa)


class OwedLine(Model):
    """What a family is owed and has received of one package line in one instalment; made by the first hand-over.

    The check is the database's own cap: whatever runs at the same time, nobody receives more than is owed.
    """

    __tablename__ = "owed_line"
    __table_args__ = (CheckConstraint("0 <= given AND given <= owed", name="within_owed"),)

    entitlement_id: Mapped[int] = internal(ForeignKey("entitlement.id"), primary_key=True)
    instalment_no: Mapped[int] = internal(Integer, primary_key=True)
    line_no: Mapped[int] = internal(Integer, primary_key=True)
    # Units of an item, or paisa of cash.
    owed: Mapped[int] = internal(Paisa)
    given: Mapped[int] = internal(Paisa)


class ConflictCase(Model):
    """A hand-over that broke a rule, waiting for a coordinator's decision."""

    __tablename__ = "conflict_case"

    hand_over_id: Mapped[int] = internal(ForeignKey("hand_over.id"), primary_key=True)
    reason: Mapped[Refusal] = internal(EnumText(Refusal))
    first_hand_over_id: Mapped[int | None] = internal(ForeignKey("hand_over.id"))
    # What was read at the table when it named no entitlement: a digest, for the text of a token is a secret.
    presented_digest: Mapped[bytes | None] = internal(LargeBinary)
    state: Mapped[ConflictState] = internal(EnumText(ConflictState), index=True)
    decision: Mapped[str] = internal(Text)
    decided_at: Mapped[dt.datetime | None] = internal(Instant)
    decided_by: Mapped[int | None] = internal(Key)
