"""Names of persons, kept as they were given."""

import pytest

from relief.kernel.errors import InvalidInput
from relief.kernel.names import LONGEST_NAME, PersonName


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Fatima Bibi", "Fatima Bibi"),
        ("  فاطمہ\u200f  بی بی ", "فاطمہ بی بی"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
    ],
)
def test_a_name_is_kept_as_text_whatever_it_looks_like(typed: str, kept: str):
    assert str(PersonName.parse(typed)) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", "name.missing"), (" \t", "name.missing"), ("\u200b\u202e", "name.missing"), ("x" * 121, "name.too_long")],
)
def test_no_name_and_an_endless_name_are_refused(typed: str, code: str):
    with pytest.raises(InvalidInput) as refusal:
        PersonName.parse(typed)
    assert refusal.value.code == code and "%(" not in str(refusal.value)


def test_a_name_is_found_under_the_key_of_its_text():
    assert PersonName.parse("FÁTIMA  Bibi").key == "fatima bibi"
