"""TopoJSON for the browser."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from relief.geography.model import Area, Level
from relief.geography.queries import find_area_by_code, shapes_of
from relief.geography.topology import topology_of
from relief.store.work import Work

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def decoded(body: bytes) -> dict[int, shapely.Geometry]:
    """Rebuild the polygons from the arcs, by the TopoJSON specification."""
    made = json.loads(body)
    scale, shift = np.array(made["transform"]["scale"]), np.array(made["transform"]["translate"])
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in made["arcs"]]

    def ring(numbers: list[int]) -> np.ndarray:
        return np.concatenate([arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers])

    def polygon(rings: list[list[int]]) -> shapely.Polygon:
        return shapely.Polygon(ring(rings[0]), [ring(inner) for inner in rings[1:]])

    return {
        one["id"]: polygon(one["arcs"])
        if one["type"] == "Polygon"
        else shapely.MultiPolygon([polygon(part) for part in one["arcs"]])
        for one in made["objects"]["areas"]["geometries"]
    }


def test_every_area_is_there_with_its_names(work: Work, tmp_path: Path):
    made = json.loads(topology_of(work, Level.DISTRICT, tmp_path).body)
    districts = {one["id"]: one["properties"] for one in made["objects"]["areas"]["geometries"]}
    dadu = find_area_by_code(work, "PK703")
    assert dadu is not None
    assert len(districts) == 29
    assert districts[dadu.id] == {
        "area_id": dadu.id, "code": "PK703", "parent_id": dadu.parent_id, "path": dadu.path, "name_en": "Dadu",
        "name_ur": "دادو", "name_sd": "دادو", "is_schematic": True,
    }  # fmt: skip


def test_thinned_neighbours_still_touch(work: Work, tmp_path: Path):
    shapes = decoded(topology_of(work, Level.TALUKA, tmp_path).body)
    original = shapes_of(work, Level.TALUKA).set_index("area_id").geometry
    whole = shapely.union_all(list(shapes.values()))
    assert sum(shape.area for shape in shapes.values()) == pytest.approx(whole.area, rel=1e-4)
    assert all(shapes[number].symmetric_difference(shape).area < 0.1 * shape.area for number, shape in original.items())


def test_a_finished_document_is_kept_under_its_tag(work: Work, tmp_path: Path):
    cache = tmp_path / "cache"
    first = topology_of(work, Level.DISTRICT, cache)
    (kept,) = cache.iterdir()
    assert first.etag in kept.name
    kept.write_bytes(b"{}")
    assert topology_of(work, Level.DISTRICT, cache).body == b"{}"


def test_a_changed_name_changes_the_tag(work: Work, tmp_path: Path):
    before = topology_of(work, Level.DISTRICT, tmp_path).etag
    dadu = find_area_by_code(work, "PK703")
    assert dadu is not None
    work.session.get_one(Area, dadu.id).name_sd = "دادو ضلعو"
    work.session.flush()
    assert topology_of(work, Level.DISTRICT, tmp_path).etag != before
    assert topology_of(work, Level.TALUKA, tmp_path, under_path=dadu.path).etag != before


def test_one_area_alone_can_be_asked_for(work: Work, tmp_path: Path):
    dadu = find_area_by_code(work, "PK703")
    assert dadu is not None
    made = json.loads(topology_of(work, Level.TALUKA, tmp_path, under_path=dadu.path).body)
    assert [one["properties"]["code"] for one in made["objects"]["areas"]["geometries"]] == [
        "PK70301", "PK70302", "PK70303", "PK70304",
    ]  # fmt: skip
    assert json.loads(topology_of(work, Level.UC, tmp_path, under_path="/999/").body)["arcs"] == []
