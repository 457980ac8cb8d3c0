"""The schematic Sindh with the figures of `world.PLACES`."""

from collections.abc import Iterator

import pytest

from relief.config import GEODATA
from relief.geography.facts import read_facts
from relief.geography.layering import build
from relief.kernel.actor import Actor
from relief.store.db import Store
from relief.store.work import Work, reading, unit_of_work
from tests.coverage.world import AT, PLACES, World
from tests.support.databases import Databases

SYSTEM = Actor.system("tests")


def build_world() -> None:
    """Fill an empty database."""
    with unit_of_work(SYSTEM, at=AT) as work:
        build(work, read_facts(GEODATA))
        World(work).add_campaign(1, "FLOOD22", PLACES)


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the world."""
    url = databases.prepared(backend, "coverage", build_world)
    yield url
    databases.give_back(url)


@pytest.fixture
def work(store: Store) -> Iterator[Work]:
    """A reading unit of the system."""
    with reading(SYSTEM, at=AT) as opened:
        yield opened
