"""The facts about areas that are shipped with the program: codes, names, points, figures and the province's outline."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

from relief.geography.model import Level

SOURCE = "PCO / OCHA Pakistan 2011, via ALHASAN Systems (HDX); OCHA COD-AB 2022"
LICENCE = "CC BY-IGO"

_FIGURES: dict[str, type] = {"flood22_houses_damaged": int, "flood22_flooded_pct": float}


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """What is known of one area without its boundary."""

    code: str
    level: Level
    parent_code: str | None
    name_en: str
    name_ur: str | None = None
    name_sd: str | None = None
    lon: float | None = None
    lat: float | None = None
    population: int | None = None
    households: int | None = None
    is_named: bool = True
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AliasFacts:
    """Another name of the area with that code."""

    code: str
    alias: str
    source: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the schematic layer is made of."""

    areas: tuple[AreaFacts, ...]
    aliases: tuple[AliasFacts, ...]
    # The outline of each province, by code.
    outlines: dict[str, shapely.Polygon]


def read_facts(folder: Path) -> Facts:
    """Return the facts in the folder, areas from the top down."""
    areas = sorted((_area(row) for row in _rows(folder / "sindh_areas.csv")), key=lambda a: (a.level.rank, a.code))
    aliases = tuple(AliasFacts(**row) for row in _rows(folder / "sindh_aliases.csv"))
    corners = [(float(row["lon"]), float(row["lat"])) for row in _rows(folder / "sindh_outline.csv")]
    provinces = [area.code for area in areas if area.level is Level.PROVINCE]
    return Facts(tuple(areas), aliases, dict.fromkeys(provinces, shapely.Polygon(corners)))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _area(row: dict[str, str]) -> AreaFacts:
    level = Level(row["level"])
    facts: dict[str, Any] = {name: kind(float(row[name])) for name, kind in _FIGURES.items() if row[name]}
    if row["division"]:
        facts["division"] = row["division"]
    if row["flood22_calamity_hit"]:
        facts["flood22_calamity_hit"] = row["flood22_calamity_hit"] == "True"
    return AreaFacts(
        code=row["code"],
        level=level,
        parent_code=row["parent"] if level.above else None,
        name_en=row["name_en"],
        name_ur=row["name_ur"] or None,
        name_sd=row["name_sd"] or None,
        lon=float(row["lon"]) if row["lon"] else None,
        lat=float(row["lat"]) if row["lat"] else None,
        population=int(float(row["pop_2023"])) if row["pop_2023"] else None,
        households=int(float(row["households_2023"])) if row["households_2023"] else None,
        is_named=row["unnamed"] != "True",
        facts=facts,
    )
