"""Writing the register of areas and their other names."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from relief.audit.trail import Deed, record
from relief.geography.facts import AliasFacts, AreaFacts
from relief.geography.model import Area, AreaAlias
from relief.geography.names import place_key
from relief.geography.queries import get_area
from relief.kernel.errors import Conflict, InvalidInput
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.store.work import Work

LONGEST_ALIAS = 120
_KEPT = ("code", "level", "parent_code")


@dataclass(frozen=True, slots=True)
class Changes:
    """How many rows a run added and changed."""

    added: int = 0
    changed: int = 0


def put_areas(work: Work, areas: Iterable[AreaFacts]) -> Changes:
    """Add the areas whose code is new and bring the others' names and figures up to date; ids and paths stay.

    Args: areas: from the top down.
    """
    known = {area.code: area for area in work.session.scalars(select(Area))}
    added = changed = 0
    for facts in areas:
        area = known.get(facts.code)
        if area is None:
            known[facts.code] = _add(work, facts, known[facts.parent_code] if facts.parent_code else None)
            added += 1
        else:
            changed += _bring_up_to_date(area, facts)
    work.session.flush()
    return Changes(added, changed)


def _add(work: Work, facts: AreaFacts, parent: Area | None) -> Area:
    values = _values(facts)
    # The path holds the id, which only the insert gives out.
    area = Area(code=facts.code, level=facts.level, parent_id=parent.id if parent else None, path=facts.code, **values)
    work.session.add(area)
    work.session.flush()
    area.path = f"{parent.path if parent else '/'}{area.id}/"
    return area


def _bring_up_to_date(area: Area, facts: AreaFacts) -> bool:
    differing = {name: value for name, value in _values(facts).items() if getattr(area, name) != value}
    for name, value in differing.items():
        setattr(area, name, value)
    return bool(differing)


def _values(facts: AreaFacts) -> dict[str, object]:
    return {field.name: getattr(facts, field.name) for field in dataclasses.fields(facts) if field.name not in _KEPT}


def put_aliases(work: Work, aliases: Iterable[AliasFacts]) -> Changes:
    """Add the names that are not there yet."""
    ids = dict(work.session.execute(select(Area.code, Area.id)).all())
    known = {(row[0], row[1]) for row in work.session.execute(select(AreaAlias.area_id, AreaAlias.alias_key))}
    added = 0
    for facts in aliases:
        key = (ids[facts.code], place_key(facts.alias))
        if key not in known:
            work.session.add(AreaAlias(area_id=key[0], alias=facts.alias, alias_key=key[1], source=facts.source))
            known.add(key)
            added += 1
    work.session.flush()
    return Changes(added)


@dataclass(frozen=True, slots=True)
class AddAlias:
    """A name to be known under which an area is also found."""

    area_id: int
    alias: str
    source: str = ""


def add_alias(work: Work, command: AddAlias) -> int:
    """Record another name of an area; return the alias's id.

    Raises: NotFound "area.not_found"; InvalidInput "alias.empty", "alias.too_long"; Conflict "alias.known".
    """
    area = get_area(work, command.area_id)
    work.actor.require(Permission.BOUNDARY_MANAGE, area.path)
    alias = clean(command.alias)
    key = place_key(alias)
    if not key:
        raise InvalidInput("alias.empty", N_("Write the other name with at least one letter or digit."))
    if len(alias) > LONGEST_ALIAS:
        raise InvalidInput("alias.too_long", N_("A name has at most %(count)s characters."), count=LONGEST_ALIAS)
    own = {place_key(name) for name in (area.name_en, area.name_ur, area.name_sd) if name}
    taken = work.session.scalar(select(AreaAlias.id).filter_by(area_id=area.id, alias_key=key))
    if key in own or taken is not None:
        raise Conflict("alias.known", N_("%(area)s is already found under this name."), area=area.name_en)
    row = AreaAlias(area_id=area.id, alias=alias, alias_key=key, source=clean(command.source))
    work.session.add(row)
    work.session.flush()
    record(work, Deed("area.alias_added", "area", area.id, area_id=area.id, detail={"code": area.code, "alias": alias}))
    return row.id


def remove_alias(work: Work, alias_id: int) -> None:
    """Forget another name of an area; families that were found by it keep their area. An unknown one is already forgotten."""
    row = work.session.get(AreaAlias, alias_id)
    if row is None:
        return
    area = get_area(work, row.area_id)
    work.actor.require(Permission.BOUNDARY_MANAGE, area.path)
    work.session.delete(row)
    record(
        work,
        Deed("area.alias_removed", "area", area.id, area_id=area.id, detail={"code": area.code, "alias": row.alias}),
    )
