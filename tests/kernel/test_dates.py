"""Days of Pakistan and spans of them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.kernel.dates import DateRange, local_day
from relief.kernel.errors import InvalidInput


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2022-09-05T18:59:59.999999+00:00", "2022-09-05"),
        ("2022-09-05T19:00:00+00:00", "2022-09-06"),
        ("2022-09-06T00:00:00+05:00", "2022-09-06"),
        ("2022-12-31T20:00:00+00:00", "2023-01-01"),
        ("2022-09-05T23:30:00-07:00", "2022-09-06"),
    ],
)
def test_the_day_of_an_instant_is_the_day_at_the_distribution_point(at: str, day: str):
    assert local_day(dt.datetime.fromisoformat(at)) == dt.date.fromisoformat(day)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.integers(0, 400), st.integers(-500, 900))
def test_a_range_holds_its_first_and_last_day_and_all_between(first: dt.date, length: int, offset: int):
    span = DateRange(first, first + dt.timedelta(days=length))
    assert span.days == length + 1
    assert (first + dt.timedelta(days=offset) in span) == (0 <= offset <= length)


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(InvalidInput) as refusal:
        DateRange(dt.date(2022, 9, 6), dt.date(2022, 9, 5))
    assert refusal.value.code == "dates.reversed"
