"""Totals, the entries behind them, and the files of both."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.config import Settings
from relief.files.reading import open_table
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.reports.finance import By, TotalsFilter, totals_by
from relief.reports.journal import JournalFilter, all_lines
from relief.store.work import reading
from relief.web.formats import format_money
from tests.factories.books import SYSTEM, books_in, browser_of, status_of
from tests.support.databases import Databases

READERS = {Role.COORDINATOR, Role.FINANCE, Role.AUDITOR}
# What differs by person or address does not differ by database.
ON_ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(tmp_path: Path, databases: Databases, backend: str) -> Iterator[Settings]:
    made = books_in(tmp_path, databases, backend)
    yield made
    databases.give_back(made.database_url)


@pytest.fixture
def finance(app: Flask) -> FlaskClient:
    return browser_of(app, Role.FINANCE)


def total(app: Flask, by: By = By.DISTRICT, **wanted: object):
    with app.app_context(), reading(SYSTEM) as work:
        return totals_by(work, by, TotalsFilter(**wanted))


def money(app: Flask, sum_: Money) -> str:
    with app.test_request_context():
        return format_money(sum_)


def links(page: str, path: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(rf'href="({path}\?[^"]*)"', page)]


def test_the_page_shows_the_totals_and_each_leads_to_its_entries(app: Flask, finance: FlaskClient):
    answer = total(app)
    page = finance.get("/finance").text
    assert money(app, answer.total.disbursed) in page and money(app, answer.total.unexplained) in page
    first = next(row for row in answer.rows if row.key)
    assert f'href="/finance?area={first.code}&amp;by=taluka"' in page
    behind = finance.get(f"/finance/entries?area={first.code}&account=5").text
    assert money(app, first.sums.disbursed) in behind and "Sum of all pages" in behind


def test_from_a_total_to_the_hand_over_in_three_clicks(app: Flask):
    auditor = browser_of(app, Role.AUDITOR)
    page = auditor.get("/finance").text
    entries = auditor.get(next(link for link in links(page, "/finance/entries") if "area=" in link)).text
    entry = auditor.get(re.search(r'href="(/finance/entries/\d+)"', entries)[1]).text
    hand_over = re.search(r'href="(/distribution/hand-overs/\d+)"', entry)[1]
    assert status_of(auditor, hand_over) == 200
    assert re.search(r"point \d+ / \d+", entry), "the entry says where it is sealed"
    assert auditor.get(re.search(r'href="(/audit/\d+)"', entry)[1]).status_code == 200


@ON_ONE_DATABASE
@pytest.mark.parametrize("by", list(By))
def test_totals_are_told_apart_by_anything(app: Flask, finance: FlaskClient, by: By):
    page = finance.get(f"/finance?by={by.value}").text
    assert money(app, total(app).total.disbursed) in page
    for link in links(page, "/finance")[:2] + links(page, "/finance/entries")[:2]:
        assert status_of(finance, link) == 200, link


def test_the_filter_is_in_the_address_and_can_be_taken_off(app: Flask, finance: FlaskClient):
    row = next(row for row in total(app, By.POINT).rows if row.key)
    page = finance.get(
        f"/finance?point={row.key}&fund=DEMO-FUND&campaign=DEMO-1&since=2022-09-01&until=30/09/2022&by=day"
    ).text
    assert money(app, row.sums.disbursed) in page and row.name in page and "Show all points" in page
    assert 'value="2022-09-01"' in page
    empty = finance.get("/finance?until=2001-01-01").text
    assert "Nothing was disbursed under this filter" in empty


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/finance?area=PK9999", 404), ("/finance?fund=NONE", 404), ("/finance?campaign=NONE", 404), ("/finance?point=x", 404),
        ("/finance?since=soon", 400), ("/finance?since=2022-09-02&until=2022-09-01", 400), ("/finance/entries/999999", 404),
        ("/finance/totals.pdf", 404), ("/finance?by=moon&sort=moon&page=-1", 200), ("/finance/entries?kind=moon&account=99", 200),
    ],
)  # fmt: skip
def test_addresses_that_make_no_sense_are_answered_kindly(finance: FlaskClient, address: str, status: int):
    assert status_of(finance, address) == status


@ON_ONE_DATABASE
@pytest.mark.parametrize("role", list(Role))
def test_who_may_look(app: Flask, role: Role):
    client = browser_of(app, role)
    for address in (
        "/finance",
        "/finance/entries",
        "/finance/entries/1",
        "/finance/totals.csv",
        "/finance/entries.csv",
    ):
        assert status_of(client, address) == (200 if role in READERS else 403), address


def test_a_coordinator_sees_the_own_district_alone(app: Flask):
    rows = [row for row in total(app).rows if row.key]
    mine, other = rows[0], rows[1]
    client = browser_of(app, Role.COORDINATOR, mine.code)
    page = client.get("/finance").text
    assert mine.name in page and other.name not in page
    assert status_of(client, f"/finance?area={other.code}") == 404
    table = list(csv.DictReader(io.StringIO(client.get("/finance/totals.csv").text.removeprefix("\ufeff"))))
    assert [row["code"] for row in table] == [mine.code]


def test_files_have_the_figures_of_the_page(app: Flask, finance: FlaskClient, tmp_path: Path):
    answer = total(app, By.UC)
    text = finance.get("/finance/totals.csv?by=uc").text
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sum(Money.parse(row["disbursed_pkr"]).paisa for row in rows) == answer.total.disbursed.paisa
    path = tmp_path / "entries.xlsx"
    path.write_bytes(finance.get("/finance/entries.xlsx?account=5100").data)
    with open_table(path) as table:
        lines = [row.cells for row in table.rows()]
        kinds = {line[table.header.index("kind")] for line in lines}
    with app.app_context(), reading(SYSTEM) as work:
        assert len(lines) == sum(1 for _ in all_lines(work, JournalFilter(account="5100")))
    assert kinds <= {"hand_over", "void"}


def test_a_wrong_receipt_is_reversed_with_a_reason(app: Flask, finance: FlaskClient):
    posted = finance.post(
        "/finance/funds/1/receive",
        data={
            "amount": "12,345",
            "on": "2022-09-20",
            "memo": "=HYPERLINK(1)",
            "key": "5c0f8e9e-0000-4000-8000-000000000001",
        },
        follow_redirects=True,
    )
    assert "The money is posted to the fund." in posted.text and "=HYPERLINK(1)" in posted.text
    entry = posted.request.path
    reversal = {"reason": "", "key": "5c0f8e9e-0000-4000-8000-000000000002"}
    assert finance.post(f"{entry}/reverse", data=reversal).status_code == 400
    done = finance.post(f"{entry}/reverse", data=reversal | {"reason": "Typed twice"}, follow_redirects=True)
    assert "The entry is reversed." in done.text and "Reverses entry" in done.text
    assert "This entry was reversed." in finance.get(entry).text
    again = finance.post(
        f"{entry}/reverse", data={"reason": "Once more", "key": "5c0f8e9e-0000-4000-8000-000000000003"}
    )
    assert again.status_code == 409
    exported = finance.get("/finance/entries.csv?kind=receipt").text
    assert "'=HYPERLINK(1)" in exported, "text stays text in a spreadsheet"


def test_a_hand_over_is_not_reversed_here(app: Flask, finance: FlaskClient):
    page = finance.get("/finance/entries?kind=hand_over").text
    entry = re.search(r'href="(/finance/entries/\d+)"', page)[1]
    assert "Undo the hand-over itself" in finance.get(entry).text
    key = {"reason": "Wrong", "key": "5c0f8e9e-0000-4000-8000-000000000004"}
    assert finance.post(f"{entry}/reverse", data=key).status_code == 422
    assert browser_of(app, Role.AUDITOR).post(f"{entry}/reverse", data=key).status_code == 403


def test_the_home_page_has_the_money(app: Flask, finance: FlaskClient):
    page = finance.get("/").text
    assert money(app, total(app).total.disbursed) in page and "Unexplained at points" in page
