"""Statements of the hot paths: written once in plain SQL with :names, run by the driver without an ORM between."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relief.store.work import Work

_LOCK = re.compile(r"\{for_(update|share)( of [a-z]+)?\}")
_NAME = re.compile(r"(?<!:):([a-z_]+)")
_VALUES = re.compile(r"\bVALUES (\((?:[^()]|%\([a-z_]+\)s)*\))")
_MOST_ROWS_AT_ONCE = 20
_STREAM_ROWS = 5_000
_STREAM_NUMBERS = itertools.count(1)


class Statement:
    """SQL for both drivers. `{for_update}`, `{for_update of t}` and `{for_share of t}` stand for the row locks that PostgreSQL
    needs; SQLite, where a writing unit has the whole database to itself, does not know them.

    Values go in and out as the driver has them: enums as their text, instants as `instant_text`, dates in ISO form.
    Measured: an INSERT through the ORM session costs 150-300 us of Python, this way 10-15.
    """

    def __init__(self, sql: str) -> None:
        self._sqlite = _LOCK.sub("", sql)
        self._postgresql = _LOCK.sub(
            lambda lock: f"FOR {lock[1].upper()}{lock[2] or ''}", _NAME.sub(r"%(\1)s", sql.replace("%", "%%"))
        )
        self._values = _VALUES.search(self._postgresql)
        self._texts: dict[int, str] = {}

    def rows(self, work: Work, params: Mapping[str, Any]) -> list[Any]:
        """Run once and return all rows as tuples."""
        cursor = work.scope.cursor()
        cursor.execute(self._text(work), params)
        found: list[Any] = cursor.fetchall()
        return found

    def row(self, work: Work, params: Mapping[str, Any]) -> Any:
        """Run once and return the first row as a tuple, or None."""
        cursor = work.scope.cursor()
        cursor.execute(self._text(work), params)
        return cursor.fetchone()

    def stream(self, work: Work, params: Mapping[str, Any]) -> Iterator[Any]:
        """Run once and yield the rows as tuples, with few of them in memory at a time."""
        if work.dialect == "sqlite":
            cursor = work.scope.cursor()
            cursor.execute(self._text(work), params)
            yield from cursor
            return
        # A plain cursor of psycopg would fetch everything before the first row is seen.
        with work.scope.cursor(name=f"stream_{next(_STREAM_NUMBERS)}") as cursor:
            cursor.itersize = _STREAM_ROWS
            cursor.execute(self._text(work), params)
            yield from cursor

    def run(self, work: Work, params: Mapping[str, Any]) -> int:
        """Run once and return how many rows were touched."""
        cursor = work.scope.cursor()
        cursor.execute(self._text(work), params)
        return int(cursor.rowcount)

    def run_many(self, work: Work, many: Sequence[Mapping[str, Any]]) -> None:
        """Run once for each set of values."""
        if not many:
            return
        if work.dialect == "sqlite" or self._values is None or len(many) > _MOST_ROWS_AT_ONCE:
            work.scope.cursor().executemany(self._text(work), many)
            return
        # Each statement costs PostgreSQL a way there and back: the few lines of a hand-over go as one.
        values = {f"{name}_{n}": value for n, row in enumerate(many) for name, value in row.items()}
        work.scope.cursor().execute(self._for_rows(len(many)), values)

    def _for_rows(self, count: int) -> str:
        if count not in self._texts:
            assert self._values is not None
            start, end = self._values.span(1)
            row = self._postgresql[start:end]
            rows = ", ".join(row.replace(")s", f"_{n})s") for n in range(count))
            self._texts[count] = self._postgresql[:start] + rows + self._postgresql[end:]
        return self._texts[count]

    def _text(self, work: Work) -> str:
        return self._sqlite if work.dialect == "sqlite" else self._postgresql
