"""The application with its API, an enrolled phone, and how it asks."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from relief.app import create_app
from relief.config import Settings
from tests.factories.devices import Phone, enrolled_phone
from tests.factories.world import World, build_world

Ask = Callable[..., TestResponse]


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application as it is served: faults are answered, forms need their token."""
    app = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    app.extensions["relief.store"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who asks."""
    return app.test_client()


@pytest.fixture
def world(app: Flask) -> World:
    """A campaign with five families, a point and its people."""
    with app.app_context():
        return build_world(families=5)


@pytest.fixture
def phone(app: Flask, world: World) -> Phone:
    """A phone of the point, on which its staff have signed in."""
    with app.app_context():
        return enrolled_phone(world, world.staff)


@pytest.fixture
def ask(client: FlaskClient, phone: Phone) -> Ask:
    """The phone asks, and signs what it asks; `headers` come on top, `packed` packs the body on the way."""

    def ask(
        path: str, body: Any = None, *, method: str = "POST", by: Phone = phone, packed: bool = False,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:  # fmt: skip
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        signed = by.headers(path, content, method=method)
        encoding = {"Content-Encoding": "gzip"} if packed else {}
        sent = gzip.compress(content) if packed else content
        return client.open(path, method=method, data=sent, headers={**signed, **encoding, **(headers or {})})

    return ask


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Return the problem that the answer must be."""
    assert answer.mimetype == "application/problem+json", answer.text
    held: dict[str, Any] = answer.get_json(force=True)
    assert (answer.status_code, held["status"], held["code"]) == (status, status, code), held
    assert held["type"] == f"/api/v1/docs#problem-{status}" and held["title"] and held["detail"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.headers.getlist("Set-Cookie")
    return held
