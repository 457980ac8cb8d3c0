"""CNIC and phone numbers: read as people type and paste them, and never shown whole by accident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.kernel.errors import InvalidInput
from relief.kernel.identity import Cnic, PhoneNumber

THIRTEEN = st.text("0123456789", min_size=13, max_size=13)
MOBILES = st.text("0123456789", min_size=9, max_size=9).map("3{}".format)
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2066\u2069\u061c\ufeff\u00ad"
SCRIPTS = (
    str.maketrans("", ""),
    str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"),
    str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"),
)


@st.composite
def pasted(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, str]:
    """Draw a text, and how it arrives from a chat: in any digits, with invisible marks between."""
    text = draw(texts)
    marks = draw(st.lists(st.text(INVISIBLE, max_size=2), min_size=len(text) + 1, max_size=len(text) + 1))
    typed = text.translate(draw(st.sampled_from(SCRIPTS)))
    return text, "".join(mark + sign for mark, sign in zip(marks, [*typed, ""], strict=True))


@given(pasted(THIRTEEN))
def test_a_cnic_is_read_through_invisible_marks_and_in_any_digits(arrived: tuple[str, str]):
    digits, typed = arrived
    cnic = Cnic.parse(typed)
    assert cnic.digits == digits
    assert Cnic.parse(cnic.full()) == cnic
    assert cnic.last_four == digits[-4:]


@pytest.mark.parametrize(
    "typed",
    [
        "4510212345671", "45102-1234567-1", "45102 1234567 1", "45102–1234567—1", "45102.1234567.1", "45102/1234567/1",
        "45102_1234567_1", "\u200e45102-1234567-1\u200b", "٤٥١٠٢-١٢٣٤٥٦٧-١", "۴۵۱۰۲-۱۲۳۴۵۶۷-۱", "\xa045102\xa01234567\xa01",
        "45102-1234567-1\n",
    ],
)  # fmt: skip
def test_a_cnic_is_read_in_every_usual_spelling(typed: str):
    assert Cnic.parse(typed).full() == "45102-1234567-1"


def test_cnics_of_azad_jammu_and_kashmir_are_as_good_as_others():
    assert Cnic.parse("82203-1234567-1").digits == "8220312345671"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("4.51021234567E+12", "cnic.rounded"),
        ("4,51021E12", "cnic.rounded"),
        ("5E+12", "cnic.rounded"),
        ("۴٫۵E+12", "cnic.not_digits"),
        ("", "cnic.not_digits"),
        ("none", "cnic.not_digits"),
        ("45102-l234567-1", "cnic.not_digits"),
        ("45102-1234567-O", "cnic.not_digits"),
        ("४५१०२१२३४५६७१", "cnic.not_digits"),
        ("451021234567²", "cnic.not_digits"),
        ("61101-7654321", "cnic.wrong_length"),
        ("61101-7654321-12", "cnic.wrong_length"),
    ],
)
def test_what_is_no_cnic_is_refused_with_what_is_wrong(typed: str, code: str):
    with pytest.raises(InvalidInput) as refusal:
        Cnic.parse(typed)
    assert refusal.value.code == code
    assert typed == "" or typed not in str(refusal.value)


def test_a_refused_cnic_is_told_how_many_digits_it_has():
    with pytest.raises(InvalidInput, match="here are 12"):
        Cnic.parse("45102-1234567")


@given(THIRTEEN)
def test_a_cnic_shows_no_more_than_its_last_four(digits: str):
    cnic = Cnic.parse(digits)
    for shown in (str(cnic), repr(cnic), f"{cnic}", f"{[cnic]}"):
        assert "".join(filter(str.isdigit, shown)) == cnic.last_four


@given(pasted(MOBILES), st.sampled_from(["", "0", "92", "+92", "0092"]))
def test_a_mobile_number_is_read_through_invisible_marks_and_in_any_digits(arrived: tuple[str, str], before: str):
    digits, typed = arrived
    number = PhoneNumber.parse(before + typed)
    assert number.e164() == f"+92{digits}"
    assert PhoneNumber.parse(number.e164()) == number


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("0300-1234567", "+923001234567"),
        ("(0300) 123 4567", "+923001234567"),
        ("0300.1234567", "+923001234567"),
        ("3001234567", "+923001234567"),
        ("+92 (0)300 1234567", "+923001234567"),
        ("92-0300-1234567", "+923001234567"),
        ("۰۳۰۰۱۲۳۴۵۶۷", "+923001234567"),
        ("021-34567890", "+922134567890"),
        ("+1 202 555 0123", "+12025550123"),
    ],
)
def test_a_phone_number_is_read_in_every_usual_spelling(typed: str, e164: str):
    assert PhoneNumber.parse(typed).e164() == e164


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "none",
        "1122",
        "12",
        "0300-1234567890",
        "0300-123456",
        "+92 300 12345678",
        "+",
        "+999 300 1234567",
        "9" * 5_000,
    ],
)
def test_what_is_no_phone_number_is_refused(typed: str):
    with pytest.raises(InvalidInput) as refusal:
        PhoneNumber.parse(typed)
    assert refusal.value.code == "phone.invalid"


def test_a_number_in_digits_of_any_script_is_one_number():
    assert PhoneNumber.parse("3००१२३४५६७") == PhoneNumber.parse("03001234567")


@given(MOBILES)
def test_a_phone_number_shows_no_more_than_its_last_three(digits: str):
    number = PhoneNumber.parse(digits)
    for shown in (str(number), repr(number), f"{[number]}"):
        assert "".join(filter(str.isdigit, shown)) == "92" + digits[-3:]
