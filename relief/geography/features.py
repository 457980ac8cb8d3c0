"""What the columns of a boundary layer say: level, names and codes of each feature and of the areas above it.

COD-AB comes in two schemas (ADM3_EN, ADM3_PCODE; newer adm3_name, adm3_pcode), offices rename freely (TEHSIL, Taluka_Name,
UC_NAME), shapefiles cut names to ten letters. Case and punctuation do not count.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from relief.geography.model import Level
from relief.geography.spatial_layers import SpatialLayer
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean

# Each list in the order of preference.
_STEMS = {
    Level.PROVINCE: ("adm1", "admin1", "province", "prov"),
    Level.DISTRICT: ("adm2", "admin2", "district", "dist"),
    Level.TALUKA: ("adm3", "admin3", "taluka", "tehsil", "tahsil", "talka"),
    Level.UC: ("adm4", "admin4", "uc", "unioncouncil", "unioncoun", "unioncounc"),
}
_NAMES = ("en", "nameen", "name", "nam", "nm", "")
_CODES = ("pcode", "pcod", "code", "cod", "c")
_LOCAL = {"ur": ("ur", "nameur", "urdu", "nameurdu"), "sd": ("sd", "namesd", "sindhi", "namesindhi")}
# For a layer of one level whose columns do not say which.
_PLAIN_NAMES = ("nameen", "name", "shapename", "areaname")
_PLAIN_CODES = ("pcode", "code", "shapeid")
_VALID_FROM, _VALID_TO = ("validon", "validfrom"), ("validto",)
_NO_VALUE = frozenset({"", "na", "nan", "null", "none", "nil"})


@dataclass(frozen=True, slots=True)
class Written:
    """How a layer names an area."""

    name: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of a layer: `row` counts from 1; the geometry is as read, EPSG:4326."""

    layer: str
    row: int
    level: Level
    written: Written
    above: Mapping[Level, Written]
    geometry: shapely.Geometry | None
    name_ur: str | None = None
    name_sd: str | None = None
    is_schematic: bool = False


@dataclass(frozen=True, slots=True)
class FeatureLayer:
    """The features of one layer, all of one level."""

    name: str
    level: Level
    features: tuple[Feature, ...]
    valid_from: dt.date | None
    valid_to: dt.date | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _LevelColumns:
    names: tuple[str, ...] = ()
    code: str | None = None
    local: Mapping[str, str] = field(default_factory=dict)


def read_features(layer: SpatialLayer, level: Level | None = None) -> FeatureLayer | None:
    """Return the features of a layer, or None if its columns name no areas of Pakistan's levels.

    Args: level: what the layer holds; without it, the lowest level that its columns name.
    """
    frame = layer.frame
    columns = {_squeezed(column): str(column) for column in reversed(frame.columns)}
    levels = _levels_of(frame, columns)
    if level is not None and level not in levels:
        plain = _plain_columns(columns)
        levels = {**levels, level: plain} if plain is not None else {}
    found = level or max(levels, key=lambda known: known.rank, default=None)
    if found is None or found not in levels:
        return None
    return FeatureLayer(
        layer.name,
        found,
        tuple(_features(layer, found, levels, columns)),
        _first_date(frame, columns, _VALID_FROM),
        _first_date(frame, columns, _VALID_TO),
        layer.notes,
    )


def no_columns(layers: Iterable[SpatialLayer]) -> InvalidInput:
    """Return the refusal of a file none of whose layers names areas."""
    columns = sorted({str(column) for layer in layers for column in layer.frame.columns if column != "geometry"})
    return InvalidInput(
        "boundary.no_columns",
        N_(
            "No column says which area a feature is. Expected are columns such as ADM3_EN and ADM3_PCODE, adm3_name, TEHSIL or"
            " UC_NAME; the file has: %(columns)s. If a column is called name, say which level the file holds."
        ),
        columns=", ".join(columns[:30]) or "-",
    )


def _squeezed(column: object) -> str:
    return re.sub(r"[^0-9a-z]", "", str(column).casefold())


def _levels_of(frame: gpd.GeoDataFrame, columns: Mapping[str, str]) -> dict[Level, _LevelColumns]:
    levels = {}
    for level, stems in _STEMS.items():
        names = tuple(columns[stem + end] for end in _NAMES for stem in stems if stem + end in columns)
        code = next((columns[stem + end] for end in _CODES for stem in stems if stem + end in columns), None)
        if names or code:
            levels[level] = _LevelColumns(names, code, _local_columns(frame, columns, stems))
    return levels


def _local_columns(frame: gpd.GeoDataFrame, columns: Mapping[str, str], stems: tuple[str, ...]) -> dict[str, str]:
    """Return the columns of names in Urdu and Sindhi; the newer schema numbers them, and lang1 says which is which."""
    local = {}
    for language, ends in _LOCAL.items():
        numbered = [
            f"name{number}"
            for number in "123"
            if f"lang{number}" in columns and (frame[columns[f"lang{number}"]] == language).any()
        ]
        for name in (stem + end for stem in stems for end in (*ends, *numbered)):
            if name in columns:
                local[language] = columns[name]
    return local


def _plain_columns(columns: Mapping[str, str]) -> _LevelColumns | None:
    names = tuple(columns[name] for name in _PLAIN_NAMES if name in columns)
    code = next((columns[name] for name in _PLAIN_CODES if name in columns), None)
    return _LevelColumns(names, code) if names or code else None


def _features(
    layer: SpatialLayer, level: Level, levels: Mapping[Level, _LevelColumns], columns: Mapping[str, str]
) -> Iterable[Feature]:
    above = [known for known in levels if known.rank < level.rank]
    own = levels[level]
    kind = columns.get("geomkind") or columns.get("isschematic")
    rows = layer.frame.drop(columns=layer.frame.geometry.name).to_dict("records")
    for number, (row, geometry) in enumerate(zip(rows, layer.frame.geometry, strict=True), 1):
        yield Feature(
            layer.name,
            number,
            level,
            _written(row, own),
            {known: _written(row, levels[known]) for known in above},
            geometry,
            _text(row[own.local["ur"]]) if "ur" in own.local else None,
            _text(row[own.local["sd"]]) if "sd" in own.local else None,
            kind is not None and str(row[kind]).casefold().startswith(("schematic", "true", "1")),
        )


def _written(row: Mapping[Any, Any], columns: _LevelColumns) -> Written:
    names = (_text(row[column]) for column in columns.names)
    # Digitisers fill an unknown name with eights: a name has a letter.
    name = next((name for name in names if name and any(map(str.isalpha, name))), None)
    return Written(name, _text(row[columns.code]) if columns.code else None)


def _text(value: object) -> str | None:
    if isinstance(value, float):
        if pd.isna(value):
            return None
        value = int(value) if value.is_integer() else value
    text = clean("" if value is None or value is pd.NA else str(value))
    return None if re.sub(r"[^a-z0-9]", "", text.casefold()) in _NO_VALUE and text.isascii() else text[:200]


def _first_date(frame: gpd.GeoDataFrame, columns: Mapping[str, str], names: tuple[str, ...]) -> dt.date | None:
    column = next((columns[name] for name in names if name in columns), None)
    if column is None:
        return None
    values = pd.to_datetime(frame[column], errors="coerce").dropna()
    return values.iloc[0].date() if len(values) else None
