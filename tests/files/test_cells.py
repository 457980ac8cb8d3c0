"""Text in cells."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.files.cells import guard_text, looks_like_formula, plain_text, read_text, unguard_text
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://x.test","pay")', "+cmd|' /C calc'!A0", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert guard_text(text) == "'" + text
    assert unguard_text(guard_text(text)) == text
    assert looks_like_formula(text)


@pytest.mark.parametrize("text", ["Sikandar Ali", "", "a=b", "O'Brien", "'quoted'", "سکندر علی", "12-3"])
def test_other_text_stays_as_it_is(text):
    assert guard_text(text) == text == unguard_text(text)


@given(st.text())
def test_every_text_comes_back_as_it_went_out(text):
    assert unguard_text(guard_text(text)) == text
    assert not guard_text(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (-5, "-5"),
        (Decimal("-0.5"), "-0.5"),
        (Money(123450), "1234.50"),
        (Money(-5), "-0.05"),
        (Quantity(12000), "12000"),
        (dt.date(2022, 9, 5), "2022-09-05"),
        (dt.datetime(2022, 9, 5, 8, tzinfo=dt.UTC), "2022-09-05T08:00:00+00:00"),
    ],
)
def test_values_are_written_plainly(value, text):
    assert plain_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("٤٢", "٤٢"),
        (5.0, "5"),
        (67.90642800000001, "67.906428"),
        (4679757023001.0, "4679757023001"),
        (True, "yes"),
        (dt.datetime.fromisoformat("1978-11-16"), "1978-11-16"),
        (dt.datetime.fromisoformat("2022-09-05T08:01"), "2022-09-05T08:01:00"),
        (dt.date(1978, 11, 16), "1978-11-16"),
        (None, ""),
        (7, "7"),
    ],
)
def test_a_workbook_cell_reads_as_a_person_sees_it(value, text):
    assert read_text(value) == text
