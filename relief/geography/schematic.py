"""The schematic layer: Thiessen cells of known places stand in for boundaries that nobody has at hand."""

from __future__ import annotations

import math

import numpy as np
import shapely

from relief.geography.projection import Coordinates, Geometries, as_points

# Vertices lie on a grid of about a centimetre, so that neighbours share them exactly.
_GRID_DEG = 1e-7
# A place outside its region is drawn in to just inside the edge; beyond this distance (some 15 km) it gets no cell.
_DRAWN_IN_DEG = 0.003
_FARTHEST_DEG = 0.15
# Places with the same coordinates stand on a ring of some 200 m, so that each has its slice.
_RING_DEG = 0.002


def thiessen_cells(places: Coordinates, region: shapely.Geometry) -> Geometries:
    """Share out the region among the places: each part of it goes to the nearest place.

    Args: places: shape (n, 2), longitude and latitude in degrees; region: polygon or multipolygon, EPSG:4326.
    Returns: shape (n,), in the order of the places; the cells cover the region without gap or overlap and share
        every vertex. None for a place too far from the region. The same places give the same cells.
    """
    cells = np.full(len(places), None, dtype=object)
    if shapely.is_empty(region):
        return cells
    shrink = math.cos(math.radians(shapely.centroid(region).y))
    scale = np.array([shrink, 1.0])
    flat_region = shapely.transform(region, lambda lon_lat: lon_lat * scale)
    seeds = _draw_in(places * scale, flat_region)
    found = np.flatnonzero(~np.isnan(seeds[:, 0]))
    if not len(found):
        return cells
    faces = _faces(_spread(seeds[found]), flat_region)
    for number, face in zip(found, faces, strict=True):
        cells[number] = shapely.transform(face, lambda flat: flat / scale)
    return cells


def _draw_in(seeds: Coordinates, region: shapely.Geometry) -> Coordinates:
    """Return the seeds with those outside moved just inside the region; NaN for those too far away."""
    points = as_points(seeds)
    shrunk = shapely.buffer(region, -_DRAWN_IN_DEG)
    inner = region if shapely.is_empty(shrunk) else shrunk
    outside = ~shapely.contains(region, points)
    drawn = seeds.copy()
    if outside.any():
        nearest = shapely.get_point(shapely.shortest_line(inner, points[outside]), 0)
        drawn[outside] = shapely.get_coordinates(nearest)
        drawn[outside & (shapely.distance(points, inner) > _FARTHEST_DEG)] = np.nan
    return drawn


def _spread(seeds: Coordinates) -> Coordinates:
    """Return the seeds with coinciding ones moved apart on a small ring, in their order."""
    _, group, count = np.unique(np.round(seeds, 5), axis=0, return_inverse=True, return_counts=True)
    spread = seeds.copy()
    for number in np.flatnonzero(count > 1):
        members = np.flatnonzero(group == number)
        angles = 2 * np.pi * np.arange(len(members)) / len(members)
        spread[members] += _RING_DEG * np.column_stack([np.cos(angles), np.sin(angles)])
    return spread


def _faces(seeds: Coordinates, region: shapely.Geometry) -> list[shapely.Geometry | None]:
    """Return the part of the region nearest to each seed.

    The edges of all cells and of the region are cut at their crossings once and then closed to faces. Clipping cell by
    cell would compute each crossing twice, and the two results can differ in the last digit.
    """
    points = as_points(seeds)
    edges = [shapely.boundary(region)]
    if len(seeds) > 1:
        edges.append(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=region, only_edges=True))
    lines = shapely.union_all(edges, grid_size=_GRID_DEG)  # Rounding after the union would open crossings again.
    faces = np.array(shapely.get_parts(shapely.polygonize([lines])))
    middles = shapely.point_on_surface(faces)
    within = shapely.intersects(region, middles)
    faces, middles = faces[within], middles[within]
    owner = shapely.STRtree(points).nearest(middles)
    return [
        shapely.normalize(shapely.coverage_union_all(faces[owner == n])) if (owner == n).any() else None
        for n in range(len(seeds))
    ]
