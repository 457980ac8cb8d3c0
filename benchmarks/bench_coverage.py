"""Measures the coverage page over 186,331 families, as a person gets it, beside the bare sums it is made of.

Run it alone by `python -m benchmarks.bench_coverage`. Rates are by the clock, one reader at a time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from benchmarks.bench_papers import Figure
from benchmarks.full_size import FAMILIES, PAGES_A_SECOND, ask, auditor_of, filled, rates
from relief.store.work import reading
from tests.factories.people import SYSTEM

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
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder), backend, families) as app:
        client = auditor_of(app)
        asked = {name: lambda url=url: ask(client, url) for name, url in PAGES.items()}
        found = rates(asked | {"": lambda: _sum_up(app)})
        bare = found.pop("")
        return [
            Figure(f"coverage {name}, {backend}", rate, PAGES_A_SECOND, "the bare sums", bare)
            for name, rate in found.items()
        ]


def _sum_up(app: Flask) -> None:
    with app.app_context(), reading(SYSTEM) as work:
        for statement in SUMS:
            work.session.execute(text(statement)).all()


def main() -> int:
    """Print the figures; exit status 1 where one is too slow."""
    figures = measure()
    sys.stdout.write("\n".join(map(str, figures)) + "\n")
    return int(any(figure.rate < figure.asked for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
