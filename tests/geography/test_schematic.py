"""Thiessen cells."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from relief.geography.schematic import thiessen_cells

REGION = shapely.box(67, 26, 68, 27)
# Coast-like: concave, so that a cell can fall apart.
COMB = shapely.Polygon([(67, 26), (68, 26), (68, 27), (67.8, 27), (67.8, 26.2), (67.2, 26.2), (67.2, 27), (67, 27)])


def assert_covers(cells: np.ndarray, region: shapely.Geometry) -> None:
    assert shapely.coverage_is_valid(cells)
    assert shapely.symmetric_difference(shapely.coverage_union_all(cells), region).area < 1e-6


def test_each_part_goes_to_the_nearest_place():
    cells = thiessen_cells(np.array([[67.25, 26.5], [67.75, 26.5]]), REGION)
    assert_covers(cells, REGION)
    assert np.allclose(shapely.bounds(cells[0]), (67, 26, 67.5, 27), atol=1e-6)


def test_one_place_gets_the_whole_region():
    (cell,) = thiessen_cells(np.array([[67.5, 26.5]]), REGION)
    assert shapely.equals_exact(shapely.normalize(cell), shapely.normalize(REGION), 1e-6)


def test_places_on_one_spot_share_its_cell():
    cells = thiessen_cells(np.array([[67.5, 26.5], [67.5, 26.5], [67.5, 26.5], [67.9, 26.1]]), REGION)
    assert_covers(cells, REGION)
    assert all(cell.area > 0.01 for cell in cells)


def test_places_on_one_line_are_no_trouble():
    assert_covers(thiessen_cells(np.array([[67.1, 26.5], [67.2, 26.5], [67.9, 26.5]]), REGION), REGION)


def test_a_place_just_outside_is_drawn_in():
    cells = thiessen_cells(np.array([[66.95, 26.5], [67.5, 26.5]]), REGION)
    assert_covers(cells, REGION)


def test_a_place_far_outside_gets_nothing():
    cells = thiessen_cells(np.array([[60.0, 26.5], [67.5, 26.5]]), REGION)
    assert cells[0] is None
    assert_covers(cells[1:], REGION)


def test_no_ground_and_no_places_give_no_cells():
    assert list(thiessen_cells(np.array([[67.5, 26.5]]), shapely.Polygon())) == [None]
    assert len(thiessen_cells(np.empty((0, 2)), REGION)) == 0


def test_cells_are_the_same_each_time():
    places = np.random.default_rng(7).uniform((67, 26), (68, 27), (50, 2))
    first, second = thiessen_cells(places, REGION), thiessen_cells(places, REGION)
    assert [cell.wkb for cell in first] == [cell.wkb for cell in second]


places_inside = st.lists(
    st.tuples(st.floats(67.01, 67.19), st.floats(26.01, 26.99)), min_size=1, max_size=12
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(places_inside)
def test_any_places_cover_the_region(places: list[tuple[float, float]]):
    cells = thiessen_cells(np.array(places), COMB)
    found = np.array([cell for cell in cells if cell is not None])
    assert len(found) == len(places)
    assert_covers(found, COMB)
