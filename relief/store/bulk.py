"""Writing many rows at the speed of the database: executemany on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Date, Dialect, Table
from sqlalchemy.types import TypeEngine

from relief.store.columns import EnumText
from relief.store.work import Work

_CHUNK_ROWS = 5_000
_REMEMBERED_VALUES = 50_000


def insert_rows(work: Work, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows of Python values, streamed in chunks; return how many there were.

    Args: columns: names of the table's columns; rows: each of shape (len(columns),), values as the column types take them.
    """
    connection = work.session.connection()
    dialect = connection.dialect
    processors = [_processor(table.c[name].type, dialect) for name in columns]
    count = 0
    if work.dialect == "sqlite":
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"
        for chunk in _chunks(_processed(rows, processors)):
            connection.connection.cursor().executemany(statement, chunk)
            count += len(chunk)
        return count
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in _processed(rows, processors):
            copy.write_row(row)
            count += 1
    return count


def _processor(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    # A column of days or states holds few different values, and each costs a microsecond to convert.
    return lru_cache(_REMEMBERED_VALUES)(process) if process and isinstance(kind, (Date, EnumText)) else process


def _processed(
    rows: Iterable[Sequence[Any]], processors: Sequence[Callable[[Any], Any] | None]
) -> Iterator[Sequence[Any]]:
    active = [(n, process) for n, process in enumerate(processors) if process is not None]
    if not active:
        yield from rows
        return
    for row in rows:
        values = list(row)
        for n, process in active:
            values[n] = process(values[n])
        yield values


def _chunks(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while chunk := list(islice(rows, _CHUNK_ROWS)):
        yield chunk
