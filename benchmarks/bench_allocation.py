"""Measures an allocation and an issue of tokens for 186,331 families, beside the bare writes and the bare cryptography.

Run it alone by `python -m benchmarks.bench_allocation`. Times are by the clock, in one process.
"""

from __future__ import annotations

import datetime as dt
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flask import Flask
from sqlalchemy import text

from relief.config import GEODATA
from relief.entitlements.allocation import DecideAllocation, decide_allocation, dry_run, propose_allocation
from relief.entitlements.issuing import IssueTokens, issue_tokens
from relief.entitlements.signing import make_campaign_key, sign_tokens
from relief.entitlements.token_queries import CODE_CONTEXT, CODE_PURPOSE, PrintSelection, stream_printable
from relief.families.model import Family
from relief.geography.facts import read_facts
from relief.geography.layering import build
from relief.geography.model import Level
from relief.geography.queries import list_areas
from relief.kernel.codes import TokenCode
from relief.kernel.dates import DateRange
from relief.kernel.identity import Cnic
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.keys import Keyring
from relief.papers import rt1
from relief.programmes.planning import BandPlan, OpenProgramme, PlanCampaign, create_campaign, open_programme
from relief.store import migrations
from relief.store.bulk import insert_rows
from relief.store.db import Store, store
from relief.store.work import Work, reading, unit_of_work
from tests.factories.campaigns import AT, FAMILY_COLUMNS, SYSTEM, Land, family_rows
from tests.factories.finance import fund_with
from tests.support.databases import Databases

T = TypeVar("T")

FAMILIES = 186_331
UCS = 574
EXPIRES_ON = dt.date(2023, 1, 31)
CRITERIA = {
    "all": [
        {"test": "house_damage", "in": ["partial", "full"]},
        {
            "any": [
                {"test": "displaced"}, {"test": "woman_headed"}, {"test": "disability"}, {"test": "pregnant_lactating"},
                {"test": "psc_score", "between": [0, 18]}, {"test": "family_size", "between": [7, 60]},
            ]
        },
    ]
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds that a deed took, with what is asked of it and what the same run needs at least."""

    name: str
    seconds: float
    asked: float
    against: str
    against_seconds: float

    def __str__(self) -> str:
        verdict = "" if self.seconds <= self.asked else "  TOO SLOW"
        return (
            f"{self.name:34} {self.seconds:7.2f} s   asked {self.asked:5.1f} s{verdict}"
            f"   {self.seconds / self.against_seconds:5.1f} x {self.against} ({self.against_seconds:.2f} s)"
        )


def measure(families: int = FAMILIES) -> list[Figure]:
    """Return the figures on both databases."""
    return [figure for backend in ("sqlite", "postgresql") for figure in _on(backend, families)]


def _on(backend: str, families: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, _opened(Path(folder), backend):
        land = _load(families)
        campaign_id = _plan(land)
        run_s, _ = _timed(lambda: _in_reading(land, lambda work: dry_run(work, campaign_id)))
        propose_s, allocation_id = _timed(
            lambda: _in_unit(land, "coordinator", lambda w: propose_allocation(w, campaign_id))
        )
        decision = DecideAllocation(allocation_id, approve=True)
        approve_s, _ = _timed(lambda: _in_unit(land, "finance", lambda work: decide_allocation(work, decision)))
        _in_unit(land, "administrator", lambda work: make_campaign_key(work, campaign_id))
        issue = IssueTokens(campaign_id, EXPIRES_ON)
        issue_s, issued = _timed(lambda: _in_unit(land, "coordinator", lambda work: issue_tokens(work, issue)))
        print_s, _ = _timed(lambda: _in_reading(land, lambda work: _sign_all(work, campaign_id)))
        bare_s, _ = _timed(_write_barely)
        crypto_s, _ = _timed(lambda: _make_barely(issued))
    return [
        Figure(f"dry run, {backend}", run_s, 15, "the bare writes", bare_s),
        Figure(f"allocation, {backend}", propose_s + approve_s, 15, "the bare writes", bare_s),
        Figure(f"token issue ({issued}), {backend}", issue_s, 15, "the bare cryptography", crypto_s),
        Figure(f"tokens read and signed, {backend}", print_s, 30, "the bare cryptography", crypto_s),
    ]


@contextmanager
def _opened(folder: Path, backend: str) -> Iterator[None]:
    databases = Databases(folder)
    try:
        app = Flask("benchmark")
        held = Store(app, databases.empty(backend), Keyring.create(folder / "keys"))
        with app.app_context():
            migrations.upgrade(held)
            yield
            held.close()
    finally:
        databases.close()


def _load(families: int) -> Land:
    """Register invented families over the Union Councils, set-wise."""
    with unit_of_work(SYSTEM, at=AT) as work:
        build(work, read_facts(GEODATA))
        areas = list_areas(work, Level.UC)[:UCS]
        province = list_areas(work, Level.PROVINCE)[0]
        ids = {area.code: area.id for area in [*areas, province]}
        programme_id = open_programme(work, OpenProgramme("FLOOD-2022", "Flood response 2022"))
        fund_id = fund_with(work, 5_000_000_000)
    land = Land(ids, {"PK7": province.path}, fund_id, programme_id, {})
    dice = random.Random(2022)
    codes = [area.code for area in areas]
    for first in range(1, families + 1, 10_000):
        with unit_of_work(SYSTEM, at=AT) as work:
            count = min(10_000, families + 1 - first)
            people = [_somebody(dice, codes, number) for number in range(first, first + count)]
            rows = family_rows(work, land, people, first)
            insert_rows(work, Family.metadata.tables["family"], FAMILY_COLUMNS, rows)
    with unit_of_work(SYSTEM) as work:
        work.session.execute(text("ANALYZE"))
    return land


def _somebody(dice: random.Random, codes: list[str], number: int) -> dict[str, object]:
    return {
        "uc": dice.choice(codes), "cnic": Cnic(f"45102{number:07d}1") if number % 50 else None,
        "gender": dice.choices(["male", "female"], [9, 1])[0], "size": dice.randint(1, 12),
        "disabled": int(dice.random() < 0.06), "pregnant_lactating": int(dice.random() < 0.2),
        "house_damage": dice.choices(["none", "partial", "full"], [1, 4, 5])[0], "is_displaced": dice.random() < 0.8,
        "psc_score": dice.choice([None, *range(60)]),
    }  # fmt: skip


def _plan(land: Land) -> int:
    bands = tuple(
        BandPlan(low, high, Money.rupees(amount))
        for low, high, amount in ((1, 4, 6_000), (5, 8, 7_500), (9, 60, 9_000))
    )
    days = DateRange(dt.date(2022, 9, 10), dt.date(2022, 12, 31))
    plan = PlanCampaign(
        "FLOOD-1", "Cash", land.programme_id, land.fund_id, land.area_ids["PK7"], days, bands, CRITERIA, "0800-11111"
    )
    return _in_unit(land, "coordinator", lambda work: create_campaign(work, plan))


def _in_unit(land: Land, role: str, deed: Callable[[Work], T]) -> T:
    with unit_of_work(land.person(Role(role), number=10 + len(role)), at=AT) as work:
        return deed(work)


def _in_reading(land: Land, deed: Callable[[Work], T]) -> T:
    with reading(land.coordinator, at=AT) as work:
        return deed(work)


def _sign_all(work: Work, campaign_id: int) -> int:
    count, batch = 0, []
    for printable in stream_printable(work, PrintSelection(campaign_id)):
        batch.append(printable.token)
        if len(batch) == 5_000:
            count += len(sign_tokens(work, batch))
            batch.clear()
    return count + len(sign_tokens(work, batch))


def _write_barely() -> None:
    """Write as many rows of verdicts and entitlements into tables without keys or guards, by the database alone."""
    with store().engine.begin() as connection:
        connection.execute(text("CREATE TABLE bare_verdict AS SELECT * FROM verdict"))
        connection.execute(text("CREATE TABLE bare_entitlement AS SELECT * FROM entitlement"))


def _make_barely(count: int) -> None:
    """Seal, index and tag as many codes, in memory."""
    keys = store().keys
    codes = [TokenCode.of(number).digits for number in range(count)]
    keys.seal_many(codes, CODE_CONTEXT)
    keys.index_many(codes, CODE_PURPOSE)
    cnic, tags = Cnic("4510212345671"), bytes(32)
    for serial in range(count):
        rt1.holder_tag(tags, serial, cnic)


def _timed(deed: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = deed()
    return time.perf_counter() - start, result


def main() -> int:
    """Print the figures; exit status 1 where one is too slow."""
    figures = measure()
    sys.stdout.write("\n".join(map(str, figures)) + "\n")
    sys.stdout.write(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")
    return int(any(figure.seconds > figure.asked for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
