"""What a registration holds, and when it may be taken: facts in, problems and warnings out."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from relief.kernel.errors import Problem
from relief.kernel.identity import Cnic, PhoneNumber
from relief.kernel.messages import N_
from relief.kernel.names import PersonName

OLDEST_YEARS = 120
YOUNGEST_HEAD_YEARS = 12
# The schematic boundaries are right to a few kilometres, and people are met on embankments and in camps close by.
FARTHEST_FROM_UC_M = 5_000


class Gender(enum.StrEnum):
    """Gender of the head of family, as on the CNIC."""

    FEMALE = "female"
    MALE = "male"
    TRANSGENDER = "transgender"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _GENDER_LABELS[self]


class HouseDamage(enum.StrEnum):
    """What the flood did to the house."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _DAMAGE_LABELS[self]


class FamilyState(enum.StrEnum):
    """Whether a registered family may receive."""

    ACTIVE = "active"
    EXCLUDED = "excluded"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _STATE_LABELS[self]


_GENDER_LABELS = {Gender.FEMALE: N_("Woman"), Gender.MALE: N_("Man"), Gender.TRANSGENDER: N_("Transgender")}
_DAMAGE_LABELS = {
    HouseDamage.NONE: N_("Not damaged"), HouseDamage.PARTIAL: N_("Partly damaged"), HouseDamage.FULL: N_("Fully damaged"),
}  # fmt: skip
_STATE_LABELS = {FamilyState.ACTIVE: N_("Registered"), FamilyState.EXCLUDED: N_("Excluded")}


class Registration(NamedTuple):
    """What is known of one family when it is registered. Places in degrees, EPSG:4326.

    A tuple, because an import makes hundreds of thousands: a frozen dataclass of this size takes ten times as long to fill.
    """

    uc_id: int
    village: str
    head_name: PersonName
    head_name_local: PersonName | None
    father_name: PersonName | None
    gender: Gender
    birth_on: dt.date | None
    cnic: Cnic | None
    # Who vouches for a family whose card was lost: the LSO's president, an elder.
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


@dataclass(frozen=True, slots=True)
class Flag:
    """A doubt that does not refuse a family; it stays with the family until a person has looked at it."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence, a msgid with places for the parameters."""
        return _FLAGS[self.code].message

    @property
    def fact(self) -> str:
        """The fact in doubt."""
        return _FLAGS[self.code].fact

    def __str__(self) -> str:
        return self.message % self.params


@dataclass(frozen=True, slots=True)
class _FlagKind:
    fact: str
    message: str


GPS_FAR_AWAY = "gps.far_from_uc"
UC_AMBIGUOUS = "uc.ambiguous"
HEAD_VERY_YOUNG = "head.very_young"

_FLAGS = {
    GPS_FAR_AWAY: _FlagKind("lat", N_("The GPS position lies %(distance_km)s km outside the Union Council.")),
    UC_AMBIGUOUS: _FlagKind("uc", N_("%(name)s stands for %(codes)s, and there was no GPS position to tell which.")),
    HEAD_VERY_YOUNG: _FlagKind("birth_on", N_("The head of the family would be %(years)s years old.")),
}


def problems_of(facts: Registration, *, on: dt.date) -> list[Problem]:
    """Return every reason to refuse the registration, in the order of the form."""
    problems = []
    parts = facts.men + facts.women + facts.boys + facts.girls
    if facts.size != parts:
        message = N_("The family has %(size)s members, but men, women, boys and girls add up to %(parts)s.")
        problems.append(Problem("size", "family.size_mismatch", message, {"size": facts.size, "parts": parts}))
    if facts.disabled > facts.size:
        message = N_("More members are disabled than the family has.")
        problems.append(Problem("disabled", "family.too_many_disabled", message))
    if facts.pregnant_lactating > facts.women + facts.girls:
        message = N_("More members are pregnant or lactating than there are women and girls.")
        problems.append(Problem("pregnant_lactating", "family.too_many_pregnant", message))
    if facts.birth_on is not None and facts.birth_on > on:
        problems.append(Problem("birth_on", "birth_date.in_future", N_("This day lies in the future.")))
    if facts.birth_on is not None and on.year - facts.birth_on.year > OLDEST_YEARS:
        message = N_("The head of the family would be more than %(years)s years old.")
        problems.append(Problem("birth_on", "birth_date.too_old", message, {"years": OLDEST_YEARS}))
    if facts.cnic is None and not facts.cnic_verified_by:
        message = N_("Write the CNIC; or, if the card is lost, who verified the family (LSO president, village elder).")
        problems.append(Problem("cnic", "cnic.missing", message))
    return problems


def flags_of(facts: Registration, *, on: dt.date, distance_m: float | None) -> list[Flag]:
    """Return the doubts about a registration that is taken.

    Args: distance_m: how far the GPS position lies outside the UC; None if the position or the boundary is not known.
    """
    flags = []
    if distance_m is not None and distance_m > FARTHEST_FROM_UC_M:
        flags.append(Flag(GPS_FAR_AWAY, {"distance_km": round(distance_m / 1000)}))
    if facts.birth_on is not None and on.year - facts.birth_on.year < YOUNGEST_HEAD_YEARS:
        flags.append(Flag(HEAD_VERY_YOUNG, {"years": on.year - facts.birth_on.year}))
    return flags
