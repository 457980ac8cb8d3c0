"""The reconciliation, every difference, and what families wait for."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from relief.config import Settings
from relief.kernel.permissions import Role
from relief.reports.reconciliation import reconcile
from relief.store.work import reading
from tests.factories.books import SYSTEM, books_in, browser_of, status_of
from tests.support.databases import Databases
from tests.support.tampering import without_guards

# What differs by person or address does not differ by database.
ON_ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(tmp_path: Path, databases: Databases, backend: str) -> Iterator[Settings]:
    made = books_in(tmp_path, databases, backend)
    yield made
    databases.give_back(made.database_url)


@pytest.fixture
def auditor(app: Flask) -> FlaskClient:
    return browser_of(app, Role.AUDITOR)


def rows_of(answer) -> list[dict]:
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_books_are_side_by_side(app: Flask, auditor: FlaskClient):
    page = auditor.get("/finance/reconciliation").text
    assert "Redeemed and posted agree in every row." in page
    with app.app_context(), reading(SYSTEM) as work:
        books = reconcile(work).total
    assert f"{books.entitled.paisa // 100:,}" in page and f"{books.redeemed.paisa // 100:,}" in page
    for level in ("district", "taluka", "uc"):
        by_area = auditor.get(f"/finance/reconciliation?campaign=DEMO-1&level={level}")
        assert by_area.status_code == 200 and f"{books.posted.paisa // 100:,}" in by_area.text
    rows = rows_of(auditor.get("/finance/reconciliation/books.csv?level=district"))
    assert sum(int(row["families_entitled"]) for row in rows) == books.families_entitled


def test_no_difference_is_said_so(auditor: FlaskClient):
    assert "The books agree: not one difference." in auditor.get("/finance/reconciliation/differences").text
    assert rows_of(auditor.get("/finance/reconciliation/differences.csv")) == []


def test_a_change_behind_the_back_is_named_on_the_page_and_in_the_file(app: Flask, auditor: FlaskClient):
    with without_guards(app.extensions["relief.store"], "hand_over") as connection:
        number = connection.execute(text("SELECT MIN(id) FROM hand_over WHERE kind = 'opening'")).scalar()
        connection.execute(text(f"UPDATE hand_over SET cash_paisa = cash_paisa + 100 WHERE id = {number}"))
    assert "Redeemed and posted differ." in auditor.get("/finance/reconciliation").text
    page = auditor.get("/finance/reconciliation/differences").text
    assert f'href="/distribution/hand-overs/{number}"' in page and "Cash handed over and posted differ" in page
    row = rows_of(auditor.get("/finance/reconciliation/differences.csv"))[0]
    assert (row["hand_over"], row["unit"]) == (str(number), "PKR")


def test_what_waits_is_listed_with_a_filter(app: Flask, auditor: FlaskClient):
    with app.app_context(), reading(SYSTEM) as work:
        books = reconcile(work).total
    waiting = books.families_entitled - books.families_served
    assert "Showing 1–" in auditor.get("/finance/reconciliation/waiting").text
    assert len(rows_of(auditor.get("/finance/reconciliation/waiting.csv?state=not_yet"))) == waiting
    assert "Nobody waits" in auditor.get("/finance/reconciliation/waiting?area=PK703").text
    finance = browser_of(app, Role.FINANCE).get("/finance/reconciliation/waiting").text
    assert "/families/" in auditor.get("/finance/reconciliation/waiting").text and "/families/" not in finance


@ON_ONE_DATABASE
@pytest.mark.parametrize("role", list(Role))
def test_who_may_look(app: Flask, role: Role):
    client = browser_of(app, role)
    expected = 200 if role in (Role.COORDINATOR, Role.FINANCE, Role.AUDITOR) else 403
    start = "/finance/reconciliation"
    for address in ("", "/differences", "/waiting", "/books.xlsx", "/differences.csv", "/waiting.csv"):
        assert status_of(client, start + address) == expected, address


def test_another_district_is_not_there(app: Flask):
    client = browser_of(app, Role.COORDINATOR, "PK703")
    assert status_of(client, "/finance/reconciliation/waiting?area=PK712") == 404
    assert rows_of(client.get("/finance/reconciliation/waiting.csv")) == []
