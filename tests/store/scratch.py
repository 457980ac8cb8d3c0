"""Tables of these tests alone, and the shortest ways to them."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import Boolean, Date, Float, ForeignKey, Integer, LargeBinary, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped

from relief.kernel.actor import Actor
from relief.store.append_only import AppendOnly
from relief.store.columns import EnumText, Instant, JsonText, Key, Paisa, internal, personal, public, sensitive
from relief.store.db import NAMES, Store
from relief.store.statement import Statement
from relief.store.work import Work, reading

SOMEBODY = Actor.system("tests")
AT = dt.datetime(2022, 9, 5, 6, 30, 0, 123456, tzinfo=dt.UTC)


class Weather(enum.StrEnum):
    """States of a scratch row."""

    DRY = "dry"
    FLOOD = "flood"


class ScratchBase(DeclarativeBase):
    """The base of the tables here: no migration knows them."""

    metadata = MetaData(naming_convention=NAMES)


class Note(ScratchBase):
    """A row that may change."""

    __tablename__ = "scratch_note"

    id: Mapped[int] = internal(Key, primary_key=True)
    name: Mapped[str] = public(Text, unique=True)
    count: Mapped[int] = internal(Integer, default=0)


class Remark(ScratchBase):
    """A row that points at a note."""

    __tablename__ = "scratch_remark"

    id: Mapped[int] = internal(Key, primary_key=True)
    note_id: Mapped[int] = internal(ForeignKey("scratch_note.id"))


class Stone(AppendOnly, ScratchBase):
    """A row written once."""

    __tablename__ = "scratch_stone"

    id: Mapped[int] = internal(Key, primary_key=True)
    name: Mapped[str] = public(Text)


class Sample(ScratchBase):
    """A row with a column of every type."""

    __tablename__ = "scratch_sample"

    id: Mapped[int] = internal(Key, primary_key=True)
    at: Mapped[dt.datetime | None] = internal(Instant)
    day: Mapped[dt.date | None] = internal(Date)
    weather: Mapped[Weather | None] = public(EnumText(Weather))
    facts: Mapped[Any] = internal(JsonText, nullable=True)
    sealed: Mapped[bytes | None] = sensitive(LargeBinary)
    name: Mapped[str | None] = personal(Text)
    paisa: Mapped[int | None] = internal(Paisa)
    degrees: Mapped[float | None] = internal(Float)
    is_wet: Mapped[bool | None] = internal(Boolean)


ADD = Statement("INSERT INTO scratch_note (name, count) VALUES (:name, 0)")
NAMES_OF = Statement("SELECT name FROM scratch_note ORDER BY name")
COUNT = Statement("SELECT count FROM scratch_note WHERE name = :name {for_update}")
SET = Statement("UPDATE scratch_note SET count = :count WHERE name = :name")


def make_tables(store: Store) -> None:
    """Make the tables."""
    ScratchBase.metadata.create_all(store.engine)


def add(work: Work, name: str) -> None:
    """Write one note, without a session."""
    ADD.run(work, {"name": name})


def names() -> list[str]:
    """Return the names of the notes that were kept."""
    with reading(SOMEBODY) as work:
        return [name for (name,) in NAMES_OF.rows(work, {})]


def scalar(work: Work, sql: str) -> Any:
    """Return the one value of a query."""
    return work.session.execute(text(sql)).scalar()
