"""The scan app as it comes over the wire: small, the same for everybody, and kept by a worker that changes with it."""

import re

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.permissions import Role
from relief.web import scan
from relief.web.languages import LANGUAGES
from relief.web.scan_texts import _TEXTS
from tests.architecture.source import ROOT
from tests.web.conftest import Visit

FIRST_LOAD_BYTES = 60_000
SCRIPTS = ROOT / "static" / "js" / "scan"


@pytest.fixture
def backend() -> str:
    """What the page is does not depend on the database."""
    return "sqlite"


def said(client: FlaskClient, address: str) -> tuple[int, str]:
    """Return status and kind of what lies at an address."""
    with client.get(address) as answer:
        return answer.status_code, answer.mimetype


def files_of(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/dist/(?:css|js)/[^"]+)"', page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_load_is_small(client: FlaskClient, language: str):
    answer = client.get(f"/scan?lang={language}", headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    page = brotli.decompress(answer.data).decode()
    files = files_of(page)
    assert len(files) == 2
    packed = [(ROOT / f"{name.lstrip('/')}.br").stat().st_size for name in files]
    assert len(answer.data) + sum(packed) <= FIRST_LOAD_BYTES


def test_the_page_knows_nobody_and_loosens_nothing(client: FlaskClient):
    answer = client.get("/scan")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers and "csrf" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "worker-src 'self'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_comes_alone_for_a_phone_to_keep(client: FlaskClient, language: str):
    page = client.get(f"/scan/screens/{language}").text
    ids = re.findall(r'<template id="(t-[\w-]+)"', page)
    assert len(ids) == len(set(ids)) > 20
    assert ids == re.findall(r'<template id="(t-[\w-]+)"', client.get("/scan?lang=en").text)


def test_the_worker_may_keep_the_app_and_names_all_of_it(client: FlaskClient):
    answer = client.get("/scan/worker.js")
    assert answer.mimetype == "text/javascript" and answer.headers["Service-Worker-Allowed"] == "/scan"
    addresses = set(re.findall(r'"(/[^"]+)"', answer.text.splitlines()[0]))
    assert {"/scan", "/scan/screens/en", "/scan/screens/ur", "/scan/screens/sd"} < addresses
    assert {address.rsplit(".", 1)[-1] for address in addresses if "." in address} >= {
        "js",
        "css",
        "wasm",
        "woff2",
        "png",
        "svg",
    }
    assert [address for address in addresses if said(client, address)[0] != 200] == []
    assert not [address for address in addresses if address.startswith("/api")]


def test_the_worker_changes_with_a_word_of_a_screen(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    before, again = client.get("/scan/worker.js").text, client.get("/scan/worker.js").text
    texts = scan.scan_texts
    monkeypatch.setattr(scan, "scan_texts", lambda: texts() | {"texts": {}})
    assert before == again != client.get("/scan/worker.js").text


def test_a_phone_can_install_it(client: FlaskClient):
    answer = client.get("/scan/app.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest = answer.get_json(force=True)
    assert manifest["start_url"] == manifest["scope"] == "/scan" and manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    assert all(said(client, icon["src"]) == (200, "image/png") for icon in manifest["icons"])


def test_every_text_that_a_script_asks_for_is_there():
    scripts = "\n".join(path.read_text() for path in SCRIPTS.rglob("*.js"))
    asked = set(re.findall(r'(?:say|plain)\("([\w.]+)"', scripts))
    assert asked - _TEXTS.keys() == set()


def test_every_template_that_a_script_clones_is_there(client: FlaskClient):
    scripts = "\n".join(path.read_text() for path in SCRIPTS.rglob("*.js"))
    page = client.get("/scan/screens/en").text
    cloned = set(re.findall(r'clone\("([\w-]+)"\)', scripts)) | {"give", "already_given", "not_valid", "ask", "wait"}
    assert [name for name in cloned if f'<template id="t-{name}"' not in page] == []


def test_point_staff_find_it_from_their_first_page(visit: Visit):
    staff = visit(Role.POINT_STAFF, "PK703")
    assert 'href="/scan">Open the scan app</a>' in staff.get("/").text
    assert 'href="/scan">Scan app</a>' in staff.get("/help").text
    assert 'href="/scan"' not in visit(Role.REGISTRAR, "PK703").get("/").text
