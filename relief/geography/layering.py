"""Keeping the current boundaries in step with the editions, and building the schematic ones from facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from sqlalchemy import delete, select

from relief.audit.trail import Deed, record
from relief.geography.facts import LICENCE, SOURCE, Facts
from relief.geography.layer import Given, Ground, Place, make_layer
from relief.geography.model import Area, AreaShape, BoundaryEdition, CurrentShape
from relief.geography.projection import area_km2
from relief.geography.registry import Changes, put_aliases, put_areas
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.bulk import insert_rows
from relief.store.work import Work

SCHEMATIC_NAME = "Schematic"

_COLUMNS = ("area_id", "edition_id", "wkb", "area_km2", "is_schematic", "digest")


@dataclass(frozen=True, slots=True)
class LayerChange:
    """How the current boundaries stand after a refresh."""

    real: int
    schematic: int
    # Codes of areas that have no boundary at all.
    without: tuple[str, ...]
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Built:
    """What building did."""

    areas: int
    areas_changes: Changes
    alias_changes: Changes
    layer: LayerChange


def build(work: Work, facts: Facts) -> Built:
    """Fill the register from the facts and draw the schematic layer; a second run changes nothing."""
    work.actor.require(Permission.BOUNDARY_MANAGE)
    areas = put_areas(work, facts.areas)
    aliases = put_aliases(work, facts.aliases)
    edition_id = _put_schematic_edition(work, facts)
    layer = refresh_layer(work)
    if areas.added or areas.changed or aliases.added or layer.is_changed:
        counts = {"areas_added": areas.added, "areas_changed": areas.changed, "aliases_added": aliases.added}
        record(work, Deed("boundary.schematic_built", "boundary_edition", edition_id, detail=counts))
    return Built(len(facts.areas), areas, aliases, layer)


def _put_schematic_edition(work: Work, facts: Facts) -> int:
    """Keep the provinces' outlines as the one schematic edition; the cells within are drawn by `refresh_layer`."""
    edition = work.session.scalar(select(BoundaryEdition).where(BoundaryEdition.is_schematic))
    digest = hashlib.sha256(b"".join(code.encode() + shape.wkb for code, shape in facts.outlines.items())).hexdigest()
    if edition is None:
        edition = BoundaryEdition(
            name=SCHEMATIC_NAME, source=SOURCE, licence=LICENCE, is_schematic=True, loaded_at=work.at, content_hash=""
        )
        work.session.add(edition)
        work.session.flush()
    if edition.content_hash != digest:
        edition.content_hash, edition.loaded_at = digest, work.at
        work.session.execute(delete(AreaShape).where(AreaShape.edition_id == edition.id))
        ids = dict(work.session.execute(select(Area.code, Area.id)).all())
        shapes = np.array(list(facts.outlines.values()), dtype=object)
        for code, shape, km2 in zip(facts.outlines, shapes, area_km2(shapes), strict=True):
            work.session.add(
                AreaShape(
                    edition_id=edition.id, area_id=ids[code], wkb=shape.wkb, area_km2=float(km2), is_schematic=True
                )
            )
        work.session.flush()
    return edition.id


def refresh_layer(work: Work) -> LayerChange:
    """Derive the current boundaries anew from all editions that are not withdrawn."""
    work.session.flush()
    ground = read_ground(work)
    layer = make_layer(ground)
    rows = list(_rows(layer))
    before = set(work.session.execute(select(CurrentShape.area_id, CurrentShape.edition_id, CurrentShape.digest)))
    is_changed = {(row[0], row[1], row[5]) for row in rows} != before
    if is_changed:
        work.session.execute(delete(CurrentShape))
        insert_rows(work, CurrentShape.__table__, _COLUMNS, rows)  # type: ignore[arg-type]
    without = [place.id for place in ground.places if place.id not in layer]
    codes = work.session.scalars(select(Area.code).where(Area.id.in_(without)).order_by(Area.code))
    schematic = sum(given.is_schematic for given in layer.values())
    return LayerChange(len(layer) - schematic, schematic, tuple(codes), is_changed)


def _rows(layer: dict[int, Given]) -> Iterable[tuple[object, ...]]:
    sizes = area_km2(np.array([given.geometry for given in layer.values()], dtype=object))
    for (area_id, given), km2 in zip(sorted(layer.items()), sizes[np.argsort(list(layer))], strict=True):
        wkb = shapely.to_wkb(given.geometry)
        yield area_id, given.edition_id, wkb, float(km2), given.is_schematic, hashlib.sha256(wkb).digest()


def read_ground(work: Work) -> Ground:
    """Return all areas with the latest boundary that an edition gives for each."""
    ranked = work.session.execute(select(Area.id, Area.parent_id, Area.level, Area.lon, Area.lat).order_by(Area.code))
    places = [Place(number, parent, level.rank, lon, lat) for number, parent, level, lon, lat in ranked]
    query = (
        select(
            AreaShape.area_id, AreaShape.edition_id, AreaShape.wkb, AreaShape.is_schematic, BoundaryEdition.is_schematic
        )
        .join(BoundaryEdition, BoundaryEdition.id == AreaShape.edition_id)
        .where(BoundaryEdition.withdrawn_at.is_(None))
        .order_by(BoundaryEdition.id)
    )
    given: dict[int, Given] = {}
    outlines: dict[int, shapely.Geometry] = {}
    for area_id, edition_id, wkb, is_schematic, is_outline in work.session.execute(query):
        shape = shapely.from_wkb(bytes(wkb))
        if is_outline:
            outlines[area_id] = shape
        else:
            given[area_id] = Given(edition_id, shape, is_schematic)
    schematic = work.session.scalar(select(BoundaryEdition.id).where(BoundaryEdition.is_schematic))
    if schematic is None:
        raise RuleViolation("boundary.not_built", N_("Build the schematic areas first: relief geography build."))
    return Ground(places, given, outlines, schematic)


def withdraw_edition(work: Work, edition_id: int) -> LayerChange:
    """Stop showing a loaded edition: what was loaded before it, or the schematic boundary, is shown again.

    Raises: Forbidden if it has areas outside the actor's; NotFound "boundary.no_edition"; RuleViolation "boundary.schematic_stays".
    """
    work.actor.require(Permission.BOUNDARY_MANAGE)
    edition = work.session.get(BoundaryEdition, edition_id)
    if edition is None:
        raise NotFound("boundary.no_edition", N_("There is no such edition of boundaries."))
    if edition.is_schematic:
        raise RuleViolation(
            "boundary.schematic_stays", N_("The schematic boundaries stay: they stand in where no others are.")
        )
    paths = select(Area.path).join(AreaShape, AreaShape.area_id == Area.id).where(AreaShape.edition_id == edition_id)
    for path in work.session.scalars(paths).all():
        work.actor.require(Permission.BOUNDARY_MANAGE, path)
    if edition.withdrawn_at is not None:
        return refresh_layer(work)
    edition.withdrawn_at = work.at
    layer = refresh_layer(work)
    record(work, Deed("boundary.withdrawn", "boundary_edition", edition.id))
    return layer
