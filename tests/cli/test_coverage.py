"""`relief coverage`: the figures of the coverage page on the command line."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from relief.cli import commands
from relief.coverage.indicators import NOTHING
from relief.kernel.errors import InvalidInput, NotFound
from tests.coverage.world import BADIN_UC, BUTT_SERAI, MEHAR_UC, PLACES, put_world
from tests.support.databases import Databases

SINDH = sum((place.figures for place in PLACES), NOTHING)


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh and a campaign."""
    url = databases.prepared(backend, "coverage", put_world)
    yield url
    databases.give_back(url)


def run(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(commands, ["coverage", *words], obj=lambda: app, catch_exceptions=True)


def test_the_table_has_a_row_an_area_and_the_total(app: Flask):
    done = run(app, "--campaign", "flood22")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert len(lines) == 1 + 29 + 1
    dadu = next(line for line in lines if line.startswith("PK703 "))
    assert dadu.split() == [
        "PK703",
        "Dadu",
        "38",
        "29",
        "5",
        "17.2",
        "24",
        "200,000",
        "9,876.48",
        "209,876.48",
        "41,975.30",
        "78,703.68",
    ]
    assert lines[-1].split()[:4] == ["Total", "47", "37", "13"]


def test_every_format_has_the_same_figures(app: Flask, tmp_path: Path):
    asked = ("--campaign", "FLOOD22", "--level", "uc")
    written = list(csv.DictReader(io.StringIO(run(app, *asked, "--format", "csv").output.removeprefix("\ufeff"))))
    told = json.loads(run(app, *asked, "--json").output)
    file = tmp_path / "coverage.geojson"
    done = run(app, *asked, "--format", "geojson", "--out", str(file))
    assert done.exit_code == 0 and "973 areas written" in done.output
    layer = gpd.read_file(file)
    for name in ("registered", "entitled", "served", "waiting"):
        expected = getattr(SINDH, name)
        assert sum(int(row[name]) for row in written) == expected
        assert sum(row[name] for row in told["rows"]) == told["total"][name] == layer[name].sum() == expected
    assert told["total"]["disbursed_pkr"] == SINDH.disbursed.paisa / 100 == pytest.approx(layer["disbursed_pkr"].sum())
    assert (told["campaign"], told["level"], told["under"]) == ("FLOOD22", "uc", None)
    assert told["rows"][-1]["name_en"] == "Area unknown"


def test_within_an_area_and_for_one_instalment(app: Flask):
    told = json.loads(
        run(app, "--campaign", "FLOOD22", "--level", "uc", "--under", "PK70304", "--instalment", "2", "--json").output
    )
    assert (told["under"], told["instalment"], told["total"]["served"]) == ("PK70304", 2, 3)
    codes = {row["code"] for row in told["rows"]}
    assert {MEHAR_UC, BUTT_SERAI} < codes and BADIN_UC not in codes


def test_all_campaigns_together(app: Flask):
    assert json.loads(run(app, "--campaign", "all", "--json").output)["total"]["registered"] == SINDH.registered


@pytest.mark.parametrize(
    ("words", "kind", "code"),
    [
        (("--campaign", "NONE"), NotFound, "campaign.not_found"),
        (("--campaign", "FLOOD22", "--under", "PK999"), NotFound, "area.not_found"),
        (("--campaign", "FLOOD22", "--under", MEHAR_UC), InvalidInput, "coverage.level_above_area"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_is_not_there_is_refused(app: Flask, words: tuple[str, ...], kind: type[Exception], code: str):
    done = run(app, *words)
    assert isinstance(done.exception, kind) and done.exception.code == code  # type: ignore[attr-defined]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_campaign_must_be_named(app: Flask):
    assert run(app).exit_code == 2
