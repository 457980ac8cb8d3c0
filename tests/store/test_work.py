"""Units of work and readings: whole or not at all, one moment, nothing lost between threads."""

import contextlib
import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from relief.store.db import Store
from relief.store.work import glancing, reading, unit_of_work
from tests.store.crowd import all_at_once
from tests.store.scratch import ADD, AT, COUNT, NAMES_OF, SET, SOMEBODY, Note, Remark, add, names, scalar

THREADS = 8


def test_a_unit_knows_who_acts_and_when(store: Store):
    with unit_of_work(SOMEBODY, at=AT) as work:
        assert (work.actor, work.at, work.keys) == (SOMEBODY, AT, store.keys)
        assert work.dialect == store.engine.dialect.name
    before = dt.datetime.now(dt.UTC)
    with unit_of_work(SOMEBODY) as work, reading(SOMEBODY) as other, glancing(SOMEBODY) as third:
        assert all(before <= one.at <= dt.datetime.now(dt.UTC) for one in (work, other, third))


@pytest.mark.parametrize("with_session", [False, True])
def test_a_unit_is_kept_whole_or_not_at_all(store: Store, *, with_session: bool):
    def write(*wanted: str) -> None:
        with unit_of_work(SOMEBODY) as work:
            for name in wanted:
                if with_session:
                    work.session.add(Note(name=name))
                else:
                    add(work, name)
            if "bad" in wanted:
                raise ZeroDivisionError

    write("one", "two")
    with pytest.raises(ZeroDivisionError):
        write("three", "bad")
    write("four")
    assert names() == ["four", "one", "two"]


def test_what_the_session_still_holds_is_refused_inside_the_unit(store: Store):
    with unit_of_work(SOMEBODY) as work:
        add(work, "one")
    with pytest.raises(IntegrityError), unit_of_work(SOMEBODY) as work:
        add(work, "two")
        work.session.add(Note(name="one"))
    assert names() == ["one"]


@pytest.mark.parametrize("outer_fails", [False, True])
@pytest.mark.parametrize("inner_fails", [False, True])
def test_a_savepoint_never_outlives_its_unit(store: Store, *, outer_fails: bool, inner_fails: bool):
    try:
        with unit_of_work(SOMEBODY) as work:
            work.session.add(Note(name="outer"))
            savepoint = work.session.begin_nested()
            work.session.add(Note(name="inner"))
            work.session.flush()
            savepoint.rollback() if inner_fails else savepoint.commit()
            assert outer_fails is False, "the unit fails after its savepoint was released"
    except AssertionError:
        pass
    assert names() == ([] if outer_fails else ["outer"] if inner_fails else ["inner", "outer"])


def test_a_unit_inside_a_unit_is_refused(store: Store):
    with pytest.raises(AssertionError, match="inside another"), unit_of_work(SOMEBODY) as work:
        add(work, "outer")
        with unit_of_work(SOMEBODY) as inner:
            add(inner, "inner")
    with unit_of_work(SOMEBODY) as work:
        add(work, "next")
    assert names() == ["next"]


def test_a_refused_inner_unit_leaves_the_outer_one_at_work(store: Store):
    with unit_of_work(SOMEBODY) as work:
        with pytest.raises(AssertionError), unit_of_work(SOMEBODY):
            pass
        add(work, "outer")
        with pytest.raises(AssertionError), unit_of_work(SOMEBODY):
            pass
    assert names() == ["outer"]


def test_eight_threads_writing_lose_and_double_nothing(store: Store):
    def write(thread: int) -> int:
        failed = 0
        for number in range(20):
            try:
                with unit_of_work(SOMEBODY) as work:
                    add(work, f"{thread}-{number}")
                    if number % 5 == 4:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                failed += 1
        return failed

    assert all_at_once(write, THREADS) == [4] * THREADS
    kept = [f"{thread}-{number}" for thread in range(THREADS) for number in range(20) if number % 5 != 4]
    assert names() == sorted(kept)


def test_two_hundred_increments_at_once_leave_two_hundred(store: Store):
    with unit_of_work(SOMEBODY) as work:
        add(work, "counter")

    def increment(_thread: int) -> None:
        for _ in range(200 // THREADS):
            with unit_of_work(SOMEBODY) as work:
                (count,) = COUNT.row(work, {"name": "counter"})
                SET.run(work, {"name": "counter", "count": count + 1})

    assert all_at_once(increment, THREADS) == [None] * THREADS
    with reading(SOMEBODY) as work:
        assert scalar(work, "SELECT count FROM scratch_note") == 200


def test_two_hundred_increments_through_the_session_leave_two_hundred(store: Store):
    with unit_of_work(SOMEBODY) as work:
        work.session.add(Note(id=1, name="counter", count=0))

    def increment(_thread: int) -> None:
        for _ in range(200 // THREADS):
            with unit_of_work(SOMEBODY) as work:
                work.session.get(Note, 1, with_for_update=True).count += 1

    assert all_at_once(increment, THREADS) == [None] * THREADS
    with reading(SOMEBODY) as work:
        assert work.session.get(Note, 1).count == 200


def test_a_foreign_key_is_held(store: Store):
    with pytest.raises(IntegrityError), unit_of_work(SOMEBODY) as work:
        work.session.add(Remark(note_id=404))


@pytest.mark.parametrize("with_session", [False, True])
def test_reading_keeps_nothing_that_is_written_in_it(store: Store, *, with_session: bool):
    # PostgreSQL refuses at once; SQLite lets go of it at the end.
    refused = contextlib.nullcontext() if store.is_sqlite else pytest.raises(Exception, match="read-only transaction")
    with refused, reading(SOMEBODY) as work:
        if with_session:
            work.session.add(Note(name="written"))
            work.session.flush()
        else:
            add(work, "written")
    assert names() == []


def test_a_reading_sees_one_moment(store: Store):
    with unit_of_work(SOMEBODY) as work:
        add(work, "before")
    with reading(SOMEBODY) as work:
        assert [tuple(row) for row in NAMES_OF.rows(work, {})] == [("before",)]
        with unit_of_work(SOMEBODY) as other:
            add(other, "meanwhile")
        assert [tuple(row) for row in NAMES_OF.rows(work, {})] == [("before",)]
        assert work.session.query(Note).count() == 1
    assert names() == ["before", "meanwhile"]


def test_a_connection_that_was_read_with_can_be_written_with(store: Store):
    for number in range(3):
        names()
        with glancing(SOMEBODY) as work:
            NAMES_OF.rows(work, {})
        with unit_of_work(SOMEBODY) as work:
            add(work, f"{number}")
    assert names() == ["0", "1", "2"]


def test_a_glance_sees_what_was_committed_and_leaves_no_transaction(store: Store):
    with unit_of_work(SOMEBODY) as work:
        add(work, "one")
    with glancing(SOMEBODY) as work:
        assert len(NAMES_OF.rows(work, {})) == 1
        with unit_of_work(SOMEBODY) as other:
            add(other, "two")
        assert len(NAMES_OF.rows(work, {})) == 2


def test_rows_that_were_read_stay_readable(store: Store):
    with unit_of_work(SOMEBODY) as work:
        work.session.add(written := Note(name="one"))
    with reading(SOMEBODY) as work:
        read = work.session.query(Note).one()
    with pytest.raises(ZeroDivisionError), unit_of_work(SOMEBODY) as work:
        undone = work.session.query(Note).one()
        raise ZeroDivisionError
    assert [note.name for note in (written, read, undone)] == ["one"] * 3
    assert written.id == read.id


def test_no_connection_is_kept_back(store: Store):
    def use(thread: int) -> None:
        with reading(SOMEBODY) as work:
            NAMES_OF.rows(work, {})
        with pytest.raises(ZeroDivisionError), unit_of_work(SOMEBODY) as work:
            add(work, f"{thread}")
            raise ZeroDivisionError

    assert all_at_once(use, THREADS) == [None] * THREADS
    kept = 1 if store.is_sqlite else 0  # The shared writer of SQLite.
    assert store.engine.pool.checkedout() == kept


def test_the_values_of_a_failed_statement_are_not_told(store: Store):
    with unit_of_work(SOMEBODY) as work:
        work.session.add(Note(name="Fatima Bibi"))
    with pytest.raises(DBAPIError) as failure, unit_of_work(SOMEBODY) as work:
        work.session.execute(
            text("INSERT INTO scratch_note (name, count) VALUES (:name, :none)"), {"name": "Ayesha", "none": None}
        )
    assert "Ayesha" not in str(failure.value).split("DETAIL")[0]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_connection_of_sqlite_keeps_its_promises(store: Store):
    wanted = {"synchronous": 2, "foreign_keys": 1, "journal_mode": "wal", "recursive_triggers": 1, "trusted_schema": 0}
    with (
        unit_of_work(SOMEBODY) as writing,
        reading(SOMEBODY) as one,
        reading(SOMEBODY) as other,
        glancing(SOMEBODY) as third,
    ):
        for work in (writing, one, other, third):
            cursor = work.scope.cursor()
            assert {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted
            assert cursor.execute("PRAGMA busy_timeout").fetchone()[0] >= 10_000


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_commit_of_postgresql_is_waited_for_unless_the_server_says_otherwise(store: Store):
    with unit_of_work(SOMEBODY) as work:
        source = scalar(work, "SELECT source FROM pg_settings WHERE name = 'synchronous_commit'")
    assert source == "command line"  # Of the test server; no connection of ours turns it off.


def test_a_statement_and_a_session_write_into_one_transaction(store: Store):
    with unit_of_work(SOMEBODY) as work:
        ADD.run(work, {"name": "plain"})
        note = work.session.query(Note).one()
        note.count = 5
        work.session.flush()
        assert COUNT.row(work, {"name": "plain"})[0] == 5
