"""Making one layer out of many editions: real shapes nest in their parents, the ground between is shared out schematically."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from relief.geography.repair import without_slivers
from relief.geography.schematic import thiessen_cells

# A child that leaves its parent by less than this share of itself is left as it is: editions differ by a vertex here and there.
NEGLIGIBLE_SHARE = 0.002
# Gaps between neighbours up to this width (some 300 m) are traces of digitising and are closed; wider ones may be meant.
NARROW_DEG = 0.003


@dataclass(frozen=True, slots=True)
class Place:
    """One area as the layer sees it; `lon` and `lat` name a point inside it, if one is known."""

    id: int
    parent_id: int | None
    rank: int
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class Given:
    """A boundary from an edition."""

    edition_id: int
    geometry: shapely.Geometry
    is_schematic: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """Places from the top down, the boundaries given for some, and outlines of provinces that have none."""

    places: Sequence[Place]
    given: Mapping[int, Given]
    outlines: Mapping[int, shapely.Geometry]
    # The edition under which cells and unions of cells are shown.
    schematic_edition_id: int


def make_layer(ground: Ground) -> dict[int, Given]:
    """Return the boundary of each area that gets one.

    A given boundary is clipped to the given boundary above it. Areas without one share out what is left of the ground
    above by Thiessen cells; above the cells, an area without a boundary of its own is the union of its parts. Without any
    given boundary the whole province is cells: nested and free of gaps.
    """
    parents = {place.id: place.parent_id for place in ground.places}
    shapes = _nested(ground, parents)
    cells = _cells(ground, parents, shapes)
    layer = dict(shapes)
    layer.update((number, Given(ground.schematic_edition_id, cell, True)) for number, cell in cells.items())
    for place in sorted(ground.places, key=lambda place: -place.rank):
        if place.id in layer:
            continue
        parts = [
            layer[other.id].geometry for other in ground.places if other.parent_id == place.id and other.id in layer
        ]
        if parts:
            layer[place.id] = Given(ground.schematic_edition_id, dissolve(parts), True)
    return layer


def dissolve(parts: Iterable[shapely.Geometry]) -> shapely.Geometry:
    """Return the union of neighbouring shapes, without the slivers that nearly equal edges leave."""
    shapes = np.array(list(parts), dtype=object)
    if shapely.coverage_is_valid(shapes):  # Shared vertices: exact, and ten times as fast.
        return shapely.normalize(shapely.coverage_union_all(shapes))
    return shapely.normalize(without_slivers(shapely.union_all(shapes)))


def _nested(ground: Ground, parents: Mapping[int, int | None]) -> dict[int, Given]:
    """Return the given boundaries, each clipped to the nearest one above it and fitted to those beside it."""
    shapes: dict[int, Given] = {}
    for rank in sorted({place.rank for place in ground.places}):
        siblings: dict[int | None, dict[int, shapely.Geometry]] = defaultdict(dict)
        for place in ground.places:
            given = ground.given.get(place.id)
            if place.rank == rank and given is not None:
                above = _nearest_above(place.id, parents, shapes)
                geometry = given.geometry if above is None else _within(given.geometry, shapes[above].geometry)
                if not shapely.is_empty(geometry):
                    siblings[above][place.id] = geometry
        for family in siblings.values():
            for number, geometry in _fitted(family).items():
                shapes[number] = dataclasses.replace(ground.given[number], geometry=geometry)
    return shapes


def _fitted(shapes: dict[int, shapely.Geometry]) -> dict[int, shapely.Geometry]:
    """Return neighbours with their overlaps given to one of them and narrow gaps closed, so that they share all edges."""
    geometries = np.array(list(shapes.values()), dtype=object)
    if shapely.coverage_is_valid(geometries, gap_width=NARROW_DEG):
        return shapes
    fitted = shapely.coverage_clean(geometries, gap_width=NARROW_DEG)  # type: ignore[attr-defined]
    # One that others cover whole would vanish: it stays as it came, and the report of the load names the overlap.
    kept = np.where(shapely.is_empty(fitted), geometries, fitted)
    return dict(zip(shapes, kept, strict=True))


def _within(child: shapely.Geometry, parent: shapely.Geometry) -> shapely.Geometry:
    outside = shapely.area(shapely.difference(child, parent))
    if outside <= NEGLIGIBLE_SHARE * shapely.area(child):
        return child  # Keeps the vertices that neighbours share.
    return without_slivers(shapely.intersection(child, parent))


def _cells(
    ground: Ground, parents: Mapping[int, int | None], shapes: Mapping[int, Given]
) -> dict[int, shapely.Geometry]:
    """Return the Thiessen cells of the lowest areas without a boundary, within what the given ones leave free."""
    roots = {**ground.outlines, **{number: given.geometry for number, given in shapes.items()}}
    has_parts = {place.parent_id for place in ground.places}
    seeds: dict[int, list[Place]] = defaultdict(list)
    taken: dict[int, list[shapely.Geometry]] = defaultdict(list)
    for place in ground.places:
        root = _nearest_above(place.id, parents, roots)
        if root is None:
            continue
        if place.id in shapes:
            taken[root].append(shapes[place.id].geometry)
        elif place.id not in has_parts and place.lon is not None:
            seeds[root].append(place)
    cells: dict[int, shapely.Geometry] = {}
    for root, places in seeds.items():
        free = roots[root]
        if taken[root]:
            free = without_slivers(shapely.difference(free, shapely.union_all(taken[root])))
        found = thiessen_cells(np.array([(place.lon, place.lat) for place in places], dtype=float), free)
        cells.update((place.id, cell) for place, cell in zip(places, found, strict=True) if cell is not None)
    return cells


def _nearest_above(number: int, parents: Mapping[int, int | None], holders: Mapping[int, object]) -> int | None:
    above = parents[number]
    while above is not None and above not in holders:
        above = parents[above]
    return above
