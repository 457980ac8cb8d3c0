"""Mending the geometry of one feature: broken rings, slivers, heights, and coordinates that cannot be right."""

from __future__ import annotations

import enum

import numpy as np
import shapely

from relief.geography.projection import Geometries, area_km2
from relief.kernel.messages import N_

# Parts and holes below half a hectare are traces of digitising; the smallest Union Council has a hundred times as much.
SLIVER_KM2 = 0.005
# Where Pakistan lies, with a margin: west, south, east, north in degrees.
PAKISTAN = (60.0, 23.0, 78.5, 37.5)

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7


class Flaw(enum.StrEnum):
    """What was wrong with a feature's geometry. The first four cannot be mended."""

    EMPTY = "empty"
    NOT_A_POLYGON = "not_a_polygon"
    NOT_FINITE = "not_finite"
    OUT_OF_COUNTRY = "out_of_country"
    MENDED = "mended"
    SLIVERS_DROPPED = "slivers_dropped"

    @property
    def label(self) -> str:
        """What to tell a person, a msgid."""
        return _FLAW_LABELS[self]


_FLAW_LABELS = {
    Flaw.EMPTY: N_("The feature has no shape."),
    Flaw.NOT_A_POLYGON: N_("The feature is a point or a line; a boundary is a polygon."),
    Flaw.NOT_FINITE: N_("A coordinate is not a number."),
    Flaw.OUT_OF_COUNTRY: N_("The shape lies outside Pakistan."),
    Flaw.MENDED: N_("The outline crossed itself and was mended."),
    Flaw.SLIVERS_DROPPED: N_("Parts below half a hectare were dropped."),
}  # fmt: skip


def mend(geometry: shapely.Geometry | None) -> tuple[shapely.Geometry | None, list[Flaw]]:
    """Return the shape as a valid polygon or multipolygon, and what was wrong; None where it cannot be used.

    Args: geometry: any geometry in degrees, EPSG:4326.
    """
    flaw = _fatal_flaw(geometry)
    if geometry is None or flaw is not None:
        return None, [flaw or Flaw.EMPTY]
    flaws = []
    shape = shapely.force_2d(geometry)
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        flaws.append(Flaw.MENDED)
    clean = without_slivers(shape)
    if shapely.is_empty(clean):
        return None, [Flaw.EMPTY]
    if shapely.get_num_coordinates(clean) < shapely.get_num_coordinates(shape):
        flaws.append(Flaw.SLIVERS_DROPPED)
    return clean, flaws


def _fatal_flaw(geometry: shapely.Geometry | None) -> Flaw | None:
    if geometry is None or shapely.is_empty(geometry):
        return Flaw.EMPTY
    if shapely.get_type_id(geometry) not in (_POLYGON, _MULTIPOLYGON, _COLLECTION):
        return Flaw.NOT_A_POLYGON
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return Flaw.NOT_FINITE
    if not lies_in_country(shapely.bounds(geometry)):
        return Flaw.OUT_OF_COUNTRY
    return None


def lies_in_country(bounds: Geometries) -> bool:
    """Return whether the box (west, south, east, north) lies within that of Pakistan."""
    west, south, east, north = bounds
    return bool(west >= PAKISTAN[0] and south >= PAKISTAN[1] and east <= PAKISTAN[2] and north <= PAKISTAN[3])


def without_slivers(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of the geometry without tiny parts and holes; lines and points in it go too.

    The largest part always stays: an area that is small as a whole is still an area.
    """
    parts = shapely.get_parts(shapely.get_parts(geometry))  # Twice: a collection may hold multipolygons.
    parts = parts[shapely.get_type_id(parts) == _POLYGON]
    if not len(parts):
        return shapely.MultiPolygon()
    sizes = area_km2(parts)
    keep = sizes >= SLIVER_KM2
    keep[np.argmax(sizes)] = True
    kept = [_without_small_holes(part) for part in parts[keep]]
    return kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)


def _without_small_holes(polygon: shapely.Polygon) -> shapely.Polygon:
    if not polygon.interiors:
        return polygon
    holes = np.array([shapely.Polygon(ring) for ring in polygon.interiors], dtype=object)
    large = area_km2(holes) >= SLIVER_KM2
    return polygon if large.all() else shapely.Polygon(polygon.exterior, [h.exterior for h in holes[large]])
