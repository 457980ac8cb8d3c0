import logging
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.errors import Conflict, InvalidInput, Problem, RuleViolation
from relief.web.access import for_everyone
from relief.web.security import csp_nonce, mask_tokens

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

TOKEN_PATH = "/V/" + "0123456789" * 19 + "1"


def test_every_answer_carries_the_headers(client: FlaskClient):
    for path in ("/", "/sign-in", "/nothing", "/account", "/healthz"):
        headers = client.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "http" not in headers["Content-Security-Policy"]


def test_pages_name_no_outside_host(client: FlaskClient):
    for path in ("/", "/sign-in", "/help", "/nothing"):
        page = client.get(path).text
        assert re.findall(r'(?:src|href|action)="(?:https?:)?//[^"]*"', page) == []
        assert re.findall(r"<[^>]+ (?:style|on[a-z]+)=", page) == []
        assert "<script>" not in page


def test_a_nonce_serves_one_answer(app: Flask, client: FlaskClient):
    app.add_url_rule("/nonce", "nonce", for_everyone(csp_nonce))
    first, second = client.get("/nonce"), client.get("/nonce")
    assert first.text != second.text
    assert f"'nonce-{first.text}'" in first.headers["Content-Security-Policy"]


def test_a_form_without_its_token_is_refused(app: Flask, client: FlaskClient):
    app.config["WTF_CSRF_ENABLED"] = True
    answer = client.post("/sign-in", data={"email": "a@relief.example", "password": "x"})
    assert answer.status_code == 400
    assert "This form is out of date" in answer.text
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    answer = client.post("/sign-in", data={"email": "a@relief.example", "password": "x", "csrf_token": token})
    assert "The e-mail address or the password is wrong." in answer.text
    stranger = app.test_client()
    assert "out of date" in stranger.post("/sign-in", data={"csrf_token": token}).text


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 302), ("none", 302)]
)
def test_what_another_site_sends_is_refused(client: FlaskClient, site: str, status: int):
    assert client.post("/sign-out", headers={"Sec-Fetch-Site": site}).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("localhost:8000", 200), ("127.0.0.1:8000", 200), ("192.168.1.20", 200), ("[::1]:8000", 200),
        ("evil.example", 400), ("localhost.evil.example", 400), ("127.0.0.1.evil.example", 400), ("[::1].evil.example", 400),
    ],
)  # fmt: skip
def test_a_foreign_host_name_is_refused(client: FlaskClient, host: str, status: int):
    assert client.get("/sign-in", headers={"Host": host}).status_code == status


def test_a_token_never_reaches_the_log(app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture):
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @for_everyone
    def view(digits: str) -> str:
        raise RuntimeError("a fault")

    app.add_url_rule("/V/<digits>/faulty", "faulty", view)
    with caplog.at_level(logging.INFO):
        logging.getLogger("werkzeug").info('"%s" %s', f"GET {TOKEN_PATH} HTTP/1.1", 200)
        logging.getLogger("werkzeug").info(f"GET {TOKEN_PATH} HTTP/1.1")  # noqa: G004 - the careless way is the test
        assert client.get(f"{TOKEN_PATH}/faulty").status_code == 500
    assert "Fault" in caplog.text
    assert "0123456789" not in caplog.text


@pytest.mark.usefixtures("backend")
def test_masking_leaves_other_addresses_alone():
    assert mask_tokens("GET /v/12345?lang=ur and /V/99") == "GET /v/***?lang=ur and /V/***"
    assert mask_tokens("/families/12345") == "/families/12345"


# --- Errors ---


def failing(app: Flask, client: FlaskClient, error: Exception):
    @for_everyone
    def view() -> str:
        raise error

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/failing", "failing", view)
    return client.get("/failing")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInput("x.y", "Write %(count)s letters.", count=3), 400),
        (Conflict("x.y", "Write %(count)s letters.", count=3), 409),
        (RuleViolation("x.y", "Write %(count)s letters.", count=3), 422),
    ],
)
def test_a_refusal_becomes_a_page_with_its_words(app: Flask, client: FlaskClient, error, status: int):
    answer = failing(app, client, error)
    assert answer.status_code == status
    assert "Write 3 letters." in answer.text


def test_all_problems_of_a_refusal_are_listed(app: Flask, client: FlaskClient):
    error = InvalidInput.of([Problem("a", "x.y", "The first."), Problem("b", "x.z", "<b>The second.</b>")])
    page = failing(app, client, error).text
    assert "The first." in page
    assert "&lt;b&gt;The second." in page


def test_a_fault_shows_a_number_and_no_trace(app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture):
    answer = failing(app, client, ZeroDivisionError("the secret of the fault"))
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "the secret" not in answer.text
    number = re.search(r"<bdi>([0-9a-f]{8})</bdi>", answer.text)[1]
    assert f"Fault {number} at GET /failing" in caplog.text


def test_an_unknown_address_gets_a_page(client: FlaskClient):
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text


def test_a_wrong_method_is_explained(client: FlaskClient):
    answer = client.get("/sign-out")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_what_is_too_large_is_refused_with_its_limit(app: Flask, client: FlaskClient):
    app.config["MAX_CONTENT_LENGTH"] = 2 * 2**20
    answer = client.post("/sign-in", data={"email": "x" * (3 * 2**20)})
    assert answer.status_code == 413
    assert "larger than 2 MB" in answer.text
