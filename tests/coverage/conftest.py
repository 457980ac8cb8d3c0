"""The schematic Sindh with the figures of `world.PLACES`."""

from collections.abc import Iterator

import pytest

from relief.store.db import Store
from relief.store.work import Work, reading
from tests.coverage.world import AT, SYSTEM, put_world
from tests.support.databases import Databases


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the world."""
    url = databases.prepared(backend, "coverage", put_world)
    yield url
    databases.give_back(url)


@pytest.fixture
def work(store: Store) -> Iterator[Work]:
    """A reading unit of the system."""
    with reading(SYSTEM, at=AT) as opened:
        yield opened
