"""The scan app of the phones: one page for everybody, the worker that keeps it on the phone, and what installs it.

Nothing here knows who asks: the page is the same on every phone, and all that is personal comes by /api/v1 to an enrolled one.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
from pathlib import Path

import brotli
from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from relief.config import STATIC
from relief.distributions.rules import reasons_json
from relief.kernel.actor import Actor
from relief.kernel.permissions import Permission
from relief.store.work import Work
from relief.web.access import Answer, for_everyone
from relief.web.languages import LANGUAGES
from relief.web.scan_texts import scan_texts
from relief.web.shell import HomeBlock, HomeSection

bp = Blueprint("scan", __name__, url_prefix="/scan")

_DIST = STATIC / "dist"
_ICONS = {"img/scan-192.png": "192x192", "img/scan-512.png": "512x512"}
# The worker asks for the bare page; a phone keeps one, and its other languages beside it.
_SCOPE = "/scan"


@bp.get("")
@for_everyone
def show() -> Answer:
    """Answer the app, with its screens in the language of the reader."""
    return _packed(render_template("scan/app.html", **_page_facts()), "text/html")


@bp.get("/screens/<any(en, ur, sd):language>")
@for_everyone
def screens(language: str) -> Answer:
    """Answer the app's screens in one language: a phone keeps all of them."""
    return _packed(_screens_in(language), "text/html")


@bp.get("/worker.js")
@for_everyone
def worker() -> Answer:
    """Answer the service worker. Its text changes whenever anything does that a phone keeps, and then the phone fetches it."""
    built = _built_file("js/scan-worker.js")
    shell = {"page": _SCOPE, "screens": _screen_addresses(), "files": _files(), "version": _version(built)}
    response = _packed(f"self.SHELL = {json.dumps(shell)};\n{built}", "text/javascript")
    response.headers["Service-Worker-Allowed"] = _SCOPE
    return response


@bp.get("/app.webmanifest")
@for_everyone
def web_manifest() -> Answer:
    """Answer what a phone needs to put the app on its home screen."""
    response = jsonify(
        id=_SCOPE,
        name="Relief",
        short_name="Relief",
        start_url=_SCOPE,
        scope=_SCOPE,
        display="standalone",
        orientation="portrait",
        background_color="#0b4f49",
        theme_color="#0b4f49",
        icons=[
            {"src": _address(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes in _ICONS.items()
            for purpose in ("any", "maskable")
        ],
    )
    response.mimetype = "application/manifest+json"
    return response


def _page_facts() -> dict[str, object]:
    config = {
        "rules": reasons_json(),
        "files": {"decoder": _address("js/scan-decoder.js"), "wasm": _address("assets/zxing_reader.wasm")},
        "screens": dict(zip(LANGUAGES, _screen_addresses(), strict=True)),
        "worker": url_for("scan.worker"),
        "scope": _SCOPE,
    }
    return {"config": config, "texts": scan_texts(), "languages": LANGUAGES}


def _screens_in(language: str) -> str:
    with force_locale(language):
        return render_template("scan/screens.html", texts=scan_texts(), languages=LANGUAGES)


def _screen_addresses() -> list[str]:
    return [url_for("scan.screens", language=language) for language in LANGUAGES]


def _files() -> list[str]:
    """Return the addresses of all built files that the app needs without a network."""
    listed = json.loads((_DIST / "scan.json").read_text())
    icons = [_address(name) for name in ("img/favicon.svg", *_ICONS)]
    return sorted([*(f"/static/dist/{name}" for name in listed), *icons])


def _version(built: str) -> str:
    """Return a short hash of everything that a phone keeps: worker, page, screens, names of files."""
    digest = hashlib.sha256()
    with force_locale("en"):
        page = render_template("scan/app.html", **_page_facts())
    for text in (built, page, *map(_screens_in, LANGUAGES), *_files()):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()[:16]


def _address(name: str) -> str:
    address: str = current_app.jinja_env.globals["asset"](name)  # type: ignore[operator]
    return address


@functools.cache
def _read(path: Path) -> str:
    return path.read_text()


def _built_file(name: str) -> str:
    return _read(_DIST / _address(name).removeprefix("/static/dist/"))


def _packed(text: str, mimetype: str) -> Response:
    """Return the text as small as the browser can take it; always asked for afresh, for the worker is what keeps it."""
    response = Response(text, mimetype=mimetype)
    encodings = request.accept_encodings
    if encodings["br"]:
        response.set_data(_brotli(text))
        response.headers["Content-Encoding"] = "br"
    elif encodings["gzip"]:
        response.set_data(gzip.compress(text.encode()))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    response.headers["Cache-Control"] = "no-cache"
    return response


@functools.lru_cache(maxsize=16)
def _brotli(text: str) -> bytes:
    """Return the text packed as tightly as it goes, which takes a while: a new text comes with a new program only."""
    packed: bytes = brotli.compress(text.encode(), mode=brotli.MODE_TEXT)
    return packed


def _way_to_the_app(_work: Work, _actor: Actor) -> HomeSection:
    return HomeSection(
        _("Scan app"),
        next_action=(_("Open the scan app"), url_for("scan.show")),
        text=_("For phones at the table: it scans tokens and records hand-overs, also for days without a signal."),
    )


HOME_BLOCKS = (HomeBlock(Permission.HAND_OVER, 15, _way_to_the_app),)
