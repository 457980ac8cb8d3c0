"""The audit trail and its verification on pages."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from relief.config import Settings
from relief.kernel.permissions import Permission, Role
from relief.reports.scope import Scope
from relief.reports.trail import TrailFilter, all_deeds, get_deed, list_chains, list_deeds
from relief.store.work import reading
from relief.web import audit
from tests.factories.books import SYSTEM, books_in, browser_of, one, status_of
from tests.support.databases import Databases
from tests.support.tampering import without_guards

READERS = {Role.COORDINATOR, Role.FINANCE, Role.AUDITOR}
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


def test_the_trail_is_listed_latest_first_with_filters_in_the_address(app: Flask, auditor: FlaskClient):
    page = auditor.get("/audit").text
    assert "family.amended" in page and "Showing 1–100 of" in page
    redeemed = auditor.get("/audit?action=token.redeemed&since=2022-09-01&until=2022-09-26").text
    assert "redemption.voided" not in redeemed.split("<tbody>")[1]
    assert "goods.transferred" in auditor.get("/audit?segment=stock&subject=goods_note").text
    assert "Nothing was done under this filter." in auditor.get("/audit?until=2001-01-01").text
    with app.app_context(), reading(SYSTEM) as work:
        rows, total = list_deeds(work, TrailFilter(action="fund."), limit=50, offset=0)
        assert {row.action for row in rows} >= {"fund.opened", "fund.received", "fund.spent", "fund.committed"}
        assert total == len(list(all_deeds(work, TrailFilter(action="fund."))))
        assert sum(chain.position for chain in list_chains(work)) == one(work, "SELECT COUNT(*) FROM audit_entry")


def test_an_entry_shows_its_place_its_hashes_and_leads_on(auditor: FlaskClient):
    page = auditor.get("/audit?subject=journal_entry&action=fund.received").text
    entry = auditor.get(re.search(r'href="(/audit/\d+)"', page)[1]).text
    assert re.search(r"[0-9a-f]{64}.*[0-9a-f]{64}", entry, re.DOTALL)
    assert auditor.get(re.search(r'href="(/finance/entries/\d+)"', entry)[1]).status_code == 200


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("address", "status"),
    [("/audit?area=PK9999", 404), ("/audit?since=soon", 400), ("/audit/99999999", 404), ("/audit/deeds.pdf", 404),
     ("/audit?actor=99999999999999&page=9", 200), ("/audit/deeds.csv?suffix=x&action=fund.opened", 200)],
)  # fmt: skip
def test_addresses_that_make_no_sense_are_answered_kindly(auditor: FlaskClient, address: str, status: int):
    assert status_of(auditor, address) == status


def test_the_file_has_every_deed(app: Flask, auditor: FlaskClient):
    rows = list(csv.DictReader(io.StringIO(auditor.get("/audit/deeds.csv").text.removeprefix("\ufeff"))))
    with app.app_context(), reading(SYSTEM) as work:
        assert len(rows) == one(work, "SELECT COUNT(*) FROM audit_entry")
    assert [int(row["id"]) for row in rows] == sorted(int(row["id"]) for row in rows)


@ON_ONE_DATABASE
@pytest.mark.parametrize("role", list(Role))
def test_who_may_look(app: Flask, role: Role):
    client = browser_of(app, role)
    for address in ("/audit", "/audit/verification", "/audit/deeds.csv"):
        assert status_of(client, address) == (200 if role in READERS else 403)


def test_a_coordinator_sees_deeds_of_the_own_district_alone(app: Flask):
    with app.app_context(), reading(SYSTEM) as work:
        deed = next(row for row in all_deeds(work, TrailFilter(action="token.redeemed")))
        code = next(
            place.code for place in districts(work) if not deed.place.path.startswith(place.path) and has_deeds(work, place)
        )  # fmt: skip
        other = get_deed(work, deed.id)
    client = browser_of(app, Role.COORDINATOR, code)
    assert status_of(client, f"/audit/{other.id}") == 404
    rows = list(csv.DictReader(io.StringIO(client.get("/audit/deeds.csv").text.removeprefix("\ufeff"))))
    assert rows and all(row["area_code"].startswith(code) for row in rows)
    assert "ask an auditor of the province" in client.get("/audit/verification").text
    assert client.post("/audit/verification").status_code == 403


def districts(work):
    return [place for place in Scope.of(work, Permission.AUDIT_READ).places.values() if place.level == "district"]


def has_deeds(work, place) -> bool:
    return list_deeds(work, TrailFilter(area_id=place.id), limit=1, offset=0)[1] > 0


def test_a_short_trail_is_verified_on_the_page(app: Flask, auditor: FlaskClient):
    assert "Nobody edited the books" in auditor.post("/audit/verification").text
    with without_guards(app.extensions["relief.store"], "posting") as connection:
        connection.execute(
            text("UPDATE posting SET amount_paisa = amount_paisa + 1 WHERE id = (SELECT MIN(id) FROM posting)")
        )
    page = auditor.post("/audit/verification").text
    assert "The books were changed." in page and "The first bad entry is number 2 of the chain" in page
    assert "Entry 1 was changed after it was sealed here." in page


def test_a_long_trail_is_verified_on_the_machine(app: Flask, auditor: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit, "MOST_ENTRIES_ON_A_PAGE", 10)
    page = auditor.post("/audit/verification").text
    assert "relief audit verify" in page and "Verify now" not in page and "Nobody edited" not in page
