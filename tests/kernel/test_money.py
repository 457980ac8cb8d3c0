"""Sums in whole paisa: how they are typed, shown, added up and split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.kernel.errors import InvalidInput
from relief.kernel.money import LARGEST_PAISA, Money

SUMS = st.integers(-LARGEST_PAISA, LARGEST_PAISA).map(Money)


@pytest.mark.parametrize(
    ("typed", "paisa"),
    [
        ("0", 0),
        ("25000", 2_500_000),
        ("25,000.50", 2_500_050),
        ("25000.5", 2_500_050),
        ("1,370,000,000", 137_000_000_000),
        ("1,37,00,00,000", 137_000_000_000),
        ("12,34,567.89", 123_456_789),
        ("PKR 1,370,000,000", 137_000_000_000),
        ("Rs. 500", 50_000),
        ("rs500", 50_000),
        ("₨ 500", 50_000),
        ("PKR -500", -50_000),
        (" \u200f500\u200b ", 50_000),
        ("۲۵۰۰۰", 2_500_000),
        ("٢٥٬٠٠٠٫٥٠", 2_500_050),
        ("007", 700),
    ],
)
def test_a_sum_is_read_as_people_type_it(typed: str, paisa: int):
    assert Money.parse(typed) == Money(paisa)


@pytest.mark.parametrize(
    "typed",
    [
        "", "PKR", "-", "abc", "1.234", "1.", ".5", "1e6", "1 000", "--5", "5-", "1,,000", ",500", "500,", "٫٥", "½", "0x10",
        # A decimal comma is no grouping: read as one, it would multiply the sum by a hundred.
        "25,00", "1,5", "1,00,00", "1,0000", "1000,000", "1,00,0000",
        # Groups of two and of three in one number: a digit was lost or typed twice.
        "1,000,00,000", "123,45,678",
    ],
)  # fmt: skip
def test_what_is_no_sum_is_refused(typed: str):
    with pytest.raises(InvalidInput) as refusal:
        Money.parse(typed)
    assert refusal.value.code == "money.not_a_number"


def test_the_largest_sum_is_the_last_that_is_read():
    largest = str(LARGEST_PAISA // 100)
    assert Money.parse(largest).paisa == LARGEST_PAISA == -Money.parse(f"-{largest}").paisa
    # Python itself refuses to read more than 4300 digits.
    for typed in (f"{largest}.01", f"-{largest}.01", "9" * 20, "9" * 5_000):
        with pytest.raises(InvalidInput) as refusal:
            Money.parse(typed)
        assert refusal.value.code == "money.too_large"


@given(SUMS)
def test_a_sum_is_read_back_as_it_is_shown(money: Money):
    assert Money.parse(str(money)) == money


@pytest.mark.parametrize(
    ("paisa", "shown"),
    [(0, "PKR 0"), (5, "PKR 0.05"), (-5, "PKR -0.05"), (150, "PKR 1.50"), (-123_456_700, "PKR -1,234,567")],
)
def test_paisa_show_only_where_a_sum_is_not_whole(paisa: int, shown: str):
    assert str(Money(paisa)) == shown


@given(SUMS, SUMS, st.integers(-1000, 1000))
def test_sums_reckon_like_whole_numbers(one: Money, other: Money, times: int):
    assert (one + other) - other == one
    assert one - other == -(other - one)
    assert (one * times).paisa == one.paisa * times
    assert Money.total([one, other, Money.ZERO]) == one + other
    assert (one < other) == (one.paisa < other.paisa)
    assert bool(one) == (one != Money.ZERO)


def test_nothing_sums_to_zero():
    assert Money.total([]) == Money.ZERO == Money.rupees(0)


@given(SUMS, st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_a_split_sum_adds_up_and_no_part_is_off_by_a_paisa(money: Money, weights: list[int]):
    parts = money.split(weights)
    assert Money.total(parts) == money
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.paisa * whole - money.paisa * weight) < whole
        assert weight or not part
    assert [-part for part in parts] == (-money).split(weights)


@pytest.mark.parametrize(
    ("paisa", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (101, [1, 1], [51, 50]),
        (10, [0, 3, 0, 7], [0, 3, 0, 7]),
        (1, [1, 2], [0, 1]),
        (0, [5, 5], [0, 0]),
    ],
)
def test_the_last_paisa_goes_to_the_largest_remainder_then_to_the_first(paisa: int, weights: list[int], parts: list):
    assert [part.paisa for part in Money(paisa).split(weights)] == parts


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [-1]])
def test_weights_that_share_nothing_out_are_refused(weights: list[int]):
    with pytest.raises(InvalidInput) as refusal:
        Money(100).split(weights)
    assert refusal.value.code == "money.bad_weights"
