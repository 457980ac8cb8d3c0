"""Turns: one unit of work at a time for what two must not decide at once and no row stands for."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, text

from relief.store.work import Work


def take_turn(work: Work, name: str) -> None:
    """Wait until no other unit holds the turn of that name, and hold it until this one ends.

    On SQLite every writing unit has the database to itself already.
    """
    if work.dialect == "postgresql":
        wait_for_turn(work.session.connection(), name)


def wait_for_turn(connection: Connection, name: str) -> None:
    """Take the turn for a transaction of PostgreSQL that is no unit of work."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
