"""Real boundaries and a real form's export, where they are at hand: they are not part of the project."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from relief.geography.gazetteer import Gazetteer
from relief.geography.loading import LoadBoundaries, apply_plan, plan_load
from relief.geography.locator import Locator
from relief.geography.model import Level
from relief.geography.queries import shapes_of
from relief.geography.report import LoadReport
from relief.store.work import Work

SHARED = Path(__file__).resolve().parents[3] / "shared"
GEODATA, FORM = SHARED / "geodata", SHARED / "samples" / "kobo_dadu_registration.csv"
TOO_FAR_M = 5_000

pytestmark = [
    pytest.mark.parametrize("backend", ["sqlite"], indirect=True),
    pytest.mark.skipif(not GEODATA.is_dir(), reason="no real boundaries in ../shared/geodata"),
]


def load(work: Work, name: str, **options: object) -> LoadReport:
    return apply_plan(work, plan_load(work, LoadBoundaries(GEODATA / name, **options)))  # type: ignore[arg-type]


def test_cod_ab_is_loaded_whole(work: Work):
    report = load(work, "sindh_cod_ab_2022.gpkg")
    assert report.counts["loaded"] == len(report.rows) == 155
    assert (report.real, report.schematic, report.without_boundary) == (155, 973, ())
    assert load(work, "sindh_cod_ab_2022.gpkg").same_as_edition_id == report.edition_id
    # The cells of the Union Councils are drawn inside the real talukas.
    talukas = shapes_of(work, Level.TALUKA).set_index("area_id").geometry
    for parent, parts in shapes_of(work, Level.UC).groupby("parent_id"):
        assert parts.geometry.union_all().symmetric_difference(talukas[parent]).area < 1e-4


def test_other_provinces_are_reported_or_added(work: Work):
    assert load(work, "sindh_cod_ab_2022.gpkg", layer="pak_adm1").counts["unmatched"] == 6
    report = load(work, "sindh_cod_ab_2022.gpkg", layer="pak_adm1", adds_unknown=True)
    assert (report.counts["loaded"], report.counts["added"]) == (7, 6)


def test_ucs_without_codes_find_their_areas(work: Work):
    report = load(work, "sindh_uc_2011_source.gpkg")
    assert (report.counts["loaded"], report.counts["unmatched"]) == (584, 2)
    assert {row.name for row in report.rows if row.outcome != "loaded"} == {"Unknown5", "Unknown7"}


def test_schematic_shapes_of_a_real_file_stay_marked(work: Work):
    load(work, "sindh_units.gpkg")
    assert shapes_of(work, Level.UC).is_schematic.sum() == 383


@pytest.mark.parametrize("file", [None, "sindh_cod_ab_2022.gpkg", "sindh_uc_2011_source.gpkg", "sindh_units.gpkg"])
def test_only_families_whose_gps_is_wrong_lie_far_from_their_uc(work: Work, file: str | None):
    if file is not None:
        load(work, file)
    with FORM.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    truth = {row["row"]: row for row in json.loads(FORM.with_suffix(".truth.json").read_text())["rows"]}
    lon = np.array([float(row["_location/gps_longitude"] or "nan") for row in rows])
    lat = np.array([float(row["_location/gps_latitude"] or "nan") for row in rows])
    places = [(row["location/district"], row["location/taluka"], row["location/uc"]) for row in rows]
    matches = Gazetteer.load(work).find_ucs(places, lon, lat)
    unknown = {row + 2 for row in matches.problems}
    assert unknown == {row for row, entry in truth.items() if entry["why"] == "unknown UC"}
    far = np.flatnonzero(Locator.load(work).distance_to_area_m(lon, lat, matches.area_id) > TOO_FAR_M) + 2
    assert set(far.tolist()) - unknown == {row for row, entry in truth.items() if entry["expect"] == "flag"}
