"""Figures laid over boundaries, as GeoJSON and as a table."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from relief.coverage.indicators import Figures
from relief.coverage.queries import Coverage, Row, roots_of
from relief.files.cells import Cell
from relief.geography.queries import AreaRecord, EditionRecord, list_boundaries, list_editions, shapes_of
from relief.kernel.money import Money
from relief.store.work import Work

# One column a figure, named with its unit: the same in every file, whatever the language of the page.
FIGURE_COLUMNS = (
    "registered", "entitled", "served", "percent_served", "waiting", "cash_pkr", "goods_pkr", "disbursed_pkr",
    "pkr_per_family_served", "conflicts_pkr",
)  # fmt: skip
AREA_COLUMNS = ("code", "level", "name_en", "name_ur", "name_sd", "parent_code", "parent_name_en")
UNKNOWN_NAME = "Area unknown"
# Some 0.1 m: what a boundary file holds beyond it is noise.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says of itself: which campaign, boundaries of which edition and source, the time of the data."""

    campaign: str
    editions: Mapping[int, EditionRecord]
    at: dt.datetime

    @classmethod
    def of(cls, campaign: str, coverage: Coverage, boundaries: Boundaries) -> Source:
        """Return the source of a file with the answer in it."""
        return cls(campaign, {edition.id: edition for edition in boundaries.editions}, coverage.at)


def figure_values(figures: Figures) -> tuple[Cell, ...]:
    """Return the figures in the order of FIGURE_COLUMNS; percent to one decimal, None where there is nothing to divide by."""
    share = figures.share_served
    return (
        figures.registered, figures.entitled, figures.served, None if share is None else percent(share), figures.waiting,
        figures.cash, figures.goods, figures.disbursed, figures.per_family, figures.unexplained,
    )  # fmt: skip


def percent(share: float) -> Decimal:
    """Return 0 to 100 with one decimal; what is not quite all is never 100, what is more than nothing never 0."""
    rounded = Decimal(f"{share * 100:.1f}")
    if 0 < share < 1:
        rounded = min(max(rounded, Decimal("0.1")), Decimal("99.9"))
    return rounded


def table_rows(coverage: Coverage) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of AREA_COLUMNS + FIGURE_COLUMNS: every area, then what lies in none of them, if there is any."""
    for row in coverage.rows:
        yield (*_area_values(row), *figure_values(row.figures))
    if coverage.unknown:
        yield (*_named(UNKNOWN_NAME), *figure_values(coverage.unknown))


def total_row(coverage: Coverage) -> tuple[Cell, ...]:
    """Return the row under the table."""
    return (*_named("Total"), *figure_values(coverage.total))


def plain_row(row: Iterable[Cell]) -> list[Any]:
    """Return a row as JSON has it: money in rupees. Fifteen digits of a double hold every sum to the paisa."""
    return [
        cell.paisa / 100 if isinstance(cell, Money) else float(cell) if isinstance(cell, Decimal) else cell
        for cell in row
    ]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Where the boundaries of the areas shown come from, and how far they reach.

    `bounds` is south-west and north-east as (latitude, longitude), None without any boundary.
    """

    bounds: tuple[tuple[float, float], tuple[float, float]] | None
    editions: tuple[EditionRecord, ...]
    schematic: int
    # Names of areas that have no boundary: they are in the table and not on the map.
    without: tuple[str, ...]


def boundaries_of(work: Work, coverage: Coverage, under: AreaRecord | None) -> Boundaries:
    """Return what is to be said about the boundaries on a map of the answer."""
    known = list_boundaries(work, under.path if under else None)
    shown = [known[row.area.id] for row in coverage.rows if row.area.id in known]
    used = {boundary.edition_id for boundary in shown}
    roots = [shapes_of(work, area.level, area.path) for area in roots_of(work, under)]
    corners = np.array([shapes.total_bounds for shapes in roots if len(shapes)])
    bounds = None
    if len(corners):
        (west, south), (east, north) = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
        bounds = (float(south), float(west)), (float(north), float(east))
    return Boundaries(
        bounds,
        tuple(edition for edition in list_editions(work) if edition.id in used),
        sum(boundary.is_schematic for boundary in shown),
        tuple(row.area.name_en for row in coverage.rows if row.area.id not in known),
    )


def lay_over(shapes: gpd.GeoDataFrame, coverage: Coverage) -> gpd.GeoDataFrame:
    """Return the figures with the boundary of their area.

    Args: shapes: as `geography.queries.shapes_of` returns them, of the same level.
    Returns: one row for each row of `table_rows`, in that order: AREA_COLUMNS, FIGURE_COLUMNS (money in rupees),
        is_schematic, edition_id, geometry (EPSG:4326; None where the area has no boundary).
    """
    columns = (*AREA_COLUMNS, *FIGURE_COLUMNS)
    rows = [plain_row(row) for row in table_rows(coverage)]
    # Objects: pandas would turn whole numbers beside a missing one into floats.
    table = pd.DataFrame(rows, columns=list(columns), dtype=object)
    joined = table.merge(shapes[["code", "is_schematic", "edition_id", "geometry"]], on="code", how="left")
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=shapes.crs)


def to_geojson(layer: gpd.GeoDataFrame, source: Source) -> str:
    """Return the layer as GeoJSON (RFC 7946); what has no boundary is a feature without geometry, so that sums agree."""
    rounded = shapely.transform(layer.geometry.to_numpy(), lambda corners: corners.round(_DECIMALS))
    geometries = shapely.to_geojson(rounded)
    properties = layer[[*AREA_COLUMNS, *FIGURE_COLUMNS]].to_dict("records")
    features = [
        _feature(values, geometry, None if pd.isna(edition) else source.editions[int(edition)].name, schematic)
        for values, geometry, edition, schematic in zip(
            properties, geometries, layer["edition_id"], layer["is_schematic"], strict=True
        )
    ]
    boundaries = [f"{edition.name}: {edition.source} ({edition.licence})" for edition in source.editions.values()]
    about = {"campaign": source.campaign, "boundaries": boundaries, "time": source.at.isoformat(timespec="seconds")}
    return (
        '{"type":"FeatureCollection","source":'
        + json.dumps(about, ensure_ascii=False)
        + ',"features":[\n'
        + ",\n".join(features)
        + "\n]}\n"
    )


def _feature(values: dict[str, Any], geometry: str | None, edition: str | None, is_schematic: Any) -> str:
    described = values | {"edition": edition, "is_schematic": None if edition is None else bool(is_schematic)}
    head = {"type": "Feature"} | ({"id": values["code"]} if values["code"] else {}) | {"properties": described}
    return json.dumps(head, ensure_ascii=False)[:-1] + f', "geometry": {geometry or "null"}}}'


def _area_values(row: Row) -> tuple[Cell, ...]:
    area, above = row.area, row.above
    names = (area.code, area.level.value, area.name_en, area.name_ur, area.name_sd)
    return (*names, above.code, above.name_en) if above else (*names, None, None)


def _named(name: str) -> tuple[Cell, ...]:
    return tuple(name if column == "name_en" else None for column in AREA_COLUMNS)
