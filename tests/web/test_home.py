import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.permissions import Permission, Role
from relief.store.work import unit_of_work
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, shell
from tests.factories.people import SYSTEM, add_person, sign_in


@pytest.fixture
def coordinator(app: Flask, client: FlaskClient, areas) -> FlaskClient:
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, Role.COORDINATOR, areas.dadu)
    sign_in(client, user)
    return client


def test_the_public_is_told_what_this_is(client: FlaskClient):
    page = client.get("/").text
    assert "You hold a token" in page
    assert 'href="/sign-in"' in page


def test_home_shows_what_waits_for_this_role_alone(app: Flask, coordinator: FlaskClient):
    def waiting(work, actor):
        return HomeSection("Conflicts", [HomeFigure("waiting for you", "3", "/conflicts/", kind="waiting")])

    def nothing(work, actor):
        return None

    def foreign(work, actor):
        raise AssertionError("asked for another role")

    with app.app_context():
        held = shell()
        held.add(
            (),
            (
                HomeBlock(Permission.CONFLICT_DECIDE, 20, waiting),
                HomeBlock(Permission.CAMPAIGN_PROPOSE, 10, nothing),
                HomeBlock(Permission.LEDGER_POST, 5, foreign),
            ),
        )
        held.home_blocks = [b for b in held.home_blocks if b.section in (waiting, nothing, foreign)]
    page = coordinator.get("/").text
    assert '<a class="figure of-waiting" href="/conflicts/">' in page
    assert ">3</bdi>" in page


def test_an_empty_home_says_so(app: Flask, coordinator: FlaskClient):
    with app.app_context():
        shell().home_blocks.clear()
    assert "Nothing waits for you" in coordinator.get("/").text


def test_the_header_names_the_area(coordinator: FlaskClient):
    assert "<bdi>Dadu</bdi>" in coordinator.get("/").text
    assert "<bdi>دادو</bdi>" in coordinator.get("/?lang=ur").text


def test_help_begins_with_the_own_role(coordinator: FlaskClient, app: Flask):
    page = coordinator.get("/help").text
    assert page.index("District coordinator") < page.index("Administrator")
    assert all(role.label in page for role in Role)
    assert app.test_client().get("/help").status_code == 200


def test_a_monitor_hears_that_all_is_well(client: FlaskClient):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
