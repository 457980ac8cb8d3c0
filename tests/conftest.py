"""Fixtures for every test: databases of both kinds, the application over them, a server and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from relief.config import Settings
from relief.keys import Keyring
from relief.store.db import Store
from tests.support.databases import Databases


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """The maker of fresh databases."""
    maker = Databases(tmp_path_factory.mktemp("databases"))
    yield maker
    maker.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database. A test that needs one kind only says @pytest.mark.parametrize("backend", [..], indirect=True)."""
    return str(request.param)


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """The address of a fresh database with every table and no row, on SQLite and again on PostgreSQL."""
    url = databases.migrated(backend)
    yield url
    databases.give_back(url)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a fresh instance."""
    return Settings(instance_path=tmp_path / "instance", database_url=database_url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The store alone, inside an application context: what use cases and queries need, without any face."""
    app = Flask("tests")
    held = Store(app, settings.database_url, Keyring.create(settings.keys_path))
    with app.app_context():
        yield held
    held.close()
