"""The unit of work: one transaction, one actor, one instant."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from relief.kernel.actor import Actor
from relief.keys import Keyring
from relief.store.db import Store, store
from relief.store.scope import Scope


@dataclass(frozen=True, slots=True)
class Work:
    """What a use case works with: it never asks for the time, the user or the connection elsewhere."""

    scope: Scope
    actor: Actor
    at: dt.datetime
    keys: Keyring

    @property
    def session(self) -> Session:
        """The session of this unit; statements of hot paths go without one (`store.statement`)."""
        return self.scope.session

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self.scope.dialect


@contextmanager
def unit_of_work(actor: Actor, *, at: dt.datetime | None = None) -> Iterator[Work]:
    """Open a writing transaction that commits whole at the end or rolls back whole; leaving it means that it is durable."""
    held = store()
    with _writing(held) as scope:
        yield Work(scope, actor, at or dt.datetime.now(dt.UTC), held.keys)


@contextmanager
def reading(actor: Actor, *, at: dt.datetime | None = None) -> Iterator[Work]:
    """Open one consistent view for reading; nothing done in it is kept, and rows that were read stay readable after it."""
    held = store()
    # Figures of one page come from several queries and must be of one moment; SQLite's snapshots are so by nature.
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with held.engine.connect().execution_options(**{} if held.is_sqlite else options) as connection:
        connection.begin()
        scope = Scope(connection)
        try:
            yield Work(scope, actor, at or dt.datetime.now(dt.UTC), held.keys)
        finally:
            scope.discard()


@contextmanager
def glancing(actor: Actor) -> Iterator[Work]:
    """Open a connection for a single statement that reads: no transaction, so that every request can afford it."""
    held = store()
    options: dict[str, Any] = {} if held.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
    with held.engine.connect().execution_options(**options) as connection:
        scope = Scope(connection)
        try:
            yield Work(scope, actor, dt.datetime.now(dt.UTC), held.keys)
        finally:
            scope.discard()


@contextmanager
def _writing(held: Store) -> Iterator[Scope]:
    thread = threading.get_ident()
    # The inner unit would wait for the outer one, on SQLite for the writer and on PostgreSQL for some row, for ever.
    assert thread not in held.threads_writing, "a unit of work was opened inside another"
    held.threads_writing.add(thread)
    try:
        with _transaction(held) if held.writer is None else held.writer.unit() as scope:
            yield scope
    finally:
        held.threads_writing.remove(thread)


@contextmanager
def _transaction(held: Store) -> Iterator[Scope]:
    with held.engine.connect() as connection, connection.begin():
        scope = Scope(connection)
        try:
            yield scope
            scope.finish()
        except BaseException:
            scope.discard()
            raise
