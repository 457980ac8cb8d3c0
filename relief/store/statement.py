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
_NAMED, _FORMATTED = re.compile(r":[a-z_]+"), re.compile(r"%\(([a-z_]+)\)s")
# Rows of one statement: each costs PostgreSQL a way there and back, and a text of thousands of values costs it as much.
_MOST_ROWS_AT_ONCE = 100
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
        self._texts: dict[tuple[str, int], str] = {}

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
        if work.dialect == "sqlite" or _VALUES.search(self._postgresql) is None:
            work.scope.cursor().executemany(self._text(work), many)
            return
        for cursor in self._in_chunks(work, many):
            cursor.close()

    def rows_of_many(self, work: Work, many: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Run with a row of VALUES for each set of values and return what came back, in no promised order.

        The statement holds one VALUES list, of an INSERT that returns something or of a table of what is wanted.
        """
        return [row for cursor in self._in_chunks(work, many) for row in cursor.fetchall()]

    def _in_chunks(self, work: Work, many: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
        for start in range(0, len(many), _MOST_ROWS_AT_ONCE):
            chunk = many[start : start + _MOST_ROWS_AT_ONCE]
            cursor = work.scope.cursor()
            if len(chunk) == 1:
                cursor.execute(self._text(work), chunk[0])
            else:
                values = {f"{name}_{n}": value for n, row in enumerate(chunk) for name, value in row.items()}
                cursor.execute(self._for_rows(work, len(chunk)), values)
            yield cursor

    def _for_rows(self, work: Work, count: int) -> str:
        place = (work.dialect, count)
        if place not in self._texts:
            text = self._text(work)
            found = _VALUES.search(text)
            assert found is not None, "the statement holds a VALUES list"
            start, end = found.span(1)
            row = text[start:end]
            number = _NAMED.sub if work.dialect == "sqlite" else _FORMATTED.sub
            rows = ", ".join(
                number(rf"\g<0>_{n}" if work.dialect == "sqlite" else rf"%(\1_{n})s", row) for n in range(count)
            )
            self._texts[place] = text[:start] + rows + text[end:]
        return self._texts[place]

    def _text(self, work: Work) -> str:
        return self._sqlite if work.dialect == "sqlite" else self._postgresql


class Lookup:
    """A SELECT for one set of wanted values, or for many in one way to the database; its rows say which they belong to.

    In the SQL `{n}` stands for the first column, the place of the set among those wanted, from 0; `{wanted}` opens FROM; and a
    wanted value is `{w}name`. One set costs no more than a plain statement: the desk asks for one family at a time.
    """

    def __init__(self, names: Sequence[str], sql: str) -> None:
        marked = re.compile(r"\{(n|wanted|w)\}")
        one = {"n": "0", "wanted": "", "w": ":"}
        many = {"n": "w.n", "wanted": "wanted w CROSS JOIN ", "w": "w."}
        columns, values = ", ".join(("n", *names)), ", ".join(f":{name}" for name in ("n", *names))
        self._one = Statement(marked.sub(lambda found: one[found[1]], sql))
        self._many = Statement(
            f"WITH wanted ({columns}) AS (VALUES ({values})) " + marked.sub(lambda found: many[found[1]], sql)
        )

    def rows(self, work: Work, wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the rows found, each with the place of its set in front; of one set they keep the order of the SQL."""
        if len(wanted) == 1:
            return self._one.rows(work, wanted[0])
        return self._many.rows_of_many(work, [{"n": n, **values} for n, values in enumerate(wanted)])
