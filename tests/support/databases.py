"""Fresh databases for tests: each kind is made once a session and copied for every test that wants it."""

import contextlib
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from sqlalchemy import make_url

from relief.keys import Keyring
from relief.store import migrations
from relief.store.db import Store
from tests.support.postgresql import Server, Snapshot, running_server

Prepare = Callable[[Store], object]


class Databases:
    """Hands out copies of prepared databases on SQLite and PostgreSQL; the server starts when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._templates: set[tuple[str, str]] = set()
        self._copies: dict[str, str] = {}  # Address to template.
        self._snapshots: dict[str, Snapshot] = {}  # Of the PostgreSQL templates.
        self._unused: dict[str, list[str]] = {}  # Copies given back and restored, by template.
        self._closing = contextlib.ExitStack()
        self._server: Server | None = None

    @property
    def server(self) -> Server:
        """The PostgreSQL server of this session."""
        if self._server is None:
            self._server = self._closing.enter_context(running_server())
        return self._server

    @property
    def keys_path(self) -> Path:
        """The keyring with which databases are prepared: what lies sealed in them opens with it alone."""
        return self._folder / "keys"

    def close(self) -> None:
        """Stop the server."""
        self._closing.close()

    def empty(self, backend: str) -> str:
        """Return the address of a database without any table."""
        return self._create(backend, f"test_{next(self._numbers)}")

    def migrated(self, backend: str) -> str:
        """Return the address of a database with every table and no row."""
        return self._copy(backend, self._template(backend, "migrated", migrations.upgrade))

    def prepared(self, backend: str, name: str, prepare: Prepare) -> str:
        """Return a copy of the migrated database that `prepare` filled, in an application context, once for this name."""
        base = self._template(backend, "migrated", migrations.upgrade)
        return self._copy(backend, self._template(backend, name, prepare, base))

    def give_back(self, url: str) -> None:
        """Take back a database that a test is done with."""
        template = self._copies.get(url)
        snapshot = self._snapshots.get(template) if template and backend_of(url) == "postgresql" else None
        if snapshot is not None and self.server.restore(name_in(url), snapshot):
            self._unused.setdefault(template, []).append(url)
        else:
            self._drop(url)

    def _drop(self, url: str) -> None:
        if backend_of(url) == "sqlite":
            for path in self._folder.glob(f"{name_in(url)}*"):
                path.unlink()
        else:
            self.server.run(f"DROP DATABASE {name_in(url)} WITH (FORCE)")

    def _template(self, backend: str, name: str, prepare: Prepare, base: str | None = None) -> str:
        template = f"template_{name}"
        if (backend, name) not in self._templates:
            url = self._create(backend, template, base)
            with contextlib.ExitStack() as undoing:
                undoing.callback(self._drop, url)
                self._fill(url, prepare)
                undoing.pop_all()
            self._templates.add((backend, name))
            if backend == "postgresql":
                self._snapshots[template] = self.server.snapshot(template)
        return template

    def _fill(self, url: str, prepare: Prepare) -> None:
        app = Flask("tests")
        store = Store(app, url, Keyring.create(self.keys_path))
        try:
            with app.app_context():
                prepare(store)
        finally:
            store.close()  # Whoever copies must find everything in the one file, and nobody connected.

    def _copy(self, backend: str, template: str) -> str:
        if backend == "postgresql" and self._unused.get(template):
            return self._unused[template].pop()
        url = self._create(backend, f"test_{next(self._numbers)}", template)
        self._copies[url] = template
        return url

    def _create(self, backend: str, name: str, template: str | None = None) -> str:
        if backend == "sqlite":
            path = self._folder / f"{name}.sqlite3"
            if template is None:
                path.touch()
            else:
                shutil.copyfile(self._folder / f"{template}.sqlite3", path)
            return f"sqlite:///{path}"
        self.server.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        return self.server.url(name)


def backend_of(url: str) -> str:
    """Return "sqlite" or "postgresql"."""
    return make_url(url).get_backend_name()


def name_in(url: str) -> str:
    """Return the name of the database at an address: a file name on SQLite."""
    return Path(str(make_url(url).database)).name
