"""The shapes that a boundary file would give to areas, put together level by level, with a report on every row."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import shapely

from relief.geography.assignment import FARTHEST_M, Matched, Matcher, is_misplaced
from relief.geography.checking import Shaped, lies_inside
from relief.geography.features import Feature, FeatureLayer, Written
from relief.geography.gazetteer import Gazetteer
from relief.geography.locator import LocatedShape, Locator
from relief.geography.model import Level
from relief.geography.names import place_key
from relief.geography.queries import AliasRecord, AreaRecord
from relief.geography.repair import Flaw, mend
from relief.geography.report import MatchedBy, Outcome, RowReport
from relief.kernel.errors import Problem
from relief.kernel.messages import N_

# Codes of areas that no edition known here has: PK7D31, PK70304U25.
_CODE_LETTERS = {Level.PROVINCE: "P", Level.DISTRICT: "D", Level.TALUKA: "T", Level.UC: "U"}

_OTHER_SCHEME = Problem(
    "code",
    "boundary.other_scheme",
    N_("The codes are of another edition's numbering: areas are told by their names and parents."),
)


@dataclass(frozen=True, slots=True)
class PlannedShape:
    """The boundary that an area would get."""

    area: AreaRecord
    geometry: shapely.Geometry
    is_schematic: bool
    written: Written


@dataclass(frozen=True, slots=True)
class Register:
    """What is known before the load."""

    areas: Sequence[AreaRecord]
    aliases: Sequence[AliasRecord]
    # Today's boundary of each area, by level.
    current: Mapping[Level, Mapping[int, shapely.Geometry]]
    # Those of them that are real.
    real: Mapping[int, shapely.Geometry]


class Draft:
    """Takes layers from the top level down, so that areas find their parents in the same file."""

    def __init__(self, register: Register, *, adds_unknown: bool) -> None:
        self._register = register
        self._adds_unknown = adds_unknown
        self._gazetteer = Gazetteer(register.areas, register.aliases)
        self._parents: dict[int, Shaped] = {}
        self.shapes: dict[int, PlannedShape] = {}
        self.new_areas: list[AreaRecord] = []
        self.rows: list[RowReport] = []
        self.remarks: list[Problem] = []

    def take(self, layer: FeatureLayer) -> None:
        """Match, mend and check the features of one layer."""
        usable: list[tuple[Feature, shapely.Geometry]] = []
        flaws: dict[int, list[Problem]] = {}
        for feature in layer.features:
            geometry, found = mend(feature.geometry)
            flaws[feature.row] = [_flaw(flaw) for flaw in found]
            if geometry is None:
                self.rows.append(_report(feature, None, Outcome.REFUSED, flaws[feature.row]))
            else:
                usable.append((feature, geometry))
        self._parents = self.real_parents()
        matcher = Matcher(self._gazetteer, self._ground(layer.level), layer.features)
        if not matcher.trusts_codes and _OTHER_SCHEME not in self.remarks:
            self.remarks.append(_OTHER_SCHEME)
        for matched in matcher.match(usable):
            self._settle(matched, flaws[matched.feature.row], trusts_codes=matcher.trusts_codes)
        self.rows.sort(key=lambda row: (row.layer, row.row))
        self._gazetteer = Gazetteer(self.all_areas, self._register.aliases)

    @property
    def all_areas(self) -> list[AreaRecord]:
        """The areas of the register and those that the load would add."""
        return [*self._register.areas, *self.new_areas]

    def real_parents(self) -> dict[int, Shaped]:
        """Return the real boundaries that children are held to: of this load, else of earlier ones."""
        areas = self._gazetteer.areas
        real = {number: Shaped(areas[number], geometry) for number, geometry in self._register.real.items()}
        planned = {
            number: Shaped(one.area, one.geometry) for number, one in self.shapes.items() if not one.is_schematic
        }
        real.update(planned)
        return real

    def _ground(self, level: Level) -> dict[Level, Locator]:
        above = level.above
        if above is None:
            return {}
        shapes = [LocatedShape(number, shape, True) for number, shape in self._register.current.get(above, {}).items()]
        planned = [one for one in self.shapes.values() if one.area.level is above]
        shapes += [LocatedShape(one.area.id, one.geometry, False) for one in planned]
        return {above: Locator(shapes)} if shapes else {}

    def _settle(self, matched: Matched, problems: list[Problem], *, trusts_codes: bool) -> None:
        """Decide what becomes of one feature with a usable shape."""
        if matched.area is None and self._adds_unknown:
            matched = self._with_new_area(matched, trusts_codes=trusts_codes)
        area = matched.area
        if area is None:
            self.rows.append(_report(matched.feature, matched, Outcome.UNMATCHED, [*problems, _no_area(matched)]))
            return
        refusal = self._refusal(matched, area)
        if refusal is not None:
            self.rows.append(_report(matched.feature, matched, Outcome.REFUSED, [*problems, refusal]))
            return
        self.rows.append(_report(matched.feature, matched, self._put(matched, area), problems))

    def _put(self, matched: Matched, area: AreaRecord) -> Outcome:
        """Give the shape to the area; a second feature of one area is a further part of it, or the same again."""
        held = self.shapes.get(area.id)
        geometry = shapely.normalize(matched.geometry)
        if held is None:
            planned = PlannedShape(area, geometry, matched.feature.is_schematic, matched.feature.written)
            self.shapes[area.id] = planned
            return Outcome.LOADED
        whole = shapely.normalize(shapely.union(held.geometry, geometry))
        self.shapes[area.id] = dataclasses.replace(held, geometry=whole)
        adds = shapely.area(whole) > shapely.area(held.geometry) * (1 + 1e-9)
        return Outcome.JOINED if adds else Outcome.DUPLICATE

    def _refusal(self, matched: Matched, area: AreaRecord) -> Problem | None:
        if is_misplaced(matched.geometry, area):
            return Problem(
                "geometry",
                "boundary.misplaced",
                N_("The shape lies more than %(km)s km from where %(area)s is."),
                {"km": FARTHEST_M // 1000, "area": area.name_en},
            )
        parent = self._parents.get(area.parent_id or 0)
        if parent is not None and not lies_inside(matched.geometry, parent.geometry):
            return Problem(
                "geometry",
                "boundary.outside_parent",
                N_("More than half of the shape lies outside %(parent)s, to which %(area)s belongs."),
                {"parent": parent.area.name_en, "area": area.name_en},
            )
        return None

    def _with_new_area(self, matched: Matched, *, trusts_codes: bool) -> Matched:
        """Return the feature with an area made for it, if it has a name and a place under a known parent."""
        feature, parent = matched.feature, matched.parent
        if feature.written.name is None or (parent is None and feature.level.above is not None):
            return matched
        key = place_key(feature.written.name)
        area = next(
            (new for new in self.new_areas if (new.parent_id, place_key(new.name_en)) == (_id(parent), key)), None
        )
        if area is None or area.level is not feature.level:
            area = self._new_area(matched, parent, trusts_codes=trusts_codes)
            self.new_areas.append(area)
        return dataclasses.replace(matched, area=area, matched_by=MatchedBy.ADDED)

    def _new_area(self, matched: Matched, parent: AreaRecord | None, *, trusts_codes: bool) -> AreaRecord:
        feature, number = matched.feature, -1 - len(self.new_areas)
        place = shapely.point_on_surface(matched.geometry)
        return AreaRecord(
            id=number,  # Negative until the database gives one out.
            code=self._free_code(feature, parent, trusts_codes=trusts_codes),
            level=feature.level,
            parent_id=_id(parent),
            path=f"{parent.path if parent else '/'}{number}/",
            name_en=feature.written.name or "",
            name_ur=feature.name_ur,
            name_sd=feature.name_sd,
            lon=round(float(place.x), 4),
            lat=round(float(place.y), 4),
            population=None,
            households=None,
            is_named=True,
            facts={},
        )

    def _free_code(self, feature: Feature, parent: AreaRecord | None, *, trusts_codes: bool) -> str:
        """Return the file's own code if it continues the parent's, else the next local one."""
        taken = {area.code.upper() for area in self.all_areas}
        stem = parent.code if parent else "PK"
        own = feature.written.code or ""
        if trusts_codes and own.upper().startswith(stem) and own.upper() not in taken and len(own) <= 20:
            return own.upper()
        letter = _CODE_LETTERS[feature.level]
        return next(code for n in range(1, 10_000) if (code := f"{stem}{letter}{n:02d}") not in taken)


def _id(area: AreaRecord | None) -> int | None:
    return area.id if area is not None else None


def _flaw(flaw: Flaw) -> Problem:
    return Problem("geometry", f"boundary.{flaw}", flaw.label)


def _no_area(matched: Matched) -> Problem:
    parent = matched.parent
    if matched.feature.written.name is None and matched.feature.written.code is None:
        return Problem("name", "boundary.unnamed", N_("The feature has neither a name nor a code."))
    if parent is None:
        return Problem("name", "boundary.unknown_area", N_("The register has no such area."))
    message = N_("The register has no such area in %(parent)s.")
    return Problem("name", "boundary.unknown_area", message, {"parent": parent.name_en})


def _report(feature: Feature, matched: Matched | None, outcome: Outcome, remarks: Sequence[Problem]) -> RowReport:
    area = matched.area if matched else None
    return RowReport(
        layer=feature.layer,
        row=feature.row,
        level=feature.level.value,
        name=feature.written.name,
        code=feature.written.code,
        outcome=outcome,
        matched_by=matched.matched_by if matched else None,
        area_code=area.code if area else None,
        area_name=area.name_en if area else None,
        remarks=tuple(remarks),
    )
