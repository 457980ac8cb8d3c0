"""Choosing an area in a form: a list where there are few, a search by code or name in any script where there are many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import overload

from flask import Blueprint, render_template, request, url_for

from relief.geography import queries
from relief.geography.model import Level
from relief.geography.queries import AreaRecord
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.store.work import Work, reading
from relief.web.access import Answer, current_actor, signed_in
from relief.web.formats import area_name, label
from relief.web.forms import Form

bp = Blueprint("areas", __name__, url_prefix="/areas")

LONGEST_LIST = 160
_CODE = re.compile(r"\b[A-Z]{2}[0-9][0-9A-Z]*\b")


@dataclass(frozen=True, slots=True)
class AreaChoices:
    """What an area field offers: all areas in groups where they are few, else the address that finds some."""

    name: str
    groups: list[tuple[str, list[tuple[str, str]]]]
    suggest_url: str | None = None


@dataclass(frozen=True, slots=True)
class AreaField:
    """A field for an area in which the actor has a permission; of one level, or inside one area, if it says so."""

    name: str
    permission: Permission
    level: Level | None = None
    under: str | None = None

    def choices(self) -> AreaChoices:
        """Return what the field offers to the current actor."""
        with reading(current_actor()) as work:
            areas = self.allowed(work)
        if len(areas) <= LONGEST_LIST:
            return AreaChoices(self.name, _grouped(areas))
        level = self.level.value if self.level else None
        address = url_for(
            "areas.suggest", permission=self.permission.value, level=level, under=self.under, field=self.name
        )
        return AreaChoices(self.name, [], address)

    @overload
    def read(self, work: Work, form: Form) -> AreaRecord: ...
    @overload
    def read(self, work: Work, form: Form, *, required: bool) -> AreaRecord | None: ...
    def read(self, work: Work, form: Form, *, required: bool = True) -> AreaRecord | None:
        """Return the area that the form names by code or name; several of one name are offered to choose from."""

        def parser(text: str) -> AreaRecord:
            found = self._find(work, text)
            if len(found) > 1:
                form.candidates[self.name] = [(area.code, describe(area, work)) for area in found]
                raise InvalidInput("area.ambiguous", N_("Several areas have this name. Choose one."))
            return found[0]

        return form.parse(self.name, parser, required=required)

    def allowed(self, work: Work) -> list[AreaRecord]:
        """Return the areas that the field takes from the actor, by code."""
        found: dict[int, AreaRecord] = {}
        for path in work.actor.paths(self.permission):
            narrowed = path if self.under is None or path.startswith(self.under) else self.under
            if narrowed.startswith(path):
                found |= {area.id: area for area in queries.list_areas(work, self.level, narrowed)}
        return sorted(found.values(), key=lambda area: area.code)

    def _find(self, work: Work, text: str) -> list[AreaRecord]:
        by_code = {area.code: area for area in self.allowed(work)}
        for code in _CODE.findall(text.upper()):
            if code in by_code:
                return [by_code[code]]
        found = queries.search_areas(work, text, level=self.level, under_path=self.under, at_most=200)
        found = [area for area in found if area.code in by_code]
        if not found:
            raise InvalidInput(
                "area.unknown", N_("No area of yours has this name or code. Try the English name or the code.")
            )
        same = [area for area in found if _fold(text) in {_fold(name) for name in _names(area)}]
        return (same or found)[:20]


@bp.get("/suggest")
@signed_in
def suggest() -> Answer:
    """Answer what was typed so far with a few areas, as options for the field."""
    name, level = request.args.get("field", "area"), request.args.get("level")
    typed, permission = clean(request.args.get(name, "")), request.args.get("permission", "")
    if len(typed) < 2 or permission not in set(Permission) or (level and level not in set(Level)):
        return ""
    field = AreaField(name, Permission(permission), Level(level) if level else None, request.args.get("under"))
    with reading(current_actor()) as work:
        ids = {area.id for area in field.allowed(work)}
        found = queries.search_areas(work, typed, level=field.level, under_path=field.under, at_most=200)
        areas = [(area.code, describe(area, work)) for area in found if area.id in ids][:12]
    return render_template("areas/suggest.html", areas=areas)


def describe(area: AreaRecord, work: Work) -> str:
    """Return "Mehar (Taluka, Dadu)": a name with what tells it from its namesakes."""
    above = [area_name(parent) for parent in queries.lineage_of(work, area)[1:-1]]
    return f"{area_name(area)} ({', '.join([label(area.level), *reversed(above)])})"


def _names(area: AreaRecord) -> list[str]:
    return [name for name in (area.name_en, area.name_ur, area.name_sd) if name]


def _fold(name: str) -> str:
    return clean(name).casefold()


def _grouped(areas: list[AreaRecord]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the areas grouped under their parents where those are in the list too, else under their level."""
    names = {area.id: area_name(area) for area in areas}
    groups: dict[str, list[tuple[str, str]]] = {}
    for area in sorted(areas, key=lambda a: (a.level.rank, names.get(a.parent_id or 0, ""), names[a.id])):
        parent = names.get(area.parent_id or 0)
        title = f"{label(area.level)} · {parent}" if parent else label(area.level)
        groups.setdefault(title, []).append((area.code, names[area.id]))
    return list(groups.items())
