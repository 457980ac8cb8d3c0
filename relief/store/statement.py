"""Statements of the hot paths: written once in plain SQL with :names, run by the driver without an ORM between."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relief.store.work import Work

_LOCK = re.compile(r"\{for_(update|share)( of [a-z]+)?\}")
_NAME = re.compile(r"(?<!:):([a-z_]+)")
_VALUES = re.compile(r"\bVALUES (\([^()]*\))")
# An INSERT of nothing but values, each named as its column: what COPY does, too.
_PLAIN_INSERT = re.compile(r"INSERT INTO ([a-z_]+) \(([a-z_, ]+)\) VALUES \((:[a-z_]+(?:, :[a-z_]+)*)\)")
# Rows of one statement: each costs PostgreSQL a way there and back, and a text of thousands of places costs it as much.
_MOST_ROWS_AT_ONCE = 100
# Below this a statement with all rows is done before a COPY has begun.
_FEWEST_TO_COPY = 20
_STREAM_ROWS = 5_000
_STREAM_NUMBERS = itertools.count(1)


def _lock_of(lock: re.Match[str]) -> str:
    return f"FOR {lock[1].upper()}{lock[2] or ''}"


class Statement:
    """SQL for both drivers. `{for_update}`, `{for_update of t}` and `{for_share of t}` stand for the row locks that PostgreSQL
    needs; SQLite, where a writing unit has the whole database to itself, does not know them.

    Values go in and out as the driver has them: enums as their text, instants as `instant_text`, dates in ISO form.
    Measured: an INSERT through the ORM session costs 150-300 us of Python, this way 10-15.
    """

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._sqlite = _LOCK.sub("", sql)
        self._postgresql = _LOCK.sub(_lock_of, _NAME.sub(r"%(\1)s", sql.replace("%", "%%")))
        plain = _PLAIN_INSERT.fullmatch(sql)
        self._copied = f"{plain[1]} ({plain[2]})" if plain and plain[2] == plain[3].replace(":", "") else None
        self._columns = plain[2].split(", ") if plain else []
        self._texts: dict[tuple[str, int], tuple[str, list[str]]] = {}

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
        return self.run_each(work, [params])[0]

    def run_each(self, work: Work, many: Sequence[Mapping[str, Any]]) -> list[int]:
        """Run once for each set of values and return how many rows each time touched."""
        cursors = []
        for params in many:
            cursors.append(work.scope.cursor())
            cursors[-1].execute(self._text(work), params)
        work.scope.settle()
        return [int(cursor.rowcount) for cursor in cursors]

    def run_many(self, work: Work, many: Sequence[Mapping[str, Any]]) -> None:
        """Run once for each set of values."""
        if not many:
            return
        if work.dialect == "sqlite" or _VALUES.search(self._sql) is None:
            work.scope.cursor().executemany(self._text(work), many)
        elif self._copied is not None and len(many) > _FEWEST_TO_COPY and not work.scope.is_pipelined:
            with work.scope.cursor().copy(f"COPY {self._copied} FROM STDIN") as copy:
                for row in many:
                    copy.write_row([row[name] for name in self._columns])
        else:
            for _cursor in self._in_chunks(work, many):
                pass  # Nothing comes back.

    def rows_of_many(self, work: Work, many: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Run with a row of VALUES for each set of values and return what came back, in no promised order.

        The statement holds one VALUES list, of an INSERT that returns something or of a table of what is wanted.
        """
        return [row for cursor in self._in_chunks(work, many) for row in cursor.fetchall()]

    def _in_chunks(self, work: Work, many: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
        for start in range(0, len(many), _MOST_ROWS_AT_ONCE):
            chunk = many[start : start + _MOST_ROWS_AT_ONCE]
            if len(chunk) == 1:
                cursor = work.scope.cursor()
                cursor.execute(self._text(work), chunk[0])
            else:
                text, names = self._for_rows(work, len(chunk))
                cursor = work.scope.positional_cursor()
                cursor.execute(text, [row[name] for row in chunk for name in names])
            yield cursor

    def _for_rows(self, work: Work, count: int) -> tuple[str, list[str]]:
        """Return the text with so many rows of VALUES and numbered places, and the names of a row's values in order."""
        place = (work.dialect, count)
        if place not in self._texts:
            found = _VALUES.search(self._sql)
            assert found is not None, "the statement holds a VALUES list"
            start, end = found.span(1)
            row, names = self._sql[start:end], _NAME.findall(self._sql[start:end])
            mark = "?" if work.dialect == "sqlite" else "$"
            places = itertools.count(1)
            rows = ", ".join(_NAME.sub(lambda _name: f"{mark}{next(places)}", row) for _ in range(count))
            lock = "" if work.dialect == "sqlite" else _lock_of
            self._texts[place] = _LOCK.sub(lock, self._sql[:start] + rows + self._sql[end:]), names
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
