"""Telling which area a feature of a boundary layer is: by code, by name and parent, by a similar name, by position."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from relief.geography.features import Feature, Written
from relief.geography.gazetteer import Gazetteer
from relief.geography.locator import Locator
from relief.geography.model import Level
from relief.geography.names import likeness, place_key
from relief.geography.projection import distance_m
from relief.geography.queries import AreaRecord
from relief.geography.report import MatchedBy

# Two editions number provinces differently (Sindh is PK7 in one and PK8 in the other): codes are believed only if most of
# the names that come with them agree.
_AGREEING_SHARE = 0.5
_SAME_NAME = 0.6
# Spelled so nearly alike that within one taluka nothing else can be meant: "Beeto" and "Beto".
_SIMILAR_NAME = 0.8
_DIGITS = re.compile(r"\d+")
# Farther than this from the place that is known of the area, the match cannot be right.
FARTHEST_M = 30_000


@dataclass(frozen=True, slots=True)
class Matched:
    """A feature with a usable shape, and the area it was found to be."""

    feature: Feature
    geometry: shapely.Geometry
    # The areas above as the columns name them, as low as they could be told, and the one above in which it lies.
    named_above: tuple[AreaRecord, ...] = ()
    located_in: AreaRecord | None = None
    area: AreaRecord | None = None
    matched_by: MatchedBy | None = None

    @property
    def parent(self) -> AreaRecord | None:
        """The area directly above: as the columns say if they do, else where the feature lies."""
        above = self.feature.level.above
        told = [area for area in self.named_above if area.level is above]
        return told[0] if len(told) == 1 else self.located_in


# Finds areas of a name below some others.
_Search = Callable[[str, Collection[int] | None], Sequence[AreaRecord]]


class Matcher:
    """Matches the features of one level against the register."""

    def __init__(self, gazetteer: Gazetteer, ground: Mapping[Level, Locator], features: Sequence[Feature]) -> None:
        """Args: ground: today's boundaries, with those that the same file holds for the levels above."""
        self._gazetteer = gazetteer
        self._ground = ground
        self.trusts_codes = codes_agree(gazetteer, features)

    def match(self, found: Sequence[tuple[Feature, shapely.Geometry]]) -> list[Matched]:
        """Return the features in their order, each with its area if it could be told; no area twice unless by its code."""
        matched = [self._by_code(feature, shape) for feature, shape in found]
        self._claim(matched, MatchedBy.NAME, self._named)
        self._claim(matched, MatchedBy.SIMILAR_NAME, self._similar)
        self._claim(matched, MatchedBy.POSITION, self._covered)
        return matched

    def _by_code(self, feature: Feature, geometry: shapely.Geometry) -> Matched:
        scope = self._named_above(feature)
        located = self._located_in(feature.level, geometry)
        area = self._gazetteer.with_code(feature.written.code or "") if self.trusts_codes else None
        if area is None or area.level is not feature.level:
            return Matched(feature, geometry, scope, located)
        return Matched(feature, geometry, scope, located, area, MatchedBy.CODE)

    def _named_above(self, feature: Feature) -> tuple[AreaRecord, ...]:
        scope: tuple[AreaRecord, ...] = ()
        for level in Level:
            written = feature.above.get(level)
            if written is not None:
                scope = tuple(self._above(level, written, scope)) or scope
        return scope

    def _above(self, level: Level, written: Written, scope: Sequence[AreaRecord]) -> Iterable[AreaRecord]:
        coded = self._gazetteer.with_code(written.code) if self.trusts_codes and written.code else None
        if coded is not None and coded.level is level:
            return [coded]
        if written.name is None:
            return []
        under = [area.id for area in scope] or None
        return self._gazetteer.named(level, written.name, under) or self._likest(level, written.name, under)

    def _located_in(self, level: Level, geometry: shapely.Geometry) -> AreaRecord | None:
        if level.above is None or level.above not in self._ground:
            return None
        middle = shapely.point_on_surface(geometry)
        found = self._ground[level.above].locate_one(middle.x, middle.y)
        return None if found is None else self._gazetteer.areas[found]

    def _likest(self, level: Level, name: str, under: Collection[int] | None) -> Sequence[AreaRecord]:
        if not under:
            return []
        near = self._gazetteer.nearly_named(level, name, under, likeness_floor=_SIMILAR_NAME)
        # "Matli 1" and "Matli 2" are alike, and two places.
        return [area for area in near if _DIGITS.findall(area.name_en) == _DIGITS.findall(name)][:1]

    def _named(self, one: Matched) -> Sequence[AreaRecord]:
        level = one.feature.level
        return self._search(one, lambda name, under: self._gazetteer.named(level, name, under))

    def _similar(self, one: Matched) -> Sequence[AreaRecord]:
        level = one.feature.level
        return self._search(one, lambda name, under: self._likest(level, name, under))

    def _search(self, one: Matched, search: _Search) -> Sequence[AreaRecord]:
        """Return what the search finds within what the columns name above, else where the feature lies."""
        name = one.feature.written.name
        if name is None:
            return []
        if one.feature.level is Level.PROVINCE:
            return search(name, None)
        found: Sequence[AreaRecord] = []
        if one.named_above:
            found = search(name, [area.id for area in one.named_above])
        return found or (search(name, [one.located_in.id]) if one.located_in else [])

    def _covered(self, one: Matched) -> Sequence[AreaRecord]:
        """Return the areas of the level whose known place the feature covers."""
        above = {area.id for area in (one.parent, one.located_in) if area is not None}
        return [
            area
            for area in self._gazetteer.areas.values()
            if area.level is one.feature.level and area.parent_id in above and _covers(one.geometry, area)
        ]

    def _claim(self, matched: list[Matched], way: MatchedBy, find: Callable[[Matched], Sequence[AreaRecord]]) -> None:
        """Give the areas found to the features without one, the nearest pairs first; by position only where one is left."""
        taken = {one.area.id for one in matched if one.area is not None}
        pairs = []
        for number, one in enumerate(matched):
            if one.area is not None:
                continue
            areas = [area for area in find(one) if area.id not in taken]
            if way is not MatchedBy.POSITION or len(areas) == 1:
                pairs += [(_distance_m(one.geometry, area), number, area.code, area) for area in areas]
        for distance, number, _code, area in sorted(pairs, key=lambda pair: pair[:3]):
            if matched[number].area is None and area.id not in taken and distance <= FARTHEST_M:
                matched[number] = dataclasses.replace(matched[number], area=area, matched_by=way)
                taken.add(area.id)


def codes_agree(gazetteer: Gazetteer, features: Iterable[Feature]) -> bool:
    """Return whether the codes of a layer are of the register's scheme, judged by the names beside them.

    Codes that the register does not know say nothing; a layer whose codes come without names is believed: what lies far
    from its place is refused later.
    """
    written = {
        (level, one)
        for feature in features
        for level, one in [*feature.above.items(), (feature.level, feature.written)]
        if one.code and one.name
    }
    agreeing = known = 0
    for level, one in written:
        area = gazetteer.with_code(one.code or "")
        if area is not None and area.level is level:
            known += 1
            agreeing += _is_called(gazetteer, area, one.name or "")
    return agreeing >= known * _AGREEING_SHARE


def _is_called(gazetteer: Gazetteer, area: AreaRecord, name: str) -> bool:
    if any(found.id == area.id for found in gazetteer.named(area.level, name)):
        return True
    return likeness(place_key(area.name_en), place_key(name)) >= _SAME_NAME


def _distance_m(geometry: shapely.Geometry, area: AreaRecord) -> float:
    """Return how far the shape lies from the place known of the area; 0 where none is known."""
    if area.lon is None or area.lat is None:
        return 0.0
    return float(distance_m(geometry, np.array([area.lon]), np.array([area.lat]))[0])


def is_misplaced(geometry: shapely.Geometry, area: AreaRecord) -> bool:
    """Return whether the shape lies too far from the place known of the area to be it."""
    return _distance_m(geometry, area) > FARTHEST_M


def _covers(geometry: shapely.Geometry, area: AreaRecord) -> bool:
    if area.lon is None or area.lat is None:
        return False
    return bool(shapely.intersects_xy(geometry, area.lon, area.lat))
