from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from relief.web import areas as area_pages
from tests.factories.people import SYSTEM, add_person, sign_in


def browse(app: Flask, client: FlaskClient, area, role: Role = Role.ADMINISTRATOR) -> FlaskClient:
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, role, area)
    sign_in(client, user)
    return client


def suggest(client: FlaskClient, typed: str, **more: str) -> str:
    return client.get("/areas/suggest", query_string={"area": typed, "permission": "account.manage", **more}).text


def test_what_is_typed_finds_areas_in_any_script(app: Flask, client: FlaskClient, areas):
    browse(app, client, areas.sindh)
    assert 'value="PK70304"' in suggest(client, "meh")
    assert 'value="PK70304"' in suggest(client, "میہڑ")
    assert "Mehar (Taluka, Dadu)" in suggest(client, "PK70304")


def test_suggestions_stay_inside_the_areas_granted(app: Flask, client: FlaskClient, areas):
    browse(app, client, areas.dadu)
    assert suggest(client, "Khairpur") == ""
    assert "PK70304U14" not in suggest(client, "Fareed", level="taluka")
    assert suggest(client, "Fareed", permission="no.such") == ""
    assert suggest(client, "F") == ""


def test_few_areas_are_listed_and_many_are_searched(app: Flask, client: FlaskClient, areas, monkeypatch):
    browse(app, client, areas.sindh)
    page = client.get("/users/new").text
    assert '<option value="PK70304U14">Fareedabad</option>' in page
    assert '<optgroup label="Union Council · Mehar">' in page
    monkeypatch.setattr(area_pages, "LONGEST_LIST", 3)
    page = client.get("/users/new").text
    assert 'hx-get="/areas/suggest?permission=account.manage&amp;field=area"' in page
    assert "<datalist" in page


def test_several_areas_of_one_name_are_offered_to_choose_from(app: Flask, client: FlaskClient, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        twin = work.session.merge(areas.khairpur)
        twin.name_en = "Mehar"
    browse(app, client, areas.sindh)
    answer = client.post(
        "/users/new", data={"name": "A", "email": "a@relief.example", "role": "finance", "area": "mehar"}
    )
    assert answer.status_code == 400
    assert "Several areas have this name. Choose one." in answer.text
    assert '<option value="PK712">Mehar (District)</option>' in answer.text
    assert '<option value="PK70304">Mehar (Taluka, Dadu)</option>' in answer.text
