"""One layer out of many editions."""

import numpy as np
import shapely

from relief.geography.layer import Given, Ground, Place, make_layer

OUTLINE = shapely.box(67, 26, 69, 27)
WEST, EAST = shapely.box(67, 26, 68, 27), shapely.box(68, 26, 69, 27)
# Province 1, districts 2 and 3, two Union Councils in each (levels between do not matter here).
PLACES = [
    Place(1, None, 0, None, None),
    Place(2, 1, 1, 67.5, 26.5),
    Place(3, 1, 1, 68.5, 26.5),
    Place(21, 2, 3, 67.25, 26.5),
    Place(22, 2, 3, 67.8, 26.5),
    Place(31, 3, 3, 68.25, 26.5),
    Place(32, 3, 3, 68.75, 26.5),
]


def layer_with(**real: shapely.Geometry) -> dict[int, Given]:
    given = {int(name.removeprefix("a")): Given(7, shape, False) for name, shape in real.items()}
    return make_layer(Ground(PLACES, given, {1: OUTLINE}, 1))


def union(layer: dict[int, Given], *numbers: int) -> shapely.Geometry:
    return shapely.union_all([layer[number].geometry for number in numbers])


def test_without_real_boundaries_everything_is_schematic_and_nests():
    layer = layer_with()
    assert all(given.is_schematic and given.edition_id == 1 for given in layer.values())
    assert len(layer) == len(PLACES)
    assert union(layer, 21, 22).equals(layer[2].geometry)
    assert layer[1].geometry.symmetric_difference(OUTLINE).area < 1e-6


def test_cells_are_drawn_inside_a_real_parent():
    layer = layer_with(a2=WEST, a3=EAST)
    assert not layer[2].is_schematic
    assert layer[21].is_schematic
    assert union(layer, 21, 22).symmetric_difference(WEST).area < 1e-6


def test_cells_share_what_real_siblings_leave():
    real = shapely.box(67, 26, 67.9, 27)
    layer = layer_with(a2=WEST, a21=real)
    assert layer[21].geometry.equals(real)
    assert layer[22].geometry.symmetric_difference(shapely.box(67.9, 26, 68, 27)).area < 1e-6


def test_a_parent_without_boundary_is_the_union_of_its_real_parts():
    layer = layer_with(a21=shapely.box(67, 26, 67.4, 27), a22=shapely.box(67.4, 26, 68, 27))
    assert layer[2].is_schematic
    assert layer[2].geometry.symmetric_difference(WEST).area < 1e-9


def test_a_real_child_is_clipped_to_its_real_parent():
    layer = layer_with(a2=WEST, a22=shapely.box(67.5, 26, 68.3, 27))
    assert layer[22].geometry.symmetric_difference(shapely.box(67.5, 26, 68, 27)).area < 1e-9


def test_a_crack_between_neighbours_is_closed():
    crack = shapely.box(67.499, 26.2, 67.501, 26.8)
    layer = layer_with(a2=WEST, a21=shapely.box(67, 26, 67.5, 27) - crack, a22=shapely.box(67.5, 26, 68, 27) - crack)
    assert shapely.coverage_is_valid(np.array([layer[21].geometry, layer[22].geometry]))
    assert union(layer, 21, 22).area > WEST.area - 1e-9


def test_ground_that_two_neighbours_claim_goes_to_one():
    layer = layer_with(a2=WEST, a21=shapely.box(67, 26, 67.6, 27), a22=shapely.box(67.5, 26, 68, 27))
    assert layer[21].geometry.intersection(layer[22].geometry).area < 1e-9
    assert union(layer, 21, 22).area > WEST.area - 1e-9


def test_a_wide_gap_stays_a_gap():
    layer = layer_with(a2=WEST, a21=shapely.box(67, 26, 67.4, 27), a22=shapely.box(67.6, 26, 68, 27))
    assert abs(union(layer, 21, 22).area - 0.8) < 1e-6


def test_an_area_that_others_leave_no_ground_has_no_boundary():
    assert 22 not in layer_with(a2=WEST, a21=WEST)


def test_a_province_without_outline_or_parts_has_no_boundary():
    assert make_layer(Ground([Place(9, None, 0, 72.0, 31.0)], {}, {}, 1)) == {}
