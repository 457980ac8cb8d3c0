"""Counts of whole units: how they are typed and that they never fall below zero."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.kernel.errors import InvalidInput
from relief.kernel.quantity import LARGEST_COUNT, Quantity

COUNTS = st.integers(0, LARGEST_COUNT // 2)


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        ("0", 0),
        ("2", 2),
        (" 1,250 ", 1250),
        ("1,00,000", 100_000),
        ("۱۲", 12),
        ("١٬٢٥٠", 1250),
        ("\u200e7", 7),
        ("007", 7),
    ],
)
def test_a_quantity_is_read_as_people_type_it(typed: str, count: int):
    assert Quantity.parse(typed) == Quantity(count)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        *((typed, "quantity.not_a_number") for typed in ("", "two", "-1", "1.5", "1,5", "1,", "२", "²", "9" * 5_000)),
        ("1000000001", "quantity.out_of_range"),
    ],
)
def test_what_is_no_quantity_is_refused(typed: str, code: str):
    with pytest.raises(InvalidInput) as refusal:
        Quantity.parse(typed)
    assert refusal.value.code == code


@given(COUNTS)
def test_a_quantity_is_read_back_as_it_is_shown(count: int):
    assert Quantity.parse(str(Quantity(count))) == Quantity(count)


@given(COUNTS, COUNTS)
def test_quantities_reckon_like_whole_numbers(one: int, other: int):
    total = Quantity(one) + Quantity(other)
    assert total.count == one + other and total - Quantity(other) == Quantity(one)
    assert (Quantity(one) < Quantity(other)) == (one < other)
    assert bool(Quantity(one)) == (one != 0)


def test_a_quantity_never_falls_below_zero():
    with pytest.raises(InvalidInput) as refusal:
        Quantity(1) - Quantity(2)
    assert refusal.value.code == "quantity.out_of_range"
    with pytest.raises(InvalidInput):
        Quantity(LARGEST_COUNT) + Quantity(1)
