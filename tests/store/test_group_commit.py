"""Writers of SQLite in one batch: each keeps or loses its own work, and is answered once it is on the disk."""

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from relief.store.db import Store
from relief.store.group_commit import LARGEST_BATCH
from relief.store.work import unit_of_work
from tests.store.crowd import SECONDS, beside, until
from tests.store.scratch import SOMEBODY, Note, add, names

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def on_disk(store: Store) -> list[str]:
    """Return what a stranger to this process finds."""
    stranger = sqlite3.connect(str(store.engine.url.database))
    try:
        return [name for (name,) in stranger.execute("SELECT name FROM scratch_note ORDER BY name")]
    finally:
        stranger.close()


def write(name: str) -> None:
    with unit_of_work(SOMEBODY) as work:
        add(work, name)


def break_a_promise() -> None:
    """Write what SQLite refuses only when the batch commits."""
    with unit_of_work(SOMEBODY) as work:
        work.scope.execute("PRAGMA defer_foreign_keys=ON")
        work.scope.execute("INSERT INTO scratch_remark (note_id) VALUES (404)")


def fail() -> None:
    with unit_of_work(SOMEBODY) as work:
        add(work, "failed")
        raise ZeroDivisionError


def one_batch(store: Store, *deeds: Callable[[], None]) -> list[BaseException | None]:
    """Let the deeds follow each other in one batch begun by a unit that writes "first"; return what each caller gets."""

    def first() -> None:
        with unit_of_work(SOMEBODY) as work:
            add(work, "first")
            for number, deed in enumerate(deeds, 1):
                answers.append(beside(pool, deed))
                until(lambda number=number: store.writer._waiting == number)

    answers: list[Future] = []
    with ThreadPoolExecutor(len(deeds) + 1) as pool:
        own = beside(pool, first)
        own.exception(SECONDS)
        return [answer.exception(SECONDS) for answer in (own, *answers)]


def test_a_unit_in_a_batch_is_answered_only_after_the_commit(store: Store):
    may_end, is_in = threading.Event(), threading.Event()

    def slow() -> None:
        with unit_of_work(SOMEBODY) as work:
            add(work, "second")
            is_in.set()
            may_end.wait(SECONDS)

    def first() -> None:
        with unit_of_work(SOMEBODY) as work:
            add(work, "first")
            second.append(beside(pool, slow))
            until(lambda: store.writer._waiting == 1)

    second: list[Future] = []
    with ThreadPoolExecutor(2) as pool:
        answer = beside(pool, first)
        assert is_in.wait(SECONDS)
        assert not answer.done() and on_disk(store) == []
        may_end.set()
        answer.result(SECONDS)
        assert on_disk(store) == ["first", "second"]
        second[0].result(SECONDS)


def test_a_failing_unit_rolls_back_alone(store: Store):
    first, second, failed, fourth = one_batch(store, lambda: write("second"), fail, lambda: write("fourth"))
    assert first is second is fourth is None and isinstance(failed, ZeroDivisionError)
    assert on_disk(store) == ["first", "fourth", "second"]


def test_those_before_a_failing_last_unit_are_committed(store: Store):
    first, failed = one_batch(store, fail)
    assert first is None and isinstance(failed, ZeroDivisionError)
    assert on_disk(store) == ["first"]


def test_a_batch_whose_commit_fails_raises_for_every_member(store: Store):
    answers = one_batch(store, break_a_promise, lambda: write("third"))
    assert [type(answer) for answer in answers] == [IntegrityError] * 3
    assert on_disk(store) == []
    write("next")
    assert on_disk(store) == ["next"]


def test_a_single_unit_whose_commit_fails_raises_and_the_next_one_works(store: Store):
    with pytest.raises(IntegrityError):
        break_a_promise()
    write("next")
    assert on_disk(store) == ["next"]


@pytest.mark.parametrize("with_session", [False, True])
def test_when_sqlite_gives_the_transaction_up_every_member_learns_it(store: Store, *, with_session: bool):
    write("known")

    def lose_all() -> None:
        with unit_of_work(SOMEBODY) as work:
            if with_session:
                work.session.add(Note(name="lost"))
                work.session.flush()
            # As at a full disk: not the statement alone is undone, nor the savepoint.
            work.scope.execute("INSERT OR ROLLBACK INTO scratch_note (name, count) VALUES ('known', 0)")

    first, lost = one_batch(store, lose_all)
    assert isinstance(first, ConnectionError) and isinstance(lost, sqlite3.IntegrityError)
    write("next")
    assert on_disk(store) == ["known", "next"]


def test_a_unit_that_cannot_begin_fails_alone(store: Store):
    write("known")
    store.writer.close()
    stranger = sqlite3.connect(str(store.engine.url.database), isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    connection = store.writer._connection = store.writing_connection()
    connection.connection.driver_connection.execute("PRAGMA busy_timeout=1")
    with pytest.raises(OperationalError, match="locked"):
        write("refused")
    stranger.execute("ROLLBACK")
    stranger.close()
    write("next")
    assert on_disk(store) == ["known", "next"]


def test_a_long_queue_is_committed_in_batches(store: Store):
    count = LARGEST_BATCH + 6
    assert one_batch(store, *(partial(write, f"n{number}") for number in range(count))) == [None] * (count + 1)
    assert len(on_disk(store)) == count + 1


def test_writing_goes_on_after_the_connection_was_given_back(store: Store):
    write("one")
    store.close()
    write("two")
    assert names() == ["one", "two"]


def test_a_stranger_sees_nothing_of_a_unit_that_is_open(store: Store):
    with unit_of_work(SOMEBODY) as work:
        add(work, "one")
        assert on_disk(store) == []
    assert on_disk(store) == ["one"]


def test_the_writer_holds_the_write_lock_from_the_start(store: Store):
    stranger = sqlite3.connect(str(store.engine.url.database), timeout=0, isolation_level=None)
    with unit_of_work(SOMEBODY), pytest.raises(sqlite3.OperationalError, match="locked"):
        stranger.execute("BEGIN IMMEDIATE")
    stranger.execute("BEGIN IMMEDIATE")
    stranger.close()


def test_an_error_of_the_database_reaches_its_own_caller(store: Store):
    write("one")
    first, failed = one_batch(store, lambda: write("one"))
    assert first is None and isinstance(failed, sqlite3.IntegrityError)
    assert names() == ["first", "one"]
