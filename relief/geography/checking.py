"""How the shapes of a load fit each other: overlaps, gaps, and children outside their parents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from relief.geography.projection import Geometries, area_km2
from relief.geography.queries import AreaRecord
from relief.geography.report import Gap, Outside, Overlap

# Less than both is the noise of digitising and says nothing to anybody.
_NOTEWORTHY_KM2 = 0.05
_NOTEWORTHY_SHARE = 0.001
# With less than half of itself inside its parent an area is not that parent's.
LEAST_SHARE_INSIDE = 0.5


@dataclass(frozen=True, slots=True)
class Shaped:
    """An area with its shape."""

    area: AreaRecord
    geometry: shapely.Geometry


def find_overlaps(shapes: Iterable[Shaped]) -> list[Overlap]:
    """Return the pairs of one level that share ground, the largest first."""
    overlaps: list[Overlap] = []
    for one_level in _by_level(shapes):
        geometries = _geometries(one_level)
        one, other = shapely.STRtree(geometries).query(geometries, predicate="intersects")
        one, other = one[one < other], other[one < other]
        shared = area_km2(shapely.intersection(geometries[one], geometries[other]))
        sizes = area_km2(geometries)
        share = shared / np.minimum(sizes[one], sizes[other])
        for n in np.flatnonzero((shared > _NOTEWORTHY_KM2) & (share > _NOTEWORTHY_SHARE)):
            first, second = one_level[one[n]].area, one_level[other[n]].area
            overlaps.append(
                Overlap(first.level, first.code, second.code, round(float(shared[n]), 3), round(float(share[n]), 4))
            )
    return sorted(overlaps, key=lambda overlap: -overlap.km2)


def find_gaps(shapes: Iterable[Shaped], parents: Mapping[int, Shaped]) -> list[Gap]:
    """Return for each parent with children in the load the ground that they leave bare, the largest first."""
    children: dict[int, list[Shaped]] = defaultdict(list)
    for shaped in shapes:
        if shaped.area.parent_id is not None and shaped.area.parent_id in parents:
            children[shaped.area.parent_id].append(shaped)
    gaps = []
    for parent_id, parts in children.items():
        parent = parents[parent_id]
        bare = shapely.difference(parent.geometry, shapely.union_all(_geometries(parts)))
        km2, whole = area_km2(np.array([bare, parent.geometry], dtype=object))
        if km2 > _NOTEWORTHY_KM2 and km2 / whole > _NOTEWORTHY_SHARE:
            gaps.append(Gap(parts[0].area.level, parent.area.code, round(float(km2), 3), round(float(km2 / whole), 4)))
    return sorted(gaps, key=lambda gap: -gap.km2)


def find_outside(shapes: Iterable[Shaped], parents: Mapping[int, Shaped]) -> list[Outside]:
    """Return the areas that leave their parent, the farthest out first."""
    found = []
    for shaped in shapes:
        parent = parents.get(shaped.area.parent_id or 0)
        if parent is None:
            continue
        beyond = shapely.difference(shaped.geometry, parent.geometry)
        km2, whole = area_km2(np.array([beyond, shaped.geometry], dtype=object))
        if km2 > _NOTEWORTHY_KM2 and km2 / whole > _NOTEWORTHY_SHARE:
            found.append(
                Outside(
                    shaped.area.level,
                    shaped.area.code,
                    parent.area.code,
                    round(float(km2), 3),
                    round(float(km2 / whole), 4),
                )
            )
    return sorted(found, key=lambda outside: -outside.share)


def lies_inside(geometry: shapely.Geometry, parent: shapely.Geometry) -> bool:
    """Return whether at least half of the shape lies in its parent."""
    inside = shapely.area(shapely.intersection(geometry, parent))
    return bool(inside >= LEAST_SHARE_INSIDE * shapely.area(geometry))


def _by_level(shapes: Iterable[Shaped]) -> list[list[Shaped]]:
    levels: dict[str, list[Shaped]] = defaultdict(list)
    for shaped in shapes:
        levels[shaped.area.level].append(shaped)
    return list(levels.values())


def _geometries(shapes: Iterable[Shaped]) -> Geometries:
    return np.array([shaped.geometry for shaped in shapes], dtype=object)
