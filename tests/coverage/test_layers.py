"""Figures laid over boundaries: nothing is lost, whatever has no boundary or no area."""

import io
import json

import geopandas as gpd
import pytest

from relief.coverage.layers import (
    AREA_COLUMNS,
    FIGURE_COLUMNS,
    Source,
    boundaries_of,
    lay_over,
    percent,
    table_rows,
    to_geojson,
    total_row,
)
from relief.coverage.queries import Coverage, Question, coverage_of, find_area
from relief.geography.model import Level
from relief.geography.queries import shapes_of
from relief.store.work import Work
from tests.coverage.world import AT, BUTT_SERAI, MEHAR_UC

SUMMED = [name for name in FIGURE_COLUMNS if name not in ("percent_served", "pkr_per_family_served")]


def read_back(work: Work, coverage: Coverage, level: Level, *, without: str | None = None) -> gpd.GeoDataFrame:
    """Write the layer as GeoJSON and read it as a GIS does."""
    shapes = shapes_of(work, level)
    if without:
        shapes = shapes[shapes["code"] != without]
    source = Source.of("FLOOD22", coverage, boundaries_of(work, coverage, None))
    return gpd.read_file(io.StringIO(to_geojson(lay_over(shapes, coverage), source)))


@pytest.mark.parametrize("level", [Level.DISTRICT, Level.TALUKA, Level.UC])
def test_the_file_read_by_a_gis_adds_up_to_the_total(work: Work, level: Level):
    coverage = coverage_of(work, Question(level, campaign_id=1))
    layer = read_back(work, coverage, level)
    assert layer.crs.to_epsg() == 4326
    total = dict(zip((*AREA_COLUMNS, *FIGURE_COLUMNS), total_row(coverage), strict=True))
    for name in SUMMED:
        expected = total[name].paisa / 100 if name.endswith("_pkr") else total[name]
        assert layer[name].sum() == pytest.approx(expected, abs=1e-6)
    known = layer[layer["code"].notna()]
    assert known.geometry.is_valid.all() and known["is_schematic"].all() and set(known["edition"]) == {"Schematic"}


def test_what_has_no_boundary_or_no_area_is_a_feature_without_geometry(work: Work):
    coverage = coverage_of(work, Question(Level.UC, campaign_id=1))
    layer = read_back(work, coverage, Level.UC, without=MEHAR_UC)
    bare = layer[layer.geometry.isna()]
    assert sorted(bare["name_en"]) == ["Area unknown", "Shah Panjo"]
    assert layer["entitled"].sum() == coverage.total.entitled


def test_the_file_names_campaign_boundaries_and_time(work: Work):
    coverage = coverage_of(work, Question(Level.DISTRICT, campaign_id=1))
    boundaries = boundaries_of(work, coverage, None)
    text = to_geojson(lay_over(shapes_of(work, Level.DISTRICT), coverage), Source.of("FLOOD22", coverage, boundaries))
    source = json.loads(text)["source"]
    assert source["campaign"] == "FLOOD22" and source["time"] == AT.isoformat(timespec="seconds")
    assert source["boundaries"][0].startswith("Schematic: PCO / OCHA")


def test_whole_numbers_stay_whole(work: Work):
    coverage = coverage_of(work, Question(Level.UC, campaign_id=1))
    source = Source.of("FLOOD22", coverage, boundaries_of(work, coverage, None))
    features = json.loads(to_geojson(lay_over(shapes_of(work, Level.UC), coverage), source))["features"]
    mehar = next(feature["properties"] for feature in features if feature.get("id") == MEHAR_UC)
    assert type(mehar["served"]) is int
    assert (mehar["served"], mehar["percent_served"], mehar["disbursed_pkr"]) == (5, 31.2, 209876.48)
    never = next(feature["properties"] for feature in features if feature.get("id") == BUTT_SERAI)
    assert (never["percent_served"], never["pkr_per_family_served"]) == (0.0, None)


def test_where_the_boundaries_come_from_and_how_far_they_reach(work: Work):
    mehar = find_area(work, "PK70304")
    coverage = coverage_of(work, Question(Level.UC, mehar, campaign_id=1))
    boundaries = boundaries_of(work, coverage, mehar)
    assert boundaries.bounds is not None
    (south, west), (north, east) = boundaries.bounds
    assert 26.5 < south < north < 27.6 and 67 < west < east < 68.5
    assert (boundaries.schematic, boundaries.without) == (len(coverage.rows), ())
    assert [edition.name for edition in boundaries.editions] == ["Schematic"]


def test_the_table_ends_with_what_has_no_area(work: Work):
    rows = list(table_rows(coverage_of(work, Question(Level.UC, campaign_id=1))))
    assert rows[-1][AREA_COLUMNS.index("name_en")] == "Area unknown"
    assert all(len(row) == len(AREA_COLUMNS) + len(FIGURE_COLUMNS) for row in rows)
    assert list(table_rows(coverage_of(work, Question(Level.DISTRICT, campaign_id=1))))[-1][0] is not None


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0.0"), (1e-6, "0.1"), (0.5, "50.0"), (0.99999, "99.9"), (1.0, "100.0")]
)
def test_not_quite_all_is_never_all(share: float, shown: str):
    assert str(percent(share)) == shown
