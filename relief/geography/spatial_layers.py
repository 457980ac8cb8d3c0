"""Reading the layers of boundary files: polygons in degrees, whatever coordinates the file uses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from relief.geography.drivers import pyogrio
from relief.geography.repair import PAKISTAN, lies_in_country
from relief.geography.spatial_files import Source, opened, unreadable
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean

MOST_FEATURES = 50_000
MOST_FIELDS = 400

_DATA_ERRORS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.FieldError,
    pyogrio.errors.GeometryError,
    UnicodeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class SpatialLayer:
    """One layer of a file.

    frame: one row a feature in the order of the file; columns as the file names them; geometry in EPSG:4326.
    notes: what had to be assumed, as msgids.
    """

    name: str
    frame: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()


def read_layers(path: Path, layer: str | None = None) -> list[SpatialLayer]:
    """Return the polygon layers of the file, or the one of that name.

    Raises: InvalidInput "boundary.no_layer", "boundary.no_polygons", "boundary.no_features", "boundary.too_many_features",
        "boundary.no_crs", "boundary.wrong_crs", "boundary.axes_exchanged", and those of `opened`.
    """
    with opened(path) as sources:
        found = [(name, source, inner) for source in sources for name, inner in _polygon_layers(source)]
        if layer is not None:
            found = [entry for entry in found if entry[0].casefold() == layer.casefold()]
            if not found:
                raise InvalidInput(
                    "boundary.no_layer", N_("The file has no layer of polygons called %(name)s."), name=layer
                )
        if not found:
            raise InvalidInput("boundary.no_polygons", N_("The file has no layer of polygons."))
        return [_read(name, source, inner) for name, source, inner in found]


def _polygon_layers(source: Source) -> list[tuple[str, str]]:
    """Return the layers that may hold polygons: the name to show, and the name to open."""
    with _gdal_errors():
        layers = pyogrio.list_layers(source.path)
    kinds = [(str(name), str(kind or "")) for name, kind in layers if kind is not None]
    return [
        (source.name or clean(name), name)
        for name, kind in kinds
        if "Polygon" in kind or kind.startswith(("Unknown", "Geometry"))
    ]


def _read(name: str, source: Source, inner: str) -> SpatialLayer:
    with _gdal_errors():
        about = pyogrio.read_info(source.path, layer=inner, force_feature_count=True)
        if about["features"] > MOST_FEATURES or len(about["fields"]) > MOST_FIELDS:
            raise InvalidInput(
                "boundary.too_many_features",
                N_("The layer %(name)s has more than %(count)s features."), name=name, count=MOST_FEATURES,
            )  # fmt: skip
        frame = _read_frame(source, inner)
    if not len(frame):
        raise InvalidInput("boundary.no_features", N_("The layer %(name)s is empty."), name=name)
    return _in_degrees(name, frame)


def _read_frame(source: Source, inner: str) -> gpd.GeoDataFrame:
    options: dict[str, Any] = {"layer": inner, "force_2d": True, "on_invalid": "ignore"}
    try:
        return pyogrio.read_dataframe(source.path, encoding=source.encoding, **options)
    except UnicodeDecodeError:
        return pyogrio.read_dataframe(source.path, encoding="cp1252", **options)


def _in_degrees(name: str, frame: gpd.GeoDataFrame) -> SpatialLayer:
    """Return the layer in EPSG:4326, and say where its coordinates cannot be right."""
    if frame.crs is None:
        if not _is_plausible(frame):
            raise _misplaced(name, frame) or InvalidInput(
                "boundary.no_crs",
                N_(
                    "The layer %(name)s does not say which coordinates it uses, and they are not degrees in Pakistan."
                    " For a shapefile, put its .prj into the zip."
                ),
                name=name,
            )
        note = N_("The file does not say which coordinates it uses: taken as longitude and latitude (EPSG:4326).")
        return SpatialLayer(name, frame.set_crs(4326), (note,))
    try:
        moved = frame.to_crs(4326)
    except (CRSError, ProjError, RuntimeError) as error:
        raise InvalidInput(
            "boundary.wrong_crs", N_("The coordinates of the layer %(name)s cannot be converted."), name=name
        ) from error
    if not _is_plausible(moved):
        raise _misplaced(name, moved) or InvalidInput(
            "boundary.wrong_crs",
            N_(
                "No shape of the layer %(name)s lies in Pakistan. It says that its coordinates are %(crs)s; that is probably"
                " wrong."
            ),
            name=name, crs=clean(frame.crs.name),
        )  # fmt: skip
    return SpatialLayer(name, moved)


def _boxes(frame: gpd.GeoDataFrame) -> NDArray[np.float64]:
    boxes: NDArray[np.float64] = frame.geometry.bounds.to_numpy()
    return boxes[np.isfinite(boxes).all(axis=1)]


def _is_plausible(frame: gpd.GeoDataFrame) -> bool:
    """Return whether any shape lies in Pakistan; a layer without any coordinates passes and is refused row by row."""
    boxes = _boxes(frame)
    return not len(boxes) or any(lies_in_country(box) for box in boxes)


def _misplaced(name: str, frame: gpd.GeoDataFrame) -> InvalidInput | None:
    west, south, east, north = PAKISTAN
    boxes = _boxes(frame)
    x, y = boxes[:, [0, 2]], boxes[:, [1, 3]]
    if len(boxes) and ((x >= south) & (x <= north) & (y >= west) & (y <= east)).all():
        return InvalidInput(
            "boundary.axes_exchanged", N_("In the layer %(name)s longitude and latitude are exchanged."), name=name
        )
    return None


@contextmanager
def _gdal_errors() -> Iterator[None]:
    """Turn what GDAL makes of a broken file into a refusal; its own words name paths of this machine."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # GDAL grumbles about files that it then reads; what matters is checked after.
            yield
    except _DATA_ERRORS as error:
        raise unreadable() from error
