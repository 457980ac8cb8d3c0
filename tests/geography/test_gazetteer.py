"""Finding Union Councils by what people write."""

import math

import numpy as np
import pytest

from relief.geography import gazetteer as gazetteer_module
from relief.geography.gazetteer import Gazetteer
from relief.geography.model import Level
from relief.geography.queries import AliasRecord, AreaRecord


def area(number: int, code: str, level: Level, path: str, name: str, **more: object) -> AreaRecord:
    parents = [int(part) for part in path.strip("/").split("/")]
    values = {
        "name_ur": None, "name_sd": None, "lon": None, "lat": None, "population": None, "households": None,
        "is_named": True, "facts": {}, **more,
    }  # fmt: skip
    return AreaRecord(number, code, level, parents[-2] if len(parents) > 1 else None, path, name, **values)  # type: ignore[arg-type]


AREAS = [
    area(1, "PK7", Level.PROVINCE, "/1/", "Sindh"),
    area(2, "PK703", Level.DISTRICT, "/1/2/", "Dadu", name_ur="دادو"),
    area(3, "PK709", Level.DISTRICT, "/1/3/", "Kambar Shahdad Kot"),
    area(4, "PK70303", Level.TALUKA, "/1/2/4/", "Khairpur Nathan Shah"),
    area(5, "PK70304", Level.TALUKA, "/1/2/5/", "Mehar", name_sd="ميهڙ"),
    area(6, "PK70905", Level.TALUKA, "/1/3/6/", "Shahdad Kot"),
    area(7, "PK70304U14", Level.UC, "/1/2/5/7/", "Thariri Muhabat", lon=67.88, lat=27.2),
    area(8, "PK70304U02", Level.UC, "/1/2/5/8/", "Beto", lon=67.8, lat=27.1),
    area(9, "PK70303U06", Level.UC, "/1/2/4/9/", "Kakar", lon=67.7, lat=26.9),
    area(10, "PK70905U03", Level.UC, "/1/3/6/10/", "Jamali", lon=67.809, lat=27.946),
    area(11, "PK70905U04", Level.UC, "/1/3/6/11/", "Jamali", lon=67.971, lat=27.948),
    area(12, "PK70304U15", Level.UC, "/1/2/5/12/", "Rind Wahi", lon=67.8, lat=27.2),
    area(13, "PK70304U16", Level.UC, "/1/2/5/13/", "Rindwahi", lon=67.9, lat=27.3),
]
ALIASES = [
    AliasRecord(1, 7, "Butt Serai", ""),
    AliasRecord(2, 3, "Qambar", ""),
    AliasRecord(3, 3, "Kamber-Shahdadkot", ""),
    AliasRecord(4, 4, "KN Shah", ""),
]


@pytest.fixture
def gazetteer() -> Gazetteer:
    """A few areas of Dadu and Kambar Shahdad Kot."""
    return Gazetteer(AREAS, ALIASES)


@pytest.mark.parametrize(
    ("district", "taluka", "uc", "code"),
    [
        ("Dadu", "Mehar", "Beto", "PK70304U02"),
        ("DADU ", " mehar", "BETO  ", "PK70304U02"),
        ("دادو", "ميهڙ", "UC Beto", "PK70304U02"),
        ("Dadu", "Mehar", "Butt Serai", "PK70304U14"),
        ("Dadu", "K.N. Shah", "Kakar", "PK70303U06"),
        ("Dadu", "", "Kakar", "PK70303U06"),
        ("", "", "Kakar", "PK70303U06"),
        ("PK703", "PK70304", "Beto", "PK70304U02"),
        ("", "", "pk70304u14", "PK70304U14"),
        ("Dado", "Mihar", "PK70304U14", "PK70304U14"),
        ("Dadu", "Mehar", "Rind Wahi", "PK70304U15"),
        ("Dadu", "Mehar", "RINDWAHI", "PK70304U16"),
    ],
)
def test_ways_of_writing_a_place_find_it(gazetteer: Gazetteer, district: str, taluka: str, uc: str, code: str):
    match = gazetteer.find_uc(district, taluka, uc)
    assert match.problem is None
    assert match.area_id is not None
    assert gazetteer.areas[match.area_id].code == code


@pytest.mark.parametrize(
    ("place", "field", "code", "sentence"),
    [
        (("Dado", "Mehar", "Beto"), "district", "area.unknown", "There is no district Dado. Did you mean Dadu?"),
        (("Dadu", "Johi", "Beto"), "taluka", "area.unknown", "There is no taluka Johi in Dadu."),
        (
            ("Dadu", "Shahdadkot", "Jamali"),
            "taluka",
            "area.elsewhere",
            "Shahdadkot does not lie in Dadu; there is one in Kambar Shahdad Kot.",
        ),
        (
            ("Dadu", "Mehar", "Beeto"),
            "uc",
            "area.unknown",
            "There is no Union Council Beeto in Mehar. Did you mean Beto?",
        ),
        (("Dadu", "Mehar", "Chak 999"), "uc", "area.unknown", "There is no Union Council Chak 999 in Mehar."),
        (
            ("Dadu", "Mehar", "Kakar"),
            "uc",
            "area.elsewhere",
            "Kakar does not lie in Mehar; there is one in Khairpur Nathan Shah.",
        ),
        (
            ("Dadu", "KN Shah", "PK70304U14"),
            "uc",
            "area.elsewhere",
            "PK70304U14 is a Union Council, and it does not lie in Khairpur Nathan Shah.",
        ),
        (("Dadu", "Mehar", " "), "uc", "area.missing", "The Union Council is missing."),
        (("", "", ""), "uc", "area.missing", "The Union Council is missing."),
    ],
)
def test_what_is_not_found_is_explained(
    gazetteer: Gazetteer, place: tuple[str, str, str], field: str, code: str, sentence: str
):
    match = gazetteer.find_uc(*place)
    assert match.area_id is None
    assert match.problem is not None
    assert (match.problem.field, match.problem.code, str(match.problem)) == (field, code, sentence)


def test_a_name_that_stands_twice_goes_to_the_nearer(gazetteer: Gazetteer):
    assert gazetteer.find_uc("Qambar", "Shahdadkot", "Jamali", (67.97, 27.95)).area_id == 11
    assert gazetteer.find_uc("Qambar", "Shahdadkot", "Jamali", (67.80, 27.95)).area_id == 10


@pytest.mark.parametrize("at", [None, (math.nan, math.nan)])
def test_a_name_that_stands_twice_without_gps_is_for_a_person(gazetteer: Gazetteer, at: tuple[float, float] | None):
    match = gazetteer.find_uc("Kamber-Shahdadkot", "Shahdadkot", "Jamali", at)
    assert match.area_id == 10
    assert match.problem is not None
    assert match.problem.code == "area.ambiguous"


def test_many_rows_are_answered_like_single_ones(gazetteer: Gazetteer):
    places = [("Dadu", "Mehar", "Beto"), ("Dadu", "Mehar", "Nowhere"), ("Qambar", "Shahdadkot", "Jamali")] * 2
    lon = np.array([np.nan, np.nan, np.nan, 67.8, 67.8, 67.97])
    matches = gazetteer.find_ucs(places, lon, np.where(np.isnan(lon), np.nan, 27.95))
    assert matches.area_id.tolist() == [8, 0, 10, 8, 0, 11]
    assert {row: problem.code for row, problem in matches.problems.items()} == {
        1: "area.unknown", 2: "area.ambiguous", 4: "area.unknown",
    }  # fmt: skip


def test_a_file_of_unknown_names_does_not_buy_endless_searching(gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gazetteer_module, "_MOST_REMEMBERED", 3)
    gazetteer._suggestions_left = 1
    problems = [gazetteer.find_uc("Dadu", "Mehar", f"Beto{letter}").problem for letter in "abcdef"]
    assert ["Did you mean" in str(problem) for problem in problems] == [True, False, False, False, False, False]
    assert len(gazetteer._remembered) <= 3


def test_a_long_hostile_name_is_cut_in_the_message(gazetteer: Gazetteer):
    problem = gazetteer.find_uc("Dadu", "Mehar", "<script>" * 500).problem
    assert problem is not None
    assert len(str(problem)) < 200
