"""Databases that also have the tables of these tests."""

from collections.abc import Iterator

import pytest

from tests.store.scratch import make_tables
from tests.support.databases import Databases


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """The address of a fresh database with every table, the scratch tables too, and no row."""
    url = databases.prepared(backend, "scratch", make_tables)
    yield url
    databases.give_back(url)
