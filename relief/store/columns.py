"""Columns that declare how private their content is, and the column types that both databases share."""

from __future__ import annotations

import datetime as dt
import enum
import json
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects.sqlite import TEXT
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine


class DataClass(enum.StrEnum):
    """How private a column is; exports, logs and phones are held to it."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


def _column(data_class: DataClass, args: tuple[Any, ...], options: dict[str, Any]) -> MappedColumn[Any]:
    return mapped_column(*args, info={"data_class": data_class}, **options)


def public(*args: Any, **options: Any) -> MappedColumn[Any]:
    """A column that anybody may see: an area's name, a campaign's dates."""
    return _column(DataClass.PUBLIC, args, options)


def internal(*args: Any, **options: Any) -> MappedColumn[Any]:
    """A column for signed-in staff: keys, states, counts."""
    return _column(DataClass.INTERNAL, args, options)


def personal(*args: Any, **options: Any) -> MappedColumn[Any]:
    """A column about a person: a name, a village, a place of living."""
    return _column(DataClass.PERSONAL, args, options)


def sensitive(*args: Any, **options: Any) -> MappedColumn[Any]:
    """A column that can harm a person if it leaks: CNIC, phone, disability, poverty score, secrets."""
    return _column(DataClass.SENSITIVE, args, options)


class Instant(TypeDecorator[dt.datetime]):
    """An aware UTC instant: timestamptz on PostgreSQL, ISO 8601 text of fixed width on SQLite, which sorts as it reads."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return text for SQLite, which has no type for instants."""
        return dialect.type_descriptor(TEXT() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """Return what the driver stores."""
        if value is None:
            return None
        assert value.tzinfo is not None, "an instant is aware"
        return instant_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Return the aware instant of a stored value."""
        return None if value is None else as_instant(value)


def as_instant(value: dt.datetime | str) -> dt.datetime:
    """Return the aware instant of a value as the driver gave it."""
    at = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(dt.UTC)


@lru_cache(maxsize=256)  # A bulk write holds the same instant in hundreds of thousands of rows.
def instant_text(at: dt.datetime) -> str:
    """Return an aware instant as 2022-09-05T08:00:00.000000Z: the form in which hashes and SQLite hold it."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class EnumText(TypeDecorator[enum.StrEnum]):
    """A StrEnum kept as its text; an unknown text in the database raises instead of passing through."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[enum.StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: enum.StrEnum | str | None, dialect: Dialect) -> str | None:
        """Return the member's text."""
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> enum.StrEnum | None:
        """Return the member."""
        return None if value is None else self.kind(value)


class JsonText(TypeDecorator[Any]):
    """JSON kept as text in one canonical spelling, so that both databases hold, and hashes see, the same bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return the canonical text."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Return the value."""
        return None if value is None else json.loads(value)


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces, letters unescaped."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


Paisa = BigInteger

# SQLite gives out row numbers only to INTEGER keys; PostgreSQL needs room for more than 2^31 rows over the years.
Key = BigInteger().with_variant(Integer(), "sqlite")
