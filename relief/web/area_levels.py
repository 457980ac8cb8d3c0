"""Showing figures of Union Councils by a larger area: which levels there are to choose from, and what lies in what."""

from __future__ import annotations

from collections.abc import Iterable

from relief.geography.model import Level
from relief.geography.queries import AreaRecord, get_area, list_areas
from relief.store.work import Work


class AreaLevels:
    """The areas of a campaign's area, to be shown at the level that was asked for, else the first below its own."""

    def __init__(self, work: Work, area_id: int, asked: str | None = None) -> None:
        self.top = get_area(work, area_id)
        self.areas = {area.id: area for area in list_areas(work, None, self.top.path)}
        self.levels = [level for level in Level if level.rank > self.top.level.rank] or [Level.UC]
        self.level = next((level for level in self.levels if level.value == asked), self.levels[0])

    def areas_above(self, uc_ids: Iterable[int]) -> dict[int, int]:
        """Return for each Union Council the area of the level in which it lies."""
        return {uc_id: self._above(self.areas[uc_id]).id for uc_id in uc_ids}

    def parent_of(self, area: AreaRecord) -> AreaRecord | None:
        """Return what the area lies in, None where that is the whole area anyway."""
        return None if area.parent_id == self.top.id else self.areas.get(area.parent_id or 0)

    def _above(self, area: AreaRecord) -> AreaRecord:
        while area.level is not self.level and area.parent_id in self.areas:
            area = self.areas[area.parent_id]
        return area
