"""`relief geography` on an instance."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner, Result
from flask import Flask

from relief.cli import commands
from relief.geography import queries
from relief.geography.model import Level
from relief.kernel.errors import Conflict, InvalidInput, NotFound, RuleViolation
from relief.store.work import reading
from tests.factories.people import SYSTEM
from tests.geography.conftest import build_sindh
from tests.geography.layers import cod_layer, write
from tests.support.databases import Databases

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh."""
    url = databases.prepared(backend, "sindh", build_sindh)
    yield url
    databases.give_back(url)


@pytest.fixture
def talukas(app: Flask, tmp_path: Path) -> Path:
    """The four talukas of Dadu as a file."""
    with app.app_context(), reading(SYSTEM) as work:
        dadu = queries.find_area_by_code(work, "PK703")
        assert dadu is not None
        return write(tmp_path / "talukas.gpkg", cod_layer(work, Level.TALUKA, under=dadu.path))


def run(app: Flask, *words: object) -> Result:
    return CliRunner().invoke(commands, ["geography", *map(str, words)], obj=lambda: app)


def answer(app: Flask, *words: object) -> Any:
    done = run(app, *words, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_building_again_changes_nothing(app: Flask):
    built = answer(app, "build")
    assert built == {
        "areas": 1128, "areas_added": 0, "areas_changed": 0, "aliases_added": 0, "real": 0, "schematic": 1128,
        "changed": False,
    }  # fmt: skip


def test_a_dry_run_changes_nothing_and_a_load_does(app: Flask, talukas: Path):
    planned = answer(app, "load", talukas, "--dry-run")
    assert (planned["dry_run"], planned["counts"]["loaded"], planned["edition_id"]) == (True, 4, None)
    assert len(answer(app, "editions")["editions"]) == 1
    done = answer(app, "load", talukas, "--edition", "COD-AB", "--source", "OCHA", "--licence", "CC BY-IGO")
    assert (done["edition_id"], done["real"], len(done["rows"])) == (2, 4, 4)
    assert answer(app, "load", talukas)["same_as_edition_id"] == 2
    newest = answer(app, "editions")["editions"][0]
    assert (newest["name"], newest["source"], newest["licence"], newest["shown"]) == ("COD-AB", "OCHA", "CC BY-IGO", 4)
    assert answer(app, "withdraw", 2) == {"edition_id": 2, "real": 0, "schematic": 1128}


def test_the_report_for_people_is_short_and_tells_what_was_done(app: Flask, talukas: Path):
    assert "Nothing was changed: this was a dry run." in run(app, "load", talukas, "--dry-run").stdout
    done = run(app, "load", talukas)
    assert "loaded: 4\nLoaded as edition 2, talukas.\nBoundaries: 4 real, 1124 schematic." in done.stdout
    assert "Reading talukas.gpkg." in done.stderr
    assert "Nothing to do: edition 2 holds exactly this." in run(app, "load", talukas).stdout


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("load", "nothing.gpkg"), InvalidInput),
        (("withdraw", "1"), RuleViolation),
        (("withdraw", "99"), NotFound),
        (("list", "--in", "PK999"), NotFound),
        (("alias", "add", "PK999", "x"), NotFound),
        (("alias", "add", "PK719", "nawabshah"), Conflict),
        (("alias", "remove", "PK719", "nothing"), NotFound),
    ],
)
def test_a_refusal_is_an_error(app: Flask, words: tuple[str, ...], error: type[Exception]):
    done = run(app, *words)
    assert done.exit_code == 1
    assert isinstance(done.exception, error)


def test_a_file_in_which_nothing_is_found_is_no_success(app: Flask, tmp_path: Path):
    shape = shapely.box(72.4, 33.3, 72.9, 33.7)
    frame = gpd.GeoDataFrame({"ADM2_EN": ["Attock"], "ADM2_PCODE": ["PK601"]}, geometry=[shape], crs=4326)
    done = run(app, "load", write(tmp_path / "attock.geojson", frame))
    assert done.exit_code == 1
    assert isinstance(done.exception, NotFound)
    assert "unmatched: 1" in done.stdout


def test_areas_are_listed_and_found(app: Flask):
    talukas = answer(app, "list", "--level", "taluka", "--in", "PK703")["areas"]
    assert [area["code"] for area in talukas] == ["PK70301", "PK70302", "PK70303", "PK70304"]
    assert talukas[3] | {"area_km2": None} == {
        "code": "PK70304", "level": "taluka", "parent": "PK703", "name_en": "Mehar", "name_ur": "میہڑ",
        "name_sd": "ميهڙ", "boundary": "schematic", "edition": "Schematic", "area_km2": None,
    }  # fmt: skip
    assert answer(app, "list", "Butt Serai")["areas"][0]["code"] == "PK70304U14"
    assert "There is no such area." in run(app, "list", "xqzw").stdout
    assert "PK70304\ttaluka\tMehar\tschematic" in run(app, "list", "--level", "taluka").stdout


def test_other_names_are_added_listed_and_removed(app: Flask):
    answer(app, "alias", "add", "pk70304", "Mehar Town", "--source", "a form")
    listed = answer(app, "alias", "list", "PK70304")["aliases"]
    assert {"code": "PK70304", "alias": "Mehar Town", "source": "a form"} in listed
    answer(app, "alias", "remove", "PK70304", "MEHAR-TOWN")
    assert "Mehar Town" not in run(app, "alias", "list", "PK70304").stdout
    assert "PK70304U14\tButt Serai" in run(app, "alias", "list").stdout
