"""The pages of areas and boundaries."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from relief.geography import queries
from relief.geography.model import Area, Level
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.factories.people import SYSTEM, add_person, sign_in
from tests.geography.conftest import build_sindh
from tests.geography.layers import bow_tie, cod_layer, write
from tests.support.axe import barriers_on
from tests.support.databases import Databases
from tests.support.serving import LiveServer

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the schematic Sindh."""
    url = databases.prepared(backend, "sindh", build_sindh)
    yield url
    databases.give_back(url)


def id_of(app: Flask, code: str) -> int:
    with app.app_context(), reading(SYSTEM) as work:
        area = queries.find_area_by_code(work, code)
        assert area is not None
        return area.id


def browser_of(app: Flask, role: Role, code: str = "PK7") -> FlaskClient:
    """A browser in which a person with that role over the area is signed in."""
    client = app.test_client()
    with app.app_context(), unit_of_work(SYSTEM) as work:
        person = add_person(work, role, work.session.query(Area).filter_by(code=code).one())
    sign_in(client, person)
    return client


@pytest.fixture
def administrator(app: Flask) -> FlaskClient:
    """The administrator of Sindh."""
    return browser_of(app, Role.ADMINISTRATOR)


@pytest.fixture
def talukas(app: Flask, tmp_path: Path) -> Path:
    """The four talukas of Dadu as a file; the outline of the first crosses itself."""
    with app.app_context(), reading(SYSTEM) as work:
        dadu = queries.find_area_by_code(work, "PK703")
        assert dadu is not None
        frame = cod_layer(work, Level.TALUKA, under=dadu.path)
    shapes = list(frame.geometry)
    place = shapes[0].point_on_surface()
    shapes[0] = bow_tie(place.x - 0.1, place.y - 0.1)
    return write(tmp_path / "talukas.gpkg", frame.set_geometry(shapes, crs=4326))


def sent(path: Path, **fields: str) -> dict[str, object]:
    return {**fields, "file": (io.BytesIO(path.read_bytes()), path.name)}


def hidden_fields(page: str) -> dict[str, str]:
    form = page[page.index('action="/geography/boundaries/load"') :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_districts_are_listed_in_three_scripts(administrator: FlaskClient):
    page = administrator.get("/geography/").text
    for text in ("Dadu", "دادو", "گهوٽڪي", "PK703", "Schematic"):
        assert text in page


def test_an_area_leads_down_to_its_parts(app: Flask, administrator: FlaskClient):
    page = administrator.get(f"/geography/areas/{id_of(app, 'PK70304')}").text
    for text in ("Thariri Muhabat", "PK70304U14", "Mehar", "میہڑ"):
        assert text in page
    assert administrator.get("/geography/areas/999999").status_code == 404


@pytest.mark.parametrize("typed", ["Butt Serai", "pk70304u14", "Thariri"])
def test_search_finds_names_codes_and_aliases(administrator: FlaskClient, typed: str):
    assert "Thariri Muhabat" in administrator.get("/geography/", query_string={"q": typed}).text


def test_a_search_without_result_says_what_to_do(administrator: FlaskClient):
    assert "No area is found" in administrator.get("/geography/?q=xqzw").text


def test_another_name_is_added_shown_as_text_and_removed(app: Flask, administrator: FlaskClient):
    address = f"/geography/areas/{id_of(app, 'PK70304')}"
    added = administrator.post(f"{address}/aliases", data={"alias": "<b>Mehar</b> ${1}", "source": "a form"})
    assert added.status_code == 302
    page = administrator.get(address).text
    assert "&lt;b&gt;Mehar&lt;/b&gt; ${1}" in page
    again = administrator.post(f"{address}/aliases", data={"alias": "mehar"})
    assert again.status_code == 409
    assert "is already found under this name" in again.text
    assert 'value="mehar"' in again.text
    (remove,) = [action for action in re.findall(r'action="([^"]+/remove)"', page) if "${1}" in page][-1:]
    before = page.count("/remove")
    assert administrator.post(remove).status_code == 302
    assert administrator.get(address).text.count("/remove") == before - 1


def test_a_file_is_checked_first_and_loaded_on_demand(app: Flask, administrator: FlaskClient, talukas: Path):
    checked = administrator.post("/geography/boundaries/new", data=sent(talukas, name="Spring survey", source="OCHA"))
    assert checked.status_code == 200
    for text in ("Load 4 boundaries", "The outline crossed itself and was mended.", "by code"):
        assert text in checked.text
    assert "Spring survey" not in administrator.get("/geography/boundaries").text
    loaded = administrator.post("/geography/boundaries/load", data=hidden_fields(checked.text), follow_redirects=True)
    assert "4 boundaries are loaded." in loaded.text
    assert "Spring survey" in loaded.text
    assert not list((Path(app.instance_path) / "uploads").glob("*/*"))
    assert "Real" in administrator.get(f"/geography/areas/{id_of(app, 'PK70304')}").text
    again = administrator.post("/geography/boundaries/new", data=sent(talukas))
    assert "Exactly this is loaded already" in again.text


def test_an_edition_is_withdrawn(administrator: FlaskClient, talukas: Path):
    checked = administrator.post("/geography/boundaries/new", data=sent(talukas, name="Spring survey"))
    administrator.post("/geography/boundaries/load", data=hidden_fields(checked.text))
    page = administrator.get("/geography/boundaries").text
    (address,) = re.findall(r'action="(/geography/boundaries/\d+/withdraw)"', page)
    assert "no longer shown" in administrator.post(address, follow_redirects=True).text
    assert "Withdrawn" in administrator.get("/geography/boundaries").text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_bad_file_is_explained_and_what_was_typed_kept(administrator: FlaskClient, tmp_path: Path):
    path = tmp_path / "notes.gpkg"
    path.write_text("<OGRVRTDataSource/>")
    answer = administrator.post("/geography/boundaries/new", data=sent(path, name="My edition"))
    assert answer.status_code == 400
    assert "This is not a file of boundaries." in answer.text
    assert 'value="My edition"' in answer.text
    assert "Choose a file." in administrator.post("/geography/boundaries/new", data={}).text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_waiting_file_is_for_its_sender_only(app: Flask, administrator: FlaskClient, talukas: Path):
    fields = hidden_fields(administrator.post("/geography/boundaries/new", data=sent(talukas)).text)
    other = browser_of(app, Role.ADMINISTRATOR)
    assert other.post("/geography/boundaries/load", data=fields).status_code == 404
    for held in ("../../keys", "0" * 32, ""):
        assert administrator.post("/geography/boundaries/load", data={**fields, "held": held}).status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_may_read_and_who_may_change(app: Flask, talukas: Path):
    mehar = f"/geography/areas/{id_of(app, 'PK70304')}"
    auditor, registrar = browser_of(app, Role.AUDITOR), browser_of(app, Role.REGISTRAR)
    elsewhere = browser_of(app, Role.ADMINISTRATOR, "PK709")
    assert [one.get("/geography/").status_code for one in (auditor, registrar, elsewhere)] == [200, 403, 200]
    assert "Add the name" not in auditor.get(mehar).text
    assert "Add the name" not in elsewhere.get(mehar).text
    for one in (auditor, elsewhere):
        assert one.post(f"{mehar}/aliases", data={"alias": "Mehar Town"}).status_code == 403
        assert one.post("/geography/boundaries/new", data=sent(talukas)).status_code == 403


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_pages_keep_nobody_out(
    administrator: FlaskClient, live_server: LiveServer, page: Page, talukas: Path, language: str
):
    name = live_server.app.config["SIGN_IN_COOKIE_NAME"]
    cookie = administrator.get_cookie(name)
    assert cookie is not None
    page.context.add_cookies([{"name": name, "value": cookie.value, "url": live_server.url}])
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"/?lang={language}")
    for address in ("/geography/", f"/geography/areas/{id_of(live_server.app, 'PK70304')}", "/geography/boundaries"):
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == language
        assert barriers_on(page) == []
        assert page.evaluate(OVERFLOW) == 0
    page.goto("/geography/boundaries/new")
    assert barriers_on(page) == []
    page.set_input_files("input[type=file]", talukas)
    page.click("form.form button[type=submit]")
    page.wait_for_selector("ul.figures")
    assert barriers_on(page) == []
    assert page.evaluate(OVERFLOW) == 0
