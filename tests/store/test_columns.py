"""Column types: both databases give back what was put in, and refuse what no column should hold."""

import datetime as dt
import enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from relief.store.columns import DataClass, canonical_json, instant_text
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.store.scratch import AT, SOMEBODY, Sample, Weather, scalar

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
INSTANTS = st.datetimes(dt.datetime(1950, 1, 2), dt.datetime(2200, 1, 1), timezones=OFFSETS)  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


class Other(enum.StrEnum):
    """Another kind of state, one of it by the same text."""

    DRY = "dry"
    HAIL = "hail"


def put(**values: Any) -> Sample:
    """Write a sample and return it as another unit reads it."""
    with unit_of_work(SOMEBODY) as work:
        work.session.add(written := Sample(**values))
    with reading(SOMEBODY) as work:
        return work.session.get(Sample, written.id)


@pytest.mark.parametrize(
    "at",
    [
        AT,
        dt.datetime(2022, 9, 5, 11, 30, tzinfo=dt.timezone(dt.timedelta(hours=5))),
        dt.datetime(2022, 9, 5, tzinfo=dt.UTC),
        dt.datetime(2022, 9, 5, 0, 0, 0, 1, tzinfo=dt.timezone(dt.timedelta(hours=-3.5))),
    ],
)
def test_an_instant_comes_back_as_the_same_instant_in_utc(store: Store, at: dt.datetime):
    found = put(at=at).at
    assert found == at and found.utcoffset() == dt.timedelta(0)


def test_instants_are_sorted_and_compared_as_instants(store: Store):
    east, west = (dt.timezone(dt.timedelta(hours=hours)) for hours in (5, -5))
    moments = [AT, AT.astimezone(east) + dt.timedelta(microseconds=1), AT.astimezone(west) + dt.timedelta(seconds=1)]
    for at in reversed(moments):
        put(at=at)
    with reading(SOMEBODY) as work:
        rows = work.session.query(Sample.at).order_by(Sample.at)
        assert [at for (at,) in rows] == moments
        assert [at for (at,) in rows.where(Sample.at > AT.astimezone(east))] == moments[1:]


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", dt.datetime(2022, 9, 5)), ("weather", "hail"), ("weather", Other.HAIL)],  # noqa: DTZ001
)
def test_what_no_column_should_hold_is_refused(store: Store, column: str, value: Any):
    with pytest.raises((StatementError, AssertionError, ValueError)):
        put(**{column: value})
    with reading(SOMEBODY) as work:
        assert scalar(work, "SELECT count(*) FROM scratch_sample") == 0


def test_a_state_is_kept_as_its_text_and_comes_back_as_a_member(store: Store):
    assert put(weather=Weather.FLOOD).weather is Weather.FLOOD
    assert put(weather="dry").weather is Weather.DRY
    with reading(SOMEBODY) as work:
        assert scalar(work, "SELECT weather FROM scratch_sample ORDER BY id LIMIT 1") == "flood"


def test_a_state_that_no_program_wrote_is_not_passed_on(store: Store):
    with unit_of_work(SOMEBODY) as work:
        work.session.execute(text("INSERT INTO scratch_sample (weather) VALUES ('hail')"))
    with pytest.raises(ValueError, match="hail"), reading(SOMEBODY) as work:
        work.session.query(Sample).one()


def test_json_is_kept_in_one_spelling(store: Store):
    assert put(facts={"b": 1, "a": ["سنڌ", None]}).facts == {"a": ["سنڌ", None], "b": 1}
    with reading(SOMEBODY) as work:
        assert scalar(work, "SELECT facts FROM scratch_sample") == '{"a":["سنڌ",null],"b":1}'


def test_nothing_is_null(store: Store):
    found = put()
    assert {name: getattr(found, name) for name in ("at", "weather", "facts", "day")} == dict.fromkeys(
        ("at", "weather", "facts", "day")
    )
    with reading(SOMEBODY) as work:
        assert scalar(work, "SELECT count(*) FROM scratch_sample WHERE at IS NULL AND facts IS NULL") == 1


@given(INSTANTS, INSTANTS)
def test_the_text_of_instants_sorts_as_they_do_and_reads_back(one: dt.datetime, other: dt.datetime):
    assert (instant_text(one) < instant_text(other)) == (one < other)
    assert len(instant_text(one)) == len("2022-09-05T08:00:00.000000Z")
    assert dt.datetime.fromisoformat(instant_text(one)) == one


@given(JSON)
def test_equal_values_have_one_canonical_text(value: Any):
    def turned(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: turned(part[key]) for key in reversed(list(part))}
        return [turned(item) for item in part] if isinstance(part, list) else part

    assert canonical_json(value) == canonical_json(turned(value))


@pytest.mark.parametrize(
    ("column", "data_class"),
    [
        ("weather", DataClass.PUBLIC),
        ("id", DataClass.INTERNAL),
        ("name", DataClass.PERSONAL),
        ("sealed", DataClass.SENSITIVE),
    ],
)
def test_a_column_says_how_private_it_is(column: str, data_class: DataClass):
    assert Sample.__table__.c[column].info["data_class"] is data_class
