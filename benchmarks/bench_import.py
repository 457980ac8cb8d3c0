"""Measures the import of a file of 186,331 registrations, sealed and checked, beside the bare reading and writing of its rows.

Run it alone by `python -m benchmarks.bench_import`. Times are by the clock. Each database has a process of its own, so that the
peak of memory is that of one import.
"""

from __future__ import annotations

import csv
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy import Column, MetaData, Table, Text

from relief.config import GEODATA
from relief.families.importing import ImportFamilies, import_families
from relief.families.invention import HEADER, invent, places_in
from relief.families.model import Outcome
from relief.files.reading import open_table
from relief.geography.facts import read_facts
from relief.geography.gazetteer import Gazetteer
from relief.geography.layering import build
from relief.kernel.actor import Actor
from relief.keys import Keyring
from relief.store import migrations
from relief.store.bulk import insert_rows
from relief.store.db import Store, store
from relief.store.work import reading, unit_of_work
from tests.support.databases import Databases

FAMILIES = 186_331
ASKED_S, ASKED_MB = 20, 600
SYSTEM = Actor.system("benchmark")


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds and memory of an import, with what is asked, and what reading and writing alone take in the same run."""

    name: str
    seconds: float
    peak_mb: int
    bare_seconds: float
    asked: float = ASKED_S
    asked_mb: int = ASKED_MB

    @property
    def is_met(self) -> bool:
        """Whether it is as fast and as small as asked."""
        return self.seconds <= self.asked and self.peak_mb <= self.asked_mb

    def __str__(self) -> str:
        return (
            f"{self.name:34} {self.seconds:7.2f} s   asked {self.asked:5.1f} s   peak {self.peak_mb} MB, asked {self.asked_mb} MB"
            f"{'' if self.is_met else '  MISSED'}"
            f"   {self.seconds / self.bare_seconds:5.1f} x reading and writing alone ({self.bare_seconds:.2f} s)"
        )


def measure(families: int = FAMILIES) -> list[Figure]:
    """Return the figures on both databases: the file once, and the same file again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kobo.csv"
        context = multiprocessing.get_context("spawn")
        with context.Pool(1, maxtasksperchild=1) as pool:
            pool.apply(_write_file, (path, families))
            return [
                figure for backend in ("sqlite", "postgresql") for figure in pool.apply(_measure_on, (backend, path))
            ]


def _measure_on(backend: str, path: Path) -> list[Figure]:
    with _opened(backend):
        with unit_of_work(SYSTEM) as work:
            build(work, read_facts(GEODATA))
        figures = []
        bare_s = _write_barely(path)
        for name, registers in (("import", True), ("import of the same file again", False)):
            began = time.perf_counter()
            done = import_families(partial(unit_of_work, SYSTEM), open_table(path), ImportFamilies(path.name))
            seconds = time.perf_counter() - began
            assert (done.counts[Outcome.REGISTERED] > 0) == registers
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            figures.append(Figure(f"{name}, {backend}", seconds, peak_mb, bare_s))
        return figures


@contextmanager
def _opened(backend: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        try:
            app = Flask("benchmark")
            held = Store(app, databases.empty(backend), Keyring.create(Path(folder) / "keys"))
            with app.app_context():
                migrations.upgrade(store())
                yield
            held.close()
        finally:
            databases.close()


def _write_file(path: Path, families: int) -> None:
    """Write a file with every fault of the field, always the same."""
    with _opened("sqlite"):
        with unit_of_work(SYSTEM) as work:
            build(work, read_facts(GEODATA))
        with reading(SYSTEM) as work:
            places = places_in(Gazetteer.load(work))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(row.cells.values() for row in invent(places, families))


def _write_barely(path: Path) -> float:
    """Return the seconds to read the file and write its cells as they are: nothing checked, nothing sealed, no index."""
    columns = [f"c{n}" for n in range(len(HEADER))]
    table = Table("bare", MetaData(), *(Column(name, Text) for name in columns))
    with unit_of_work(SYSTEM) as work:
        table.create(work.session.connection())
    began = time.perf_counter()
    with unit_of_work(SYSTEM) as work, path.open(encoding="utf-8", newline="") as file:
        insert_rows(work, table, columns, csv.reader(file))
    seconds = time.perf_counter() - began
    with unit_of_work(SYSTEM) as work:
        table.drop(work.session.connection())
    return seconds


def main(families: int = FAMILIES) -> int:
    """Print the figures; exit status 1 where one misses what is asked."""
    figures = measure(families)
    print("\n".join(map(str, figures)))
    return int(not all(figure.is_met for figure in figures))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
