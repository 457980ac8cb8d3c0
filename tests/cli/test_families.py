"""`relief families` on an instance."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from relief.cli import commands
from relief.families.invention import HEADER, Invented, invent, places_in
from relief.geography.gazetteer import Gazetteer
from relief.store.work import reading
from tests.factories.people import SYSTEM
from tests.geography.conftest import build_sindh
from tests.support.databases import Databases

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

FACTS = (
    "uc=PK70304U14", "head_name=Sikandar Ali", "gender=male", "cnic=96095-1127328-1", "size=2", "men=1", "women=1", "boys=0",
    "girls=0", "house_damage=full", "birth_on=16/11/1978",
)  # fmt: skip


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh."""
    url = databases.prepared(backend, "sindh", build_sindh)
    yield url
    databases.give_back(url)


@pytest.fixture
def rows(app: Flask) -> list[Invented]:
    """Rows of the district of Dadu, with every fault."""
    with app.app_context(), reading(SYSTEM) as work:
        return list(invent(places_in(Gazetteer.load(work), ["Dadu"]), 130))


@pytest.fixture
def file(rows: list[Invented], tmp_path: Path) -> Path:
    """The rows as a file."""
    path = tmp_path / "kobo.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *(row.cells.values() for row in rows)])
    return path


def run(app: Flask, *words: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(commands, ["families", *map(str, words)], obj=lambda: app, input=typed)


def answer(app: Flask, *words: object, typed: str | None = None) -> Any:
    done = run(app, *words, "--json", typed=typed)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def refusal(app: Flask, *words: object, typed: str | None = None) -> str:
    done = run(app, *words, typed=typed)
    assert done.exit_code != 0
    return str(done.exception)


def test_the_report_has_every_row_of_the_file(app: Flask, rows: list[Invented], file: Path):
    report = answer(app, "import", file)
    assert [row["row"] for row in report["rows"]] == list(range(2, len(rows) + 2))
    assert report["counts"] == {
        **dict.fromkeys(("registered", "registered_with_warning", "refused", "held", "repeated"), 0),
        **Counter(row["outcome"] for row in report["rows"]),
    }
    for row, told in zip(report["rows"], rows, strict=True):
        assert (row["column"] is None) == (row["outcome"] == "registered"), told.why
        assert (row["reason"] is None) == (row["outcome"] == "registered")
    assert answer(app, "import", file)["counts"]["registered"] == 0


def test_a_dry_run_registers_nobody(app: Flask, file: Path):
    report = answer(app, "import", file, "--dry-run")
    assert (report["dry_run"], report["counts"]["registered"] > 50) == (True, True)
    assert answer(app, "list")["total"] == 0
    assert "A trial: nobody is registered." in run(app, "import", file, "--dry-run").stdout


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_refused_rows_are_written_to_a_file(app: Flask, file: Path, tmp_path: Path, form: str):
    rejects = tmp_path / f"bad.{form}"
    report = answer(app, "import", file, "--rejects", rejects)
    assert answer(app, "import", rejects)["counts"]["refused"] == report["counts"]["refused"]


def test_a_bad_file_fails_with_its_reason(app: Flask, tmp_path: Path):
    (tmp_path / "a.csv").write_text("name\nAli\n")
    assert "These columns are missing" in refusal(app, "import", tmp_path / "a.csv")
    assert run(app, "import", tmp_path / "none.csv").exit_code == 2


def test_a_family_is_registered_shown_found_and_amended(app: Flask):
    code = answer(app, "register", *FACTS)["code"]
    assert code == "F-00000001-95"
    assert [row["code"] for row in answer(app, "list", "sikan")["families"]] == [code]
    assert answer(app, "list", "--in", "PK713")["total"] == 0
    assert answer(app, "find", typed="96095-1127328-1\n")["code"] == code
    assert "No family in your area" in refusal(app, "find", typed="96095-1127328-2\n")
    shown = answer(app, "show", code)
    assert (shown["cnic"], shown["uc"], shown["birth_on"]) == ("*****-****328-1", "PK70304U14", "1978-11-16")
    assert answer(app, "show", code, "--identity")["cnic"] == "96095-1127328-1"
    assert answer(app, "amend", code, "village=Goth Nayo", "--reason", "Moved")["changed"] == ["village"]
    assert answer(app, "show", code)["history"][0]["changes"] == {"village": ["", "Goth Nayo"]}


def test_wrong_answers_are_named(app: Flask):
    done = run(app, "register", "uc=PK70304U14", "size=0", "colour=red")
    problems = {problem.field for problem in done.exception.problems}
    assert problems >= {"size", "colour", "head_name", "gender"}
    assert "no such family" in refusal(app, "show", "F-00000009-71")


def test_a_held_registration_is_decided(app: Flask):
    answer(app, "register", *FACTS)
    for n in (1, 2):
        held = answer(app, "register", *FACTS, f"village=Another {n}")
        assert held["held"] == n
    assert [row["id"] for row in answer(app, "held", "list")["held"]] == [1, 2]
    assert answer(app, "held", "dismiss", 1, "--reason", "Same card")["decision"] == "dismissed"
    done = answer(app, "held", "register", 2, "--reason", "Own card", typed="96095-1127328-9\n")
    assert done["code"] == "F-00000002-92"
    assert answer(app, "held", "list")["total"] == 0
