"""Finding the Union Council of many points at once, and how far points lie from theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import select

from relief.geography.model import Area, CurrentShape, Level
from relief.geography.projection import Coordinates, Geometries, as_points, distance_m
from relief.store.work import Work

NOWHERE = 0

AreaIds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LocatedShape:
    """One area's boundary, EPSG:4326."""

    area_id: int
    geometry: shapely.Geometry
    is_schematic: bool


class Locator:
    """The boundaries of one level held ready. Make one for a page or an import; it is not shared between threads."""

    def __init__(self, shapes: Sequence[LocatedShape]) -> None:
        # Where boundaries overlap, a real one counts before a schematic one, then the earlier in the order given.
        ordered = sorted(shapes, key=lambda shape: shape.is_schematic)
        self._ids = np.array([shape.area_id for shape in ordered], dtype=np.int64)
        self._polygons: Geometries = np.array([shape.geometry for shape in ordered], dtype=object)
        self._position = {int(area_id): n for n, area_id in enumerate(self._ids)}
        shapely.prepare(self._polygons)
        self._tree = shapely.STRtree(self._polygons)

    @classmethod
    def load(cls, work: Work, level: Level = Level.UC) -> Self:
        """Return a locator over today's boundaries of the level."""
        rows = work.session.execute(
            select(CurrentShape.area_id, CurrentShape.wkb, CurrentShape.is_schematic)
            .join(Area, Area.id == CurrentShape.area_id)
            .where(Area.level == level)
            .order_by(Area.code)
        ).all()
        geometries: Any = shapely.from_wkb([bytes(row[1]) for row in rows])
        return cls([LocatedShape(row[0], shape, row[2]) for row, shape in zip(rows, geometries, strict=True)])

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> AreaIds:
        """Return the id of the area that each point lies in, `NOWHERE` (0) where there is none.

        Args: lon, lat: shape (n,), degrees; NaN for a point that is not known.
        Returns: shape (n,).
        """
        x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
        found = np.full(len(x), len(self._ids), dtype=np.int64)
        known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        # Boxes first, by the tree; then each pair against the prepared polygon. `query(predicate=...)` would prepare the
        # points instead of the polygons: ten times as slow.
        which, polygon = self._tree.query(as_points(np.column_stack([x[known], y[known]])))
        point = known[which]
        inside = shapely.intersects_xy(self._polygons[polygon], x[point], y[point])
        np.minimum.at(found, point[inside], polygon[inside])
        ids: AreaIds = np.append(self._ids, NOWHERE)[found]
        return ids

    def locate_one(self, lon: float, lat: float) -> int | None:
        """Return the id of the area that the point lies in, or None."""
        found = int(self.locate([lon], [lat])[0])
        return None if found == NOWHERE else found

    def distance_to_area_m(self, lon: ArrayLike, lat: ArrayLike, area_id: ArrayLike) -> Coordinates:
        """Return how far each point lies from its area, in metres; 0 inside it.

        Args: lon, lat: shape (n,), degrees; area_id: shape (n,), or one id for all points.
        Returns: shape (n,); NaN where the point is not known or the area has no boundary.
        """
        x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
        ids = np.broadcast_to(np.asarray(area_id, dtype=np.int64), x.shape)
        distances = np.full(len(x), np.nan)
        order = np.argsort(ids, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(ids[order])) + 1) if len(x) else []:
            position = self._position.get(int(ids[group[0]]))
            if position is not None:
                distances[group] = self._distances(position, x[group], y[group])
        return distances

    def _distances(self, position: int, x: Coordinates, y: Coordinates) -> Coordinates:
        polygon = self._polygons[position]
        distances = np.full(len(x), np.nan)
        finite = np.isfinite(x) & np.isfinite(y)
        inside = shapely.intersects_xy(polygon, x, y)
        distances[inside] = 0.0
        outside = finite & ~inside  # Few: only for these is the distance worked out.
        if outside.any():
            distances[outside] = distance_m(polygon, x[outside], y[outside])
        return distances
