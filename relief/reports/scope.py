"""What of the country a person may see in a report, and the names of its areas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relief.geography.model import Level
from relief.kernel.actor import EVERYWHERE
from relief.kernel.errors import Forbidden, NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.statement import Statement
from relief.store.work import Work

_AREAS = Statement("SELECT id, code, level, path, name_en, name_ur, name_sd FROM area ORDER BY path")


@dataclass(frozen=True, slots=True)
class Place:
    """An area by name; `area_name` of the pages shows it in their language."""

    id: int
    code: str
    level: Level
    path: str
    name_en: str
    name_ur: str | None
    name_sd: str | None

    @property
    def ids(self) -> list[int]:
        """The ids from the province down to the area itself."""
        return [int(part) for part in self.path.strip("/").split("/")]


@dataclass(frozen=True, slots=True)
class Scope:
    """The areas of a permission. What has no area belongs to the whole, and is seen by those who see the whole."""

    places: Mapping[int, Place]
    sees_all: bool
    # The levels by which figures are told apart: those whose areas are seen whole, districts and below.
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, work: Work, permission: Permission) -> Scope:
        """Return what the actor may see. Raises: Forbidden where that is nothing."""
        work.actor.require(permission)
        paths = work.actor.paths(permission)
        every = [Place(row[0], row[1], Level(row[2]), *row[3:]) for row in _AREAS.rows(work, {})]
        seen = {place.id: place for place in every if place.path.startswith(paths)}
        sees_all = EVERYWHERE in paths or (bool(every) and len(seen) == len(every))
        return cls(seen, sees_all, _levels_of(seen))

    @classmethod
    def whole(cls, work: Work, permission: Permission) -> Scope:
        """Return what the actor may see where that is the whole country. Raises: Forbidden "access.part_of_country"."""
        scope = cls.of(work, permission)
        if not scope.sees_all:
            raise Forbidden(
                "access.part_of_country",
                N_("This looks at the whole country, and your role covers a part of it."),
            )
        return scope

    def sees(self, area_id: int | None) -> bool:
        """Return whether something in that area, or in none, is seen."""
        return self.sees_all or area_id in self.places

    def require(self, area_id: int | None) -> Place | None:
        """Return the area asked for, None if none is. Raises: NotFound "area.not_found" for one that is not seen."""
        if area_id is None:
            return None
        if area_id not in self.places:
            raise NotFound("area.not_found", N_("There is no such area among yours."))
        return self.places[area_id]

    def at_level(self, area_id: int | None, level: Level) -> Place | None:
        """Return the area of a level in which an area lies; None if that is not seen, or it lies above the level."""
        place = self.places.get(area_id or 0)
        if place is None or place.level.rank < level.rank:
            return None
        return self.places.get(place.ids[level.rank])

    def within(self, place: Place) -> set[int]:
        """Return the ids of an area and of all in it."""
        return {other.id for other in self.places.values() if other.path.startswith(place.path)}


def _levels_of(places: Mapping[int, Place]) -> tuple[Level, ...]:
    paths = {place.path for place in places.values()}
    tops = [place for place in places.values() if place.path[:-1].rpartition("/")[0] + "/" not in paths]
    coarsest = max((place.level.rank for place in tops), default=0)
    return tuple(level for level in Level if level.rank >= max(coarsest, Level.DISTRICT.rank))
