"""Only what an enrolled phone signed is done, and nothing else tells who asks."""

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.accounts.model import User
from relief.store.work import unit_of_work
from relief.sync.enrolment import revoke_device
from tests.api.conftest import Ask, problem
from tests.factories.devices import Phone
from tests.factories.people import sign_in
from tests.factories.world import SYSTEM, World

ME = "/api/v1/devices/me"


def test_a_phone_that_signs_is_known(ask: Ask, phone: Phone):
    assert ask(ME, method="GET").json["device"] == phone.uuid


def test_who_does_not_sign_learns_nothing(client: FlaskClient):
    problem(client.get(ME), 401, "device.unsigned")


@pytest.mark.parametrize("missing", ["Relief-Device", "Relief-Time", "Relief-Nonce", "Relief-Signature"])
def test_each_part_of_the_signature_is_needed(client: FlaskClient, phone: Phone, missing: str):
    headers = phone.headers(ME, method="GET")
    del headers[missing]
    problem(client.get(ME, headers=headers), 401, "device.unsigned")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Relief-Time", "2022-09-20T06:00:00.001Z"),
        ("Relief-Time", "now"),
        ("Relief-Nonce", "A" * 22),
        ("Relief-Nonce", "A" * 21),
        ("Relief-Signature", "A" * 86),
        ("Relief-Signature", "A" * 85),
        ("Relief-Signature", "ü" * 86),
    ],
)
def test_what_was_changed_on_the_way_is_refused(client: FlaskClient, phone: Phone, header: str, value: str):
    headers = phone.headers(ME, method="GET") | {header: value}
    problem(client.get(ME, headers=headers), 401, "device.bad_signature")


def test_a_signature_holds_for_one_address_method_and_body(client: FlaskClient, phone: Phone):
    manifest = "/api/v1/manifest"
    for headers in (
        phone.headers(ME),
        phone.headers(manifest, method="PUT"),
        phone.headers(manifest, b'{"have":[""]}'),
    ):
        problem(client.post(manifest, data=b'{"have":[]}', headers=headers), 401, "device.bad_signature")


def test_the_key_of_another_phone_does_not_do(client: FlaskClient, phone: Phone):
    stranger = Phone(uuid=phone.uuid)
    problem(client.get(ME, headers=stranger.headers(ME, method="GET")), 401, "device.bad_signature")


@pytest.mark.parametrize("uuid", ["00000000-0000-4000-8000-000000000000", "no uuid", "\x01", "1" * 5000])
def test_an_unknown_phone_is_told_so(ask: Ask, uuid: str):
    problem(ask(ME, method="GET", by=Phone(uuid=uuid)), 401, "device.unknown")


def test_a_revoked_phone_gets_nothing_more(app: Flask, ask: Ask, phone: Phone, world: World):
    with app.app_context(), unit_of_work(world.coordinator) as work:
        revoke_device(work, phone.id, "lost")
    problem(ask(ME, method="GET"), 403, "device.revoked")
    problem(ask("/api/v1/manifest", {"have": []}), 403, "device.revoked")
    problem(ask("/api/v1/devices/me/operators", {"email": "a@b.c", "password": "x"}), 403, "device.revoked")


def test_a_wrong_clock_is_no_reason_to_refuse(client: FlaskClient, phone: Phone):
    headers = phone.headers(ME, method="GET", clock=dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    assert client.get(ME, headers=headers).status_code == 200


def test_a_sign_in_of_the_pages_counts_for_nothing(app: Flask, client: FlaskClient, world: World):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = work.session.get_one(User, int(world.coordinator.id))
    sign_in(client, user)
    assert client.get("/").status_code == 200
    problem(client.get(ME), 401, "device.unsigned")


def test_the_api_gives_no_cookie_even_with_a_language(client: FlaskClient):
    for path in ("health?lang=ur", "openapi.json?lang=sd", "nothing?lang=ur", "devices/me?lang=ur"):
        assert not client.get(f"/api/v1/{path}").headers.getlist("Set-Cookie")


def test_another_site_cannot_ask_in_a_phones_name(ask: Ask):
    answer = ask("/api/v1/manifest", {"have": []}, headers={"Sec-Fetch-Site": "cross-site"})
    problem(answer, 403, "request.forbidden")


def test_a_foreign_host_name_is_refused(client: FlaskClient):
    problem(client.get("/api/v1/health", headers={"Host": "evil.example"}), 400, "request.bad")
