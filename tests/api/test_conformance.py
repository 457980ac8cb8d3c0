"""The API keeps to its own document, whatever is sent to it, right and wrong, by strangers and by a phone."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth
from schemathesis.schemas import BaseSchema

from relief.app import create_app
from relief.config import Settings
from tests.factories.devices import Phone, enrolled_phone
from tests.factories.world import build_world
from tests.support.databases import Databases

DOCUMENT = "/api/v1/openapi.json"
OPERATIONS = [
    ("GET", "/api/v1/health"), ("GET", DOCUMENT), ("POST", "/api/v1/devices"), ("GET", "/api/v1/devices/me"),
    ("POST", "/api/v1/devices/me/operators"), ("POST", "/api/v1/manifest"), ("POST", "/api/v1/sync/batches"),
]  # fmt: skip
EXAMPLES = 40
SLOW_EXAMPLES = 10  # Each hashes a password.


class Signing:
    """The application as a phone reaches it: whatever is sent, the phone signs it."""

    def __init__(self, app: Flask, phone: Phone) -> None:
        self._app = app
        self._phone = phone

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Sign, and hand on."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        headers = self._phone.headers(environ["PATH_INFO"], body, method=environ["REQUEST_METHOD"])
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        return self._app(environ, start_response)


@dataclass(frozen=True)
class Doors:
    """The document with the application behind it: to strangers, who make signatures up, and to a phone, which signs."""

    stranger: BaseSchema
    phone: BaseSchema


@pytest.fixture(scope="module", params=["sqlite"])
def doors(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doors]:
    """An application in which a phone is enrolled."""
    url = databases.migrated(request.param)
    app = create_app(Settings(instance_path=tmp_path_factory.mktemp("conformance"), database_url=url))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        world = build_world()
        phone = enrolled_phone(world, world.staff)
    unsigned = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
    yield Doors(
        schemathesis.openapi.from_wsgi(DOCUMENT, app),
        schemathesis.openapi.from_wsgi(DOCUMENT, Signing(app, phone), config=unsigned),
    )
    app.extensions["relief.store"].close()
    databases.give_back(url)


def try_many(schema: BaseSchema, method: str, path: str, mode: GenerationMode, **checks: Any) -> None:
    """Send many requests to an address, and look whether each answer is as the document says."""

    examples = SLOW_EXAMPLES if path.endswith("/operators") else EXAMPLES

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(schema[path][method].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        case.call_and_validate(**checks)

    send()


def test_every_operation_is_tried(doors: Doors):
    found = {(operation.ok().method.upper(), operation.ok().path) for operation in doors.stranger.get_all_operations()}
    assert found | {("GET", DOCUMENT)} == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_strangers_are_answered_as_the_document_says(doors: Doors, method: str, path: str):
    try_many(doors.stranger, method, path, GenerationMode.POSITIVE)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_phone_is_answered_as_the_document_says(doors: Doors, method: str, path: str):
    try_many(doors.phone, method, path, GenerationMode.POSITIVE, excluded_checks=[ignored_auth])


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if each[0] == "POST"])
def test_what_the_document_does_not_allow_is_refused(doors: Doors, method: str, path: str):
    try_many(doors.phone, method, path, GenerationMode.NEGATIVE, excluded_checks=[ignored_auth])
