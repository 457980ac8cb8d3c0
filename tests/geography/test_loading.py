"""Loading boundary files into the register."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import func, select

from relief.audit.model import AuditEntry
from relief.geography import queries
from relief.geography.layering import withdraw_edition
from relief.geography.loading import LoadBoundaries, LoadPlan, apply_plan, plan_load
from relief.geography.model import Area, AreaShape, BoundaryEdition, Level
from relief.geography.queries import AreaRecord, find_area_by_code, shapes_of
from relief.geography.report import LoadReport, MatchedBy, Outcome
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.permissions import Role
from relief.store.work import Work
from tests.geography.layers import bow_tie, cod_layer, uc_layer, write, write_shapefile
from tests.geography.test_registry import administrator

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def area(work: Work, code: str) -> AreaRecord:
    found = find_area_by_code(work, code)
    assert found is not None
    return found


def plan(work: Work, path: Path, **options: object) -> LoadPlan:
    return plan_load(work, LoadBoundaries(path, **options))  # type: ignore[arg-type]


def load(work: Work, path: Path, **options: object) -> LoadReport:
    return apply_plan(work, plan(work, path, **options))


def talukas_of_dadu(work: Work, **options: object) -> gpd.GeoDataFrame:
    return cod_layer(work, Level.TALUKA, under=area(work, "PK703").path, **options)  # type: ignore[arg-type]


def outcomes(report: LoadReport) -> dict[str, int]:
    return {name: count for name, count in report.counts.items() if count}


def reasons(report: LoadReport) -> list[str]:
    return [remark.code for row in report.rows for remark in row.remarks]


def moved(frame: gpd.GeoDataFrame, row: int, shape: shapely.Geometry | None) -> gpd.GeoDataFrame:
    shapes = list(frame.geometry)
    shapes[row] = shape
    return frame.set_geometry(gpd.GeoSeries(shapes, crs=4326))


def outermost(frame: gpd.GeoDataFrame) -> int:
    """Return the row whose shape has most of the layer's outer edge."""
    outer = frame.geometry.union_all().boundary.buffer(1e-6)
    return int(shapely.length(frame.geometry.boundary.intersection(outer).to_numpy()).argmax())


# --- The way it should go ---


@pytest.mark.parametrize("newer", [False, True])
def test_both_schemas_replace_the_schematic_boundaries(work: Work, tmp_path: Path, newer: bool):
    path = write(tmp_path / "cod.gpkg", talukas_of_dadu(work, newer=newer))
    report = load(work, path, name="COD-AB 2022", source="OCHA", licence="CC BY-IGO")
    assert outcomes(report) == {"loaded": 4}
    assert {row.matched_by for row in report.rows} == {MatchedBy.CODE}
    shown = shapes_of(work, Level.TALUKA).set_index("code")
    assert shown[~shown.is_schematic].index.tolist() == ["PK70301", "PK70302", "PK70303", "PK70304"]
    (edition, _schematic) = queries.list_editions(work)
    assert (edition.name, edition.source, edition.licence, edition.shapes, edition.current) == (
        "COD-AB 2022", "OCHA", "CC BY-IGO", 4, 4,
    )  # fmt: skip
    assert (report.real, report.schematic, report.without_boundary) == (4, 1124, ())


def test_a_dry_run_says_the_same_and_writes_nothing(work: Work, tmp_path: Path):
    path = write(tmp_path / "cod.gpkg", talukas_of_dadu(work))
    planned = plan(work, path).report
    assert work.session.scalar(select(func.count()).select_from(BoundaryEdition)) == 1
    done = load(work, path)
    assert planned.rows == done.rows
    assert (planned.real, planned.schematic, planned.edition_id) == (done.real, done.schematic, None)
    assert done.edition_id is not None


def test_loading_again_changes_nothing(work: Work, tmp_path: Path):
    path = write(tmp_path / "cod.gpkg", talukas_of_dadu(work))
    first = load(work, path)
    entries = work.session.scalar(select(func.count()).select_from(AuditEntry))
    again = load(work, path, name="under another name")
    assert (again.same_as_edition_id, again.edition_id) == (first.edition_id, None)
    assert work.session.scalar(select(func.count()).select_from(AuditEntry)) == entries


@only_sqlite
def test_ids_and_paths_of_areas_stay(work: Work, tmp_path: Path):
    before = work.session.execute(select(Area.id, Area.code, Area.path)).all()
    load(work, write(tmp_path / "cod.gpkg", talukas_of_dadu(work)))
    assert work.session.execute(select(Area.id, Area.code, Area.path)).all() == before


@only_sqlite
def test_the_load_is_recorded(work: Work, tmp_path: Path):
    report = load(work, write(tmp_path / "cod.gpkg", talukas_of_dadu(work)))
    entry = work.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject_id, entry.detail["loaded"]) == ("boundary.loaded", str(report.edition_id), 4)


@only_sqlite
def test_a_later_edition_takes_over_and_gives_back(work: Work, tmp_path: Path):
    frame = talukas_of_dadu(work)
    first = load(work, write(tmp_path / "a.gpkg", frame))
    second = load(work, write(tmp_path / "b.gpkg", moved(frame.iloc[:1], 0, frame.geometry.iloc[0].buffer(-0.01))))
    editions = {edition.id: edition.current for edition in queries.list_editions(work)}
    assert (editions[first.edition_id or 0], editions[second.edition_id or 0]) == (3, 1)
    withdraw_edition(work, second.edition_id or 0)
    editions = {edition.id: edition.current for edition in queries.list_editions(work)}
    assert (editions[first.edition_id or 0], editions[second.edition_id or 0]) == (4, 0)
    withdraw_edition(work, first.edition_id or 0)
    assert shapes_of(work, Level.TALUKA).is_schematic.all()
    assert load(work, tmp_path / "a.gpkg").edition_id is not None


@only_sqlite
def test_the_schematic_edition_and_unknown_ones_cannot_be_withdrawn(work: Work):
    with pytest.raises(RuleViolation):
        withdraw_edition(work, queries.list_editions(work)[0].id)
    with pytest.raises(NotFound):
        withdraw_edition(work, 10**6)


@only_sqlite
def test_all_levels_of_a_file_are_loaded_and_nest(work: Work, tmp_path: Path):
    path = tmp_path / "cod.gpkg"
    for layer, level in (("adm3", Level.TALUKA), ("adm2", Level.DISTRICT), ("adm1", Level.PROVINCE)):
        write(path, cod_layer(work, level), layer)
    write(path, cod_layer(work, Level.PROVINCE), "adm1_simplified")
    report = load(work, path)
    assert outcomes(report) == {"loaded": 155}
    assert [remark.params["name"] for remark in report.remarks] == ["adm1_simplified"]
    assert (report.overlaps, report.gaps, report.outside) == ((), (), ())


@only_sqlite
def test_a_zipped_shapefile_in_metres_is_loaded(work: Work, tmp_path: Path):
    report = load(work, write_shapefile(tmp_path / "cod.zip", talukas_of_dadu(work).to_crs(32642)))
    assert outcomes(report) == {"loaded": 4}


@only_sqlite
def test_a_layer_with_plain_columns_is_loaded_by_its_level(work: Work, tmp_path: Path):
    frame = talukas_of_dadu(work).rename(columns={"ADM3_EN": "name", "ADM3_PCODE": "code"})
    path = write(tmp_path / "talukas.geojson", frame[["name", "code", "geometry"]])
    with pytest.raises(InvalidInput, match="code, name"):
        plan(work, path)
    assert outcomes(load(work, path, level=Level.TALUKA)) == {"loaded": 4}


# --- Telling areas ---


@only_sqlite
def test_codes_of_another_numbering_are_not_believed(work: Work, tmp_path: Path):
    older = talukas_of_dadu(work)
    # In the older edition Sindh is PK8, and what is PK7 here is Punjab.
    older = older.assign(**{name: older[name].str.replace("PK7", "PK8") for name in older if name.endswith("PCODE")})
    punjab = older.iloc[:1].assign(ADM1_EN="Punjab", ADM1_PCODE="PK7", ADM2_EN="Attock", ADM2_PCODE="PK701",
                                   ADM3_EN="Fateh Jang", ADM3_PCODE="PK70101")  # fmt: skip
    punjab = moved(punjab, 0, shapely.box(72.4, 33.3, 72.9, 33.7))
    report = load(work, write(tmp_path / "older.gpkg", pd.concat([older, punjab])))
    assert outcomes(report) == {"loaded": 4, "unmatched": 1}
    assert {row.area_code for row in report.rows} == {"PK70301", "PK70302", "PK70303", "PK70304", None}
    assert {row.matched_by for row in report.rows} == {MatchedBy.NAME, None}
    assert [remark.code for remark in report.remarks] == ["boundary.other_scheme"]
    codes = work.session.scalars(select(AreaShape.source_code).order_by(AreaShape.source_code)).all()
    assert [code for code in codes if code] == ["PK80301", "PK80302", "PK80303", "PK80304"]


@only_sqlite
def test_ucs_without_codes_are_told_by_name_and_parent(work: Work, tmp_path: Path):
    frame = uc_layer(work, area(work, "PK70304").path)
    report = load(work, write(tmp_path / "ucs.gpkg", frame))
    assert outcomes(report) == {"loaded": len(frame)}
    assert {row.matched_by for row in report.rows} == {MatchedBy.NAME}
    shown = shapes_of(work, Level.UC, area(work, "PK70304").path)
    assert not shown.is_schematic.any()


@only_sqlite
def test_namesakes_in_one_taluka_are_told_by_their_place(work: Work, tmp_path: Path):
    frame = uc_layer(work, area(work, "PK70905").path)
    own = shapes_of(work, Level.UC, area(work, "PK70905").path)
    report = load(work, write(tmp_path / "ucs.gpkg", frame.iloc[::-1]))
    assert [row.area_code for row in report.rows] == own.code.tolist()[::-1]


@only_sqlite
def test_a_misspelt_uc_is_told_by_a_similar_name_and_a_renamed_one_by_its_position(work: Work, tmp_path: Path):
    frame = uc_layer(work, area(work, "PK70304").path)
    row = frame.index[frame.UC_NAME == "THARIRI MUHABAT"][0]
    frame.loc[row, "UC_NAME"] = "Tharri Muhabbat"
    other = (row + 1) % len(frame)
    frame.loc[other, "UC_NAME"] = "Something Else"
    report = load(work, write(tmp_path / "ucs.gpkg", frame))
    assert outcomes(report) == {"loaded": len(frame)}
    told = {entry.name: (entry.matched_by, entry.area_code) for entry in report.rows}
    assert told["Tharri Muhabbat"] == (MatchedBy.SIMILAR_NAME, "PK70304U14")
    assert told["Something Else"][0] is MatchedBy.POSITION


@only_sqlite
def test_a_uc_filed_under_another_taluka_is_told_by_where_it_lies(work: Work, tmp_path: Path):
    frame = uc_layer(work, area(work, "PK70304").path).iloc[:1].assign(TEHSIL="Johi")
    report = load(work, write(tmp_path / "ucs.gpkg", frame))
    assert [(row.outcome, row.area_code) for row in report.rows] == [(Outcome.LOADED, "PK70304U01")]


# --- New areas ---


@only_sqlite
def test_unknown_areas_are_only_reported(work: Work, tmp_path: Path):
    frame = talukas_of_dadu(work).assign(ADM3_EN=["Dadu", "Johi", "Newtown", "Mehar"], ADM3_PCODE=["", "", "", ""])
    frame = moved(frame, 2, shapely.box(67.0, 26.5, 67.02, 26.52))
    report = load(work, write(tmp_path / "cod.gpkg", frame))
    assert outcomes(report) == {"loaded": 3, "unmatched": 1}
    assert reasons(report) == ["boundary.unknown_area"]
    assert len(queries.list_areas(work)) == 1128


def test_unknown_areas_are_added_on_request(work: Work, tmp_path: Path):
    path = tmp_path / "punjab.gpkg"
    shape = shapely.box(72.4, 33.3, 72.9, 33.7)
    province = {"ADM1_EN": ["Punjab"], "ADM1_PCODE": ["PK6"]}
    district = {**province, "ADM2_EN": ["Attock"], "ADM2_PCODE": ["PK601"], "ADM2_UR": ["اٹک"]}
    uc = {"DISTRICT": ["Dadu"], "TEHSIL": ["Mehar"], "UC_NAME": ["Newtown"], "UC_C": ["800"]}
    write(path, gpd.GeoDataFrame(province, geometry=[shape], crs=4326), "adm1")
    write(path, gpd.GeoDataFrame(district, geometry=[shape], crs=4326), "adm2")
    mehar = area(work, "PK70304")
    inside = shapely.Point(mehar.lon or 0, mehar.lat or 0).buffer(0.001)
    write(path, gpd.GeoDataFrame(uc, geometry=[inside], crs=4326), "uc")
    report = load(work, path, adds_unknown=True)
    assert outcomes(report) == {"loaded": 3, "added": 3}
    punjab, attock = area(work, "PK6"), area(work, "PK601")
    assert (attock.parent_id, attock.path, attock.name_ur) == (punjab.id, f"/{punjab.id}/{attock.id}/", "اٹک")
    (added,) = queries.search_areas(work, "Newtown")
    assert (added.code, added.parent_id, added.level) == ("PK70304U16", mehar.id, Level.UC)
    assert load(work, path, adds_unknown=True).same_as_edition_id == report.edition_id


@only_sqlite
def test_a_register_that_changed_meanwhile_stops_the_load(work: Work, tmp_path: Path):
    shape = shapely.box(72.4, 33.3, 72.9, 33.7)
    frame = gpd.GeoDataFrame({"ADM1_EN": ["Punjab"], "ADM1_PCODE": ["PK6"]}, geometry=[shape], crs=4326)
    planned = plan(work, write(tmp_path / "a.gpkg", frame), adds_unknown=True)
    load(work, write(tmp_path / "b.gpkg", frame.set_geometry([shape.buffer(0.1)], crs=4326)), adds_unknown=True)
    with pytest.raises(Conflict) as refused:
        apply_plan(work, planned)
    assert refused.value.code == "boundary.register_changed"


# --- What is wrong with a file ---


@only_sqlite
def test_broken_shapes_are_mended_and_useless_ones_refused(work: Work, tmp_path: Path):
    frame = talukas_of_dadu(work)
    place = shapely.point_on_surface(frame.geometry.iloc[0])
    frame = moved(frame, 0, bow_tie(place.x - 0.1, place.y - 0.1))
    frame = moved(frame, 1, None)
    frame = moved(frame, 2, shapely.box(7, 46, 8, 47))
    report = load(work, write(tmp_path / "cod.gpkg", frame))
    assert [row.outcome for row in report.rows] == [Outcome.LOADED, Outcome.REFUSED, Outcome.REFUSED, Outcome.LOADED]
    assert reasons(report) == ["boundary.mended", "boundary.empty", "boundary.out_of_country"]
    assert shapes_of(work, Level.TALUKA).geometry.is_valid.all()


@only_sqlite
def test_a_shape_in_the_wrong_place_is_refused(work: Work, tmp_path: Path):
    report = load(
        work, write(tmp_path / "cod.gpkg", moved(talukas_of_dadu(work), 0, shapely.box(70, 24.5, 70.2, 24.7)))
    )
    assert outcomes(report) == {"loaded": 3, "refused": 1}
    assert reasons(report) == ["boundary.misplaced"]


@only_sqlite
def test_the_same_feature_twice_is_reported_and_parts_are_joined(work: Work, tmp_path: Path):
    frame = talukas_of_dadu(work)
    whole = frame.geometry.iloc[0]
    west, south, east, north = whole.bounds
    left = whole & shapely.box(west, south, (west + east) / 2, north)
    right = whole & shapely.box((west + east) / 2, south, east, north)
    parts = pd.concat(
        [moved(frame.iloc[:1], 0, left), moved(frame.iloc[:1], 0, right), frame.iloc[1:2], frame.iloc[1:2]]
    )
    report = load(work, write(tmp_path / "cod.gpkg", parts))
    assert [row.outcome for row in report.rows] == [
        Outcome.LOADED, Outcome.JOINED, Outcome.LOADED, Outcome.DUPLICATE,
    ]  # fmt: skip
    shown = shapes_of(work, Level.TALUKA).set_index("code").geometry
    assert shown["PK70301"].symmetric_difference(whole).area < 1e-9


@only_sqlite
def test_overlaps_gaps_and_children_outside_are_reported(work: Work, tmp_path: Path):
    load(work, write(tmp_path / "talukas.gpkg", talukas_of_dadu(work)))
    frame = uc_layer(work, area(work, "PK70304").path)
    codes = shapes_of(work, Level.UC, area(work, "PK70304").path).code.tolist()
    everything = frame.geometry.union_all()
    at_edge = next(
        n for n, shape in enumerate(frame.geometry) if shape.boundary.intersection(everything.boundary).length > 0.05
    )
    frame = moved(frame, at_edge, frame.geometry.iloc[at_edge].buffer(0.01))
    frame = frame.drop(index=[n for n in range(len(frame)) if n != at_edge][-1])
    report = load(work, write(tmp_path / "ucs.gpkg", frame))
    assert report.counts["loaded"] == len(frame)
    assert codes[at_edge] in {code for overlap in report.overlaps for code in (overlap.one_code, overlap.other_code)}
    assert [gap.parent_code for gap in report.gaps] == ["PK70304"]
    assert [outside.code for outside in report.outside] == [codes[at_edge]]
    # What is shown nests all the same.
    mehar = shapes_of(work, Level.TALUKA).set_index("code").geometry["PK70304"]
    shown = shapes_of(work, Level.UC, area(work, "PK70304").path)
    assert shown.geometry.union_all().difference(mehar).area < 1e-7


@only_sqlite
def test_a_child_mostly_outside_its_real_parent_is_refused(work: Work, tmp_path: Path):
    load(work, write(tmp_path / "talukas.gpkg", talukas_of_dadu(work)))
    mehar = shapes_of(work, Level.TALUKA).set_index("code").geometry["PK70304"]
    frame = uc_layer(work, area(work, "PK70304").path)
    at_edge = outermost(frame)
    edge = shapely.line_interpolate_point(
        mehar.boundary, shapely.line_locate_point(mehar.boundary, frame.geometry[at_edge].centroid)
    )
    frame = moved(frame, at_edge, edge.buffer(0.02) - mehar)
    report = load(work, write(tmp_path / "ucs.gpkg", frame))
    refused = [row for row in report.rows if row.outcome is Outcome.REFUSED]
    assert [row.row for row in refused] == [at_edge + 1]
    assert [remark.code for remark in refused[0].remarks] == ["boundary.outside_parent"]


@only_sqlite
def test_a_file_that_names_no_areas_is_explained(work: Work, tmp_path: Path):
    frame = gpd.GeoDataFrame({"river": ["Indus"]}, geometry=[shapely.box(67, 26, 68, 27)], crs=4326)
    with pytest.raises(InvalidInput, match="river") as refused:
        plan(work, write(tmp_path / "rivers.gpkg", frame))
    assert refused.value.code == "boundary.no_columns"


@only_sqlite
def test_a_file_of_unknown_areas_alone_changes_nothing(work: Work, tmp_path: Path):
    frame = talukas_of_dadu(work).assign(ADM3_EN="Nowhere", ADM3_PCODE="X1", ADM2_EN="Nowhere", ADM2_PCODE="X")
    frame = frame.set_geometry([shapely.box(75, 35, 75.1, 35.1)] * 4, crs=4326)
    report = load(work, write(tmp_path / "cod.gpkg", frame))
    assert outcomes(report) == {"unmatched": 4}
    assert report.edition_id is None
    assert len(queries.list_editions(work)) == 1


@only_sqlite
def test_the_report_is_plain_data(work: Work, tmp_path: Path):
    data = plan(work, write(tmp_path / "cod.gpkg", moved(talukas_of_dadu(work), 0, None))).report.as_json()
    assert data["counts"]["refused"] == 1
    assert data["rows"][0]["remarks"] == [
        {"field": "geometry", "code": "boundary.empty", "text": "The feature has no shape."}
    ]


# --- Who may ---


@only_sqlite
def test_boundaries_are_for_administrators_of_their_areas(work: Work, tmp_path: Path):
    path = write(tmp_path / "cod.gpkg", talukas_of_dadu(work))
    for code, role in (("PK709", Role.ADMINISTRATOR), ("PK7", Role.COORDINATOR)):
        with pytest.raises(Forbidden):
            plan(replace(work, actor=administrator(work, code, role)), path)
    inside = replace(work, actor=administrator(work, "PK703"))
    report = load(inside, path)
    with pytest.raises(Forbidden):
        withdraw_edition(replace(work, actor=administrator(work, "PK709")), report.edition_id or 0)
    withdraw_edition(inside, report.edition_id or 0)
