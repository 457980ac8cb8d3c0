"""Files of boundaries, honest and hostile."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from relief.geography import spatial_files, spatial_layers
from relief.geography.drivers import ALLOWED, pyogrio
from relief.geography.spatial_layers import read_layers
from relief.kernel.errors import InvalidInput
from tests.geography.layers import write, write_shapefile

SQUARE = shapely.box(67.5, 26.5, 67.7, 26.7)
FRAME = gpd.GeoDataFrame({"ADM3_EN": ["Mehar"], "ADM3_PCODE": ["PK70304"]}, geometry=[SQUARE], crs=4326)
UTM = 32642


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        read_layers(path, **options)
    assert str(path.parent) not in str(refused.value)
    return refused.value.code


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_plain_files_are_read(tmp_path: Path, suffix: str):
    (layer,) = read_layers(write(tmp_path / f"boundaries{suffix}", FRAME))
    assert layer.name == "boundaries"
    assert list(layer.frame.ADM3_EN) == ["Mehar"]
    assert layer.frame.crs == 4326
    assert layer.frame.geometry.iloc[0].equals(SQUARE)


def test_the_name_of_a_file_does_not_matter(tmp_path: Path):
    path = write(tmp_path / "boundaries.gpkg", FRAME).rename(tmp_path / "upload.tmp")
    assert len(read_layers(path)) == 1


def test_a_zipped_shapefile_is_read_with_urdu_names(tmp_path: Path):
    frame = FRAME.assign(ADM3_UR="میہڑ")
    (layer,) = read_layers(write_shapefile(tmp_path / "layer.zip", frame))
    assert list(layer.frame.ADM3_UR) == ["میہڑ"]


def test_a_shapefile_without_a_word_on_its_encoding_is_taken_as_utf8(tmp_path: Path):
    path = write_shapefile(tmp_path / "layer.zip", FRAME.assign(ADM3_UR="میہڑ"), leave_out={".cpg"})
    (layer,) = read_layers(path)
    assert list(layer.frame.ADM3_UR) == ["میہڑ"]


def test_an_old_shapefile_in_windows_letters_is_read(tmp_path: Path):
    folder = tmp_path / "layer"
    folder.mkdir()
    pyogrio.write_dataframe(FRAME.assign(ADM3_EN="Méhar"), folder / "a.shp", driver="ESRI Shapefile", encoding="CP1252")
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as packed:
        for part in folder.iterdir():
            if part.suffix != ".cpg":
                packed.write(part, part.name.upper())
    (layer,) = read_layers(tmp_path / "layer.zip")
    assert list(layer.frame.ADM3_EN) == ["Méhar"]


def test_a_zip_may_hold_other_formats(tmp_path: Path):
    inner = write(tmp_path / "inner.geojson", FRAME)
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.write(inner, "deep/er/inner.geojson")
        packed.writestr("__MACOSX/deep/er/._inner.geojson", b"junk")
        packed.writestr("read me.txt", b"hello")
    assert [layer.name for layer in read_layers(tmp_path / "packed.zip")] == ["inner"]


def test_other_coordinates_are_converted(tmp_path: Path):
    (layer,) = read_layers(write(tmp_path / "utm.gpkg", FRAME.to_crs(UTM)))
    assert layer.frame.geometry.iloc[0].symmetric_difference(SQUARE).area < 1e-9


def test_degrees_without_a_word_on_coordinates_are_taken_as_such(tmp_path: Path):
    path = write_shapefile(tmp_path / "layer.zip", FRAME, leave_out={".prj"})
    (layer,) = read_layers(path)
    assert "EPSG:4326" in layer.notes[0]
    assert layer.frame.crs == 4326


def test_metres_without_a_word_on_coordinates_are_refused(tmp_path: Path):
    path = write_shapefile(tmp_path / "layer.zip", FRAME.to_crs(UTM), leave_out={".prj"})
    assert refusal(path) == "boundary.no_crs"


def test_metres_that_are_said_to_be_degrees_are_refused(tmp_path: Path):
    frame = FRAME.to_crs(UTM).set_crs(4326, allow_override=True)
    assert refusal(write(tmp_path / "wrong.gpkg", frame)) == "boundary.wrong_crs"


def test_degrees_that_are_said_to_be_metres_are_refused(tmp_path: Path):
    frame = FRAME.set_crs(UTM, allow_override=True)
    assert refusal(write(tmp_path / "wrong.gpkg", frame)) == "boundary.wrong_crs"


def test_exchanged_axes_are_named(tmp_path: Path):
    frame = FRAME.set_geometry([shapely.box(26.5, 67.5, 26.7, 67.7)], crs=4326)
    assert refusal(write(tmp_path / "exchanged.gpkg", frame)) == "boundary.axes_exchanged"


def test_a_layer_is_chosen_by_name(tmp_path: Path):
    path = write(tmp_path / "two.gpkg", FRAME, "adm3")
    write(path, FRAME, "Other", append=False)
    assert [layer.name for layer in read_layers(path, "other")] == ["Other"]
    assert refusal(path, layer="nothing") == "boundary.no_layer"


def test_layers_without_polygons_are_left_out(tmp_path: Path):
    points = FRAME.set_geometry([shapely.Point(67.5, 26.5)], crs=4326)
    path = write(tmp_path / "points.gpkg", points, "towns")
    assert refusal(path) == "boundary.no_polygons"
    write(path, FRAME, "adm3")
    assert [layer.name for layer in read_layers(path)] == ["adm3"]


def test_an_empty_layer_is_refused(tmp_path: Path):
    assert refusal(write(tmp_path / "empty.gpkg", FRAME.iloc[:0], "adm3")) == "boundary.no_features"


def test_a_layer_of_too_many_features_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spatial_layers, "MOST_FEATURES", 0)
    assert refusal(write(tmp_path / "many.gpkg", FRAME)) == "boundary.too_many_features"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(tmp_path / "large.geojson", FRAME)
    monkeypatch.setattr(spatial_files, "MOST_TEXT_BYTES", 10)
    assert refusal(path) == "boundary.too_large"
    monkeypatch.setattr(spatial_files, "MOST_BYTES", 10)
    assert refusal(path) == "boundary.too_large"


def test_a_missing_file_is_named(tmp_path: Path):
    assert refusal(tmp_path / "nothing.gpkg") == "boundary.no_file"


# --- Hostile ---


def test_gdal_opens_nothing_but_the_allowed_formats():
    assert set(pyogrio.list_drivers()) <= ALLOWED


def test_a_vrt_named_gpkg_is_refused(tmp_path: Path):
    secret = write(tmp_path / "secret.gpkg", FRAME)
    vrt = tmp_path / "boundaries.gpkg"
    vrt.write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    assert refusal(vrt) == "boundary.unknown_format"
    with pytest.raises(pyogrio.errors.DataSourceError):
        pyogrio.list_layers(vrt)


@pytest.mark.parametrize(
    "content",
    [
        {"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline read /etc/passwd"},
        {"type": "Topology", "objects": {}, "arcs": []},
        {"features": []},
    ],
)
def test_other_json_is_refused(tmp_path: Path, content: object):
    path = tmp_path / "boundaries.geojson"
    path.write_text(json.dumps(content))
    assert refusal(path) == "boundary.unknown_format"


@pytest.mark.parametrize("content", [b"", b"   ", b"hello", b"\x89PNG\r\n", b"<kml/>", b"\x1f\x8b\x08"])
def test_other_files_are_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "boundaries.gpkg"
    path.write_bytes(content)
    assert refusal(path) == "boundary.unknown_format"


@pytest.mark.parametrize(
    "content", [b'{"type": "FeatureCollection", "features": [', b"{" * 100_000, b'{"type": "Feature\xff"}']
)
def test_broken_json_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "boundaries.geojson"
    path.write_bytes(content)
    assert refusal(path) == "boundary.unreadable"


def test_a_cut_geopackage_is_refused(tmp_path: Path):
    path = write(tmp_path / "cut.gpkg", FRAME)
    path.write_bytes(path.read_bytes()[:30_000])
    assert refusal(path) == "boundary.unreadable"


def test_a_database_that_is_no_geopackage_is_refused(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "other.gpkg")) as connection:
        connection.execute("CREATE TABLE t (x)")
    assert refusal(tmp_path / "other.gpkg") == "boundary.unreadable"


def test_a_geopackage_whose_layer_is_a_view_without_end_is_refused(tmp_path: Path):
    path = write(tmp_path / "endless.gpkg", FRAME, "adm3")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "ALTER TABLE adm3 RENAME TO real_adm3;"
            "CREATE VIEW adm3 AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS fid FROM n;"
        )
    assert refusal(path) == "boundary.unreadable"


def test_a_bare_shapefile_is_explained(tmp_path: Path):
    pyogrio.write_dataframe(FRAME, tmp_path / "a.shp", driver="ESRI Shapefile")
    assert refusal(tmp_path / "a.shp") == "boundary.bare_shapefile"


def test_a_shapefile_without_its_table_is_explained(tmp_path: Path):
    assert (
        refusal(write_shapefile(tmp_path / "layer.zip", FRAME, leave_out={".dbf"})) == "boundary.incomplete_shapefile"
    )


def test_a_shapefile_that_is_none_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "layer.zip", "w") as packed:
        for suffix in ("shp", "shx", "dbf"):
            packed.writestr(f"layer.{suffix}", b"<OGRVRTDataSource/>")
    assert refusal(tmp_path / "layer.zip") == "boundary.unknown_format"


def test_a_zip_without_boundaries_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("letter.txt", b"hello")
    assert refusal(tmp_path / "other.zip") == "boundary.empty_zip"


@pytest.mark.parametrize("name", ["../../outside.shp", "/etc/outside.shp", "a\\..\\..\\outside.shp"])
def test_a_zip_that_leads_out_is_refused(tmp_path: Path, name: str):
    with zipfile.ZipFile(tmp_path / "path.zip", "w") as packed:
        packed.writestr(zipfile.ZipInfo(name), b"x")
    assert refusal(tmp_path / "path.zip") == "zip.path_leads_out"


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spatial_files, "MOST_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("layer.shp", bytes(2 << 20))
    assert (tmp_path / "bomb.zip").stat().st_size < 10_000
    assert refusal(tmp_path / "bomb.zip") == "zip.too_large"


def test_hostile_layer_names_stay_text(tmp_path: Path):
    path = write(tmp_path / "names.gpkg", FRAME, 'adm3"; DROP TABLE area; --\u202e')
    assert [layer.name for layer in read_layers(path)] == ['adm3"; DROP TABLE area; --']
