"""Points and areas."""

import numpy as np
import pytest
import shapely

from relief.geography.locator import LocatedShape, Locator
from relief.geography.projection import distance_m, metres_per_degree
from relief.geography.queries import find_area_by_code
from relief.store.work import Work

WEST, EAST = shapely.box(67, 26, 68, 27), shapely.box(68, 26, 69, 27)


@pytest.fixture
def locator() -> Locator:
    """Two squares side by side."""
    return Locator([LocatedShape(5, WEST, False), LocatedShape(9, EAST, False)])


def test_points_are_located_in_their_areas(locator: Locator):
    found = locator.locate([67.5, 68.5, 70.0, np.nan, 67.5], [26.5, 26.5, 26.5, 26.5, np.inf])
    assert found.tolist() == [5, 9, 0, 0, 0]


def test_a_point_on_the_border_belongs_to_the_first(locator: Locator):
    assert locator.locate([68.0], [26.5]).tolist() == [5]


def test_no_points_and_no_areas_are_no_trouble(locator: Locator):
    assert locator.locate([], []).tolist() == []
    assert Locator([]).locate([67.5], [26.5]).tolist() == [0]
    assert locator.distance_to_area_m([], [], []).tolist() == []


def test_a_real_boundary_counts_before_a_schematic_one():
    shapes = [LocatedShape(1, shapely.box(67, 26, 68.2, 27), True), LocatedShape(2, EAST, False)]
    assert Locator(shapes).locate([68.1], [26.5]).tolist() == [2]


def test_one_point_is_located_too(locator: Locator):
    assert locator.locate_one(68.5, 26.5) == 9
    assert locator.locate_one(60.0, 26.5) is None


def test_distances_are_metres_to_the_own_area(locator: Locator):
    metres = locator.distance_to_area_m([67.5, 68.1, 68.1, np.nan, 67.5], [26.5] * 5, [5, 5, 9, 5, 77])
    assert metres[0] == metres[2] == 0
    # 0.1 degree of longitude at 26.5 N is 9,969 m by the formula of the ellipsoid.
    assert metres[1] == pytest.approx(9969, abs=15)
    assert np.isnan(metres[3])
    assert np.isnan(metres[4])


def test_one_area_may_be_given_for_all_points(locator: Locator):
    assert locator.distance_to_area_m([67.5, 67.6], [26.5, 26.6], 5).tolist() == [0, 0]


def test_a_distance_far_away_is_about_right():
    # Dadu to Karachi: 221 km by the great circle.
    assert distance_m(shapely.Point(67.77, 26.73), np.array([67.01]), np.array([24.86]))[0] == pytest.approx(
        221_000, rel=0.02
    )


def test_degrees_have_the_length_of_the_ellipsoid():
    assert metres_per_degree(0) == pytest.approx((111_320, 110_574), abs=2)
    assert metres_per_degree(26.5) == pytest.approx((99_700, 110_796), abs=40)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_every_shipped_point_lies_in_its_own_cell_or_beside_it(work: Work):
    uc = find_area_by_code(work, "PK70304U14")
    assert uc is not None
    loaded = Locator.load(work)
    assert loaded.locate_one(uc.lon or 0, uc.lat or 0) == uc.id
