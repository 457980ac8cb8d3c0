"""Fixtures for every test: databases of both kinds, the application over them, a server and a browser."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, Page, sync_playwright

from relief.app import create_app
from relief.config import Settings
from relief.keys import Keyring
from relief.store.db import Store
from tests.support import chromium
from tests.support.databases import Databases
from tests.support.serving import LiveServer, serving
from tests.support.watching import watched

# The same examples in every run, so that a red run can be looked into; no deadline, for a shared machine may pause.
hypothesis_settings.register_profile("same", derandomize=True, deadline=None)
hypothesis_settings.load_profile("same")


def pytest_configure() -> None:
    """Stop on SIGTERM as on Ctrl+C: servers and browsers of the session are stopped, too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


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


@pytest.fixture
def empty_store(databases: Databases, backend: str, tmp_path: Path) -> Iterator[Store]:
    """A database without a table."""
    url = databases.empty(backend)
    app = Flask("tests")
    store = Store(app, url, Keyring.create(tmp_path / "keys"))
    with app.app_context():
        yield store
    store.close()
    databases.give_back(url)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The whole application over a fresh instance; ask it for pages with `app.test_client()`."""
    made = create_app(settings)
    made.testing = True
    yield made
    made.extensions["relief.store"].close()


@pytest.fixture
def live_server(app: Flask) -> Iterator[LiveServer]:
    """The application answering on a port of this machine, in a thread: a test sees and changes the same database."""
    with serving(app) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the session."""
    path = chromium.find_chromium()
    if path is None:
        pytest.fail("There is no Chromium here. `make test` installs one, or name one: make CHROMIUM=/path/to/it test")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A fresh browser page at the live server; the test fails where a script failed or another host was asked."""
    place = {"locale": "en-GB", "timezone_id": "Asia/Karachi"}
    with browser.new_context(base_url=live_server.url, **place) as context:
        context.set_default_timeout(15_000)
        opened = context.new_page()
        with watched(opened, live_server.url):
            yield opened
