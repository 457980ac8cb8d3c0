"""Rows written in bulk are the rows that single inserts write."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from relief.store.bulk import _CHUNK_ROWS, insert_rows
from relief.store.db import Store
from relief.store.statistics import refresh_statistics
from relief.store.work import reading, unit_of_work
from tests.store.scratch import AT, SOMEBODY, Note, Remark, Sample, Stone, Weather, add, names, scalar

LOCAL = dt.datetime(2022, 9, 5, 11, 30, tzinfo=dt.timezone(dt.timedelta(hours=5)))
COLUMNS = ["at", "day", "weather", "facts", "sealed", "name", "paisa", "degrees", "is_wet"]
ROWS: list[tuple[Any, ...]] = [
    (AT, AT.date(), Weather.FLOOD, {"b": [1, None, "سنڌ"], "a": True}, bytes(range(256)), "Fatima", 10**15, 27.5, True),
    (LOCAL, dt.date(1950, 1, 1), Weather.DRY, [], b"", "", -5, -0.1, False),
    (None, None, None, None, None, None, None, None, None),
    (AT, None, "dry", "text", b"\\x00\t\n", "tab\t line\n\\N \\. 'quote' \"q\" , سنڌ", 0, 1e-9, None),
    (dt.datetime(2022, 1, 1, tzinfo=dt.UTC), dt.date(9999, 12, 31), None, 0, b"\0", "\\", 1, 1e300, True),
]


def stored(name: str) -> list[tuple[Any, ...]]:
    """Return the rows as the driver has them, so that no column type mends a difference."""
    with reading(SOMEBODY) as work:
        cursor = work.scope.cursor()
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {name} ORDER BY id")
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]


def test_rows_in_bulk_equal_rows_of_the_session(store: Store):
    with unit_of_work(SOMEBODY) as work:
        for row in ROWS:
            work.session.add(Sample(**dict(zip(COLUMNS, row, strict=True))))
            work.session.flush()
    with unit_of_work(SOMEBODY) as work:
        assert insert_rows(work, Sample.__table__, COLUMNS, iter(ROWS)) == len(ROWS)
    found = stored("scratch_sample")
    assert found[: len(ROWS)] == found[len(ROWS) :]
    with reading(SOMEBODY) as work:
        for sample, row in zip(work.session.query(Sample).order_by(Sample.id).offset(len(ROWS)), ROWS, strict=True):
            assert tuple(getattr(sample, name) for name in COLUMNS) == row


@pytest.mark.parametrize("count", [0, 1, _CHUNK_ROWS, _CHUNK_ROWS + 1])
def test_rows_are_streamed_in_chunks_and_counted(store: Store, count: int):
    rows = ((f"n{number:05d}", number) for number in range(count))
    with unit_of_work(SOMEBODY) as work:
        assert insert_rows(work, Note.__table__, ["name", "count"], rows) == count
    with reading(SOMEBODY) as work:
        assert scalar(work, "SELECT count(*) FROM scratch_note") == count
        assert (scalar(work, "SELECT sum(count) FROM scratch_note") or 0) == count * (count - 1) // 2


def test_rows_in_bulk_belong_to_their_unit(store: Store):
    with pytest.raises(ZeroDivisionError), unit_of_work(SOMEBODY) as work:
        insert_rows(work, Note.__table__, ["name", "count"], [("lost", 0)])
        raise ZeroDivisionError
    with unit_of_work(SOMEBODY) as work:
        insert_rows(work, Note.__table__, ["name", "count"], [("kept", 0)])
        assert work.session.query(Note).one().name == "kept"
        add(work, "beside")
    assert names() == ["beside", "kept"]


@pytest.mark.parametrize(
    ("table", "columns", "row"),
    [
        (Note.__table__, ["name", "count"], ("known", 1)),
        (Note.__table__, ["name", "count"], (None, 1)),
        (Remark.__table__, ["note_id"], (404,)),
    ],
)
def test_rows_in_bulk_keep_every_promise_of_their_table(store: Store, table, columns: list[str], row: tuple):
    with unit_of_work(SOMEBODY) as work:
        add(work, "known")
    with pytest.raises(Exception, match=r"(?i)unique|null|foreign"), unit_of_work(SOMEBODY) as work:
        insert_rows(work, table, columns, [row])
    assert names() == ["known"]


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [("weather", "hail", ValueError), ("at", dt.datetime(2022, 9, 5), AssertionError)],  # noqa: DTZ001 - naive is the point
)
def test_values_that_a_column_does_not_take_are_refused(store: Store, column: str, value: Any, error: type[Exception]):
    with pytest.raises(error), unit_of_work(SOMEBODY) as work:
        insert_rows(work, Sample.__table__, [column], [(value,)])
    assert stored("scratch_sample") == []


def test_a_failure_in_the_middle_of_the_rows_leaves_none(store: Store):
    def rows():
        for number in range(_CHUNK_ROWS + 10):
            yield (f"n{number}", 0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unit_of_work(SOMEBODY) as work:
        insert_rows(work, Note.__table__, ["name", "count"], rows())
    assert names() == []


def test_stones_written_in_bulk_are_stones(store: Store):
    with unit_of_work(SOMEBODY) as work:
        insert_rows(work, Stone.__table__, ["name"], [("one",), ("two",)])
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work(SOMEBODY) as work:
        work.session.delete(work.session.query(Stone).first())


@pytest.mark.parametrize(("changed", "is_looked_at"), [(9_999, False), (10_000, True)])
def test_the_planner_is_told_of_many_rows_only(store: Store, changed: int, *, is_looked_at: bool):
    with unit_of_work(SOMEBODY) as work:
        if not store.is_sqlite:
            work.scope.execute(
                "CREATE TEMPORARY TABLE scratch_note ON COMMIT DROP AS SELECT 'n' AS name FROM generate_series(1, 500)"
            )
        refresh_statistics(work, Note.__table__, changed=changed)
        if not store.is_sqlite:
            known = scalar(
                work, "SELECT reltuples FROM pg_class WHERE relname = 'scratch_note' AND relpersistence = 't'"
            )
            assert known == (500 if is_looked_at else -1)
