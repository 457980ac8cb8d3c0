"""Tables of programmes and campaigns."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from relief.programmes.rules import CampaignState, LineKind, Proof
from relief.store.columns import EnumText, Instant, JsonText, Key, Paisa, internal, public
from relief.store.db import Model


class Programme(Model):
    """The lasting scheme, such as the flood response of a year."""

    __tablename__ = "programme"

    id: Mapped[int] = internal(Integer, primary_key=True)
    code: Mapped[str] = public(Text, unique=True)
    name: Mapped[str] = public(Text)


class Campaign(Model):
    """One round of a programme. `number` is the campaign's two bytes in a token."""

    __tablename__ = "campaign"
    __table_args__ = (
        CheckConstraint("number BETWEEN 1 AND 65535", name="number_fits_token"),
        CheckConstraint("instalments BETWEEN 1 AND 12", name="instalments"),
        CheckConstraint("ends_on >= starts_on", name="dates"),
    )

    id: Mapped[int] = internal(Integer, primary_key=True)
    number: Mapped[int] = public(Integer, unique=True)
    code: Mapped[str] = public(Text, unique=True)
    name: Mapped[str] = public(Text)
    programme_id: Mapped[int] = internal(ForeignKey("programme.id"))
    fund_id: Mapped[int] = internal(ForeignKey("fund.id"))
    area_id: Mapped[int] = internal(ForeignKey("area.id"))
    starts_on: Mapped[dt.date] = public(Date)
    ends_on: Mapped[dt.date] = public(Date)
    instalments: Mapped[int] = public(Integer)
    state: Mapped[CampaignState] = internal(EnumText(CampaignState))
    criteria: Mapped[Any] = public(JsonText)
    proof_required: Mapped[Proof] = internal(EnumText(Proof))
    complaints_to: Mapped[str] = public(Text)
    created_at: Mapped[dt.datetime] = internal(Instant)
    created_by: Mapped[int] = internal(Key)
    closed_at: Mapped[dt.datetime | None] = internal(Instant)
    closed_by: Mapped[int | None] = internal(Key)
    closing_reason: Mapped[str | None] = internal(Text)


class PackageBand(Model):
    """What families of a certain size receive. `band_no` is the entitlement's byte in a token."""

    __tablename__ = "package_band"
    __table_args__ = (
        UniqueConstraint("campaign_id", "band_no"),
        CheckConstraint("band_no BETWEEN 1 AND 255", name="number_fits_token"),
        CheckConstraint("1 <= size_from AND size_from <= size_to", name="sizes"),
    )

    id: Mapped[int] = internal(Integer, primary_key=True)
    campaign_id: Mapped[int] = internal(ForeignKey("campaign.id"))
    band_no: Mapped[int] = internal(Integer)
    size_from: Mapped[int] = public(Integer)
    size_to: Mapped[int] = public(Integer)


class PackageLine(Model):
    """One line of a band for each instalment: cash in `amount_paisa`, or `quantity` units of an item at `unit_cost_paisa`."""

    __tablename__ = "package_line"
    __table_args__ = (
        UniqueConstraint("band_id", "line_no"),
        UniqueConstraint("band_id", "item_id"),
        CheckConstraint(
            "(kind = 'cash' AND item_id IS NULL AND quantity = 0 AND amount_paisa > 0 AND unit_cost_paisa = 0)"
            " OR (kind = 'item' AND item_id IS NOT NULL AND quantity > 0 AND amount_paisa = 0 AND unit_cost_paisa >= 0)",
            name="cash_or_item",
        ),
    )

    id: Mapped[int] = internal(Integer, primary_key=True)
    band_id: Mapped[int] = internal(ForeignKey("package_band.id"))
    line_no: Mapped[int] = internal(Integer)
    kind: Mapped[LineKind] = internal(EnumText(LineKind))
    item_id: Mapped[int | None] = internal(ForeignKey("item.id"))
    quantity: Mapped[int] = public(Integer)
    amount_paisa: Mapped[int] = public(Paisa)
    # The cost on the day the package was fixed: a later price does not change what was approved.
    unit_cost_paisa: Mapped[int] = internal(Paisa)
