"""The application with its pages, and browsers without script."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.app import create_app
from relief.config import Settings
from relief.store.work import unit_of_work
from tests.factories.people import SYSTEM, Areas, put_five_areas


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application; form tokens are off except where they are the matter."""
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    yield app
    app.extensions["relief.store"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()


@pytest.fixture
def areas(app: Flask) -> Areas:
    """Five areas."""
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return put_five_areas(work)
