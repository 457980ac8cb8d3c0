import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.permissions import Permission, Role
from relief.store.work import unit_of_work
from relief.web.access import access_of, safe_path
from tests.factories.people import SYSTEM, add_person, sign_in

PUBLIC = {
    "accounts.sign_in", "accounts.sign_out", "home.help_page", "home.health", "home.index",
}  # fmt: skip


def pages_of(app: Flask) -> dict:
    """The views of pages; those of the API declare in their own way, see tests/architecture/test_routes.py."""
    return {name: view for name, view in app.view_functions.items() if not name.startswith("api_")}


def test_pages_open_to_the_public_are_known(app: Flask):
    public = {name for name, view in pages_of(app).items() if access_of(view).is_public}
    assert {name for name in public if name.partition(".")[0] in ("accounts", "home", "users", "areas")} == PUBLIC


def test_no_page_without_parameters_shows_anything_to_the_public(app: Flask, client: FlaskClient):
    for rule in app.url_map.iter_rules():
        view = pages_of(app).get(rule.endpoint)
        if view and "GET" in rule.methods and not rule.arguments and not access_of(view).is_public:
            answer = client.get(rule.rule)
            assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/sign-in"), rule.rule


def test_the_way_back_is_kept_through_the_sign_in(client: FlaskClient):
    assert client.get("/users/?q=a").location == "/sign-in?next=/users/?q%3Da"
    assert client.post("/users/1/disable").location == "/sign-in"


def test_a_part_of_a_page_is_told_to_go_to_the_sign_in(client: FlaskClient):
    answer = client.get("/areas/suggest", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_a_role_without_the_permission_is_kept_out(app: Flask, client: FlaskClient, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, Role.REGISTRAR, areas.dadu)
    sign_in(client, user)
    answer = client.get("/users/")
    assert answer.status_code == 403
    assert "Your role does not allow this here" in answer.text


def test_a_made_password_must_be_changed_before_anything_else(app: Flask, client: FlaskClient, areas):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, Role.ADMINISTRATOR, areas.dadu)
        user.must_change_password = True
    sign_in(client, user)
    assert client.get("/users/").location == "/account"
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("wanted", ["/users/", "/V/123?x=1", "/"])
def test_a_path_of_this_site_is_gone_back_to(app: Flask, wanted: str):
    with app.test_request_context():
        assert safe_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "users",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/a\r\nSet-Cookie: x",
        "/\t/evil.example",
        "/a\\b",
    ],
)
def test_a_path_elsewhere_leads_home(app: Flask, wanted: str):
    with app.test_request_context():
        assert safe_path(wanted) == "/"


@pytest.mark.parametrize("permission", [Permission.ACCOUNT_READ, Permission.ACCOUNT_MANAGE])
def test_the_menu_names_people_to_whom_it_is_open(app: Flask, client: FlaskClient, areas, permission: Permission):
    role = Role.AUDITOR if permission is Permission.ACCOUNT_READ else Role.ADMINISTRATOR
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, role, areas.dadu)
    sign_in(client, user)
    assert re.search(r'<a href="/users/"[^>]*>People</a>', client.get("/").text)
    assert client.get("/users/").status_code == 200
