"""A phone enrols itself, asks what it is, and lets people sign in on it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.accounts.model import User
from relief.accounts.passwords import hash_password
from relief.kernel.actor import Actor
from relief.store.work import unit_of_work
from relief.sync.enrolment import InviteDevice, invite_device
from relief.sync.wire import b64, unb64
from tests.api.conftest import Ask, problem
from tests.factories.devices import DAYS, Phone
from tests.factories.people import PASSWORD
from tests.factories.world import SYSTEM, TODAY, World

DEVICES, OPERATORS = "/api/v1/devices", "/api/v1/devices/me/operators"


@pytest.fixture
def code(app: Flask, world: World) -> str:
    """The code of an invitation made just now."""
    with app.app_context(), unit_of_work(world.coordinator) as work:
        return invite_device(work, InviteDevice("Phone 7", world.point_id, DAYS)).code


def enrolment(code: str, phone: Phone) -> dict[str, str]:
    sent = phone.enrolment(code)
    return {"code": code, "public_key": b64(sent.public_key), "proof": b64(sent.proof), "label": "Chrome, Android"}


def test_a_phone_enrols_and_is_known_from_then_on(client: FlaskClient, ask: Ask, code: str):
    phone = Phone()
    answer = client.post(DEVICES, json=enrolment(code, phone))
    assert answer.status_code == 201, answer.text
    held = answer.json
    assert (held["name"], held["point"]["code"], held["first_on"]) == ("Phone 7", "P1", TODAY.isoformat())
    assert len(unb64(held["secret"])) == 32
    assert [len(unb64(held["server_keys"][name])) for name in ("manifest", "seal")] == [32, 65]
    phone.uuid = held["device"]
    own = ask(f"{DEVICES}/me", method="GET", by=phone).json
    assert own["state"] == "active"
    assert {**held, "state": "active", "server_time": own["server_time"]} == {
        **own, "secret": held["secret"], "server_keys": held["server_keys"]
    }  # fmt: skip


def test_a_phone_that_heard_no_answer_enrols_again(client: FlaskClient, code: str):
    sent = enrolment(code, Phone())
    first, again = client.post(DEVICES, json=sent).json, client.post(DEVICES, json=sent).json
    assert (first["device"], first["secret"]) == (again["device"], again["secret"])


def test_a_code_lets_one_phone_in(client: FlaskClient, code: str):
    assert client.post(DEVICES, json=enrolment(code, Phone())).status_code == 201
    problem(client.post(DEVICES, json=enrolment(code, Phone())), 409, "device.code_used")


def test_an_unknown_code_and_a_stolen_key_let_nobody_in(client: FlaskClient, code: str):
    problem(client.post(DEVICES, json=enrolment(b64(bytes(32)), Phone())), 404, "device.code_unknown")
    stolen = {**enrolment(code, Phone()), "public_key": b64(Phone().public_key)}
    problem(client.post(DEVICES, json=stolen), 401, "device.bad_proof")


def test_an_enrolment_of_the_wrong_form_names_each_field(client: FlaskClient, code: str):
    sent = {**enrolment(code, Phone()), "code": code + "=", "proof": 7, "label": "x" * 81}
    found = problem(client.post(DEVICES, json=sent), 400, "input.invalid")["errors"]
    assert {wrong["field"] for wrong in found} == {"code", "proof", "label"}


def credentials(app: Flask, person: Actor, password: str = PASSWORD) -> dict[str, str]:
    """What a person types; the account gets the password first."""
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = work.session.get_one(User, int(person.id))
        user.password_hash, user.must_change_password = hash_password(PASSWORD), False
        return {"email": user.email, "password": password}


def test_point_staff_sign_in_on_the_phone(app: Flask, ask: Ask, world: World):
    answer = ask(OPERATORS, credentials(app, world.staff))
    assert answer.status_code == 201, answer.text
    held = answer.json
    assert (held["operator"], held["staffed_on"]) == (world.staff.id, [TODAY.isoformat()])
    assert len(unb64(held["credential"])) == 32
    again = ask(OPERATORS, credentials(app, world.staff)).json
    assert again["credential"] != held["credential"]


def test_only_point_staff_of_the_place_may(app: Flask, ask: Ask, world: World):
    problem(ask(OPERATORS, credentials(app, world.stranger)), 403, "operator.not_point_staff")


def test_wrong_passwords_are_counted_and_then_wait(app: Flask, ask: Ask, world: World):
    wrong = credentials(app, world.staff, "not the password")
    answers = [ask(OPERATORS, wrong) for _attempt in range(10)]
    problem(answers[0], 401, "sign_in.wrong")
    held = problem(answers[-1], 429, "sign_in.wait")
    assert "min" in held["detail"] and int(answers[-1].headers["Retry-After"]) > 0
    # The right one waits, too, here and on the sign-in page.
    problem(ask(OPERATORS, credentials(app, world.staff)), 429, "sign_in.wait")


def test_an_account_that_is_none_looks_like_a_wrong_password(ask: Ask):
    for email in ("nobody@relief.example", "\x00", "x" * 254, "نام"):
        problem(ask(OPERATORS, {"email": email, "password": "\x00"}), 401, "sign_in.wrong")
