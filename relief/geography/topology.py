"""Boundaries for the browser: one TopoJSON a level, thinned for the screen and kept under the hash of its content."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from topojson.core.topology import Topology as Arcs

from relief.geography.model import Level
from relief.geography.queries import layer_digest, shapes_of
from relief.store.work import Work

# A part of the hash: what is kept from before the format changed is not served any more.
_FORMAT = "2"
# The detail that a screen shows when a level is in view, in degrees (0.001 is some 100 m).
_TOLERANCE_DEG = {Level.PROVINCE: 0.005, Level.DISTRICT: 0.004, Level.TALUKA: 0.002, Level.UC: 0.001}
# Steps of coordinates across the layer: at most 5 m in Sindh.
_STEPS = 100_000

_PROPERTIES = ("area_id", "code", "parent_id", "path", "name_en", "name_ur", "name_sd", "is_schematic")


@dataclass(frozen=True, slots=True)
class Topology:
    """A TopoJSON document and the tag under which a browser may keep it for ever."""

    body: bytes
    etag: str


def topology_of(work: Work, level: Level, cache: Path, *, under_path: str | None = None) -> Topology:
    """Return today's boundaries of a level, within one area or everywhere, as TopoJSON.

    The one object is called "areas"; each geometry has the area's id as `id` and in `properties` area_id, code, parent_id,
    path, name_en, name_ur, name_sd and is_schematic. Neighbours share their arcs, so thinning leaves no gap between them.

    Args: cache: a folder for finished documents; made when missing.
    """
    etag = topology_etag(work, level, under_path=under_path)
    kept = cache / f"{level}-{etag}.json"
    try:
        return Topology(kept.read_bytes(), etag)
    except FileNotFoundError:
        body = encode(shapes_of(work, level, under_path), _TOLERANCE_DEG[level])
    _keep(kept, body)
    return Topology(body, etag)


def topology_etag(work: Work, level: Level, *, under_path: str | None = None) -> str:
    """Return the tag of the level's TopoJSON without making it."""
    content = f"{_FORMAT} {level} {under_path or '/'} {layer_digest(work, level, under_path)}"
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def encode(shapes: gpd.GeoDataFrame, tolerance_deg: float) -> bytes:
    """Return the shapes as TopoJSON, thinned by up to the tolerance.

    Args: shapes: as `shapes_of` returns them.
    """
    described = shapes[list(_PROPERTIES)].astype(object)
    # pandas keeps a missing name as NaN, which is no JSON.
    thinned = described.where(described.notna(), None).set_index("area_id", drop=False)
    thinned = gpd.GeoDataFrame(thinned, geometry=_thin(shapes.geometry.to_numpy(), tolerance_deg), crs="EPSG:4326")
    if not len(thinned):
        empty = {"type": "Topology", "objects": {"areas": {"type": "GeometryCollection", "geometries": []}}, "arcs": []}
        return json.dumps(empty).encode()
    made = Arcs(thinned, prequantize=_STEPS, object_name="areas", prevent_oversimplify=False).to_dict()
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _thin(shapes: np.ndarray, tolerance_deg: float) -> np.ndarray:
    if not len(shapes):
        return shapes
    thinned = shapely.coverage_simplify(shapes, tolerance_deg)
    # An islet may shrink to nothing; it is shown as it is.
    return np.where(shapely.is_empty(thinned), shapes, thinned)


def _keep(path: Path, body: bytes) -> None:
    """Write the file whole or not at all: another process may be about to read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(body)
    Path(file.name).replace(path)
