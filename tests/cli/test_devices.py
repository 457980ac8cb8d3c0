"""`relief devices`: a phone is invited, listed and revoked."""

import json
import re

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from relief.cli import commands
from relief.kernel.errors import ReliefError
from tests.factories.devices import Phone
from tests.factories.world import AT, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    """A point with its people."""
    with app.app_context():
        return build_world()


def relief(app: Flask, *words: str) -> Result:
    return CliRunner().invoke(commands, ("devices", *words), obj=lambda: app)


def answer(app: Flask, *words: str) -> dict:
    done = relief(app, *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def invited(app: Flask, label: str = "Phone 1") -> str:
    days = ("--from", "2022-09-20", "--to", "2022-09-25")
    return answer(app, "invite", label, "--point", "p1", *days, "--address", "relief.example.org")["address"]


def test_a_phone_is_invited_listed_and_revoked(app: Flask, world: World):
    assert "No phone yet" in relief(app, "list").output
    address = invited(app)
    assert re.fullmatch(r"https://relief\.example\.org/scan#enrol=[A-Za-z0-9_-]{43}", address)
    phone = Phone()
    with app.app_context():
        phone.enrol(address.partition("=")[2], at=AT)
    (listed,) = answer(app, "list", "--state", "active", "--point", "P1")["devices"]
    assert (listed["id"], listed["label"], listed["point"], listed["findings"]) == (phone.uuid, "Phone 1", "P1", {})
    assert "Phone 1" in relief(app, "list").output
    assert answer(app, "revoke", phone.uuid, "--reason", "lost")["state"] == "revoked"
    assert answer(app, "list", "--state", "active")["total"] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("invite", "A", "--point", "P1", "--from", "2022-09-20", "--to", "2022-09-21"), "settings.no_public_address"),
        (
            ("invite", "A", "--point", "X", "--from", "2022-09-20", "--to", "2022-09-21", "--address", "x"),
            "point.not_found",
        ),
        (
            ("invite", "A", "--point", "P1", "--from", "2022-09-20", "--to", "2022-09-19", "--address", "x"),
            "dates.reversed",
        ),
        (("revoke", "Phone 1", "--reason", "x"), "device.not_found"),
        (("list", "--point", "X"), "point.not_found"),
    ],
)
def test_what_cannot_be_done_says_why(app: Flask, world: World, words: tuple[str, ...], code: str):
    invited(app)
    invited(app)  # Two of one name: neither is meant.
    done = relief(app, *words)
    assert isinstance(done.exception, ReliefError) and done.exception.code == code


def test_in_somebodys_name_only_their_areas_count(app: Flask, world: World):
    invited(app)
    for person, count in ((world.coordinator, 1), (world.stranger, 0)):
        role, area = person.name.split(" of ")
        assert answer(app, "list", "--as", f"{role}.{area}@relief.test".lower())["total"] == count
