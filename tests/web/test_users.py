import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.accounts.queries import list_grants
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.factories.people import PASSWORD, SYSTEM, add_person, sign_in


@pytest.fixture
def people(app: Flask, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return {
            "administrator": add_person(work, Role.ADMINISTRATOR, areas.dadu, name="Local"),
            "registrar": add_person(work, Role.REGISTRAR, areas.mehar, name="<script>alert(1)</script>"),
            "elsewhere": add_person(work, Role.REGISTRAR, areas.khairpur, name="Elsewhere"),
            "auditor": add_person(work, Role.AUDITOR, areas.dadu, name="Auditor"),
        }


@pytest.fixture
def browser(client: FlaskClient, people) -> FlaskClient:
    sign_in(client, people["administrator"])
    return client


NEW = {"name": "Nadia Shah", "email": "nadia@relief.example", "role": "finance", "area": "PK703"}


def test_a_person_is_added_and_the_password_shown_once(app: Flask, browser: FlaskClient):
    answer = browser.post("/users/new", data=NEW)
    password = re.search(r'id="password">([^<]+)<', answer.text)[1]
    assert "This password is shown once." in answer.text
    other = app.test_client()
    entered = other.post("/sign-in", data={"email": NEW["email"], "password": password})
    assert entered.status_code == 302
    assert password not in browser.get("/users/").text


def test_a_bad_form_keeps_what_was_typed_and_changes_nothing(browser: FlaskClient):
    answer = browser.post(
        "/users/new", data={"name": "Nadia Shah", "email": "nadia", "role": "king", "area": "Nowhere"}
    )
    assert answer.status_code == 400
    for said in (
        "Write an e-mail address such as name@example.org.",
        "Choose one of the answers shown.",
        "No area of yours has this name or code.",
        'value="Nadia Shah"',
        'value="nadia"',
    ):
        assert said in answer.text
    assert "Nadia" not in browser.get("/users/").text


@pytest.mark.parametrize("area", ["pk703", "Dadu", "دادو", "PK70304U14", "Mehar"])
def test_an_area_is_named_by_code_or_name_in_any_script(browser: FlaskClient, area: str):
    assert "This password is shown once." in browser.post("/users/new", data=NEW | {"area": area}).text


def test_an_area_elsewhere_is_not_there(browser: FlaskClient):
    answer = browser.post("/users/new", data=NEW | {"area": "PK712"})
    assert answer.status_code == 400
    assert "No area of yours has this name or code." in answer.text


def test_people_of_other_districts_are_neither_listed_nor_found(browser: FlaskClient, people):
    page = browser.get("/users/").text
    assert "Local" in page
    assert "Elsewhere" not in page
    for path in ("", "/edit", "/roles/1/narrow"):
        assert browser.get(f"/users/{people['elsewhere'].id}{path}").status_code == 404


def test_a_hostile_name_is_shown_as_text(browser: FlaskClient, people):
    for path in ("/users/", f"/users/{people['registrar'].id}", f"/users/{people['registrar'].id}/edit"):
        page = browser.get(path).text
        assert "<script>alert(1)</script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_search_finds_a_part_of_a_name(browser: FlaskClient):
    page = browser.get("/users/?q=loc").text
    assert page.count("/users/") > 1
    assert "Showing 1–1 of 1" in page
    assert "Nobody is found" in browser.get("/users/?q=nobody").text


def test_roles_are_granted_narrowed_and_ended(app: Flask, browser: FlaskClient, people):
    user = people["registrar"]
    assert browser.post(f"/users/{user.id}/roles", data={"role": "auditor", "area": "PK703"}).status_code == 302
    with app.app_context(), reading(SYSTEM) as work:
        grant = next(row for row in list_grants(work, [user.id]) if row.role is Role.AUDITOR)
    narrow = f"/users/{user.id}/roles/{grant.id}/narrow"
    assert "Auditor over Dadu becomes the same role" in browser.get(narrow).text
    assert browser.post(narrow, data={"area": "PK70304"}).status_code == 302
    page = browser.get(f"/users/{user.id}").text
    assert page.count("<bdi>Mehar</bdi>") == 2
    assert browser.post(f"/users/{user.id}/roles/{grant.id}/end").status_code == 404


def test_a_person_is_disabled_with_a_reason_and_opened_again(browser: FlaskClient, people):
    path = f"/users/{people['registrar'].id}"
    answer = browser.post(f"{path}/disable", data={"reason": " "})
    assert answer.status_code == 400
    assert '<details class="dangerous no-print" open>' in answer.text
    assert browser.post(f"{path}/disable", data={"reason": "Left"}).status_code == 302
    assert "Disabled" in browser.get(path).text
    assert browser.post(f"{path}/enable").status_code == 302
    assert "Active" in browser.get(path).text


def test_nobody_changes_their_own_account_here(browser: FlaskClient, people):
    path = f"/users/{people['administrator'].id}"
    assert "This is your own account" in browser.get(path).text
    assert browser.post(f"{path}/disable", data={"reason": "Tired"}).status_code == 422
    assert browser.post(f"{path}/password").status_code == 422


def test_a_lost_password_is_replaced(app: Flask, browser: FlaskClient, people):
    user = people["registrar"]
    answer = browser.post(f"/users/{user.id}/password")
    assert "A new password" in answer.text
    other = app.test_client()
    assert other.post("/sign-in", data={"email": user.email, "password": PASSWORD}).status_code == 400


def test_an_auditor_reads_and_changes_nothing(client: FlaskClient, people):
    sign_in(client, people["auditor"])
    path = f"/users/{people['registrar'].id}"
    page = client.get(path).text
    assert "Disable the account" not in page
    for send in ("disable", "enable", "password", "roles"):
        assert client.post(f"{path}/{send}").status_code == 403
    assert client.get("/users/new").status_code == 403


def test_a_name_is_corrected(browser: FlaskClient, people):
    path = f"/users/{people['registrar'].id}"
    assert browser.post(f"{path}/edit", data={"name": "غلام رسول", "email": "new@relief.example"}).status_code == 302
    assert "غلام رسول" in browser.get(path).text
    taken = browser.post(f"{path}/edit", data={"name": "X", "email": people["auditor"].email})
    assert taken.status_code == 409
    assert "one person has one" in taken.text
