"""Invented families are always the same, and nobody's."""

import hashlib

from relief.families.invented_faults import FAULTS
from relief.families.invention import HEADER, Place, invent

PLACES = [Place("Dadu", "Mehar", "Kolachi", 67.73, 27.16), Place("Dadu", "Johi", "Tor", 67.5, 26.6)]


def test_the_same_seed_makes_the_same_rows():
    def digest(seed):
        text = "\n".join("|".join(row.cells.values()) + row.expect for row in invent(PLACES, 500, seed=seed))
        return hashlib.sha256(text.encode()).hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_each_class_of_faults_comes_up_and_each_row_has_every_column():
    rows = list(invent(PLACES, 4 * len(FAULTS) + 4))
    assert {row.why for row in rows} == {"plain", *(fault.why for fault in FAULTS)}
    assert {tuple(row.cells) for row in rows} == {HEADER}
    assert {row.expect for row in rows} == {"ok", "refuse", "flag", "duplicate", "repeat"}


def test_without_faults_all_is_plain():
    assert {row.why for row in invent(PLACES, 200, with_faults=False)} == {"plain"}


def test_no_invented_number_is_anybodys():
    rows = list(invent(PLACES, 300, with_faults=False))
    assert all(row.cells["head/cnic"].startswith("9") for row in rows)
    assert all(row.cells["head/phone"].startswith("039") for row in rows)
    assert len({row.cells["head/cnic"] for row in rows}) == len({row.cells["_uuid"] for row in rows}) == 300
