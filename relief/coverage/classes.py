"""Sorting the values of a map into at most seven classes, with the bounds and counts of its legend."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from relief.coverage.indicators import Figures, Indicator, Unit
from relief.kernel.messages import N_

MOST_CLASSES = 7
# ColorBrewer YlGnBu, by Cynthia Brewer (colorbrewer2.org): sequential, told apart by colour-blind eyes, in print and in grey.
_RAMP = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
# Percentages keep the same classes on every map, so that maps of two days can be laid side by side. None and all stand alone.
_SHARE_BOUNDS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)


class Method(enum.StrEnum):
    """How values are sorted into classes."""

    QUANTILE = "quantile"
    NATURAL = "natural"

    @property
    def label(self) -> str:
        """The method's name, a msgid."""
        return _METHOD_LABELS[self]


_METHOD_LABELS = {Method.QUANTILE: N_("Equal numbers of areas"), Method.NATURAL: N_("Natural breaks")}


@dataclass(frozen=True, slots=True)
class MapClass:
    """One colour of a map: the bounds of its values, and how many areas have it.

    Of counts and sums the bounds are the least and the largest value in the class. Of shares they are the fixed ones, where
    the upper bound belongs to the next class, except in the two classes of one value, "none" and "all".
    """

    low: float
    high: float
    count: int
    colour: str


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of one map; `numbers` has the class of each value in their order, None for no data."""

    classes: tuple[MapClass, ...]
    numbers: tuple[int | None, ...]

    @property
    def without(self) -> int:
        """How many areas have no data."""
        return self.numbers.count(None)


def classes_of(indicator: Indicator, areas: Sequence[Figures], method: Method = Method.QUANTILE) -> Classes:
    """Return the classes of an indicator over the areas of a map, money in paisa."""
    values = [indicator.shade_of(figures) for figures in areas]
    return classify_shares(values) if indicator.unit is Unit.SHARE else classify(values, method)


def classify_shares(values: Sequence[float | None]) -> Classes:
    """Return the seven fixed classes: 0, below 25, 50, 75, 90 and 100 %, and 100 %."""
    bounds = (0.0, *_SHARE_BOUNDS, 1.0)
    numbers = tuple(None if value is None else _share_class(value) for value in values)
    classes = (MapClass(low, high, numbers.count(n), _RAMP[n]) for n, (low, high) in enumerate(pairwise(bounds)))
    return Classes(tuple(classes), numbers)


def _share_class(value: float) -> int:
    if value >= 1:
        return MOST_CLASSES - 1
    # What is more than none is never shown as none.
    return 0 if value <= 0 else max(1, int(np.searchsorted(_SHARE_BOUNDS, value, side="right")))


def classify(values: Sequence[float | None], method: Method = Method.QUANTILE) -> Classes:
    """Return at most seven classes of counts or sums; nought has a class of its own: it is what a coordinator looks for.

    Equal values are never parted.
    """
    known = np.array([value for value in values if value is not None], dtype=float)
    positive = np.sort(known[known > 0])
    tops = [0.0] if len(positive) < len(known) else []
    if len(positive):
        wanted = min(MOST_CLASSES - len(tops), len(np.unique(positive)))
        find = _natural_tops if method is Method.NATURAL else _quantile_tops
        tops = [*tops, *find(positive, wanted)]
    numbers = tuple(None if value is None else int(np.searchsorted(tops, value)) for value in values)
    return Classes(tuple(_class_of(n, len(tops), values, numbers) for n in range(len(tops))), numbers)


def _class_of(n: int, total: int, values: Sequence[float | None], numbers: Sequence[int | None]) -> MapClass:
    members = [value for value, number in zip(values, numbers, strict=True) if number == n and value is not None]
    return MapClass(min(members), max(members), len(members), colour_of(n, total))


def colour_of(n: int, total: int) -> str:
    """Return the colour of class n of so many; few classes take colours that lie far apart."""
    return _RAMP[round(n * (len(_RAMP) - 1) / (total - 1))] if total > 1 else _RAMP[3]


def _quantile_tops(positive: NDArray[np.float64], wanted: int) -> list[float]:
    """Return the largest value of each class when every class has about as many areas."""
    places = np.ceil(np.arange(1, wanted + 1) * len(positive) / wanted).astype(int) - 1
    return [float(top) for top in np.unique(positive[places])]


def _natural_tops(positive: NDArray[np.float64], wanted: int) -> list[float]:
    """Return the largest value of each class when the values in a class differ as little as can be.

    Source: Fisher 1958, as Jenks used it on maps: the least sum of squared distances from the class means, exactly.
    """
    values, weights = np.unique(positive, return_counts=True)
    size = len(values)
    # Sums up to each value; the spread within values[i:j] is then squares - sums^2 / counts.
    counts, sums, squares = (np.concatenate(([0.0], np.cumsum(weights * values**power))) for power in (0, 1, 2))
    best = np.full(size + 1, np.inf)
    best[0] = 0.0
    starts = np.zeros((wanted, size + 1), dtype=int)
    for n in range(wanted):
        following = np.full(size + 1, np.inf)
        for j in range(n + 1, size + 1):
            i = np.arange(j)
            spread = (squares[j] - squares[i]) - (sums[j] - sums[i]) ** 2 / (counts[j] - counts[i])
            cost = best[:j] + np.maximum(spread, 0)
            starts[n, j] = int(np.argmin(cost))
            following[j] = cost[starts[n, j]]
        best = following
    tops, j = [], size
    for n in reversed(range(wanted)):
        tops.append(float(values[j - 1]))
        j = int(starts[n, j])
    return tops[::-1]
