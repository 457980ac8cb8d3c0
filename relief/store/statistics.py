"""Telling the database's planner of rows written in bulk, before it plans for the few that it knows of."""

from __future__ import annotations

from sqlalchemy import Table, text

from relief.store.work import Work

_MANY_ROWS = 10_000


def refresh_statistics(work: Work, table: Table, *, changed: int) -> None:
    """Have PostgreSQL look at a table anew if so many of its rows changed that its plans may be wrong.

    It does so by itself, but a minute later. SQLite needs none: its plans do not hang on how many rows there are.
    """
    if work.dialect == "postgresql" and changed >= _MANY_ROWS:
        work.session.execute(text(f"ANALYZE {table.name}"))
