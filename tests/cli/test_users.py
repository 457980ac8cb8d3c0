import json

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from relief.accounts.passwords import is_password
from relief.accounts.queries import find_user_by_email, list_grants
from relief.cli import commands
from relief.store.work import reading, unit_of_work
from tests.factories.people import PASSWORD, SYSTEM, put_five_areas


@pytest.fixture(autouse=True)
def areas(app: Flask):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        return put_five_areas(work)


def relief(app: Flask, *words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(commands, words, input=stdin, obj=lambda: app)


def add(app: Flask, *more: str, email: str = "ayesha@relief.example", stdin: str | None = None) -> Result:
    return relief(
        app,
        "user",
        "add",
        email,
        "--name",
        "عائشہ سومرو",
        "--role",
        "administrator",
        "--area",
        "PK7",
        *more,
        stdin=stdin,
    )


def test_the_first_administrator_is_added_with_a_made_password(app: Flask):
    done = add(app, "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    with app.app_context(), reading(SYSTEM) as work:
        user = find_user_by_email(work, "Ayesha@relief.example")
        [grant] = list_grants(work, [user.id])
    assert is_password(answer["password"], user.password_hash)
    assert (user.name, grant.role.value, grant.area.code) == ("عائشہ سومرو", "administrator", "PK7")


def test_a_password_is_taken_from_standard_input_and_not_repeated(app: Flask):
    done = add(app, "--password-stdin", stdin=PASSWORD + "\n")
    assert done.exit_code == 0
    assert PASSWORD not in done.output
    with app.app_context(), reading(SYSTEM) as work:
        user = find_user_by_email(work, "ayesha@relief.example")
    assert is_password(PASSWORD, user.password_hash)
    assert not user.must_change_password


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("user", "add", "nadia", "--name", "N", "--role", "finance", "--area", "PK7"), "email.bad"),
        (
            ("user", "add", "n@relief.example", "--name", "N", "--role", "finance", "--area", "PK999"),
            "area.unknown_code",
        ),
        (("user", "disable", "nobody@relief.example", "--reason", "x"), "user.not_found"),
        (("user", "disable", "ayesha@relief.example", "--reason", "x"), "user.last_administrator"),
        (("user", "revoke", "ayesha@relief.example", "--role", "finance", "--area", "PK7"), "grant.not_found"),
    ],
)
def test_what_cannot_be_done_is_refused(app: Flask, words, code):
    add(app)
    done = relief(app, *words)
    assert done.exit_code == 1
    assert done.exception.code == code


def test_what_is_no_role_is_a_wrong_use(app: Flask):
    assert relief(app, "user", "grant", "a@relief.example", "--role", "king", "--area", "PK7").exit_code == 2


def test_people_are_listed_granted_disabled_and_enabled(app: Flask):
    add(app)
    add(app, email="second@relief.example")
    for words in (
        ("grant", "second@relief.example", "--role", "finance", "--area", "pk703"),
        ("revoke", "second@relief.example", "--role", "administrator", "--area", "PK7"),
        ("disable", "second@relief.example", "--reason", "Left"),
    ):
        assert relief(app, "user", *words).exit_code == 0
    people = json.loads(relief(app, "user", "list", "--json").stdout)
    assert [(p["email"], p["state"], p["roles"]) for p in people["users"]] == [
        ("ayesha@relief.example", "active", ["administrator PK7"]),
        ("second@relief.example", "disabled", ["finance PK703"]),
    ]
    assert relief(app, "user", "enable", "second@relief.example").exit_code == 0
    assert "second@relief.example\tعائشہ سومرو\tactive\tfinance PK703" in relief(app, "user", "list").stdout


def test_a_lost_password_is_made_anew(app: Flask):
    add(app)
    done = relief(app, "user", "password", "ayesha@relief.example", "--json")
    with app.app_context(), reading(SYSTEM) as work:
        user = find_user_by_email(work, "ayesha@relief.example")
    assert is_password(json.loads(done.stdout)["password"], user.password_hash)
