"""Pages of families: register, find, show, amend; who is kept out; and nothing personal in an address."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from relief.families.model import Family
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.factories.people import SYSTEM, add_person, sign_in
from tests.support.axe import barriers_on

CNIC = "90102-1234567-1"
ANSWERS = {
    "consent": "yes", "uc": "PK70304U14", "village": "Goth Haji Khan", "head_name": "سڪينه", "head_name_local": "سکینہ",
    "father_name": "<b>Ali</b>", "gender": "female", "birth_on": "1980-02-01", "cnic": "۹۰۱۰۲-۱۲۳۴۵۶۷-۱",
    "phone": "0300 1234567", "size": "5", "men": "1", "women": "2", "boys": "1", "girls": "1", "disabled": "0",
    "pregnant_lactating": "0", "house_damage": "full", "livestock_lost": "0", "is_displaced": "yes", "psc_score": "12",
    "submission_id": "6b7e0c7a-6a30-4c5e-8a43-0d9b1f5a1d10",
}  # fmt: skip


@pytest.fixture
def people(app: Flask, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return {
            "registrar": add_person(work, Role.REGISTRAR, areas.dadu, name="Registrar"),
            "colleague": add_person(work, Role.REGISTRAR, areas.dadu, name="Colleague"),
            "coordinator": add_person(work, Role.COORDINATOR, areas.dadu, name="Coordinator"),
            "auditor": add_person(work, Role.AUDITOR, areas.dadu, name="Auditor"),
            "elsewhere": add_person(work, Role.COORDINATOR, areas.khairpur, name="Elsewhere"),
            "staff": add_person(work, Role.POINT_STAFF, areas.dadu, name="Staff"),
        }


def browser_of(app: Flask, person) -> FlaskClient:
    client = app.test_client()
    sign_in(client, person)
    return client


@pytest.fixture
def registrar(app: Flask, people) -> FlaskClient:
    return browser_of(app, people["registrar"])


@pytest.fixture
def address(registrar: FlaskClient) -> str:
    """Where the page of a registered family is."""
    answer = registrar.post("/families/new", data=ANSWERS)
    assert answer.status_code == 302, answer.text
    return answer.location


def test_a_family_is_registered_in_any_script_and_shown(registrar: FlaskClient, address: str):
    page = registrar.get(address)
    assert page.status_code == 200
    for said in (
        "سڪينه",
        "سکینہ",
        "F-00000001-95",
        "Goth Haji Khan",
        "&lt;b&gt;Ali&lt;/b&gt;",
        "*****-****567-1",
        "1 Feb 1980",
    ):
        assert said in page.text
    assert CNIC not in page.text
    assert "<b>Ali" not in page.text


def test_the_form_sent_twice_registers_once(app: Flask, registrar: FlaskClient, address: str):
    assert registrar.post("/families/new", data=ANSWERS).location == address
    with app.app_context(), reading(SYSTEM) as work:
        assert len(work.session.scalars(select(Family)).all()) == 1


def test_all_problems_are_named_at_once_and_nothing_typed_is_lost(registrar: FlaskClient):
    wrong = ANSWERS | {
        "cnic": "12345",
        "men": "x",
        "size": "640",
        "consent": "",
        "uc": "",
        "lat": "26.6",
        "birth_on": "1.2",
    }
    page = registrar.post("/families/new", data=wrong)
    assert page.status_code == 400
    for said in (
        "CNIC: A CNIC has 13 digits, as in 45102-1234567-1; here are 5.",
        "Men: Write a whole number in digits, such as 12.",
        "Members: Write a number from 1 to 60.",
        "Consent: Ask the family for its consent, then tick this.",
        "Union Council: This is missing.",
        "Latitude: Latitude and longitude come together or not at all.",
        "Date of birth: Write a day as 14/09/1980: day, month, year.",
        'value="12345"',
        'value="سڪينه"',
    ):
        assert said in page.text


def test_facts_that_contradict_each_other_stand_at_the_field(registrar: FlaskClient):
    page = registrar.post("/families/new", data=ANSWERS | {"size": "6", "cnic": ""})
    assert "The family has 6 members, but men, women, boys and girls add up to 5." in page.text
    assert "Write the CNIC; or, if the card is lost, who verified the family" in page.text


def test_a_taken_cnic_is_held(registrar: FlaskClient, address: str):
    again = ANSWERS | {"head_name": "Bachal", "submission_id": "6b7e0c7a-6a30-4c5e-8a43-0d9b1f5a1d11"}
    answer = registrar.post("/families/new", data=again, follow_redirects=True)
    assert "Another family has this CNIC." in answer.text
    assert "Bachal" in answer.text


def test_a_family_is_found_by_name_code_and_area(registrar: FlaskClient, address: str):
    assert "F-00000001-95" in registrar.get("/families/?q=سکین").text
    assert "F-00000001-95" in registrar.get("/families/?area=PK70304").text
    assert registrar.get("/families/?q=f 0000 0001 95").location.endswith(address)
    assert "No family is found" in registrar.get("/families/?q=nobody").text
    assert "No area of yours has this name" in registrar.get("/families/?area=PK712").text


def test_a_cnic_is_sought_in_the_body_and_never_in_an_address(registrar: FlaskClient, address: str):
    answer = registrar.post("/families/by-cnic", data={"cnic": CNIC})
    assert answer.location == address
    missing = registrar.post("/families/by-cnic", data={"cnic": "90102-1234567-2"})
    assert "No family in your area is registered under this CNIC." in missing.text
    form = re.search(r'<form method="([a-z]+)" class="form"', registrar.get("/families/by-cnic").text)
    assert form[1] == "post"


def test_full_numbers_are_shown_once_to_those_who_may(app: Flask, people, registrar: FlaskClient, address: str):
    for name in ("registrar", "coordinator"):
        browser = browser_of(app, people[name])
        assert "Show the full numbers" in browser.get(address).text
        shown = browser.post(f"{address}/identity")
        assert CNIC in shown.text
        assert "+923001234567" in shown.text
        assert shown.headers["Cache-Control"] == "no-store"
        assert CNIC not in browser.get(address).text
    for name in ("colleague", "auditor"):
        browser = browser_of(app, people[name])
        assert "Show the full numbers" not in browser.get(address).text
        assert browser.post(f"{address}/identity").status_code == 403


def test_another_district_finds_nothing(app: Flask, people, address: str):
    elsewhere = browser_of(app, people["elsewhere"])
    assert "No family is registered yet" in elsewhere.get("/families/").text
    for path in (address, f"{address}/amend"):
        assert elsewhere.get(path).status_code == 404
    assert elsewhere.post(f"{address}/identity").status_code == 404
    unknown = elsewhere.post("/families/by-cnic", data={"cnic": CNIC})
    assert "No family in your area" in unknown.text


def test_roles_without_the_permission_are_kept_out(app: Flask, people, address: str):
    staff, auditor = browser_of(app, people["staff"]), browser_of(app, people["auditor"])
    for path in ("/families/", address, "/families/new", "/families/imports/", "/families/held/"):
        assert staff.get(path).status_code == 403
    for path in ("/families/new", f"{address}/amend", "/families/imports/new"):
        assert auditor.get(path).status_code == 403
    assert auditor.get(address).status_code == 200
    assert app.test_client().get(address).status_code == 302


def test_a_family_is_amended_and_its_history_tells(app: Flask, people, address: str):
    coordinator = browser_of(app, people["coordinator"])
    page = coordinator.get(f"{address}/amend")
    assert "Leave it empty to keep *****-****567-1." in page.text
    version = re.search(r'name="version" value="(\d+)"', page.text)[1]
    change = ANSWERS | {"cnic": "", "phone": "", "village": "Goth Nayo", "version": version, "reason": "Moved <i>"}
    assert coordinator.post(f"{address}/amend", data=change).location == address
    shown = coordinator.get(address).text
    for said in (
        "Goth Nayo",
        "<del><bdi>Goth Haji Khan</bdi></del>",
        "Moved &lt;i&gt;",
        "Coordinator",
        "*****-****567-1",
    ):
        assert said in shown
    late = coordinator.post(f"{address}/amend", data=change | {"village": "Late"})
    assert late.status_code == 409
    assert "Somebody else has amended this family meanwhile." in late.text


def test_a_phone_is_taken_off(app: Flask, people, address: str):
    coordinator = browser_of(app, people["coordinator"])
    change = ANSWERS | {"cnic": "", "phone": "", "phone_removed": "yes", "version": "1", "reason": "Not theirs"}
    coordinator.post(f"{address}/amend", data=change)
    assert "+92 ***" not in coordinator.get(address).text.split("History")[0]


def test_a_warning_is_settled_with_a_reason(registrar: FlaskClient, areas):
    young = ANSWERS | {"birth_on": "2018-01-01"}
    address = registrar.post("/families/new", data=young).location
    assert "years old." in registrar.get(address).text
    assert "F-00000001-95" in registrar.get("/families/?flagged=yes").text
    empty = registrar.post(f"{address}/warnings", data={"reason": ""})
    assert empty.status_code == 400
    registrar.post(f"{address}/warnings", data={"reason": "An orphan; B-form seen."})
    assert "F-00000001-95" not in registrar.get("/families/?flagged=yes").text


def test_home_leads_to_what_waits(registrar: FlaskClient, address: str):
    page = registrar.get("/")
    assert "families registered" in page.text
    assert 'href="/families/new"' in page.text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_in_a_browser_the_cnic_groups_itself_and_pages_are_open_to_all(page, live_server, app: Flask, people):
    token = browser_of(app, people["registrar"]).get_cookie(app.config["SIGN_IN_COOKIE_NAME"]).value
    page.context.add_cookies([{"name": app.config["SIGN_IN_COOKIE_NAME"], "value": token, "url": live_server.url}])
    for language, width in (("en", 1280), ("sd", 360)):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"/families/new?lang={language}")
        page.fill("[name=cnic]", "9010212345671")
        assert page.input_value("[name=cnic]") == CNIC
        page.click("main form [type=submit]")
        page.wait_for_selector(".error-summary")
        assert page.input_value("[name=cnic]") == CNIC
        assert barriers_on(page) == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
