"""Building the register and the schematic layer from the shipped facts."""

import numpy as np
import pytest
import shapely
from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.geography.facts import Facts
from relief.geography.layering import build
from relief.geography.model import Area, Level
from relief.geography.queries import find_area_by_code, list_areas, list_editions, shapes_of
from relief.store.work import Work


def test_every_shipped_area_is_registered(work: Work):
    counts = {level: len(list_areas(work, level)) for level in Level}
    assert counts == {Level.PROVINCE: 1, Level.DISTRICT: 29, Level.TALUKA: 125, Level.UC: 973}


def test_paths_lead_from_the_province_down(work: Work):
    uc = find_area_by_code(work, "PK70304U14")
    assert uc is not None
    codes = ["PK7", "PK703", "PK70304", "PK70304U14"]
    ids = [work.session.scalar(select(Area.id).where(Area.code == code)) for code in codes]
    assert uc.path == "/" + "/".join(map(str, ids)) + "/"


def test_building_again_changes_nothing(work: Work, facts: Facts):
    before = work.session.execute(select(Area.id, Area.path)).all()
    entries = len(work.session.execute(select(AuditEntry.id)).all())
    again = build(work, facts)
    assert (
        again.areas_changes.added,
        again.areas_changes.changed,
        again.alias_changes.added,
        again.layer.is_changed,
    ) == (0, 0, 0, False)
    assert work.session.execute(select(Area.id, Area.path)).all() == before
    assert len(work.session.execute(select(AuditEntry.id)).all()) == entries == 1


def test_every_area_has_a_schematic_boundary(work: Work):
    (edition,) = list_editions(work)
    assert (edition.is_schematic, edition.current) == (True, 1128)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_levels_nest_without_gap_or_overlap(work: Work, facts: Facts):
    outline = facts.outlines["PK7"]
    for level in Level:
        shapes = shapes_of(work, level)
        assert shapes.is_schematic.all()
        assert shapely.coverage_is_valid(shapes.geometry.to_numpy())
        assert shapes.geometry.union_all().symmetric_difference(outline).area < 1e-6
    talukas = shapes_of(work, Level.TALUKA).set_index("area_id").geometry
    for parent, parts in shapes_of(work, Level.UC).groupby("parent_id"):
        assert shapely.equals(shapely.normalize(shapely.coverage_union_all(np.array(parts.geometry))), talukas[parent])
