"""Plain statements: the same text does the same on both databases."""

from contextlib import nullcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from relief.store.db import Store
from relief.store.locks import take_turn
from relief.store.statement import _MOST_ROWS_AT_ONCE, Lookup, Statement
from relief.store.work import reading, unit_of_work
from tests.store.crowd import all_at_once
from tests.store.scratch import COUNT, SOMEBODY, Note, Stone, add, names

PUT = Statement(
    "INSERT INTO scratch_note (name, count) VALUES (:name, :count)"
    " ON CONFLICT (name) DO UPDATE SET count = scratch_note.count + excluded.count"
)
RENAME = Statement("UPDATE scratch_note SET name = :new WHERE name = :name")
ADD = Statement("INSERT INTO scratch_note (name, count) VALUES (:name, :count)")
FIND = Lookup(("name",), "SELECT {n}, s.count FROM {wanted} scratch_note s WHERE s.name = {w}name ORDER BY s.id")
ALL = Statement("SELECT name, count FROM scratch_note ORDER BY id")


def kept() -> list[tuple[str, int]]:
    with reading(SOMEBODY) as work:
        return [tuple(row) for row in ALL.rows(work, {})]


@pytest.mark.parametrize("count", [0, 1, 2, _MOST_ROWS_AT_ONCE, _MOST_ROWS_AT_ONCE + 1, 300])
def test_many_rows_at_once_are_what_single_rows_are(store: Store, count: int):
    rows = [{"name": f"n{number}", "count": number} for number in range(count)]
    with unit_of_work(SOMEBODY) as work:
        PUT.run_many(work, rows)
    assert kept() == [(row["name"], row["count"]) for row in rows]
    with unit_of_work(SOMEBODY) as work:
        PUT.run_many(work, rows)
        for row in rows:
            assert PUT.run(work, row) == 1
    assert kept() == [(row["name"], 3 * row["count"]) for row in rows]


def test_statements_of_another_kind_are_run_for_each_row(store: Store):
    with unit_of_work(SOMEBODY) as work:
        PUT.run_many(work, [{"name": name, "count": 0} for name in "abc"])
        RENAME.run_many(work, [{"name": name, "new": name * 2} for name in "abc"])
    assert names() == ["aa", "bb", "cc"]


def test_one_statement_serves_batches_of_every_size(store: Store):
    with unit_of_work(SOMEBODY) as work:
        for size in (3, 1, 2, 3):
            PUT.run_many(work, [{"name": f"n{number}", "count": 1} for number in range(size)])
    assert kept() == [("n0", 4), ("n1", 3), ("n2", 2)]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture
def work_of_many_examples(store: Store):
    """One unit for all examples of a property."""
    with unit_of_work(SOMEBODY) as work:
        yield work


@given(written=TEXTS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_values_are_values_whatever_they_look_like(work_of_many_examples, written: str):
    statement = Statement("SELECT :value, '100%', CAST(:value AS TEXT) || '%(value)s'")
    row = statement.row(work_of_many_examples, {"value": written})
    assert tuple(row) == (written, "100%", written + "%(value)s")
    for pasted in (":name", "%s", "%(name)s", "'; DROP TABLE scratch_note; --", "{for_update}"):
        found, *_others = statement.row(work_of_many_examples, {"value": pasted + written})
        assert found == pasted + written


@pytest.mark.parametrize("count", [1, 20, 21, 300])
@pytest.mark.parametrize("is_pipelined", [False, True])
def test_rows_that_only_go_in_do_so_with_answers_waited_for_or_not(store: Store, count: int, *, is_pipelined: bool):
    rows = [{"name": f"n{number}", "count": number} for number in range(count)]
    with unit_of_work(SOMEBODY) as work, work.scope.pipelined() if is_pipelined else nullcontext():
        ADD.run_many(work, rows)
        assert RENAME.run_each(work, [{"new": "m0", "name": "n0"}, {"new": "m", "name": "nobody"}]) == [1, 0]
    assert kept() == [("m0", 0), *((row["name"], row["count"]) for row in rows[1:])]


@pytest.mark.parametrize("wanted", [["n7"], ["n3", "nobody", "n7", "n3"]])
def test_what_is_found_says_what_it_was_wanted_for(store: Store, wanted: list[str]):
    with unit_of_work(SOMEBODY) as work:
        ADD.run_many(work, [{"name": f"n{number}", "count": number} for number in range(9)])
        found = FIND.rows(work, [{"name": name} for name in wanted])
    assert sorted(map(tuple, found)) == [(n, int(name[1:])) for n, name in enumerate(wanted) if name != "nobody"]


def test_nothing_found_is_none_and_no_rows(store: Store):
    with reading(SOMEBODY) as work:
        assert ALL.row(work, {}) is None
        assert ALL.rows(work, {}) == [] == list(ALL.stream(work, {}))
    with unit_of_work(SOMEBODY) as work:
        assert COUNT.row(work, {"name": "nobody"}) is None
        assert RENAME.run(work, {"name": "nobody", "new": "somebody"}) == 0


def test_a_stream_yields_what_rows_do(store: Store):
    with unit_of_work(SOMEBODY) as work:
        PUT.run_many(work, [{"name": f"n{number}", "count": number} for number in range(6_000)])
        assert list(map(tuple, ALL.stream(work, {}))) == list(map(tuple, ALL.rows(work, {})))
    with reading(SOMEBODY) as work:
        one, other = ALL.stream(work, {}), ALL.stream(work, {})
        assert [tuple(next(one)), tuple(next(other)), tuple(next(one))] == [("n0", 0), ("n0", 0), ("n1", 1)]
        one.close()
        other.close()


@pytest.mark.parametrize(("mark", "lock"), [("{for_update}", "FOR UPDATE"), ("{for_update of n}", "FOR UPDATE of n")])
def test_the_row_lock_is_asked_for_where_the_database_needs_one(store: Store, mark: str, lock: str):
    statement = Statement(f"SELECT n.count FROM scratch_note n WHERE n.name = :name {mark}")
    with unit_of_work(SOMEBODY) as work:
        add(work, "one")
        assert statement.row(work, {"name": "one"})[0] == 0
        assert statement._text(work).split("name")[-1].endswith(" " if store.is_sqlite else f" {lock}")


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("locked", "is_busy"), [("scratch_note", True), ("scratch_stone", False)])
def test_only_the_rows_of_the_table_named_are_locked(store: Store, locked: str, *, is_busy: bool):
    both = Statement("SELECT 1 FROM scratch_note n JOIN scratch_stone s ON s.id = n.id {for_update of n}")
    with unit_of_work(SOMEBODY) as work:
        work.session.add_all([Note(id=1, name="one"), Stone(id=1, name="one")])
    with unit_of_work(SOMEBODY) as work, store.engine.connect() as other:
        assert both.row(work, {}) is not None
        free = other.execute(text(f"SELECT 1 FROM {locked} FOR UPDATE SKIP LOCKED")).all()
        assert (free == []) == is_busy


def test_units_take_turns_at_what_no_row_stands_for(store: Store):
    # Without turns, two units count the same rows and choose the same name.
    def number_one(_thread: int) -> None:
        for _ in range(5):
            with unit_of_work(SOMEBODY) as work:
                take_turn(work, "numbering")
                add(work, f"{len(ALL.rows(work, {})):03d}")

    assert all_at_once(number_one) == [None] * 8
    assert names() == [f"{number:03d}" for number in range(40)]


def test_other_turns_do_not_wait(store: Store):
    with unit_of_work(SOMEBODY) as work:
        take_turn(work, "one")
        take_turn(work, "one")
        take_turn(work, "other")
        add(work, "done")
    assert names() == ["done"]
