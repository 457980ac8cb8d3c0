"""Bodies come plain or packed, in the right form or not, and never grow beyond the limit."""

import gzip
import json
import tracemalloc
import uuid

import pytest
from flask.testing import FlaskClient

from relief.api.problems import LARGEST_BODY
from tests.api.conftest import Ask, problem
from tests.factories.devices import Phone

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

MANIFEST = "/api/v1/manifest"
NOTHING = {"have": []}


def test_a_packed_body_is_the_same_as_a_plain_one(ask: Ask):
    assert ask(MANIFEST, NOTHING).status_code == ask(MANIFEST, NOTHING, packed=True).status_code == 200


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "nonsense"])
def test_an_unknown_encoding_is_refused(ask: Ask, encoding: str):
    problem(ask(MANIFEST, NOTHING, headers={"Content-Encoding": encoding}), 415, "request.bad_encoding")


def signed_but_sent_as(ask: Ask, sent: bytes):
    """The answer to a body that claims to be packed, and is this."""
    return ask(MANIFEST, sent, headers={"Content-Encoding": "gzip"})


def test_a_cut_body_is_told_to_come_again(ask: Ask):
    packed = gzip.compress(json.dumps(NOTHING).encode() * 100)
    for sent in (packed[:-9], packed[:11], packed[:3], b"", b"not packed", packed + b"more", packed + packed):
        problem(signed_but_sent_as(ask, sent), 400, "body.cut")


def test_a_damaged_body_is_told_to_come_again(ask: Ask):
    packed = bytearray(gzip.compress(json.dumps({"have": ["0" * 32] * 100}).encode()))
    packed[len(packed) // 2] ^= 0xFF
    problem(signed_but_sent_as(ask, bytes(packed)), 400, "body.cut")


def test_a_bomb_is_never_unpacked(ask: Ask):
    bomb = gzip.compress(bytes(40 * LARGEST_BODY), 9)
    assert len(bomb) < LARGEST_BODY / 10
    tracemalloc.start()
    try:
        problem(signed_but_sent_as(ask, bomb), 413, "request.too_large")
        assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST_BODY
    finally:
        tracemalloc.stop()


def test_the_body_of_a_stranger_is_not_even_unpacked(ask: Ask, client: FlaskClient):
    cut = {"Content-Encoding": "gzip"}
    problem(ask(MANIFEST, b"cut", by=Phone(uuid=str(uuid.uuid4())), headers=cut), 401, "device.unknown")
    problem(client.post(MANIFEST, data=b"cut", headers=cut), 401, "device.unsigned")


def test_the_limit_is_the_same_packed_and_plain(ask: Ask):
    fits = json.dumps(NOTHING).encode().ljust(LARGEST_BODY)
    for packed in (False, True):
        assert ask(MANIFEST, fits, packed=packed).status_code == 200
        problem(ask(MANIFEST, fits + b" ", packed=packed), 413, "request.too_large")


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        (b"", "", "field.wrong_form"),
        (b"{", "", "field.wrong_form"),
        (b'{"have": "\xff"}', "", "field.wrong_form"),
        (b'{"have": ["\\ud800"]}', "", "field.wrong_form"),
        (b"[" * 1_000_000, "", "field.wrong_form"),
        (b'{"have":' * 100_000, "", "field.wrong_form"),
        (b"null", "", "field.wrong_kind"),
        (b"[]", "", "field.wrong_kind"),
        (b"{}", "have", "field.missing"),
        (b'{"have": null}', "have", "field.wrong_kind"),
        (b'{"have": [7]}', "have.0", "field.wrong_kind"),
        (b'{"have": ["", "ab"]}', "have.0", "field.wrong_form"),
        (json.dumps({"have": ["0" * 32] * 50_001}).encode(), "have", "field.too_much"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_each_wrong_field_is_named(ask: Ask, sent: bytes, field: str, code: str):
    held = problem(ask(MANIFEST, sent), 400, "input.invalid")
    assert {"field": field, "code": code} == {name: held["errors"][0][name] for name in ("field", "code")}


def test_not_every_wrong_thing_of_thousands_is_told(ask: Ask):
    held = problem(ask(MANIFEST, {"have": ["x"] * 50_000}), 400, "input.invalid")
    assert len(held["errors"]) == 50


def test_what_was_sent_is_not_repeated(ask: Ask):
    answer = ask("/api/v1/devices/me/operators", {"email": "", "password": "river goat lamp tin" * 99})
    assert {wrong["field"] for wrong in problem(answer, 400, "input.invalid")["errors"]} == {"email", "password"}
    assert "river" not in answer.text
