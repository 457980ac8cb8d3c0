"""Group commit for SQLite: writers take turns on one connection and share the flush to disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, RootTransaction

from relief.store.scope import Scope

# A batch this large has spread the cost of the flush; a larger one only makes its first member wait.
LARGEST_BATCH = 64


class _Batch:
    """Units of work that become durable, or fail, together."""

    def __init__(self) -> None:
        self.size = 0
        self.finished = threading.Event()
        self.failure: BaseException | None = None


class GroupCommit:
    """Runs writing units one after another, each in a savepoint, and commits when nobody waits for a turn.

    Two writing processes pushed the 99th percentile to 125-744 ms, and a flush for each unit caps a disk at a few hundred
    units a second; here whoever arrives during a flush joins the next batch. A unit's caller is answered only after the
    commit that holds it.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._turn = threading.Lock()
        self._waiting_lock = threading.Lock()
        self._waiting = 0
        self._batch: _Batch | None = None

    @contextmanager
    def unit(self) -> Iterator[Scope]:
        """Yield the scope of one savepoint; on leaving, return only once the unit is durable."""
        self._take_turn()
        succeeded = False
        batch: _Batch | None = None
        try:
            batch = self._open_batch()
            assert self._connection is not None
            with _savepoint(self._connection) as scope:
                yield scope
            batch.size += 1
            succeeded = True
        finally:
            # Also after a failed unit: those before it in the batch wait for their commit.
            if batch is not None:
                self._close_batch_if_last(batch)
            self._turn.release()
        if succeeded:
            assert batch is not None
            batch.finished.wait()
            if batch.failure is not None:
                raise batch.failure

    def _take_turn(self) -> None:
        with self._waiting_lock:
            self._waiting += 1
        self._turn.acquire()
        with self._waiting_lock:
            self._waiting -= 1

    def close(self) -> None:
        """Give the connection back; the next unit opens a new one."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open_batch(self) -> _Batch:
        if self._batch is None:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.begin()
            self._batch = _Batch()
        return self._batch

    def _close_batch_if_last(self, batch: _Batch) -> None:
        assert self._connection is not None
        with self._waiting_lock:
            others_wait = self._waiting > 0
        if others_wait and batch.size < LARGEST_BATCH and _is_open(self._connection):
            return  # The next in turn goes on in the same transaction and commits for all.
        self._batch = None
        try:
            if not _is_open(self._connection):
                raise ConnectionError("SQLite gave up the transaction of a batch of writing units")
            self._transaction().commit()
        except BaseException as failure:  # noqa: BLE001 - whatever it is, it is raised for every member
            batch.failure = failure
            self._discard_connection()
        finally:
            batch.finished.set()

    def _transaction(self) -> RootTransaction:
        assert self._connection is not None
        transaction = self._connection.get_transaction()
        assert transaction is not None
        return transaction

    def _discard_connection(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


@contextmanager
def _savepoint(connection: Connection) -> Iterator[Scope]:
    """Yield a scope whose work is kept if the block ends well, and undone alone if it does not."""
    scope = Scope(connection, "create_savepoint")
    scope.execute("SAVEPOINT unit")
    try:
        yield scope
        scope.finish()
    except BaseException:
        # Otherwise no savepoint is left, the session's neither: asking for one would hide what happened.
        if _is_open(connection):
            scope.discard()
            scope.execute("ROLLBACK TO unit")
            scope.execute("RELEASE unit")
        raise
    scope.execute("RELEASE unit")


def _is_open(connection: Connection) -> bool:
    # A full disk or an I/O error makes SQLite roll the whole transaction back, not the savepoint alone.
    driver: Any = connection.connection.driver_connection
    return bool(driver.in_transaction)
