"""Measures geography: points located in Union Councils, distances, names looked up, the schematic layer drawn.

Run it alone by `python -m benchmarks.bench_geography`. Rates are a core's: work over processor time.
"""

from __future__ import annotations

import sys

import numpy as np
import shapely

from benchmarks.bench_papers import Figure, rate
from relief.config import GEODATA
from relief.geography.facts import Facts, read_facts
from relief.geography.gazetteer import Gazetteer
from relief.geography.layer import Ground, Place, make_layer
from relief.geography.locator import LocatedShape, Locator
from relief.geography.model import Level
from relief.geography.queries import AliasRecord, AreaRecord

FAMILIES = 186_331


def measure(count: int = FAMILIES) -> list[Figure]:
    """Return all figures, for so many families."""
    facts = read_facts(GEODATA)
    numbers = {area.code: number for number, area in enumerate(facts.areas, 1)}
    areas = [_record(facts, numbers, n) for n in range(len(facts.areas))]
    ground = Ground(
        [Place(area.id, area.parent_id, area.level.rank, area.lon, area.lat) for area in areas],
        {},
        {numbers[code]: outline for code, outline in facts.outlines.items()},
        1,
    )
    layer = make_layer(ground)
    shapes = [LocatedShape(area.id, layer[area.id].geometry, True) for area in areas if area.level is Level.UC]
    return [
        Figure("schematic areas drawn", rate(lambda: make_layer(ground), len(layer)), len(layer), *_voronoi(areas)),
        *points(shapes, count),
        names(facts, numbers, areas, count),
    ]


def points(shapes: list[LocatedShape], count: int) -> list[Figure]:
    """Points located, and distances to areas, against the tree's bare search for boxes."""
    west, south, east, north = shapely.total_bounds([shape.geometry for shape in shapes])
    random = np.random.default_rng(2022)
    lon, lat = random.uniform(west, east, count), random.uniform(south, north, count)
    locator = Locator(shapes)
    tree = shapely.STRtree([shape.geometry for shape in shapes])
    boxes = rate(lambda: tree.query(shapely.points(lon, lat)), count)
    anywhere = random.choice([shape.area_id for shape in shapes], count)
    return [
        Figure("points located", rate(lambda: locator.locate(lon, lat), count), FAMILIES / 2, "boxes only", boxes),
        Figure(
            "distances to any area",
            rate(lambda: locator.distance_to_area_m(lon, lat, anywhere), count),
            FAMILIES / 2,
            "boxes only",
            boxes,
        ),
    ]


def names(facts: Facts, numbers: dict[str, int], areas: list[AreaRecord], count: int) -> Figure:
    """Rows of district, taluka and Union Council looked up, against a plain dictionary of the same rows."""
    by_id = {area.id: area for area in areas}
    aliases = [AliasRecord(n, numbers[alias.code], alias.alias, alias.source) for n, alias in enumerate(facts.aliases)]
    ucs = [area for area in areas if area.level is Level.UC]
    rows = []
    for n in range(count):
        uc = ucs[n % len(ucs)]
        taluka = by_id[uc.parent_id or 0]
        rows.append((by_id[taluka.parent_id or 0].name_en, taluka.name_en.upper(), f"{uc.name_en} "))
    lon, lat = np.full(count, 68.0), np.full(count, 26.0)
    known = {row: n for n, row in enumerate(rows)}
    looked_up = rate(lambda: Gazetteer(areas, aliases).find_ucs(rows, lon, lat), count)
    plain = rate(lambda: [known[row] for row in rows], count)
    return Figure("names looked up", looked_up, FAMILIES / 2, "a plain dictionary", plain)


def _voronoi(areas: list[AreaRecord]) -> tuple[str, float]:
    seeds = shapely.MultiPoint([(area.lon, area.lat) for area in areas if area.level is Level.UC])
    return "the bare diagram", rate(lambda: shapely.voronoi_polygons(seeds), len(areas))


def _record(facts: Facts, numbers: dict[str, int], index: int) -> AreaRecord:
    area = facts.areas[index]
    path, code = "", area.code
    codes = {one.code: one.parent_code for one in facts.areas}
    while code:
        path, code = f"/{numbers[code]}{path}", codes[code] or ""
    return AreaRecord(
        id=numbers[area.code], code=area.code, level=area.level, parent_id=numbers.get(area.parent_code or ""),
        path=f"{path}/", name_en=area.name_en, name_ur=area.name_ur, name_sd=area.name_sd, lon=area.lon, lat=area.lat,
        population=None, households=None, is_named=True, facts={},
    )  # fmt: skip


if __name__ == "__main__":
    figures = measure()
    sys.stdout.write("\n".join(map(str, figures)) + "\n")
    sys.exit(any(figure.rate < figure.asked for figure in figures))
