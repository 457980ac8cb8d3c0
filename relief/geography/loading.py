"""Loading boundary files: first a plan that writes nothing and reports on every row, then its application."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from sqlalchemy import select

from relief.audit.trail import Deed, record
from relief.geography.checking import Shaped, find_gaps, find_outside, find_overlaps
from relief.geography.draft import Draft, PlannedShape, Register
from relief.geography.facts import AreaFacts
from relief.geography.features import FeatureLayer, no_columns, read_features
from relief.geography.layer import Given, Ground, Place, make_layer
from relief.geography.layering import read_ground, refresh_layer
from relief.geography.model import Area, AreaShape, BoundaryEdition, CurrentShape, Level
from relief.geography.projection import area_km2
from relief.geography.queries import AreaRecord, list_aliases, list_areas
from relief.geography.registry import put_areas
from relief.geography.report import LoadReport
from relief.geography.spatial_layers import read_layers
from relief.kernel.errors import Conflict, Problem
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.store.bulk import insert_rows
from relief.store.work import Work

_SHAPE_COLUMNS = ("edition_id", "area_id", "wkb", "area_km2", "is_schematic", "source_code", "source_name")
# The usual names of a level's layer; a file may hold further cuts of the same level.
_USUAL = {Level.PROVINCE: "adm1", Level.DISTRICT: "adm2", Level.TALUKA: "adm3", Level.UC: "uc"}


@dataclass(frozen=True, slots=True)
class LoadBoundaries:
    """A file to load and how to read it."""

    path: Path
    # The name that the person knows the file by; an upload lies under another.
    file_name: str = ""
    level: Level | None = None
    layer: str | None = None
    # What the edition is called on maps.
    name: str = ""
    source: str = ""
    licence: str = ""
    # Whether areas that the register does not know are added to it: else they are only reported.
    adds_unknown: bool = False


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What applying would write. `new_areas` have negative ids until then."""

    command: LoadBoundaries
    shapes: tuple[PlannedShape, ...]
    new_areas: tuple[AreaRecord, ...]
    valid_from: dt.date | None
    valid_to: dt.date | None
    content_hash: str
    report: LoadReport


def plan_load(work: Work, command: LoadBoundaries) -> LoadPlan:
    """Return what loading the file would do, with the report on every row: what a dry run shows.

    Raises: Forbidden if the file has areas outside the actor's; InvalidInput "boundary.*", "zip.*"; RuleViolation
        "boundary.not_built".
    """
    work.actor.require(Permission.BOUNDARY_MANAGE)
    ground = read_ground(work)
    layers, remarks = _feature_layers(command)
    draft = Draft(_register(work, ground), adds_unknown=command.adds_unknown)
    for layer in layers:
        draft.take(layer)
    shapes = tuple(sorted(draft.shapes.values(), key=lambda planned: planned.area.code))
    for planned in shapes:
        work.actor.require(Permission.BOUNDARY_MANAGE, planned.area.path)
    content_hash = _content_hash(shapes)
    dates = [(layer.valid_from, layer.valid_to) for layer in layers]
    report = dataclasses.replace(
        _report(draft, ground, command),
        same_as_edition_id=_edition_with(work, content_hash),
        remarks=(*remarks, *draft.remarks),
    )
    return LoadPlan(
        command,
        shapes,
        tuple(draft.new_areas),
        min((first for first, _ in dates if first), default=None),
        max((last for _, last in dates if last), default=None),
        content_hash,
        report,
    )


def apply_plan(work: Work, plan: LoadPlan) -> LoadReport:
    """Write a plan and return its report as done; what is loaded already, or gives no area a boundary, changes nothing.

    Raises: Forbidden; Conflict "boundary.register_changed".
    """
    work.actor.require(Permission.BOUNDARY_MANAGE)
    loaded = _edition_with(work, plan.content_hash)
    if loaded is not None or not plan.shapes:
        return dataclasses.replace(plan.report, same_as_edition_id=loaded)
    ids = _add_areas(work, plan.new_areas)
    edition = BoundaryEdition(
        name=plan.report.edition,
        source=clean(plan.command.source),
        licence=clean(plan.command.licence),
        is_schematic=False,
        valid_from=plan.valid_from,
        valid_to=plan.valid_to,
        loaded_at=work.at,
        content_hash=plan.content_hash,
    )
    work.session.add(edition)
    work.session.flush()
    insert_rows(work, AreaShape.__table__, _SHAPE_COLUMNS, _shape_rows(edition.id, plan.shapes, ids))  # type: ignore[arg-type]
    layer = refresh_layer(work)
    detail = {"content": plan.content_hash, **plan.report.counts}
    record(work, Deed("boundary.loaded", "boundary_edition", edition.id, detail=detail))
    return dataclasses.replace(
        plan.report,
        edition_id=edition.id,
        real=layer.real,
        schematic=layer.schematic,
        without_boundary=layer.without,
    )


def _feature_layers(command: LoadBoundaries) -> tuple[list[FeatureLayer], list[Problem]]:
    """Return one layer for each level that the file has, from the top down, and what was left aside."""
    spatial = read_layers(command.path, command.layer)
    by_level: dict[Level, list[FeatureLayer]] = {}
    remarks: list[Problem] = []
    for layer in spatial:
        features = read_features(layer, command.level)
        if features is None:
            remarks.append(_left_aside(layer.name, N_("The layer %(name)s names no areas and is left aside.")))
        else:
            by_level.setdefault(features.level, []).append(features)
    if not by_level:
        raise no_columns(spatial)
    chosen = []
    for level in sorted(by_level, key=lambda level: level.rank):
        best, *others = sorted(by_level[level], key=lambda one: one.name.casefold() != _USUAL[level])
        chosen.append(best)
        remarks += [
            _left_aside(one.name, N_("The layer %(name)s is of a level read already: load it by its name."))
            for one in others
        ]
        remarks += [Problem("file", "boundary.assumed", note) for note in best.notes]
    return chosen, remarks


def _left_aside(name: str, message: str) -> Problem:
    return Problem("file", "boundary.layer_left_aside", message, {"name": name})


def _register(work: Work, ground: Ground) -> Register:
    current: dict[Level, dict[int, shapely.Geometry]] = {level: {} for level in Level}
    rows = work.session.execute(
        select(Area.level, Area.id, CurrentShape.wkb)
        .join(CurrentShape, CurrentShape.area_id == Area.id)
        .order_by(Area.code)
    )
    for level, area_id, wkb in rows:
        current[level][area_id] = shapely.from_wkb(bytes(wkb))
    real = {number: given.geometry for number, given in ground.given.items() if not given.is_schematic}
    return Register(list_areas(work), list_aliases(work), current, real)


def _report(draft: Draft, ground: Ground, command: LoadBoundaries) -> LoadReport:
    shaped = [Shaped(planned.area, planned.geometry) for planned in draft.shapes.values()]
    parents = draft.real_parents()
    after = make_layer(_ground_after(ground, draft))
    codes = {area.id: area.code for area in draft.all_areas}
    schematic = sum(given.is_schematic for given in after.values())
    file_name = clean(command.file_name) or command.path.name
    return LoadReport(
        file=file_name,
        edition=clean(command.name) or Path(file_name).stem,
        edition_id=None,
        same_as_edition_id=None,
        rows=tuple(draft.rows),
        overlaps=tuple(find_overlaps(shaped)),
        gaps=tuple(find_gaps(shaped, parents)),
        outside=tuple(find_outside(shaped, parents)),
        remarks=(),
        real=len(after) - schematic,
        schematic=schematic,
        without_boundary=tuple(sorted(code for number, code in codes.items() if number not in after)),
    )


def _ground_after(ground: Ground, draft: Draft) -> Ground:
    new = [Place(area.id, area.parent_id, area.level.rank, area.lon, area.lat) for area in draft.new_areas]
    given = {number: Given(0, planned.geometry, planned.is_schematic) for number, planned in draft.shapes.items()}
    return dataclasses.replace(ground, places=[*ground.places, *new], given={**ground.given, **given})


def _content_hash(shapes: Sequence[PlannedShape]) -> str:
    digest = hashlib.sha256()
    for planned in shapes:
        digest.update(f"{planned.area.code} {planned.is_schematic} ".encode() + shapely.to_wkb(planned.geometry))
    return digest.hexdigest()


def _edition_with(work: Work, content_hash: str) -> int | None:
    """Return the edition that holds exactly this content and is shown."""
    return work.session.scalar(
        select(BoundaryEdition.id)
        .where(BoundaryEdition.content_hash == content_hash, BoundaryEdition.withdrawn_at.is_(None))
        .order_by(BoundaryEdition.id.desc())
        .limit(1)
    )


def _add_areas(work: Work, areas: Sequence[AreaRecord]) -> dict[int, int]:
    """Add the new areas; return their ids by the negative ones of the plan."""
    if not areas:
        return {}
    codes = {area.id: area.code for area in areas}
    known = dict(work.session.execute(select(Area.id, Area.code)).all())
    if set(codes.values()) & set(known.values()):
        raise Conflict(
            "boundary.register_changed", N_("The register changed meanwhile. Look at the file again, then load it.")
        )
    all_codes = {**known, **codes}
    put_areas(work, [_facts_of(area, all_codes) for area in sorted(areas, key=lambda area: area.level.rank)])
    ids = dict(work.session.execute(select(Area.code, Area.id)).all())
    return {number: ids[code] for number, code in codes.items()}


def _facts_of(area: AreaRecord, codes: Mapping[int, str]) -> AreaFacts:
    values = {
        field.name: getattr(area, field.name) for field in dataclasses.fields(AreaFacts) if field.name != "parent_code"
    }
    return AreaFacts(parent_code=codes[area.parent_id] if area.parent_id else None, **values)


def _shape_rows(edition_id: int, shapes: Sequence[PlannedShape], ids: Mapping[int, int]) -> list[tuple[object, ...]]:
    sizes = area_km2(np.array([planned.geometry for planned in shapes], dtype=object))
    return [
        (
            edition_id,
            ids.get(planned.area.id, planned.area.id),
            shapely.to_wkb(planned.geometry),
            float(km2),
            planned.is_schematic,
            planned.written.code,
            planned.written.name,
        )
        for planned, km2 in zip(shapes, sizes, strict=True)
    ]
