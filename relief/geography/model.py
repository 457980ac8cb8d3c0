"""Tables of the administrative areas, their other names and their boundaries."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped

from relief.kernel.messages import N_
from relief.store.columns import EnumText, Instant, JsonText, Key, internal, public
from relief.store.db import Model


class Level(enum.StrEnum):
    """A tier of the administration, from the top down."""

    PROVINCE = "province"
    DISTRICT = "district"
    TALUKA = "taluka"
    UC = "uc"

    @property
    def label(self) -> str:
        """The level's name, a msgid."""
        return _LEVEL_LABELS[self]

    @property
    def rank(self) -> int:
        """0 for a province to 3 for a UC."""
        return _RANKS[self]

    @property
    def above(self) -> Level | None:
        """The level of the area's parent; none above a province."""
        return tuple(Level)[self.rank - 1] if self.rank else None

    @property
    def below(self) -> Level | None:
        """The level of the area's parts; none below a UC."""
        return tuple(Level)[self.rank + 1] if self.rank < 3 else None


_LEVEL_LABELS = {
    Level.PROVINCE: N_("Province"), Level.DISTRICT: N_("District"), Level.TALUKA: N_("Taluka"), Level.UC: N_("Union Council"),
}  # fmt: skip
_RANKS = {level: rank for rank, level in enumerate(Level)}


class Area(Model):
    """One administrative area. Rows are never removed and ids never change: families, ledgers and grants point here."""

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint("(level = 'province') = (parent_id IS NULL)", name="parent"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="point"),
    )

    id: Mapped[int] = public(Key, primary_key=True)
    # OCHA COD-AB 2022 P-codes (Sindh is PK7); codes of UCs are local, "PK70304U14".
    code: Mapped[str] = public(Text, unique=True)
    level: Mapped[Level] = public(EnumText(Level))
    parent_id: Mapped[int | None] = public(Key, ForeignKey("area.id"), index=True)
    # The ids from the province down to the area itself, "/1/17/203/".
    path: Mapped[str] = public(Text, unique=True)
    name_en: Mapped[str] = public(Text)
    name_ur: Mapped[str | None] = public(Text)
    name_sd: Mapped[str | None] = public(Text)
    # A place inside the area, in degrees (EPSG:4326); the seed of its schematic cell.
    lon: Mapped[float | None] = public(Float)
    lat: Mapped[float | None] = public(Float)
    population: Mapped[int | None] = public(Integer)
    households: Mapped[int | None] = public(Integer)
    # False where the source gave only a number for a name.
    is_named: Mapped[bool] = public(Boolean)
    # Further published figures: division, the flood of 2022.
    facts: Mapped[dict[str, Any]] = public(JsonText)


class AreaAlias(Model):
    """Another name under which an area is known; of a place inside it, too."""

    __tablename__ = "area_alias"
    __table_args__ = (UniqueConstraint("area_id", "alias_key"), Index("ix_area_alias_alias_key", "alias_key"))

    id: Mapped[int] = public(Key, primary_key=True)
    area_id: Mapped[int] = public(Key, ForeignKey("area.id"))
    alias: Mapped[str] = public(Text)
    alias_key: Mapped[str] = public(Text)
    # Where the name was met: a person can judge it later.
    source: Mapped[str] = public(Text)


class BoundaryEdition(Model):
    """One load of boundaries, or the schematic layer. The latest edition that has an area gives its boundary."""

    __tablename__ = "boundary_edition"

    id: Mapped[int] = public(Key, primary_key=True)
    name: Mapped[str] = public(Text)
    source: Mapped[str] = public(Text)
    licence: Mapped[str] = public(Text)
    is_schematic: Mapped[bool] = public(Boolean)
    valid_from: Mapped[dt.date | None] = public(Date)
    valid_to: Mapped[dt.date | None] = public(Date)
    loaded_at: Mapped[dt.datetime] = internal(Instant)
    # A withdrawn edition is kept and no longer shown.
    withdrawn_at: Mapped[dt.datetime | None] = internal(Instant)
    # SHA-256 over codes and shapes: the same content loads once.
    content_hash: Mapped[str] = internal(Text, index=True)


class AreaShape(Model):
    """The boundary of one area in one edition, repaired, as loaded: WKB, EPSG:4326."""

    __tablename__ = "area_shape"

    edition_id: Mapped[int] = public(Key, ForeignKey("boundary_edition.id"), primary_key=True)
    area_id: Mapped[int] = public(Key, ForeignKey("area.id"), primary_key=True)
    wkb: Mapped[bytes] = public(LargeBinary)
    area_km2: Mapped[float] = public(Float)
    # A real edition may hold schematic shapes and say so.
    is_schematic: Mapped[bool] = public(Boolean)
    # How the source names the area: another edition, another code.
    source_code: Mapped[str | None] = public(Text)
    source_name: Mapped[str | None] = public(Text)


class CurrentShape(Model):
    """The boundary that counts today, one row an area, derived from all editions: nested, and gaps filled schematically."""

    __tablename__ = "current_shape"

    area_id: Mapped[int] = public(Key, ForeignKey("area.id"), primary_key=True)
    edition_id: Mapped[int] = public(Key, ForeignKey("boundary_edition.id"))
    wkb: Mapped[bytes] = public(LargeBinary)
    area_km2: Mapped[float] = public(Float)
    is_schematic: Mapped[bool] = public(Boolean)
    # SHA-256 of the WKB: what maps are cached under.
    digest: Mapped[bytes] = public(LargeBinary)
