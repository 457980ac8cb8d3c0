"""Reading answers as people, phones and spreadsheets write them."""

import datetime as dt

import pytest

from relief.families import answers
from relief.families.questions import AROUND, QUESTIONS
from relief.families.rules import Gender, HouseDamage, Registration
from relief.kernel.errors import InvalidInput, Problem

BY_NAME = {question.name: question for question in (*QUESTIONS, *AROUND)}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1978-11-16", (1978, 11, 16)),
        ("1978-11-16T00:00:00", (1978, 11, 16)),
        ("05/04/1974", (1974, 4, 5)),
        ("5.4.1974", (1974, 4, 5)),
        ("31-12-1999", (1999, 12, 31)),
        ("۰۵/۰۴/۱۹۷۴", (1974, 4, 5)),
        ("28810", (1978, 11, 16)),
        ("28810.0", (1978, 11, 16)),
        ("\u200b1978-11-16\u200f", (1978, 11, 16)),
    ],
)
def test_days_are_read_day_first(text, day):
    assert answers.read_day(text) == dt.date(*day)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("31/02/1980", "day.impossible"),
        ("13/13/1980", "day.impossible"),
        ("0000-01-01", "day.impossible"),
        ("yesterday", "day.not_a_day"),
        ("1980", "day.not_a_day"),
        ("04/1980", "day.not_a_day"),
        ("1/2/80", "day.not_a_day"),
    ],
)
def test_what_is_no_day_is_refused(text, code):
    with pytest.raises(InvalidInput) as caught:
        answers.read_day(text)
    assert caught.value.code == code


@pytest.mark.parametrize(("text", "count"), [("5", 5), ("5.0", 5), ("۵", 5), (" 12 ", 12), ("٠", 0), ("60", 60)])
def test_counts_are_read_in_any_digits(text, count):
    assert answers.read_members(text) == count


@pytest.mark.parametrize("text", ["-3", "61", "640", "abc", "5.5", "1e1", "five", "", "²", "9" * 40])
def test_what_is_no_count_of_members_is_refused(text):
    with pytest.raises(InvalidInput):
        answers.read_members(text)


def test_a_family_has_at_least_one_member():
    with pytest.raises(InvalidInput) as caught:
        answers.read_size("0")
    assert caught.value.params == {"low": 1, "high": 60}


@pytest.mark.parametrize(("text", "score"), [("0", 0), ("100", 100), ("16.17", 16), ("8.0", 8), ("۱۲", 12)])
def test_poverty_scores_are_whole_points(text, score):
    assert answers.read_psc_score(text) == score


@pytest.mark.parametrize("text", ["101", "140", "-1", "100.5", "low", "nan", "inf", "1e2"])
def test_poverty_scores_lie_between_0_and_100(text):
    with pytest.raises(InvalidInput):
        answers.read_psc_score(text)


def test_a_position_comes_with_its_accuracy():
    assert answers.read_gps("26.611579 67.385825 50.1 5.9") == (26.611579, 67.385825, 5.9)
    assert answers.read_gps("26.611579, 67.385825") == (26.611579, 67.385825, None)
    assert answers.read_gps("26.611579 67.385825 -3") == (26.611579, 67.385825, None)
    assert answers.read_gps("۲۶.۵ ۶۷.۵") == (26.5, 67.5, None)


@pytest.mark.parametrize("text", ["26.6", "here", "91 67", "26 181", "nan nan", "26.6 67.3 1 2 3", "1e1 6e1"])
def test_what_is_no_position_is_refused(text):
    with pytest.raises(InvalidInput):
        answers.read_gps(text)


@pytest.mark.parametrize(
    ("text", "degrees"), [("67.90642800000001", 67.906428), ("-1", -1.0), ("۶۷٫۵", 67.5), ("26", 26.0)]
)
def test_degrees_lose_the_noise_of_spreadsheets(text, degrees):
    assert answers.read_degrees(text) == degrees


@pytest.mark.parametrize("text", ["181", "north", "26°36'", "nan", "inf"])
def test_what_are_no_degrees_is_refused(text):
    with pytest.raises(InvalidInput):
        answers.read_degrees(text)


@pytest.mark.parametrize("text", ["yes", "YES", "1", "true", "ہاں", "ها"])
def test_yes_in_many_ways(text):
    assert answers.read_yes_no(text) is True
    assert answers.read_consent(text) is True


@pytest.mark.parametrize("text", ["no", "0", "نہیں", "maybe", ""])
def test_consent_is_a_yes_and_nothing_else(text):
    with pytest.raises(InvalidInput) as caught:
        answers.read_consent(text)
    assert caught.value.code == "consent.missing"


def test_choices_take_the_words_of_form_and_field():
    assert [answers.read_gender(text) for text in ("Female", "m", "X", "عورت")] == [
        Gender.FEMALE, Gender.MALE, Gender.TRANSGENDER, Gender.FEMALE,
    ]  # fmt: skip
    assert [answers.read_house_damage(text) for text in ("none", "Partially", "destroyed")] == list(HouseDamage)
    with pytest.raises(InvalidInput, match="female, male, transgender"):
        answers.read_gender("child")


def test_the_questions_stand_in_the_order_of_the_facts():
    assert ("uc_id", *(question.name for question in QUESTIONS), "gps_accuracy_m") == Registration._fields


def test_an_open_question_is_missing_or_has_its_default():
    assert BY_NAME["head_name"].answer(" \u200b ") == Problem("head_name", "field.missing", "This is missing.")
    assert BY_NAME["consent"].answer("").code == "field.missing"
    assert BY_NAME["disabled"].answer("") == 0
    assert BY_NAME["cnic"].answer("  ") is None
    assert BY_NAME["is_displaced"].answer("") is False


def test_a_wrong_answer_is_a_problem_of_its_question():
    problem = BY_NAME["cnic"].answer("42101-12345O7-1")
    assert (problem.field, problem.code) == ("cnic", "cnic.not_digits")
