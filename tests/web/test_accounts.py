import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.accounts import administration
from relief.accounts.rules import FREE_FAILURES_OF_ACCOUNT
from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from tests.factories.people import PASSWORD, SYSTEM, add_person


@pytest.fixture
def user(app: Flask, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return add_person(work, Role.REGISTRAR, areas.dadu)


def enter(client: FlaskClient, user, password: str = PASSWORD, to: str = "/sign-in"):
    return client.post(
        to, data={"email": user.email, "password": password}, headers={"User-Agent": "X Firefox/140 Android"}
    )


def test_signing_in_leads_to_where_one_wanted_to_go(client: FlaskClient, user):
    assert enter(client, user, to="/sign-in?next=/help").location == "/help"
    assert "Ayesha Soomro" in client.get("/").text


def test_signing_in_leads_to_no_other_site(client: FlaskClient, user):
    assert enter(client, user, to="/sign-in?next=https://evil.example/").location == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: FlaskClient, user):
    wrong = enter(client, user, "not the password")
    unknown = client.post("/sign-in", data={"email": "nobody@relief.example", "password": "not the password"})
    assert (wrong.status_code, unknown.status_code) == (400, 400)
    for answer in (wrong, unknown):
        assert "The e-mail address or the password is wrong." in answer.text
        assert "not the password" not in answer.text
    assert user.email in wrong.text


def test_empty_fields_are_named_at_the_field_and_at_the_top(client: FlaskClient):
    answer = client.post("/sign-in", data={})
    assert answer.status_code == 400
    assert answer.text.count("This is missing.") == 4
    assert 'href="#form-email"' in answer.text
    assert 'aria-describedby="form-email-error "' in answer.text


def test_too_many_failures_say_how_long_to_wait(client: FlaskClient, user):
    for _ in range(FREE_FAILURES_OF_ACCOUNT):
        assert enter(client, user, "not the password").status_code == 400
    answer = enter(client, user)
    assert answer.status_code == 422
    assert "Wait 1 min and try again; the account is not locked." in answer.text


def test_the_sign_in_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, user):
    cookies = enter(client, user).headers.getlist("Set-Cookie")
    cookie = next(cookie for cookie in cookies if cookie.startswith("relief_sign_in"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    secure = client.post(
        "/sign-in", data={"email": user.email, "password": PASSWORD}, base_url="https://localhost"
    ).headers.getlist("Set-Cookie")
    assert any(cookie.startswith("relief_sign_in") and "Secure" in cookie for cookie in secure)


def test_a_copied_cookie_is_dead_after_signing_out(app: Flask, client: FlaskClient, user):
    enter(client, user)
    name = app.config["SIGN_IN_COOKIE_NAME"]
    copy = client.get_cookie(name).value
    assert client.post("/sign-out").location == "/sign-in"
    thief = app.test_client()
    thief.set_cookie(name, copy)
    assert thief.get("/account").location.startswith("/sign-in")


def test_signing_in_anew_ends_the_sign_in_before(app: Flask, client: FlaskClient, user):
    enter(client, user)
    name = app.config["SIGN_IN_COOKIE_NAME"]
    before = client.get_cookie(name).value
    enter(client, user)
    thief = app.test_client()
    thief.set_cookie(name, before)
    assert thief.get("/account").location.startswith("/sign-in")
    assert client.get("/account").status_code == 200


def test_a_disabled_person_is_out_at_once(app: Flask, client: FlaskClient, user):
    enter(client, user)
    with app.app_context(), unit_of_work(SYSTEM) as work:
        administration.disable_user(work, user.id, "Left")
    assert client.get("/account").location.startswith("/sign-in")
    assert "is wrong" in enter(client, user).text


def test_a_made_up_cookie_opens_nothing(app: Flask, client: FlaskClient):
    for value in ("x", "x" * 3000, "'; DROP TABLE user_account; --"):
        client.set_cookie(app.config["SIGN_IN_COOKIE_NAME"], value)
        assert client.get("/account").status_code == 302


def test_the_account_page_shows_roles_and_sign_ins(client: FlaskClient, user):
    enter(client, user)
    page = client.get("/account").text
    assert "Registrar: <bdi>Dadu</bdi>" in page
    assert "Firefox, Android" in page
    assert "this one" in page


def test_a_sign_in_elsewhere_is_ended_from_here(app: Flask, client: FlaskClient, user):
    other = app.test_client()
    enter(other, user)
    enter(client, user)
    ids = re.findall(r"/account/sessions/(\d+)/end", client.get("/account").text)
    assert len(ids) == 2
    assert client.post(f"/account/sessions/{min(ids, key=int)}/end").location == "/account"
    assert other.get("/account").status_code == 302
    assert client.get("/account").status_code == 200
    assert client.post(f"/account/sessions/{max(ids, key=int)}/end").location == "/sign-in"
    assert client.get("/account").status_code == 302


def test_nobody_ends_the_sign_in_of_another(app: Flask, client: FlaskClient, user, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        stranger = add_person(work, Role.ADMINISTRATOR, areas.sindh)
    other = app.test_client()
    enter(other, user)
    enter(client, stranger)
    [session_id] = re.findall(r"/account/sessions/(\d+)/end", other.get("/account").text)
    assert client.post(f"/account/sessions/{session_id}/end").status_code == 404
    assert other.get("/account").status_code == 200


def change(client: FlaskClient, current: str = PASSWORD, new: str = "four other plain words", again: str | None = None):
    return client.post(
        "/account/password", data={"current": current, "new": new, "again": new if again is None else again}
    )


def test_a_password_is_changed(app: Flask, client: FlaskClient, user):
    other = app.test_client()
    enter(other, user)
    enter(client, user)
    assert change(client).location == "/account"
    assert client.get("/account").status_code == 200
    assert other.get("/account").status_code == 302
    assert enter(other, user).status_code == 400
    assert enter(other, user, "four other plain words").status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"current": "not the password"}, "This is not your current password."),
        ({"again": "something else"}, "This is not the same as the new password above."),
        ({"new": "short"}, "Use at least 10 characters."),
        ({"new": "password123"}, "This password is easy to guess."),
        ({"new": PASSWORD}, "The new password is the old one."),
        ({"new": ""}, "This is missing."),
    ],
)
def test_a_bad_change_of_password_is_refused(client: FlaskClient, user, fields, said):
    enter(client, user)
    answer = change(client, **fields)
    assert answer.status_code in (400, 422)
    assert said in answer.text
    assert enter(client, user).status_code == 302


def test_guesses_at_the_current_password_are_throttled(client: FlaskClient, user):
    enter(client, user)
    for n in range(FREE_FAILURES_OF_ACCOUNT):
        change(client, current=f"guess number {n}")
    assert "Too many attempts failed." in change(client).text


def test_figures_are_written_by_lakh_and_crore_for_who_wants_it(client: FlaskClient, user):
    enter(client, user)
    assert client.post("/account/figures", data={"figures": "lakhs"}).location == "/account"
    assert 'value="lakhs" checked' in client.get("/account").text
