"""The document tells all of the API and nothing else, its examples hold, and people can read it."""

import re
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from relief import api
from relief.api.access import access_of
from relief.api.problems import KINDS
from tests.support.axe import barriers_on

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The document as it is served."""
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200,
        "application/json",
        "no-store",
    )
    held: dict[str, Any] = answer.json
    return held


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_it_tells_of_every_address_of_the_api_and_of_no_page(app: Flask, document: dict[str, Any]):
    assert document["openapi"].startswith("3.1.")
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(api.PREFIX)}
    assert set(document["paths"]) == rules - {"/api/v1/docs"}


def test_it_says_which_addresses_want_a_signature(app: Flask, document: dict[str, Any]):
    for rule in app.url_map.iter_rules():
        for operation in document["paths"].get(rule.rule, {}).values():
            access = access_of(app.view_functions[rule.endpoint])
            assert access is not None and ("security" in operation) is not access.is_public
            assert access.is_public or "401" in operation["responses"]


def test_every_operation_has_words_and_answers_with_problems(document: dict[str, Any]):
    for operation in operations(document):
        assert operation["summary"] and operation["operationId"]
        for status, reply in operation["responses"].items():
            assert status < "4" or set(reply["content"]) == {"application/problem+json"}
            assert status < "4" or int(status) in KINDS


def test_every_example_holds(document: dict[str, Any]):
    shown = {
        name: schema["examples"] for name, schema in document["components"]["schemas"].items() if "examples" in schema
    }
    assert len(shown) >= 10
    for name, examples in shown.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        for example in examples:
            jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(example)


def test_its_host_is_whoever_serves_it(client: FlaskClient, document: dict[str, Any]):
    again = client.get("/api/v1/openapi.json", headers={"Host": "127.0.0.1:1"}).json
    assert again == document and document["servers"] == [{"url": "/"}]


def test_the_page_shows_all_of_it(client: FlaskClient, document: dict[str, Any]):
    page = client.get("/api/v1/docs")
    assert page.status_code == 200 and page.mimetype == "text/html"
    for operation in operations(document):
        assert f'id="{operation["operationId"]}"' in page.text and operation["summary"] in page.text
    anchors = set(re.findall(r'id="([^"]+)"', page.text))
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= anchors
    assert {f"problem-{status}" for status in KINDS} <= anchors
    for nested in ("point.number", "server_keys.seal", "events[].sealed", "results[].first.at"):
        assert f">{nested}<" in page.text.replace("<wbr>", "")


def test_the_page_is_for_everybody(page: Page):
    for language, width in (("en", 1280), ("ur", 360), ("sd", 360)):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(f"/api/v1/docs?lang={language}")
        page.evaluate("() => document.querySelectorAll('details').forEach(each => each.open = true)")
        assert barriers_on(page) == []
        assert page.evaluate(OVERFLOW) <= 0
