"""Measures the coverage page over 186,331 families, as a person gets it, beside the bare sums it is made of.

Run it alone by `python -m benchmarks.bench_coverage`. Rates are by the clock, one reader at a time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks import synthetic
from benchmarks.bench_papers import Figure
from relief.app import create_app
from relief.config import Settings
from relief.geography.model import Area
from relief.kernel.permissions import Role
from relief.store import migrations
from relief.store.db import store
from relief.store.work import reading, unit_of_work
from tests.factories.people import SYSTEM, add_person, sign_in
from tests.support.databases import Databases

FAMILIES = 186_331
PAGES_A_SECOND = 1 / 0.3
PAGES = {
    "by district": "/coverage?campaign=C1",
    "by UC, one district": "/coverage?campaign=C1&level=uc&area=PK703",
    "by UC, all": "/coverage?campaign=C1&level=uc",
    "all campaigns, by district": "/coverage?campaign=all",
    "CSV by UC": "/coverage/areas.csv?campaign=C1&level=uc",
}
SUMS = (
    "SELECT uc_id, COUNT(*) FROM family WHERE state = 'active' GROUP BY uc_id",
    "SELECT uc_id, COUNT(*) FROM entitlement WHERE campaign_id = 1 GROUP BY uc_id",
    "SELECT uc_id, SUM(served), SUM(cash_paisa), SUM(goods_paisa) FROM hand_over WHERE campaign_id = 1 GROUP BY uc_id",
)


def measure(families: int = FAMILIES) -> list[Figure]:
    """Return the figures on both databases."""
    return [figure for backend in ("sqlite", "postgresql") for figure in _on(backend, families)]


def _on(backend: str, families: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, _filled(Path(folder), backend, families) as app:
        client = _auditor(app)
        asked = {name: lambda url=url: _ask(client, url) for name, url in PAGES.items()}
        rates = _rates(asked | {"": lambda: _sum_up(app)})
        bare = rates.pop("")
        return [
            Figure(f"coverage {name}, {backend}", rate, PAGES_A_SECOND, "the bare sums", bare)
            for name, rate in rates.items()
        ]


@contextmanager
def _filled(folder: Path, backend: str, families: int) -> Iterator[Flask]:
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


def _auditor(app: Flask) -> FlaskClient:
    with unit_of_work(SYSTEM) as work:
        user = add_person(work, Role.AUDITOR, work.session.query(Area).filter_by(code="PK7").one())
    client = app.test_client()
    sign_in(client, user)
    return client


def _ask(client: FlaskClient, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 200, url


def _sum_up(app: Flask) -> None:
    with app.app_context(), reading(SYSTEM) as work:
        for statement in SUMS:
            work.session.execute(text(statement)).all()


def _rates(asked: Mapping[str, Callable[[], object]], *, rounds: int = 12) -> dict[str, float]:
    """Return how often a second each is done, by the best of some rounds: others use the machine too."""
    best = dict.fromkeys(asked, float("inf"))
    for _ in range(rounds):
        for name, work in asked.items():
            start = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - start)
    return {name: 1 / seconds for name, seconds in best.items()}


def main() -> int:
    """Print the figures; exit status 1 where one is too slow."""
    figures = measure()
    sys.stdout.write("\n".join(map(str, figures)) + "\n")
    return int(any(figure.rate < figure.asked for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
