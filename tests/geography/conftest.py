"""The schematic Sindh in a fresh database, and a unit of work over it."""

import datetime as dt
from collections.abc import Iterator

import pytest

from relief.config import GEODATA
from relief.geography.facts import Facts, read_facts
from relief.geography.layering import build
from relief.kernel.actor import Actor
from relief.store.db import Store
from relief.store.work import Work, unit_of_work
from tests.support.databases import Databases

AT = dt.datetime(2022, 9, 5, 3, 0, tzinfo=dt.UTC)
SYSTEM = Actor.system("tests")


def build_sindh(_store: Store) -> None:
    """Fill an empty database with the shipped areas."""
    with unit_of_work(SYSTEM, at=AT) as work:
        build(work, read_facts(GEODATA))


@pytest.fixture(scope="session")
def facts() -> Facts:
    """The shipped facts."""
    return read_facts(GEODATA)


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh."""
    url = databases.prepared(backend, "sindh", build_sindh)
    yield url
    databases.give_back(url)


@pytest.fixture
def work(store: Store) -> Iterator[Work]:
    """A unit of work of the system over the schematic Sindh."""
    with unit_of_work(SYSTEM, at=AT) as opened:
        yield opened
