"""Reading areas, their names, editions and boundaries."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import geopandas as gpd
import shapely
from sqlalchemy import Select, func, select

from relief.geography.model import Area, AreaAlias, AreaShape, BoundaryEdition, CurrentShape, Level
from relief.geography.names import closest, place_key
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.text import clean
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class AreaRecord:
    """One area as read."""

    id: int
    code: str
    level: Level
    parent_id: int | None
    path: str
    name_en: str
    name_ur: str | None
    name_sd: str | None
    lon: float | None
    lat: float | None
    population: int | None
    households: int | None
    is_named: bool
    facts: dict[str, Any] = field(hash=False)

    def name(self, language: str) -> str:
        """Return the name in "en", "ur" or "sd"; the English one where the other is not known."""
        local = {"ur": self.name_ur, "sd": self.name_sd}.get(language)
        return local or self.name_en


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """Another name of an area."""

    id: int
    area_id: int
    alias: str
    source: str


@dataclass(frozen=True, slots=True)
class EditionRecord:
    """One load of boundaries, with how many areas it has and for how many it gives today's boundary."""

    id: int
    name: str
    source: str
    licence: str
    is_schematic: bool
    valid_from: dt.date | None
    valid_to: dt.date | None
    loaded_at: dt.datetime
    withdrawn_at: dt.datetime | None
    shapes: int
    current: int


@dataclass(frozen=True, slots=True)
class BoundaryRecord:
    """Where today's boundary of an area comes from."""

    area_id: int
    edition_id: int
    edition_name: str
    is_schematic: bool
    area_km2: float


Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

_AREA = tuple(getattr(Area, name) for name in AreaRecord.__slots__)


def get_area(work: Work, area_id: int) -> AreaRecord:
    """Return the area. Raises: NotFound "area.not_found"."""
    found = _areas(work, select(*_AREA).where(Area.id == area_id))
    if not found:
        raise NotFound("area.not_found", N_("There is no such area."))
    return found[0]


def find_area_by_code(work: Work, code: str) -> AreaRecord | None:
    """Return the area with that code, in capitals or not, or None."""
    found = _areas(work, select(*_AREA).where(func.upper(Area.code) == clean(code).upper()))
    return found[0] if found else None


def list_areas(work: Work, level: Level | None = None, under_path: str | None = None) -> list[AreaRecord]:
    """Return the areas of a level (or all), within one area (or everywhere), by English name."""
    query = _within(select(*_AREA), under_path)
    if level is not None:
        query = query.where(Area.level == level)
    return _areas(work, query.order_by(Area.name_en, Area.code))


def children_of(work: Work, area_id: int) -> list[AreaRecord]:
    """Return the areas directly below, by English name."""
    return _areas(work, select(*_AREA).where(Area.parent_id == area_id).order_by(Area.name_en, Area.code))


def lineage_of(work: Work, area: AreaRecord) -> list[AreaRecord]:
    """Return the areas from the province down to the area itself."""
    ids = [int(part) for part in area.path.strip("/").split("/")]
    found = {record.id: record for record in _areas(work, select(*_AREA).where(Area.id.in_(ids)))}
    return [found[number] for number in ids]


def list_aliases(work: Work, area_id: int | None = None) -> list[AliasRecord]:
    """Return the other names of one area, or of all."""
    query = select(AreaAlias.id, AreaAlias.area_id, AreaAlias.alias, AreaAlias.source)
    if area_id is not None:
        query = query.where(AreaAlias.area_id == area_id)
    return [AliasRecord(*row) for row in work.session.execute(query.order_by(AreaAlias.area_id, AreaAlias.id))]


def search_areas(
    work: Work, text: str, *, level: Level | None = None, under_path: str | None = None, at_most: int = 50
) -> list[AreaRecord]:
    """Return the areas whose code, name or alias is like the text, in any script: equal first, then beginning, then holding
    it; if there is none at all, those that are spelled nearly so.
    """
    key = place_key(text)
    if not key:
        return []
    areas = list_areas(work, level, under_path)
    keys = _keys_of(work, areas)
    ranks = {area.id: min(_rank(key, known) for known in keys[area.id]) for area in areas}
    found = sorted((area for area in areas if ranks[area.id] < 3), key=lambda a: (ranks[a.id], a.level.rank, a.name_en))
    if not found:
        near = closest(key, {known for known_keys in keys.values() for known in known_keys}, at_most=5)
        found = [area for name in near for area in areas if name in keys[area.id]]
    return list(dict.fromkeys(found))[:at_most]


def _rank(key: str, known: str) -> int:
    if known == key:
        return 0
    if known.startswith(key):
        return 1
    return 2 if key in known else 3


def _keys_of(work: Work, areas: Sequence[AreaRecord]) -> dict[int, set[str]]:
    keys = {
        area.id: {place_key(name) for name in (area.code, area.name_en, area.name_ur, area.name_sd) if name}
        for area in areas
    }
    for area_id, alias_key in work.session.execute(select(AreaAlias.area_id, AreaAlias.alias_key)):
        if area_id in keys:
            keys[area_id].add(alias_key)
    return keys


def list_editions(work: Work) -> list[EditionRecord]:
    """Return all editions, the latest first."""
    shapes = select(func.count()).where(AreaShape.edition_id == BoundaryEdition.id).scalar_subquery()
    current = select(func.count()).where(CurrentShape.edition_id == BoundaryEdition.id).scalar_subquery()
    columns = [getattr(BoundaryEdition, name) for name in EditionRecord.__slots__[:-2]]
    rows = work.session.execute(select(*columns, shapes, current).order_by(BoundaryEdition.id.desc()))
    return [EditionRecord(*row) for row in rows]


def list_boundaries(work: Work, under_path: str | None = None) -> dict[int, BoundaryRecord]:
    """Return by area where its boundary of today comes from; areas without one are missing."""
    query = (
        select(
            CurrentShape.area_id, CurrentShape.edition_id, BoundaryEdition.name, CurrentShape.is_schematic,
            CurrentShape.area_km2,
        )
        .join(BoundaryEdition, BoundaryEdition.id == CurrentShape.edition_id)
        .join(Area, Area.id == CurrentShape.area_id)
    )  # fmt: skip
    return {row[0]: BoundaryRecord(*row) for row in work.session.execute(_within(query, under_path))}


def shapes_of(work: Work, level: Level, under_path: str | None = None) -> gpd.GeoDataFrame:
    """Return today's boundaries of a level within one area (or everywhere), by code.

    Returns: one row an area: area_id, code, parent_id, path, name_en, name_ur, name_sd, is_schematic, edition_id,
        area_km2, geometry (polygon or multipolygon, EPSG:4326).
    """
    columns = (
        Area.id.label("area_id"), Area.code, Area.parent_id, Area.path, Area.name_en, Area.name_ur, Area.name_sd,
        CurrentShape.is_schematic, CurrentShape.edition_id, CurrentShape.area_km2, CurrentShape.wkb,
    )  # fmt: skip
    query = _within(select(*columns).join(CurrentShape, CurrentShape.area_id == Area.id), under_path)
    found = work.session.execute(query.where(Area.level == level).order_by(Area.code))
    names = list(found.keys())
    frame = gpd.GeoDataFrame(found.all(), columns=names)
    geometry = shapely.from_wkb([bytes(wkb) for wkb in frame.pop("wkb")])
    return frame.set_geometry(gpd.GeoSeries(geometry, index=frame.index, crs="EPSG:4326", name="geometry"))


def layer_digest(work: Work, level: Level, under_path: str | None = None) -> str:
    """Return a hash of what `shapes_of` returns: names and boundaries of a level. It changes when any of them does."""
    columns = (
        Area.id, Area.code, Area.path, Area.name_en, Area.name_ur, Area.name_sd, CurrentShape.is_schematic,
        CurrentShape.edition_id, CurrentShape.digest,
    )  # fmt: skip
    query = _within(select(*columns).join(CurrentShape, CurrentShape.area_id == Area.id), under_path)
    rows = work.session.execute(query.where(Area.level == level).order_by(Area.code))
    digest = hashlib.sha256()
    for *values, shape in rows:
        digest.update(repr(tuple(values)).encode() + bytes(shape))
    return digest.hexdigest()


def _within(query: Query, under_path: str | None) -> Query:
    """Narrow the query to an area and all below it. LIKE and no range: the order of "/" depends on the collation."""
    return query if under_path is None else query.where(Area.path.startswith(under_path))


def _areas(work: Work, query: Select[*tuple[Any, ...]]) -> list[AreaRecord]:
    return [AreaRecord(*row) for row in work.session.execute(query)]
