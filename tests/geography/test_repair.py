"""Mending one shape."""

import numpy as np
import pytest
import shapely

from relief.geography.projection import area_km2
from relief.geography.repair import Flaw, mend, without_slivers
from tests.geography.layers import bow_tie

SQUARE = shapely.box(67, 26, 67.2, 26.2)
SPECK = shapely.box(67.5, 26.5, 67.5003, 26.5003)


def test_a_good_shape_stays_as_it_is():
    assert mend(SQUARE) == (SQUARE, [])


def test_an_outline_that_crosses_itself_is_mended():
    shape, flaws = mend(bow_tie(67, 26))
    assert shape is not None
    assert shape.is_valid
    assert flaws == [Flaw.MENDED]


def test_heights_are_dropped():
    shape, _flaws = mend(shapely.force_3d(SQUARE, 12.0))
    assert shape is not None
    assert not shape.has_z


def test_specks_and_pinholes_are_dropped():
    holed = shapely.Polygon(SQUARE.exterior, [shapely.box(67.1, 26.1, 67.1002, 26.1002).exterior])
    shape, flaws = mend(shapely.MultiPolygon([holed, SPECK]))
    assert shape == SQUARE
    assert flaws == [Flaw.SLIVERS_DROPPED]


def test_an_area_that_is_small_as_a_whole_stays():
    assert without_slivers(SPECK) == SPECK


def test_polygons_are_taken_out_of_a_collection():
    shape, _flaws = mend(shapely.GeometryCollection([SQUARE, shapely.Point(67, 26)]))
    assert shape == SQUARE


@pytest.mark.parametrize(
    ("geometry", "flaw"),
    [
        (None, Flaw.EMPTY),
        (shapely.Polygon(), Flaw.EMPTY),
        (shapely.Point(67, 26), Flaw.NOT_A_POLYGON),
        (shapely.LineString([(67, 26), (68, 27)]), Flaw.NOT_A_POLYGON),
        (shapely.box(7, 46, 8, 47), Flaw.OUT_OF_COUNTRY),
        (shapely.Polygon([(67, 26), (np.inf, 26), (67, 27)]), Flaw.NOT_FINITE),
        (shapely.Polygon([(67, 26), (68, 27), (67, 26)]), Flaw.EMPTY),
    ],
)
def test_what_cannot_be_mended_is_refused(geometry: shapely.Geometry | None, flaw: Flaw):
    assert mend(geometry) == (None, [flaw])
    assert flaw.label


def test_square_kilometres_are_right():
    # A box of 0.1 degree at 26 N, by the formula of the ellipsoid: 9.985 km x 11.077 km.
    assert area_km2(np.array([shapely.box(67, 25.95, 67.1, 26.05)]))[0] == pytest.approx(110.9, rel=0.005)
