"""Statements of the hot paths: written once in plain SQL with :names, run by the driver without an ORM between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from relief.store.work import Work

_NAME = re.compile(r"(?<!:):([a-z_]+)")


class Statement:
    """SQL for both drivers. `{for_update}` stands for the row lock that PostgreSQL needs and SQLite does not know.

    Values go in and out as the driver has them: instants and enums on SQLite as text (use `instant_value`).
    Measured: an INSERT through the ORM session costs 150-300 us of Python, this way 10-15.
    """

    def __init__(self, sql: str) -> None:
        self._sqlite = sql.replace("{for_update}", "")
        self._postgresql = _NAME.sub(r"%(\1)s", sql.replace("%", "%%")).replace("{for_update}", "FOR UPDATE")

    def rows(self, work: Work, params: Mapping[str, Any]) -> list[Any]:
        """Run once and return all rows as tuples."""
        cursor = self._cursor(work)
        cursor.execute(self._text(work), params)
        found: list[Any] = cursor.fetchall()
        return found

    def row(self, work: Work, params: Mapping[str, Any]) -> Any:
        """Run once and return the first row as a tuple, or None."""
        cursor = self._cursor(work)
        cursor.execute(self._text(work), params)
        return cursor.fetchone()

    def run(self, work: Work, params: Mapping[str, Any]) -> int:
        """Run once and return how many rows were touched."""
        cursor = self._cursor(work)
        cursor.execute(self._text(work), params)
        return int(cursor.rowcount)

    def run_many(self, work: Work, many: Sequence[Mapping[str, Any]]) -> None:
        """Run once for each set of values."""
        if many:
            self._cursor(work).executemany(self._text(work), many)

    def _cursor(self, work: Work) -> Any:
        return work.session.connection().connection.cursor()

    def _text(self, work: Work) -> str:
        return self._sqlite if work.dialect == "sqlite" else self._postgresql
