"""Finding areas by the names that people write: any script, case, spacing and alias, for one name or a whole file."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relief.geography.model import Level
from relief.geography.names import closest, place_key
from relief.geography.queries import AliasRecord, AreaRecord, list_aliases, list_areas
from relief.kernel.errors import Problem
from relief.kernel.messages import N_
from relief.kernel.text import clean, search_key
from relief.store.work import Work

NOT_FOUND = 0

# Looking for near spellings costs a millisecond: enough for every honest file, not for one made of unknown names.
_MOST_SUGGESTIONS = 2_000
_MOST_REMEMBERED = 100_000
_LONGEST_SHOWN = 60

# A Union Council as a form or file names it: district, taluka, UC, each a name or a code; those above may be empty.
WrittenPlace = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """What a written place stands for. An `area_id` beside a `problem` is a best guess for a person to look at."""

    area_id: int | None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Matches:
    """What many written places stand for: `area_id` of shape (n,), 0 where unknown; problems by row number from 0."""

    area_id: NDArray[np.int64]
    problems: Mapping[int, Problem]


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What a written place stands for; without a `match`, several areas of one name: the point decides."""

    match: Match | None
    areas: tuple[AreaRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where to look next: the areas named so far, and how to speak of them."""

    under: tuple[int, ...] | None = None
    words: str = "Pakistan"
    problem: Problem | None = None


class Gazetteer:
    """All areas and their names held ready. Make one for a page or an import."""

    def __init__(self, areas: Sequence[AreaRecord], aliases: Sequence[AliasRecord] = ()) -> None:
        self.areas = {area.id: area for area in areas}
        self._by_code = {area.code.upper(): area for area in areas}
        self._lineage = {area.id: frozenset(map(int, area.path.strip("/").split("/"))) for area in areas}
        keys: dict[tuple[Level, str], dict[int, None]] = defaultdict(dict)
        for area in sorted(areas, key=lambda area: area.code):
            for name in filter(None, (area.name_en, area.name_ur, area.name_sd)):
                keys[area.level, place_key(name)][area.id] = None
        for alias in aliases:
            if alias.area_id in self.areas:
                keys[self.areas[alias.area_id].level, place_key(alias.alias)][alias.area_id] = None
        self._by_key = {key: tuple(ids) for key, ids in keys.items()}
        self._remembered: dict[WrittenPlace, _Resolved] = {}
        self._suggestions_left = _MOST_SUGGESTIONS

    @classmethod
    def load(cls, work: Work) -> Gazetteer:
        """Return the gazetteer of all areas."""
        return cls(list_areas(work), list_aliases(work))

    def with_code(self, code: str) -> AreaRecord | None:
        """Return the area with that code, or None."""
        return self._by_code.get(code.strip().upper())

    def named(self, level: Level, name: str, under: Iterable[int] | None = None) -> list[AreaRecord]:
        """Return the areas of the level with that name or alias, within any of the areas `under`, by code.

        Where the name differs from others only by its spaces, the one written just so is meant.
        """
        found = [self.areas[number] for number in self._by_key.get((level, place_key(name)), ())]
        if under is not None:
            within = set(under)
            found = [area for area in found if self._lineage[area.id] & within]
        if len(found) > 1:
            key = search_key(name)
            exact = [area for area in found if key in (search_key(known) for known in _own_names(area))]
            found = exact or found
        return found

    def nearly_named(
        self, level: Level, name: str, under: Iterable[int] | None = None, *, likeness_floor: float = 0.7
    ) -> list[AreaRecord]:
        """Return up to three areas of the level whose names are spelled nearly so, the likest first."""
        within = None if under is None else set(under)
        known: dict[str, list[AreaRecord]] = defaultdict(list)
        for (key_level, key), ids in self._by_key.items():
            if key_level is level:
                areas = [self.areas[number] for number in ids]
                known[key] = [area for area in areas if within is None or self._lineage[area.id] & within]
        keys = closest(place_key(name), [key for key, areas in known.items() if areas], likeness_floor=likeness_floor)
        return list({area.id: area for key in keys for area in known[key]}.values())[:3]

    def find_uc(self, district: str, taluka: str, uc: str, at: tuple[float, float] | None = None) -> Match:
        """Return the Union Council that is meant; where a name stands twice, the one nearer to the point.

        Args: district, taluka, uc: names or codes; those above the UC may be empty; at: longitude and latitude, degrees.
        Returns: a problem's field is "district", "taluka" or "uc"; its code area.missing, area.unknown, area.elsewhere, or
            area.ambiguous: this one comes with the first of the Union Councils in question.
        """
        return self._find((district, taluka, uc), at)

    def find_ucs(self, places: Iterable[WrittenPlace], lon: ArrayLike, lat: ArrayLike) -> Matches:
        """Return `find_uc` for many rows at once; each distinct place is looked up once.

        Args: places: n triples of district, taluka and UC; lon, lat: shape (n,), degrees, NaN where not known.
        """
        x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
        ids = np.full(len(x), NOT_FOUND, dtype=np.int64)
        problems: dict[int, Problem] = {}
        for row, place in enumerate(places):
            match = self._find(place, (x[row], y[row]))
            ids[row] = match.area_id or NOT_FOUND
            if match.problem is not None:
                problems[row] = match.problem
        return Matches(ids, problems)

    def _find(self, place: WrittenPlace, at: tuple[float, float] | None) -> Match:
        resolved = self._resolve(place)
        return resolved.match or self._nearest(place, resolved.areas, at)

    def _resolve(self, place: WrittenPlace) -> _Resolved:
        known = self._remembered.get(place)
        if known is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[place] = self._look_up(place)
        return known

    def _look_up(self, place: WrittenPlace) -> _Resolved:
        district, taluka, uc = place
        scope = self._descend(self._descend(_Scope(), Level.DISTRICT, district), Level.TALUKA, taluka)
        coded = self.with_code(uc)
        if coded is not None and coded.level is Level.UC:
            return _Resolved(self._check_coded(coded, scope))
        if scope.problem is not None:
            return _Resolved(Match(None, scope.problem))
        if not clean(uc):
            return _Resolved(Match(None, Problem("uc", "area.missing", N_("The Union Council is missing."))))
        found = self.named(Level.UC, uc, scope.under)
        if not found:
            return _Resolved(Match(None, self._unknown(Level.UC, uc, scope)))
        return _Resolved(Match(found[0].id)) if len(found) == 1 else _Resolved(None, tuple(found))

    def _descend(self, scope: _Scope, level: Level, name: str) -> _Scope:
        """Return the scope narrowed to the area of that name or code; an empty name narrows nothing."""
        if scope.problem is not None or not clean(name):
            return scope
        coded = self.with_code(name)
        if coded is not None and coded.level is level and (scope.under is None or self._lies_in(coded, scope.under)):
            found = [coded]
        else:
            found = self.named(level, name, scope.under)
        if not found:
            return _Scope(scope.under, scope.words, self._unknown(level, name, scope))
        return _Scope(tuple(area.id for area in found), found[0].name_en)

    def _lies_in(self, area: AreaRecord, under: Iterable[int]) -> bool:
        return not self._lineage[area.id].isdisjoint(under)

    def _check_coded(self, uc: AreaRecord, scope: _Scope) -> Match:
        # A code is exact; a place above that is not known says nothing against it, one that is known and differs does.
        if scope.under is None or self._lies_in(uc, scope.under):
            return Match(uc.id)
        message = N_("%(code)s is a Union Council, and it does not lie in %(place)s.")
        return Match(None, Problem("uc", "area.elsewhere", message, {"code": uc.code, "place": scope.words}))

    def _unknown(self, level: Level, name: str, scope: _Scope) -> Problem:
        params: dict[str, object] = {"name": clean(name)[:_LONGEST_SHOWN], "place": scope.words}
        elsewhere = self.named(level, name) if scope.under else []
        if elsewhere:
            near_by = max(elsewhere, key=lambda area: len(self._lineage[area.id] & self._lineage_of(scope)))
            params["other"] = self._parent(near_by).name_en
            return Problem(
                level.value,
                "area.elsewhere",
                N_("%(name)s does not lie in %(place)s; there is one in %(other)s."),
                params,
            )
        if self._suggestions_left > 0:
            self._suggestions_left -= 1
            near = self.nearly_named(level, name, scope.under)
            if near:
                params["suggestions"] = ", ".join(area.name_en for area in near)
                return Problem(level.value, "area.unknown", _UNKNOWN_NEAR[level], params)
        return Problem(level.value, "area.unknown", _UNKNOWN[level], params)

    def _lineage_of(self, scope: _Scope) -> frozenset[int]:
        return frozenset().union(*(self._lineage[number] for number in scope.under or ()))

    def _parent(self, area: AreaRecord) -> AreaRecord:
        return self.areas[area.parent_id] if area.parent_id is not None else area

    def _nearest(self, place: WrittenPlace, areas: Sequence[AreaRecord], at: tuple[float, float] | None) -> Match:
        if at is None or not all(map(math.isfinite, at)):
            params = {"name": clean(place[2])[:_LONGEST_SHOWN], "codes": ", ".join(area.code for area in areas)}
            message = N_("%(name)s stands for %(codes)s, and there is no GPS to tell which.")
            return Match(areas[0].id, Problem("uc", "area.ambiguous", message, params))
        return Match(min(areas, key=lambda area: _nearness(area, at)).id)


def _nearness(area: AreaRecord, at: tuple[float, float]) -> float:
    if area.lon is None or area.lat is None:
        return math.inf
    return math.hypot((area.lon - at[0]) * math.cos(math.radians(at[1])), area.lat - at[1])


_UNKNOWN = {
    Level.DISTRICT: N_("There is no district %(name)s."),
    Level.TALUKA: N_("There is no taluka %(name)s in %(place)s."),
    Level.UC: N_("There is no Union Council %(name)s in %(place)s."),
}
_UNKNOWN_NEAR = {
    Level.DISTRICT: N_("There is no district %(name)s. Did you mean %(suggestions)s?"),
    Level.TALUKA: N_("There is no taluka %(name)s in %(place)s. Did you mean %(suggestions)s?"),
    Level.UC: N_("There is no Union Council %(name)s in %(place)s. Did you mean %(suggestions)s?"),
}


def _own_names(area: AreaRecord) -> Iterable[str]:
    return filter(None, (area.name_en, area.name_ur, area.name_sd))
