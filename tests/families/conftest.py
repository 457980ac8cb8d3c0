"""The schematic Sindh in a fresh database, people in it, and facts of a family."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from relief.config import GEODATA
from relief.families.importing import Units
from relief.families.rules import Gender, HouseDamage, Registration
from relief.geography.facts import read_facts
from relief.geography.layering import build
from relief.geography.queries import find_area_by_code
from relief.kernel.actor import Actor, ActorId, Grant
from relief.kernel.identity import Cnic, PhoneNumber
from relief.kernel.names import PersonName
from relief.kernel.permissions import Role
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.support.databases import Databases

AT = dt.datetime(2022, 10, 5, 6, 30, tzinfo=dt.UTC)
SYSTEM = Actor.system("tests")
SINDH, DADU, LARKANA, BUTT_SERAI = "PK7", "PK703", "PK713", "PK70304U14"
NumberOf = Callable[[str], int]
PersonIn = Callable[[Role, str], Actor]


def build_sindh(_store: Store) -> None:
    """Fill an empty database with the shipped areas."""
    with unit_of_work(SYSTEM, at=AT) as work:
        build(work, read_facts(GEODATA))


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh."""
    url = databases.prepared(backend, "sindh", build_sindh)
    yield url
    databases.give_back(url)


@pytest.fixture
def units(store: Store) -> Units:
    """Opens units of the system at the fixed instant."""
    return partial(unit_of_work, SYSTEM, at=AT)


@pytest.fixture
def uc_id(store: Store) -> NumberOf:
    """Gives the id of an area by its code."""

    def find(code: str) -> int:
        with reading(SYSTEM) as work:
            area = find_area_by_code(work, code)
        assert area is not None
        return area.id

    return find


@pytest.fixture
def person(store: Store) -> PersonIn:
    """Makes a person with one role over one area."""

    def make(role: Role, code: str) -> Actor:
        with reading(SYSTEM) as work:
            area = find_area_by_code(work, code)
        assert area is not None
        number = sum(map(ord, f"{role}{code}"))
        return Actor(ActorId(number), f"{role} of {area.name_en}", (Grant(role, area.id, area.path),))

    return make


def facts_in(uc_id: int, **changes: object) -> Registration:
    """Return plain facts of a family of five in a Union Council."""
    plain = Registration(
        uc_id=uc_id, village="Goth Haji Khan", head_name=PersonName("Sikandar Ali Khoso"),
        head_name_local=PersonName("سڪندر علي"), father_name=PersonName("Qurban Ali"), gender=Gender.MALE,
        birth_on=dt.date(1978, 11, 16), cnic=Cnic("9609511273281"), cnic_verified_by=None,
        phone=PhoneNumber("923917008665"), size=5, men=1, women=2, boys=1, girls=1, disabled=0, pregnant_lactating=1,
        house_damage=HouseDamage.FULL, livestock_lost=2, is_displaced=True, psc_score=8, lon=None, lat=None,
        gps_accuracy_m=None,
    )  # fmt: skip
    return plain._replace(**changes)
