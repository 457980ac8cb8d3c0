"""The unit of work: one transaction, one actor, one instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from relief.kernel.actor import Actor
from relief.keys import Keyring
from relief.store.db import Store, store


@dataclass(frozen=True, slots=True)
class Work:
    """What a use case works with: it never asks for the time, the user or the connection elsewhere."""

    session: Session
    actor: Actor
    at: dt.datetime
    keys: Keyring

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self.session.get_bind().dialect.name


@contextmanager
def unit_of_work(actor: Actor, *, at: dt.datetime | None = None) -> Iterator[Work]:
    """Open a writing transaction that commits whole at the end or rolls back whole; leaving it means that it is durable."""
    held = store()
    with _writing_session(held) as session:
        yield Work(session, actor, at or dt.datetime.now(dt.UTC), held.keys)


@contextmanager
def reading(actor: Actor, *, at: dt.datetime | None = None) -> Iterator[Work]:
    """Open one consistent view for reading; nothing done in it is kept."""
    held = store()
    # Figures of one page come from several queries and must be of one moment; SQLite's snapshots are so by nature.
    options = {} if held.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with held.engine.connect().execution_options(**options) as connection, Session(connection) as session:
        yield Work(session, actor, at or dt.datetime.now(dt.UTC), held.keys)
        session.expunge_all()  # Rows that were read stay readable after the view is closed.
        session.rollback()


@contextmanager
def _writing_session(held: Store) -> Iterator[Session]:
    if held.writer is not None:
        with held.writer.unit() as session:
            yield session
        return
    with Session(held.engine, expire_on_commit=False) as session, session.begin():
        yield session
