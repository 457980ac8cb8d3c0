"""The application with its pages, and browsers without script."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.app import create_app
from relief.config import Settings
from relief.geography.queries import get_area
from relief.kernel.permissions import Role
from relief.store.work import unit_of_work
from tests.factories.campaigns import AT, Land, add_families, build_land
from tests.factories.people import SYSTEM, Areas, add_person, put_five_areas, sign_in


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


Visit = Callable[..., FlaskClient]


@pytest.fixture
def land(app: Flask) -> Land:
    """Three displaced families in two districts and one that is not; a fund of ten million rupees."""
    with app.app_context():
        made = build_land()
        with unit_of_work(SYSTEM, at=AT) as work:
            add_families(
                work, made, {"uc": "PK70301U1"}, {"uc": "PK70301U2", "size": 3}, {"uc": "PK70601U1"},
                {"uc": "PK70601U1", "is_displaced": False},
            )  # fmt: skip
        return made


@pytest.fixture
def visit(app: Flask, land: Land) -> Visit:
    """A browser in which somebody with a role is signed in."""

    def signed_in(role: Role, area: str = "PK7") -> FlaskClient:
        with app.app_context(), unit_of_work(SYSTEM) as work:
            user = add_person(work, role, get_area(work, land.area_ids[area]), name=f"{role.value} of {area}")
        client = app.test_client()
        sign_in(client, user)
        return client

    return signed_in
