"""Metres and square kilometres of geometries that are kept in degrees (EPSG:4326)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Coordinates = NDArray[np.float64]
Geometries = NDArray[Any]  # Of shapely geometries; None where there is none.

# Radius of the sphere with the surface of the WGS84 ellipsoid (authalic radius), in metres.
_AUTHALIC_RADIUS_M = 6_371_007.181


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Return the metres in one degree of longitude and of latitude at that latitude.

    Source: series of the WGS84 ellipsoid (NIMA TR8350.2); exact to a metre.
    """
    phi = math.radians(lat)
    along_lon = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
    along_lat = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    return along_lon, along_lat


def area_km2(geometries: Geometries) -> Coordinates:
    """Return the area of each geometry, shape (n,); 0 where there is none.

    The cylindrical equal-area projection of the authalic sphere: within 0.3 % of the ellipsoid in Pakistan, and fast.
    """

    def flatten(lon_lat: Coordinates) -> Coordinates:
        radians = np.radians(lon_lat)
        flat: Coordinates = _AUTHALIC_RADIUS_M * np.column_stack([radians[:, 0], np.sin(radians[:, 1])])
        return flat

    areas: Coordinates = np.nan_to_num(shapely.area(shapely.transform(geometries, flatten))) / 1e6
    return areas


def distance_m(geometry: shapely.Geometry, lon: Coordinates, lat: Coordinates) -> Coordinates:
    """Return the metres from each point to the geometry, shape (n,); 0 inside it.

    Flat round the geometry's middle: within 1 % up to 100 km away, and never far enough off to matter beyond that.
    """
    west, south, east, north = shapely.bounds(geometry)
    scale = np.array(metres_per_degree((south + north) / 2))
    middle = np.array([(west + east) / 2, (south + north) / 2])

    def flatten(lon_lat: Coordinates) -> Coordinates:
        flat: Coordinates = (lon_lat - middle) * scale
        return flat

    points = as_points(flatten(np.column_stack([lon, lat])))
    return np.asarray(shapely.distance(shapely.transform(geometry, flatten), points))


def as_points(coordinates: Coordinates) -> Geometries:
    """Return the points of coordinates of shape (n, 2)."""
    return np.asarray(shapely.points(coordinates))
