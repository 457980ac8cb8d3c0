"""Keys of place names."""

import csv

import pytest

from relief.config import GEODATA
from relief.geography.names import closest, place_key


@pytest.mark.parametrize(
    "same",
    [
        ("Dadu", "DADU ", " dadu", "District Dadu", "Dadu District", "ضلع Dadu"),
        ("Tando Muhammad Khan", "TANDO MOHAMMAD KHAN", "Tando-Mohammed-Khan", "Tando  Mohd. Khan"),
        ("Shahdad Kot", "Shahdadkot", "SHAHDAD-KOT"),
        ("گھوٹکی", "ضلع گھوٹکی", "گھوٹکي"),
        ("Uc-3 Gadap", "UC 3 Gadap", "Union Council 3 Gadap"),
    ],
)
def test_ways_of_writing_one_name_have_one_key(same: tuple[str, ...]):
    assert len({place_key(name) for name in same}) == 1


def test_a_name_of_generic_words_alone_keeps_them():
    assert place_key("Union Council") == "unioncouncil"


def test_a_text_without_letters_has_no_key():
    assert place_key(" -- ") == ""


def test_near_spellings_come_best_first():
    assert closest("beeto", ["beto", "dadu", "beetok"]) == ["beetok", "beto"]


def test_no_shipped_alias_repeats_a_name_of_its_area():
    def rows(name: str) -> list[dict[str, str]]:
        with (GEODATA / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    own = {
        row["code"]: {place_key(row[name]) for name in ("name_en", "name_ur", "name_sd")}
        for row in rows("sindh_areas.csv")
    }
    keys = [(row["code"], place_key(row["alias"])) for row in rows("sindh_aliases.csv")]
    assert [pair for pair in keys if pair[1] in own[pair[0]]] == []
    assert len(keys) == len(set(keys))
