"""Funds and the forms of the finance desk."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.ledger.queries import get_fund_by_code, list_funds
from relief.store.work import reading
from tests.factories.books import browser_of
from tests.factories.people import SYSTEM, Areas

NEW = {"code": "wfp-22", "name": "Food <b>2022</b>", "donor_name": "WFP", "restriction": "restricted"}
KEY = "5c0f8e9e-0000-4000-8000-00000000000"
# What differs by person or address does not differ by database.
ON_ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def finance(app: Flask, areas: Areas) -> FlaskClient:
    return browser_of(app, Role.FINANCE)


@pytest.fixture
def fund(finance: FlaskClient) -> str:
    return finance.post("/finance/funds/new", data=NEW).location


def free(app: Flask) -> Money:
    with app.app_context(), reading(SYSTEM) as work:
        return get_fund_by_code(work, "WFP-22").figures.free


def test_a_fund_is_opened_and_filled_and_spent_from(app: Flask, finance: FlaskClient):
    assert "Open the first fund" in finance.get("/finance/funds").text
    opened = finance.post("/finance/funds/new", data=NEW, follow_redirects=True)
    assert "The fund is open." in opened.text and "Food &lt;b&gt;2022&lt;/b&gt;" in opened.text
    form = finance.get(f"{opened.request.path}/receive").text
    key = re.search(r'name="key" value="([^"]+)"', form)[1]
    sent = {"amount": "۱۰۰۰", "on": "20/09/2022", "memo": "Cheque 118", "key": key}
    for _ in range(2):  # A double click.
        page = finance.post(f"{opened.request.path}/receive", data=sent, follow_redirects=True)
        assert "Cheque 118" in page.text
    assert free(app) == Money.rupees(1_000)
    assert "PKR 1,000" in finance.get(f"{opened.request.path}/spend").text
    spent = {"amount": "400.50", "on": "2022-09-21", "memo": "Boat hire, bill 41", "key": f"{KEY}1"}
    finance.post(f"{opened.request.path}/spend", data=spent)
    assert free(app) == Money(59_950)
    page = finance.get("/finance/funds").text
    assert "PKR 599.50" in page and "PKR 400.50" in page


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("form", "changes", "said"),
    [
        ("spend", {"amount": "1"}, "The fund has PKR 0 free"),
        ("receive", {"amount": "-5"}, "Write a sum that is not negative."),
        ("receive", {"amount": "0"}, "Write a sum above zero."),
        ("receive", {"amount": "1.234"}, "with at most two decimals"),
        ("receive", {"amount": "99999999999999999"}, "larger than any fund can hold"),
        ("receive", {"amount": "ten"}, "This is not a sum of money."),
        ("receive", {"on": "2099-01-01"}, "it cannot lie ahead"),
        ("receive", {"on": "31/02/2022"}, "Write a day as"),
        ("receive", {"memo": " "}, "This is missing."),
        ("receive", {"key": "no key"}, "This form has lost its own number."),
    ],
)
def test_what_cannot_be_posted_says_why_and_keeps_what_was_typed(
    finance: FlaskClient, fund: str, form: str, changes: dict, said: str
):
    sent = {"amount": "77", "on": "2022-09-20", "memo": "Grant paper 9", "key": f"{KEY}2"} | changes
    page = finance.post(f"{fund}/{form}", data=sent)
    assert page.status_code in (400, 422) and said in page.text and sent["memo"] in page.text
    assert free(finance.application) == Money.ZERO


def test_a_form_under_the_same_key_with_other_values_is_refused(app: Flask, finance: FlaskClient, fund: str):
    sent = {"amount": "77", "on": "2022-09-20", "memo": "Grant", "key": f"{KEY}3"}
    finance.post(f"{fund}/receive", data=sent)
    assert finance.post(f"{fund}/receive", data=sent | {"amount": "78"}).status_code == 409
    assert free(app) == Money.rupees(77)


@ON_ONE_DATABASE
@pytest.mark.parametrize("changes", [{"code": "="}, {"name": ""}, {"donor_name": " "}])
def test_a_fund_that_makes_no_sense_is_not_opened(app: Flask, finance: FlaskClient, changes: dict):
    assert finance.post("/finance/funds/new", data=NEW | changes).status_code == 400
    with app.app_context(), reading(SYSTEM) as work:
        assert list_funds(work) == []


def test_a_code_stands_for_one_fund(finance: FlaskClient, fund: str):
    assert finance.post("/finance/funds/new", data=NEW).status_code == 409


@ON_ONE_DATABASE
@pytest.mark.parametrize("role", list(Role))
def test_who_may_do_what(app: Flask, fund: str, role: Role):
    client = browser_of(app, role)
    reads = role in (Role.COORDINATOR, Role.FINANCE, Role.AUDITOR)
    for address in ("/finance/funds", fund):
        assert client.get(address).status_code == (200 if reads else 403)
    for address in ("/finance/funds/new", f"{fund}/receive", f"{fund}/spend"):
        assert client.get(address).status_code == (200 if role is Role.FINANCE else 403)
        assert client.post(address).status_code == (400 if role is Role.FINANCE else 403)


def test_a_fund_that_is_not_there_is_not_found(finance: FlaskClient):
    for address in ("/finance/funds/99", "/finance/funds/99/receive", "/finance/funds/99/spend"):
        assert finance.get(address).status_code == 404


def test_a_narrowed_role_sees_no_figures_of_the_whole_fund(app: Flask, fund: str, finance: FlaskClient):
    finance.post(f"{fund}/receive", data={"amount": "98765", "on": "2022-09-20", "memo": "Grant", "key": f"{KEY}4"})
    client = browser_of(app, Role.COORDINATOR, "PK703")
    for address in ("/finance/funds", fund):
        assert "98,765" not in client.get(address).text
    assert "98,765" in browser_of(app, Role.FINANCE, "PK703").get(fund).text
