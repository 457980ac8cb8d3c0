"""What the columns of a layer say."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from relief.geography.features import Feature, FeatureLayer, Written, read_features
from relief.geography.model import Level
from relief.geography.spatial_layers import SpatialLayer

SQUARE = shapely.box(67.5, 26.5, 67.7, 26.7)


def layer_of(**columns: object) -> SpatialLayer:
    return SpatialLayer(
        "layer", gpd.GeoDataFrame({name: [value] for name, value in columns.items()}, geometry=[SQUARE], crs=4326)
    )


def read(level: Level | None = None, **columns: object) -> FeatureLayer:
    found = read_features(layer_of(**columns), level)
    assert found is not None
    return found


def feature(**columns: object) -> Feature:
    return read(**columns).features[0]


MEHAR = Written("Mehar", "PK70304")
ABOVE = {Level.PROVINCE: Written("Sindh", "PK7"), Level.DISTRICT: Written("Dadu", "PK703")}


@pytest.mark.parametrize(
    "template",
    [
        ("ADM{}_EN", "ADM{}_PCODE"),
        ("adm{}_name", "adm{}_pcode"),
        ("admin{}Name_en", "admin{}Pcode"),
        ("Adm{} Name", "ADM{}_PCOD"),
    ],
)
def test_the_schemas_of_cod_ab_are_understood(template: tuple[str, str]):
    name, code = template
    values = {1: ("Sindh", "PK7"), 2: ("Dadu", "PK703"), 3: ("Mehar", "PK70304")}
    columns = {name.format(n): value[0] for n, value in values.items()} | {
        code.format(n): value[1] for n, value in values.items()
    }
    found = feature(ADM0_EN="Pakistan", **columns)
    assert (found.level, found.written, found.above) == (Level.TALUKA, MEHAR, ABOVE)


@pytest.mark.parametrize(
    ("district", "taluka", "uc"),
    [("DISTRICT", "TEHSIL", "UC_NAME"), ("District_Name", "Taluka", "uc"), ("dist", "Tahsil", "UNION_COUN")],
)
def test_columns_of_uc_layers_are_understood(district: str, taluka: str, uc: str):
    found = feature(**{district: "Dadu", taluka: "Mehar", uc: "Beto"})
    assert found.level is Level.UC
    assert found.written == Written("Beto")
    assert found.above == {Level.DISTRICT: Written("Dadu"), Level.TALUKA: Written("Mehar")}


def test_a_name_filled_with_digits_gives_way_to_the_next_column():
    assert feature(UC_NAME="888888888", UC="Beto", UC_C=800167.0).written == Written("Beto", "800167")


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, "", " - ", "NULL", "<Null>", "n/a"])
def test_what_says_nothing_is_nothing(nothing: object):
    assert feature(ADM3_EN="Mehar", ADM3_PCODE=nothing).written == Written("Mehar", None)


def test_local_names_are_taken_from_either_schema():
    older = feature(ADM3_EN="Mehar", ADM3_UR="میہڑ", ADM3_SD="ميهڙ")
    newer = feature(adm3_name="Mehar", adm3_name1="میہڑ", adm3_name2="ميهڙ", lang="en", lang1="ur", lang2="sd")
    for found in (older, newer):
        assert (found.written.name, found.name_ur, found.name_sd) == ("Mehar", "میہڑ", "ميهڙ")


def test_invisible_marks_are_removed():
    assert feature(ADM3_EN="\u200fMehar\u200b ").written.name == "Mehar"


@pytest.mark.parametrize(("kind", "is_schematic"), [("schematic", True), ("real-2011", False), (None, False)])
def test_a_layer_may_say_which_shapes_are_schematic(kind: str | None, is_schematic: bool):
    assert feature(uc_name="Beto", geom_kind=kind).is_schematic is is_schematic


def test_dates_of_validity_are_read():
    found = read(ADM3_EN="Mehar", validOn=pd.Timestamp("2022-09-09"), validTo=pd.NaT)
    assert (found.valid_from, found.valid_to) == (dt.date(2022, 9, 9), None)
    assert read(ADM3_EN="Mehar", valid_on="2024-01-31").valid_from == dt.date(2024, 1, 31)


def test_a_plain_name_needs_the_level():
    assert read_features(layer_of(name="Mehar", code="PK70304")) is None
    found = read(Level.TALUKA, name="Mehar", code="PK70304")
    assert (found.level, found.features[0].written) == (Level.TALUKA, MEHAR)


def test_the_level_asked_for_counts():
    assert read(Level.DISTRICT, ADM2_EN="Dadu", ADM3_EN="Mehar").features[0].written == Written("Dadu")


def test_other_layers_are_not_understood():
    assert read_features(layer_of(river="Indus")) is None
    assert read_features(layer_of(river="Indus"), Level.TALUKA) is None
