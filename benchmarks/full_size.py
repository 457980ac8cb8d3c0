"""Books of full size on either database, and how often a second something is done with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks import synthetic
from relief.app import create_app
from relief.config import Settings
from relief.geography.model import Area
from relief.kernel.permissions import Role
from relief.store import migrations
from relief.store.db import store
from relief.store.work import unit_of_work
from tests.factories.people import SYSTEM, add_person, sign_in
from tests.support.databases import Databases

FAMILIES = 186_331
# "Coverage and finance pages in 0.3 s."
PAGES_A_SECOND = 1 / 0.3


@contextmanager
def filled(folder: Path, backend: str, families: int) -> Iterator[Flask]:
    """Yield an application over books of full size."""
    databases = Databases(folder)
    try:
        app = create_app(Settings(instance_path=folder / "instance", database_url=databases.empty(backend)))
        with app.app_context():
            migrations.upgrade(store())
            synthetic.load(families)
            if backend == "postgresql":
                # A server does so by itself within a minute of such a load.
                with store().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE"))
            yield app
            store().close()
    finally:
        databases.close()


def auditor_of(app: Flask) -> FlaskClient:
    """Return a browser in which an auditor of the whole province is signed in."""
    with unit_of_work(SYSTEM) as work:
        user = add_person(work, Role.AUDITOR, work.session.query(Area).filter_by(code="PK7").one())
    client = app.test_client()
    sign_in(client, user)
    return client


def ask(client: FlaskClient, url: str) -> None:
    """Get a page whole."""
    with client.get(url) as answer:
        assert answer.status_code == 200 and answer.data, url


def rates(asked: Mapping[str, Callable[[], object]], *, rounds: int = 12) -> dict[str, float]:
    """Return how often a second each is done, by the best of some rounds: others use the machine too."""
    best = dict.fromkeys(asked, float("inf"))
    for _ in range(rounds):
        for name, work in asked.items():
            start = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - start)
    return {name: 1 / seconds for name, seconds in best.items()}
