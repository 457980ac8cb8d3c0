"""Pages of imports: try a file, import it, look at its rows, take the bad ones back."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from relief.families.invention import Place, invent
from relief.files.writing import write_csv
from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from tests.factories.people import SYSTEM, add_person, sign_in

PLACES = [Place("Dadu", "Mehar", "Fareedabad", 67.73, 27.16)]


@pytest.fixture
def people(app: Flask, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return {
            "registrar": add_person(work, Role.REGISTRAR, areas.dadu),
            "elsewhere": add_person(work, Role.REGISTRAR, areas.khairpur),
            "auditor": add_person(work, Role.AUDITOR, areas.dadu),
        }


@pytest.fixture
def browser(client: FlaskClient, people) -> FlaskClient:
    sign_in(client, people["registrar"])
    return client


def csv_of(rows) -> bytes:
    out = io.StringIO()
    write_csv(out, list(rows[0]), [list(row.values()) for row in rows])
    return out.getvalue().encode()


@pytest.fixture
def content() -> bytes:
    """One good row and one bad one with a hostile name."""
    rows = [row.cells for row in invent(PLACES, 2, with_faults=False)]
    return csv_of([rows[0], rows[1] | {"head/name": "=HYPERLINK(1)", "psc_score": "140"}])


def send(browser: FlaskClient, content: bytes, name: str = "kobo.csv", **more: str):
    return browser.post("/families/imports/new", data={"file": (io.BytesIO(content), name), **more})


def test_a_file_is_tried_then_imported(browser: FlaskClient, content: bytes):
    trial = browser.get(send(browser, content, trial="yes").location)
    assert "This was a trial: nobody is registered." in trial.text
    assert "Import it now" in trial.text
    assert "No family is registered yet" in browser.get("/families/").text
    held = trial.text.split('name="held" value="')[1].split('"')[0]
    done = browser.post("/families/imports/apply", data={"held": held, "sheet": "", "file_name": "kobo.csv"})
    assert "1 families are registered." in browser.get(done.location).text
    assert "F-00000001-95" in browser.get("/families/").text
    gone = browser.post("/families/imports/apply", data={"held": held, "sheet": "", "file_name": "kobo.csv"})
    assert gone.status_code == 404


def test_rows_are_listed_with_column_and_reason_and_filtered(browser: FlaskClient, content: bytes):
    address = send(browser, content).location
    page = browser.get(f"{address}?outcome=refused").text
    assert "psc_score" in page
    assert "A poverty score lies between 0 and 100." in page
    assert "F-00000001-95" not in page
    assert "F-00000001-95" in browser.get(address).text
    assert "kobo.csv" in browser.get("/families/imports/").text


def test_refused_rows_come_back_as_csv_and_workbook(browser: FlaskClient, content: bytes):
    address = send(browser, content).location
    table = browser.get(f"{address}/refused.csv", buffered=True)
    assert table.headers["Content-Disposition"].startswith("attachment")
    assert table.headers["Cache-Control"] == "no-store"
    lines = table.data.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert ",'=HYPERLINK(1)," in lines[1]
    assert lines[1].endswith(",psc_score,A poverty score lies between 0 and 100.")
    book = browser.get(f"{address}/refused.xlsx", buffered=True).data
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows[1][13] == "=HYPERLINK(1)"
    again = send(browser, table.data)
    assert "A poverty score lies between 0 and 100." in browser.get(again.location).text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty."),
        (b"name,size\nAli,5\n", "These columns are missing: location/uc"),
        (b"PK\x03\x04 cut", "This file is damaged or was cut on its way."),
        (b'uc,"name\nAli,1\n', "A quotation mark opened near row 1 is never closed."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(browser: FlaskClient, content: bytes, said: str):
    page = send(browser, content)
    assert page.status_code == 400
    assert said in page.text


def test_no_file_is_a_problem_of_the_field(browser: FlaskClient):
    page = browser.post("/families/imports/new", data={})
    assert (page.status_code, "Choose a file." in page.text) == (400, True)


def test_others_see_an_import_only_in_their_area(app: Flask, browser: FlaskClient, people, content: bytes):
    address = send(browser, content).location
    elsewhere, auditor = app.test_client(), app.test_client()
    sign_in(elsewhere, people["elsewhere"])
    sign_in(auditor, people["auditor"])
    assert elsewhere.get(address).status_code == 404
    assert elsewhere.get(f"{address}/refused.csv").status_code == 404
    assert "No file was imported yet" in elsewhere.get("/families/imports/").text
    assert "refused.csv" not in auditor.get(address).text
    assert auditor.get(f"{address}/refused.csv").status_code == 403
