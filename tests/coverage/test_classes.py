"""The classes of a map."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.coverage.classes import MOST_CLASSES, Method, classes_of, classify, classify_shares, colour_of
from relief.coverage.indicators import Figures, Indicator

some_values = st.lists(st.none() | st.integers(0, 40) | st.integers(0, 10**12), max_size=60)


@given(some_values, st.sampled_from(Method))
def test_every_value_lies_in_its_class_and_is_counted_once(values: list[float | None], method: Method):
    made = classify(values, method)
    assert len(made.classes) <= MOST_CLASSES
    assert sum(shade.count for shade in made.classes) + made.without == len(values)
    for value, number in zip(values, made.numbers, strict=True):
        assert (value is None) == (number is None)
        if value is not None and number is not None:
            assert made.classes[number].low <= value <= made.classes[number].high
    assert all(one.high < two.low for one, two in itertools.pairwise(made.classes))
    assert len({shade.colour for shade in made.classes}) == len(made.classes)


def test_nought_has_a_class_of_its_own():
    made = classify([0, 0, 0, 5, 900])
    assert (made.classes[0].low, made.classes[0].high, made.classes[0].count) == (0, 0, 3)


def test_classes_have_about_as_many_areas_each():
    made = classify(list(range(1, 71)))
    assert [shade.count for shade in made.classes] == [10] * 7


def test_natural_breaks_are_the_best_there_are():
    values = [1, 2, 3, 10, 11, 12, 30, 31, 50, 51, 52, 53, 80, 99, 100]
    made = classify(values, Method.NATURAL)

    def spread(cuts: tuple[int, ...]) -> float:
        parts = np.split(np.array(values, dtype=float), list(cuts))
        return sum(float(((part - part.mean()) ** 2).sum()) for part in parts)

    best = min(itertools.combinations(range(1, len(values)), MOST_CLASSES - 1), key=spread)
    counts = [shade.count for shade in made.classes]
    assert tuple(itertools.accumulate(counts[:-1])) == best


@pytest.mark.parametrize(
    ("share", "number"),
    [
        (0, 0),
        (1e-9, 1),
        (0.2499, 1),
        (0.25, 2),
        (0.5, 3),
        (0.75, 4),
        (0.8999, 4),
        (0.9, 5),
        (0.99999, 5),
        (1, 6),
        (None, None),
    ],
)
def test_shares_have_the_same_classes_on_every_map(share: float | None, number: int | None):
    assert classify_shares([share]).numbers == (number,)


def test_few_classes_have_colours_far_apart():
    assert (colour_of(0, 2), colour_of(1, 2)) == ("#ffffcc", "#0c2c84")


def test_an_empty_map_has_no_classes():
    assert classify([]).classes == classify([None]).classes == ()
    assert len(classes_of(Indicator.SHARE_SERVED, []).classes) == MOST_CLASSES
    assert classes_of(Indicator.WAITING, [Figures(entitled=3, served=1)]).classes[0].high == 2
