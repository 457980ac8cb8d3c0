import datetime as dt
from dataclasses import dataclass

import pytest
from flask import Flask, g
from flask_babel import force_locale

from relief.kernel.errors import Conflict, Problem
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.kernel.quantity import Quantity
from relief.web import formats

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def request_context(app: Flask):
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("money", "text", "lakhs"),
    [
        (Money.rupees(1_370_000_000), "PKR 1,370,000,000", "PKR 1,37,00,00,000"),
        (Money(735_251), "PKR 7,352.51", "PKR 7,352.51"),
        (Money(-100_005), "PKR −1,000.05", "PKR −1,000.05"),
        (Money.ZERO, "PKR 0", "PKR 0"),
        (2_500_000, "PKR 25,000", "PKR 25,000"),
    ],
)
def test_money_is_grouped_as_the_reader_counts(money, text, lakhs):
    assert formats.format_money(money) == text
    g.counts_in_lakhs = True
    assert formats.format_money(money) == lakhs


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (186331, "186,331"), (Quantity(1500), "1,500"), (7352.515, "7,352.52"), (-12, "-12")]
)
def test_numbers_are_grouped(number, text):
    assert formats.format_number(number) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.65, "65 %"), (0.6534, "65.3 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %"),
        (1.25, "125 %"),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_to_all_or_nothing(share, text):
    assert formats.format_percent(share) == text


def test_days_and_instants_are_those_of_pakistan():
    assert formats.format_day(dt.date(2022, 9, 4)) == "4 Sep 2022"
    late = dt.datetime(2022, 9, 4, 20, 30, tzinfo=dt.UTC)
    assert formats.format_instant(late) == "5 Sep 2022, 01:30"
    assert formats.format_day(None) == formats.format_instant(None) == "–"
    with force_locale("ur"):
        assert formats.format_day(dt.date(2022, 9, 4)) == "4 ستمبر 2022"
    with force_locale("sd"):
        assert formats.format_day(dt.date(2022, 9, 4)) == "4 سيپٽمبر 2022"


@dataclass
class Place:
    name_en: str
    name_ur: str | None
    name_sd: str | None


def test_an_area_has_a_name_in_every_language():
    place = Place("Mehar", "میہڑ", None)
    assert formats.area_name(place) == "Mehar"
    with force_locale("ur"):
        assert formats.area_name(place) == "میہڑ"
    with force_locale("sd"):
        assert formats.area_name(place) == "Mehar"


def test_words_for_members_and_refusals():
    assert formats.label(Role.POINT_STAFF) == "Point staff"
    assert (
        formats.label(Problem("a", "x", "Only %(sum)s is left.", {"sum": Money.rupees(1000)}))
        == "Only PKR 1,000 is left."
    )
    assert formats.label(Conflict("x", "Since %(day)s.", day=dt.date(2022, 9, 4))) == "Since 4 Sep 2022."
    assert formats.label("100 % sure") == "100 % sure"
