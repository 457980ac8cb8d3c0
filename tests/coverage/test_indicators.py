"""What the counts of an area come to, and how areas add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.coverage.indicators import NOTHING, Figures, Indicator, roll_up
from relief.kernel.money import Money

counts = st.integers(0, 10**6)
money = st.integers(-(10**12), 10**12).map(Money)
any_figures = st.builds(Figures, counts, counts, counts, money, money, money)
# Province 1 with districts 2 and 3, talukas 4 and 5 in 2 and 6 in 3; UCs from 10 on.
PATHS = ("/1/2/4/10/", "/1/2/4/11/", "/1/2/5/12/", "/1/3/6/13/", "/1/2/4/", "/1/2/", "/1/", None)


@pytest.mark.parametrize(
    ("figures", "share", "waiting", "per_family"),
    [
        (Figures(), None, 0, None),
        (Figures(registered=4), None, 0, None),
        (Figures(entitled=3), 0.0, 3, None),
        (Figures(entitled=4, served=1, cash=Money(100)), 0.25, 3, Money(100)),
        (Figures(entitled=3, served=3, cash=Money(100)), 1.0, 0, Money(33)),
        (Figures(entitled=3, served=3, cash=Money(100), goods=Money(100)), 1.0, 0, Money(67)),
        (Figures(entitled=2, served=2, cash=Money(1)), 1.0, 0, Money(1)),
        (Figures(entitled=2, served=0, cash=Money(1)), 0.0, 2, None),
    ],
)
def test_what_counts_come_to(figures: Figures, share: float | None, waiting: int, per_family: Money | None):
    assert (figures.share_served, figures.waiting, figures.per_family) == (share, waiting, per_family)


def test_the_published_average_of_2022_comes_out():
    figures = Figures(186_331, 186_331, 186_331, cash=Money.rupees(1_370_000_000))
    assert figures.per_family == Money(735_251)


def test_conflicts_are_no_part_of_what_was_disbursed():
    assert Figures(cash=Money(5), goods=Money(6), unexplained=Money(7)).disbursed == Money(11)


@given(
    st.lists(st.tuples(st.sampled_from(PATHS), any_figures)),
    st.sampled_from([{2, 3}, {4, 5, 6}, {10, 11, 12, 13}, set()]),
)
def test_no_figure_is_lost_on_the_way_up(parts: list[tuple[str | None, Figures]], areas: set[int]):
    rolled = roll_up(parts, areas)
    assert set(rolled.by_area) == areas
    assert rolled.total == sum((figures for _path, figures in parts), NOTHING)
    assert rolled.total == sum(rolled.by_area.values(), rolled.unknown)


@given(st.lists(st.tuples(st.sampled_from(PATHS[:4]), any_figures)))
def test_districts_are_the_sums_of_their_talukas(parts: list[tuple[str | None, Figures]]):
    talukas, districts = roll_up(parts, {4, 5, 6}).by_area, roll_up(parts, {2, 3}).by_area
    assert districts == {2: talukas[4] + talukas[5], 3: talukas[6]}


def test_what_was_counted_above_the_level_is_unknown_there():
    rolled = roll_up([("/1/2/4/", Figures(registered=1)), (None, Figures(entitled=2))], {10, 11})
    assert rolled.unknown == Figures(registered=1, entitled=2)


@pytest.mark.parametrize("indicator", Indicator)
def test_an_area_without_anybody_is_no_data_on_the_map(indicator: Indicator):
    assert indicator.shade_of(NOTHING) == (0 if indicator is Indicator.REGISTERED else None)


def test_an_area_where_nobody_was_served_is_data():
    figures = Figures(registered=3, entitled=2)
    assert Indicator.SERVED.shade_of(figures) == 0
    assert Indicator.SHARE_SERVED.shade_of(figures) == 0.0
    assert Indicator.DISBURSED.shade_of(figures) == 0
    assert Indicator.PER_FAMILY.shade_of(figures) is None
