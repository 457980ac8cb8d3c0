"""Whatever goes wrong under /api/v1 is answered by a problem document in the language of who asks."""

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.api.conftest import Ask, problem

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_an_unknown_address_is_a_problem(client: FlaskClient):
    problem(client.get("/api/v1/nothing"), 404, "request.no_such_address")
    problem(client.post("/api/v1/devices/7"), 404, "request.no_such_address")
    problem(client.get("/api/v2/health"), 404, "request.no_such_address")


def test_pages_keep_their_own_errors(client: FlaskClient):
    answer = client.get("/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient):
    answer = client.get("/api/v1/manifest")
    problem(answer, 405, "request.wrong_method")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    problem(client.delete("/api/v1/health"), 405, "request.wrong_method")


def test_a_fault_has_a_number_and_no_trace(app: Flask, ask: Ask, caplog: pytest.LogCaptureFixture):
    app.extensions["relief.store"].close()
    with app.app_context(), app.extensions["relief.store"].engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE device RENAME TO device_away")
    with caplog.at_level(logging.ERROR):
        answer = ask("/api/v1/devices/me", method="GET")
    held = problem(answer, 500, "fault")
    assert held["fault"] in caplog.text and held["fault"] in held["detail"]
    assert not {"Traceback", "sqlite", "device_away"} & set(answer.text.split())


def test_a_server_without_its_database_is_not_online(app: Flask, client: FlaskClient):
    assert client.get("/api/v1/health").json["status"] == "ok"
    with app.app_context(), app.extensions["relief.store"].engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE user_account RENAME TO away")
    problem(client.get("/api/v1/health"), 500, "fault")


@pytest.mark.parametrize(("language", "title"), [("en", "Not found"), ("ur", "نہیں ملا")])
def test_the_words_are_in_the_language_of_who_asks(client: FlaskClient, language: str, title: str):
    for answer in (
        client.get(f"/api/v1/nothing?lang={language}"),
        client.get("/api/v1/nothing", headers={"Accept-Language": f"{language}-PK"}),
    ):
        assert problem(answer, 404, "request.no_such_address")["title"] == title
