"""Finding the columns of exports and of plain sheets."""

import pytest

from relief.families.columns import find_columns
from relief.families.invention import HEADER
from relief.families.questions import AROUND, QUESTIONS
from relief.kernel.errors import InvalidInput

PLAIN = ["UC", "Name", "CNIC", "Sex", "Family size", "Men", "Women", "Boys", "Girls", "House damage"]


def test_the_export_has_every_question():
    columns = find_columns(HEADER)
    assert set(columns.places) == {question.name for question in (*QUESTIONS, *AROUND)}
    assert columns.column_of("cnic") == "head/cnic"
    assert columns.column_of("lat") == "_location/gps_latitude"
    assert columns.column_of("gps") == "location/gps"


def test_plain_names_do():
    columns = find_columns(PLAIN)
    assert columns.places["head_name"] == 1
    assert columns.places["house_damage"] == 9
    assert columns.column_of("size") == "Family size"
    assert "consent" not in columns.places


@pytest.mark.parametrize("old", ["/", "-", "_", "."])
def test_other_marks_between_group_and_question(old):
    assert find_columns([name.replace("/", old) for name in HEADER]).column_of("phone") == f"head{old}phone"


def test_other_groups_and_the_order_do_not_matter():
    header = [
        "g1/" + name.rpartition("/")[2] for name in reversed(HEADER) if name not in ("location/gps", "damage/house")
    ]
    columns = find_columns([*header, "g1/gps", "g1/house"])
    assert columns.column_of("cnic") == "g1/cnic"


def test_the_whole_name_counts_before_its_last_part():
    columns = find_columns(["enumerator/name", *HEADER])
    assert columns.column_of("head_name") == "head/name"


def test_missing_columns_are_named():
    with pytest.raises(InvalidInput, match=r"head/cnic") as caught:
        find_columns(["name", "uc"])
    assert caught.value.code == "columns.missing"
    assert "location/uc" not in str(caught.value)


def test_one_question_in_two_columns_is_refused():
    with pytest.raises(InvalidInput, match="CNIC, cnic") as caught:
        find_columns([*PLAIN, "cnic"])
    assert caught.value.code == "columns.twice"
