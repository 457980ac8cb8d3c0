"""Measures the pages of finance and the verification of the books over 186,331 families, beside their limits.

Run it alone by `python -m benchmarks.bench_finance`. Rates are by the clock, one reader at a time.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from benchmarks.bench_papers import Figure
from benchmarks.full_size import FAMILIES, PAGES_A_SECOND, ask, auditor_of, filled, rates
from relief.audit.verification import Chains, Findings
from relief.distributions.sealing import hand_over_digests
from relief.reports.comparing import differences_in
from relief.store.work import Work, reading
from tests.factories.people import SYSTEM

PAGES = {
    "by district": "/finance",
    "by UC": "/finance?by=uc",
    "by point": "/finance?by=point",
    "by day": "/finance?by=day",
    "by taluka, one district": "/finance?area=PK703&by=taluka",
    "entries": "/finance/entries",
    "entries of one district": "/finance/entries?area=PK703&account=5",
    "funds": "/finance/funds",
    "one fund": "/finance/funds/1",
    "reconciliation": "/finance/reconciliation",
    "reconciliation by UC": "/finance/reconciliation?level=uc",
}
SUMS = (
    "SELECT campaign_id, area_id, point_id, posted_on, fund_id, debit, credit, SUM(amount_paisa) FROM posting"
    " GROUP BY campaign_id, area_id, point_id, posted_on, fund_id, debit, credit"
)
# A million entries of the trail in seconds, on a laptop that does other things too; records and events in proportion.
ENTRIES_A_SECOND, RECORDS_A_SECOND, EVENTS_A_SECOND = 60_000, 10_000, 20_000


def measure(families: int = FAMILIES) -> list[Figure]:
    """Return the figures on both databases."""
    return [figure for backend in ("sqlite", "postgresql") for figure in _on(backend, families)]


def _on(backend: str, families: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder), backend, families) as app:
        client = auditor_of(app)
        found = rates(
            {name: lambda url=url: ask(client, url) for name, url in PAGES.items()} | {"": lambda: _sum_up(app)}
        )
        bare = found.pop("")
        for name, rate in found.items():
            yield Figure(f"finance {name}, {backend}", rate, PAGES_A_SECOND, "the bare sums", bare)
        with app.app_context(), reading(SYSTEM) as work:
            yield from _verification(work, backend)


def _verification(work: Work, backend: str) -> Iterator[Figure]:
    hashing = _rate(_hashes(200_000))
    chains = Chains(Findings())
    rate = _rate(chains.walk(work))
    yield Figure(f"audit entries verified, {backend}", rate, ENTRIES_A_SECOND, "hashing alone", hashing)
    rate = _rate(hand_over_digests(work))
    yield Figure(f"sealed hand-overs worked out anew, {backend}", rate, RECORDS_A_SECOND, "hashing alone", hashing)
    events = work.session.execute(text("SELECT COUNT(*) FROM hand_over")).scalar() or 0
    start = time.perf_counter()
    assert list(differences_in(work)) == []
    rate = events / (time.perf_counter() - start)
    yield Figure(f"hand-overs compared in all books, {backend}", rate, EVENTS_A_SECOND, "hashing alone", hashing)


def _rate(things: Iterator[object]) -> float:
    start = time.perf_counter()
    count = sum(1 for _ in things)
    return count / (time.perf_counter() - start)


def _hashes(count: int) -> Iterator[bytes]:
    """Yield hashes of texts as long as an entry of the trail."""
    for number in range(count):
        yield hashlib.sha256(f"{number:0420}".encode()).digest()


def _sum_up(app: Flask) -> None:
    with app.app_context(), reading(SYSTEM) as work:
        work.session.execute(text(SUMS)).all()


def main() -> int:
    """Print the figures; exit status 1 where one is too slow."""
    figures = measure()
    sys.stdout.write("\n".join(map(str, figures)) + "\n")
    return int(any(figure.rate < figure.asked for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
