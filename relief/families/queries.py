"""Reading families: one, a list, a search; always within the areas that the actor may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, and_, false, func, or_, select

from relief.families.entries import unseal_cnic, unseal_phone
from relief.families.model import Family, FamilyChange
from relief.families.rules import FamilyState, Flag, Gender, HouseDamage
from relief.geography.model import Area
from relief.kernel.actor import Actor
from relief.kernel.codes import FamilyCode
from relief.kernel.errors import NotFound
from relief.kernel.identity import Cnic, PhoneNumber
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import search_key
from relief.store.work import Work

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """A family in a list."""

    id: int
    number: int
    head_name: str
    head_name_local: str | None
    father_name: str | None
    village: str
    size: int
    gender: Gender
    state: FamilyState
    is_flagged: bool
    registered_at: dt.datetime
    uc_id: int
    name_en: str
    name_ur: str | None
    name_sd: str | None

    @property
    def code(self) -> FamilyCode:
        """The code by which people name the family."""
        return FamilyCode.of(self.number)


@dataclass(frozen=True, slots=True)
class FamilyRecord:
    """One family with all that may be shown; the CNIC and phone show masked until they are revealed."""

    id: int
    code: FamilyCode
    state: FamilyState
    uc_id: int
    area_path: str
    village: str
    head_name: str
    head_name_local: str | None
    father_name: str | None
    gender: Gender
    birth_on: dt.date | None
    cnic: Cnic | None
    cnic_verified_by: str | None
    phone: PhoneNumber | None
    size: int
    men: int
    women: int
    boys: int
    girls: int
    disabled: int
    pregnant_lactating: int
    house_damage: HouseDamage
    livestock_lost: int
    is_displaced: bool
    psc_score: int | None
    lon: float | None
    lat: float | None
    gps_accuracy_m: float | None
    flags: tuple[Flag, ...]
    enumerator: str | None
    surveyed_on: dt.date | None
    registered_at: dt.datetime
    registered_by: int
    import_batch_id: int | None
    version: int

    def is_registered_by(self, actor: Actor) -> bool:
        """Return whether the family is the actor's own entry."""
        return not actor.is_system and self.registered_by == actor.id


@dataclass(frozen=True, slots=True)
class FamilyFilter:
    """Which families are asked for; what is not set does not narrow."""

    name: str = ""
    under_path: str | None = None
    is_flagged: bool = False
    is_woman_headed: bool = False
    import_batch_id: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for, in which order."""

    sort: str = "code"
    descending: bool = False
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One amendment; `values_sealed` opens only in `amendment.read_change`."""

    id: int
    changed_at: dt.datetime
    changed_by_name: str
    reason: str
    facts: list[str]
    values_sealed: bytes


SORTS = {
    "code": Family.number,
    "name": Family.search_key,
    "size": Family.size,
    "village": Family.village,
    "registered": Family.registered_at,
}
_RECORD = tuple(
    getattr(Family, name)
    for name in FamilyRecord.__slots__
    if name not in ("code", "area_path", "cnic", "phone", "flags")
)


def get_family(work: Work, family_id: int, permission: Permission = Permission.FAMILY_READ) -> FamilyRecord:
    """Return the family if it lies where the actor has the permission.

    Raises: NotFound "family.not_found", also for a family of another area.
    """
    query = select(*_RECORD, Family.number, Area.path, Family.cnic_sealed, Family.phone_sealed, Family.flags)
    found = work.session.execute(
        scoped(query, work.actor.paths(permission)).where(Family.id == family_id)
    ).one_or_none()
    if found is None:
        raise NotFound("family.not_found", N_("There is no such family in your area."))
    row = found._asdict()
    sealed_cnic, sealed_phone = row.pop("cnic_sealed"), row.pop("phone_sealed")
    return FamilyRecord(
        code=FamilyCode.of(row.pop("number")),
        area_path=row.pop("path"),
        cnic=unseal_cnic(work.keys, sealed_cnic),
        phone=unseal_phone(work.keys, sealed_phone),
        flags=read_flags(row.pop("flags")),
        **row,
    )


def find_by_code(work: Work, code: FamilyCode) -> int | None:
    """Return the id of the family with that code within the areas of the actor."""
    number = int(code.digits[:8])
    paths = work.actor.paths(Permission.FAMILY_READ)
    return work.session.scalar(scoped(select(Family.id), paths).where(Family.number == number))


def search_families(work: Work, wanted: FamilyFilter, page: Page) -> tuple[list[FamilyLine], int]:
    """Return a page of the families that fit, and how many fit in all."""
    columns: list[Any] = [getattr(Family, name) for name in FamilyLine.__slots__[:9]]
    is_flagged = Family.flags.is_not(None).label("is_flagged")
    names = (Area.name_en, Area.name_ur, Area.name_sd)
    paths = work.actor.paths(Permission.FAMILY_READ)
    query = _filtered(scoped(select(*columns, is_flagged, Family.registered_at, Family.uc_id, *names), paths), wanted)
    total = work.session.scalar(_filtered(scoped(select(func.count()).select_from(Family), paths), wanted)) or 0
    key = SORTS[page.sort]
    order = [key.desc(), Family.id.desc()] if page.descending else [key, Family.id]
    rows: Iterable[Any] = work.session.execute(query.order_by(*order).limit(page.limit).offset(page.offset))
    return [FamilyLine(*row) for row in rows], total


def count_by_uc(work: Work, under_path: str | None = None) -> dict[int, int]:
    """Return how many active families are registered in each Union Council."""
    query = select(Family.uc_id, func.count()).where(Family.state == FamilyState.ACTIVE).group_by(Family.uc_id)
    paths = work.actor.paths(Permission.FAMILY_READ)
    return {row[0]: row[1] for row in work.session.execute(_under(scoped(query, paths), under_path))}


def count_families(work: Work, wanted: FamilyFilter) -> int:
    """Return how many families fit."""
    paths = work.actor.paths(Permission.FAMILY_READ)
    return work.session.scalar(_filtered(scoped(select(func.count()).select_from(Family), paths), wanted)) or 0


def is_any_family(work: Work) -> bool:
    """Return whether anybody was registered at all, wherever."""
    return work.session.scalar(select(Family.id).limit(1)) is not None


def list_changes(work: Work, family_id: int) -> list[ChangeRecord]:
    """Return the amendments of a family, the latest first. Raises: NotFound."""
    get_family(work, family_id)
    columns: list[Any] = [getattr(FamilyChange, name) for name in ChangeRecord.__slots__]
    rows: Iterable[Any] = work.session.execute(
        select(*columns).where(FamilyChange.family_id == family_id).order_by(FamilyChange.id.desc())
    )
    return [ChangeRecord(*row) for row in rows]


def read_flags(stored: Iterable[Sequence[Any]] | None) -> tuple[Flag, ...]:
    """Return the flags of a column."""
    return tuple(Flag(code, params) for code, params in stored or ())


def scoped(query: Query, paths: Sequence[str]) -> Query:
    """Narrow a query on families to the areas of these paths, and join the Union Council."""
    within = or_(false(), *(_lies_under(path) for path in paths))
    joined = query.join(Area, Area.id == Family.uc_id)
    return joined if "/" in paths else joined.where(within)


def _filtered(query: Query, wanted: FamilyFilter) -> Query:
    for word in search_key(wanted.name).split():
        query = query.where(Family.search_key.like(f"% {word}%"))
    if wanted.is_flagged:
        query = query.where(Family.flags.is_not(None))
    if wanted.is_woman_headed:
        query = query.where(Family.gender == Gender.FEMALE)
    if wanted.import_batch_id is not None:
        query = query.where(Family.import_batch_id == wanted.import_batch_id)
    return _under(query, wanted.under_path)


def _under(query: Query, path: str | None) -> Query:
    return query if path is None else query.where(_lies_under(path))


def _lies_under(path: str) -> Any:
    # A range, not LIKE: it uses the index on both databases.
    return and_(Area.path >= path, Area.path < path[:-1] + "0")
