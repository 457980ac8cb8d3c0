"""The codes that people type: what is mistyped never passes for another code."""

import contextlib
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from relief.kernel.codes import FamilyCode, TokenCode
from relief.kernel.errors import InvalidInput

TOKEN_NUMBERS = st.integers(0, 10**10 - 1)
FAMILY_NUMBERS = st.integers(1, 10**8 - 1)
URDU = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def mistyped(digits: str) -> set[str]:
    """Return the digits with one of them wrong, and with any two of them swapped."""
    wrong = {digits[:n] + other + digits[n + 1 :] for n in range(len(digits)) for other in "0123456789"}
    swapped = set()
    for one, two in combinations(range(len(digits)), 2):
        exchanged = list(digits)
        exchanged[one], exchanged[two] = exchanged[two], exchanged[one]
        swapped.add("".join(exchanged))
    return (wrong | swapped) - {digits}


@given(TOKEN_NUMBERS)
def test_every_single_wrong_or_swapped_digit_of_a_token_code_is_refused(number: int):
    for typed in mistyped(TokenCode.of(number).digits):
        with pytest.raises(InvalidInput) as refusal:
            TokenCode.parse(typed)
        assert refusal.value.code == "token_code.check_failed"


@given(FAMILY_NUMBERS)
def test_every_single_wrong_or_swapped_digit_of_a_family_code_is_refused(number: int):
    for typed in mistyped(FamilyCode.of(number).digits):
        with pytest.raises(InvalidInput) as refusal:
            FamilyCode.parse(f"F-{typed[:8]}-{typed[8:]}")
        assert refusal.value.code == "family_code.check_failed"


def test_a_number_has_one_code_alone():
    # 97 numbers in a row leave every remainder.
    for number in range(1, 98):
        accepted = []
        for check in range(100):
            with contextlib.suppress(InvalidInput):
                accepted.append(FamilyCode.parse(f"{number:08d}{check:02d}"))
        assert accepted == [FamilyCode.of(number)]


@given(TOKEN_NUMBERS)
def test_the_check_digits_are_those_of_the_standard(number: int):
    digits = TokenCode.of(number).digits
    assert len(digits) == 12 and int(digits[:10]) == number
    assert digits[10:] == mod_97_10.calc_check_digits(digits[:10])


@given(TOKEN_NUMBERS)
def test_a_token_code_is_read_with_any_gaps_and_digits(number: int):
    code = TokenCode.of(number)
    printed = code.grouped()
    assert [len(group) for group in printed.split(" ")] == [4, 4, 4]
    for typed in (
        code.digits, printed, printed.replace(" ", "-"), printed.replace(" ", " – "), f"\u200f{printed}\u202c",
        printed.translate(URDU), printed.translate(ARABIC),
    ):  # fmt: skip
        assert TokenCode.parse(typed) == code


@given(FAMILY_NUMBERS)
def test_a_family_code_is_read_with_any_gaps_and_digits(number: int):
    code = FamilyCode.of(number)
    assert code.number == number and len(str(code)) == 13
    for typed in (
        str(code), str(code).lower(), code.digits, str(code).replace("-", " "), str(code).translate(URDU),
        str(code).translate(ARABIC), f"\u200b{code}\ufeff",
    ):  # fmt: skip
        assert FamilyCode.parse(typed) == code


@pytest.mark.parametrize(
    "typed", ["", "1234", "1234567890123", "12345678901O", "x" * 12, "१२३४५६७८९०१२", "1234 5678 901"]
)
def test_a_token_code_of_another_form_is_refused(typed: str):
    with pytest.raises(InvalidInput) as refusal:
        TokenCode.parse(typed)
    assert refusal.value.code == "token_code.wrong_length"


@pytest.mark.parametrize("typed", ["", "F", "F-1", "F-00012345-6", "G-00012345-67", "FF0001234567", "F-0001234५-67"])
def test_a_family_code_of_another_form_is_refused(typed: str):
    with pytest.raises(InvalidInput) as refusal:
        FamilyCode.parse(typed)
    assert refusal.value.code == "family_code.malformed"


def test_a_token_code_shows_only_where_it_is_meant_to():
    code = TokenCode.of(1234567890)
    assert "1234567890" not in repr(code) + str(code)


@pytest.mark.parametrize(
    ("kind", "number"), [(TokenCode, -1), (TokenCode, 10**10), (FamilyCode, 0), (FamilyCode, 10**8)]
)
def test_a_number_out_of_range_gets_no_code(kind: type[TokenCode | FamilyCode], number: int):
    with pytest.raises(AssertionError):
        kind.of(number)
