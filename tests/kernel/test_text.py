"""Texts that come in: cleaned once and for all, and found again under every spelling of their letters."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relief.kernel.text import clean, fold_digits, search_key

# What a database or a file would refuse, too: JSON may hold half of a surrogate pair.
ANY_TEXT = st.text(st.characters(), max_size=40) | st.text("e\u0301\u200b \u202e\ud800ا\u0653آ\x00\t", max_size=8)


@given(ANY_TEXT)
@example("e\u200b\u0301")
@example("a \x0b b")
def test_cleaning_twice_changes_nothing_more(text: str):
    once = clean(text)
    assert clean(once) == once


@given(ANY_TEXT)
@example("\ud800")
def test_a_clean_text_holds_nothing_invisible_and_can_be_stored(text: str):
    cleaned = clean(text)
    assert cleaned == cleaned.strip() and "  " not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in cleaned)
    cleaned.encode()


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Fatima", "Fatima"),
        ("  Fatima \t\n Bibi ", "Fatima Bibi"),
        ("Fatima\x00Bibi", "Fatima Bibi"),
        ("\ufeffفاطمہ\u200c بی\u200dبی\u200f", "فاطمہ بیبی"),
        ("\u202eibib\u202c", "ibib"),
        ("Fa\u00adtima\xa0Bibi", "Fatima Bibi"),
        ("cafe\u0301", "café"),
        ("line\u2028line", "line line"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_invisible_marks_go_and_spaces_fold(text: str, cleaned: str):
    assert clean(text) == cleaned


@given(st.text(st.sampled_from("0123456789٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹ab- "), max_size=20))
def test_digits_fold_to_the_same_number(text: str):
    folded = fold_digits(text)
    assert folded.isascii() and len(folded) == len(text) and fold_digits(folded) == folded
    for before, after in zip(text, folded, strict=True):
        assert unicodedata.digit(before, None) == unicodedata.digit(after, None)


@given(ANY_TEXT)
@example("𝐀li")
@example("℡ ﷺ")
@example("ŉ İ ß ᾳ")
@example("0:_0")
def test_the_key_of_a_key_is_the_key(text: str):
    key = search_key(text)
    assert search_key(key) == key


@given(ANY_TEXT)
def test_a_text_is_found_before_and_after_cleaning(text: str):
    assert search_key(clean(text)) == search_key(text)


@pytest.mark.parametrize(
    "spellings",
    [
        ("Fatima", "FATIMA", " fatima ", "Fátima", "F\u200batima", "𝐅atima", "Ｆatima"),
        ("Goth Ali-Murad", "goth ali murad", "GOTH, ALI_MURAD."),
        ("کریم", "كريم", "ڪريم", "کر\u200cیم"),
        ("علی", "على", "علي"),
        ("آمنہ", "امنہ", "أمنة", "ا\u0653منه"),
        ("میہڑ", "ميهڙ".replace("ڙ", "ڑ")),
        ("مؤمن", "مومن"),
        ("فاطمہ ۱۲", "فاطمه 12", "فاطمۃ ١٢"),
        ("ﻋﻠﻲ", "علی"),
        ("مُحَمَّد", "محمد", "محـمد"),
    ],
)
def test_spellings_of_one_name_have_one_key(spellings: tuple[str, ...]):
    assert len({search_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("علی", "Ali"), ("بیبی", "بی بی"), ("Ali 1", "Ali 2"), ("ٻ", "ب"), ("ڙ", "ر")]
)
def test_other_names_have_other_keys(one: str, other: str):
    assert search_key(one) != search_key(other)
