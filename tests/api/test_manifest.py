"""A phone takes its manifest: whole the first time, later what has changed."""

import gzip
import hashlib
import json
import struct
from typing import Any

from flask import Flask
from nacl.signing import VerifyKey
from werkzeug.test import TestResponse

from relief.store.work import reading
from relief.sync.manifest import SIGNED_PREFIX
from relief.sync.wire import unb64
from tests.api.conftest import Ask
from tests.factories.world import SYSTEM, World

MANIFEST = "/api/v1/manifest"


def frames(content: bytes) -> list[bytes]:
    """Take the frames apart as a phone does."""
    found = []
    while content:
        (length,) = struct.unpack(">I", content[:4])
        assert len(content) >= 4 + length
        found.append(content[4 : 4 + length])
        content = content[4 + length :]
    return found


def header_of(app: Flask, answer: TestResponse) -> dict[str, Any]:
    """The header, whose signature holds."""
    wrapped = json.loads(frames(answer.data)[0])
    with app.app_context(), reading(SYSTEM) as work:
        key: VerifyKey = work.keys.manifest_key().verify_key
    key.verify((SIGNED_PREFIX + wrapped["header"]).encode(), unb64(wrapped["signature"]))
    held: dict[str, Any] = json.loads(wrapped["header"])
    return held


def test_a_phone_takes_its_point_along(app: Flask, ask: Ask, world: World):
    answer = ask(MANIFEST, {"have": []})
    assert (answer.status_code, answer.mimetype) == (200, "application/octet-stream")
    assert answer.headers["Cache-Control"] == "no-store"
    header = header_of(app, answer)
    assert header["point"]["code"] == "P1" and header["operators"][0]["id"] == world.staff.id
    digests = {hashlib.sha256(part).hexdigest()[:32] for part in frames(answer.data)[1:]}
    (campaign,) = header["campaigns"]
    assert {part["digest"] for part in campaign["roster"]["parts"]} <= digests and campaign["rests"] in digests


def test_what_the_phone_has_is_not_sent_again(app: Flask, ask: Ask):
    first = ask(MANIFEST, {"have": []})
    have = [hashlib.sha256(part).hexdigest()[:32] for part in frames(first.data)[1:]]
    second = ask(MANIFEST, {"have": have})
    assert have and len(frames(second.data)) == 1
    assert header_of(app, second)["sequence"] > header_of(app, first)["sequence"]


def test_it_is_packed_where_the_phone_takes_that(ask: Ask):
    packed = ask(MANIFEST, {"have": []}, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
    assert len(frames(gzip.decompress(packed.data))) > 1
    for refused in ("br", "gzip;q=0", "identity"):
        assert "Content-Encoding" not in ask(MANIFEST, {"have": []}, headers={"Accept-Encoding": refused}).headers
