"""One open transaction, as the driver has it and as SQLAlchemy has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from psycopg import RawCursor
from sqlalchemy import Connection
from sqlalchemy.orm import Session

JoinMode = Literal["create_savepoint", "rollback_only"]


class Scope:
    """The driver's cursor for hot paths; and a session, made only where somebody asks for one.

    A session costs more than all the statements of a hand-over, so paths that use none do not pay for it.
    """

    def __init__(self, connection: Connection, join_mode: JoinMode = "rollback_only") -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self._driver: Any = connection.connection.driver_connection
        self._join_mode = join_mode
        self._session: Session | None = None
        self._pipeline: Any = None

    @property
    def session(self) -> Session:
        """The session of this transaction."""
        if self._session is None:
            self._session = Session(self.connection, join_transaction_mode=self._join_mode, expire_on_commit=False)
        return self._session

    def cursor(self, **options: Any) -> Any:
        """Return a cursor of the driver."""
        return self._driver.cursor(**options)

    def positional_cursor(self) -> Any:
        """Return a cursor for SQL whose places are numbered as the database has them: ?1 on SQLite, $1 on PostgreSQL.

        A driver that looks for names in a text of thousands of places takes longer than the database with all its rows.
        """
        return self._driver.cursor() if self.dialect == "sqlite" else RawCursor(self._driver)

    @contextmanager
    def pipelined(self) -> Iterator[None]:
        """Let statements go to PostgreSQL without waiting for each one's answer, until somebody asks for a row or a count.

        A hand-over takes some fifteen statements, and each way there and back costs more than what is done there. Not for a
        session, which asks for its counts in its own way; COPY, which would break it, is done without meanwhile.
        """
        if self.dialect == "sqlite" or self._pipeline is not None:
            yield
            return
        with self._driver.pipeline() as pipeline:
            self._pipeline = pipeline
            try:
                yield
            finally:
                self._pipeline = None

    @property
    def is_pipelined(self) -> bool:
        """Whether answers are not waited for."""
        return self._pipeline is not None

    def settle(self) -> None:
        """Wait for the answers to all that was sent."""
        if self._pipeline is not None:
            self._pipeline.sync()

    def execute(self, sql: str) -> None:
        """Run a statement without values."""
        self._driver.execute(sql)

    def finish(self) -> None:
        """Write what the session still holds back; the transaction stays open."""
        if self._session is not None:
            self._session.commit()
            self._session.close()

    def discard(self) -> None:
        """Let go of the session and its changes; rows that were read stay readable."""
        if self._session is not None:
            self._session.expunge_all()
            self._session.close()
