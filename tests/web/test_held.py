"""Pages of held registrations: compare, dismiss, register."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from tests.factories.people import SYSTEM, add_person, sign_in
from tests.web.test_families import ANSWERS

OTHER = ANSWERS | {"head_name": "Bachal Magsi", "submission_id": "6b7e0c7a-6a30-4c5e-8a43-0d9b1f5a1d11"}


@pytest.fixture
def people(app: Flask, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return {
            "registrar": add_person(work, Role.REGISTRAR, areas.dadu),
            "coordinator": add_person(work, Role.COORDINATOR, areas.dadu),
            "elsewhere": add_person(work, Role.COORDINATOR, areas.khairpur),
        }


@pytest.fixture
def registrar(app: Flask, people) -> FlaskClient:
    client = app.test_client()
    sign_in(client, people["registrar"])
    for answers in (ANSWERS, OTHER):
        assert client.post("/families/new", data=answers).status_code == 302
    return client


@pytest.fixture
def coordinator(app: Flask, people, registrar: FlaskClient) -> FlaskClient:
    client = app.test_client()
    sign_in(client, people["coordinator"])
    return client


def test_the_two_stand_side_by_side(coordinator: FlaskClient):
    assert "Bachal Magsi" in coordinator.get("/families/held/").text
    page = coordinator.get("/families/held/1").text
    for said in ("Bachal Magsi", "سڪينه", "F-00000001-95", "differs", "It is the same family", "It is another family"):
        assert said in page


def test_it_is_dismissed_with_a_reason(coordinator: FlaskClient):
    empty = coordinator.post("/families/held/1/dismiss", data={"reason": ""})
    assert empty.status_code == 400
    assert "This is missing." in empty.text
    done = coordinator.post("/families/held/1/dismiss", data={"reason": "Same card."}, follow_redirects=True)
    assert "Nothing waits here" in done.text
    assert "Bachal Magsi" in coordinator.get("/families/held/?state=dismissed").text
    again = coordinator.post("/families/held/1/dismiss", data={"reason": "Same card."})
    assert again.status_code == 409


def test_it_is_registered_with_its_right_cnic(coordinator: FlaskClient):
    taken = coordinator.post("/families/held/1/register", data={"reason": "Seen.", "cnic": ANSWERS["cnic"]})
    assert "Another family is registered under this CNIC." in taken.text
    done = coordinator.post(
        "/families/held/1/register", data={"reason": "Seen.", "cnic": "90102-1234567-9"}, follow_redirects=True
    )
    assert "F-00000002-92" in done.text
    assert "Bachal Magsi" in done.text


def test_registrars_look_and_do_not_decide(app: Flask, registrar: FlaskClient, people):
    assert "It is the same family" not in registrar.get("/families/held/1").text
    assert registrar.post("/families/held/1/dismiss", data={"reason": "x"}).status_code == 403
    elsewhere = app.test_client()
    sign_in(elsewhere, people["elsewhere"])
    assert elsewhere.get("/families/held/1").status_code == 404
    assert elsewhere.post("/families/held/1/dismiss", data={"reason": "x"}).status_code == 404
