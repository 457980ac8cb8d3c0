"""Built scripts, styles and pictures: their names carry a hash, so that browsers keep them for ever."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

_HASHED = re.compile(r"-[0-9A-Z]{8}\.[a-z0-9]+(\.map)?$")


def register(app: Flask, static: Path) -> None:
    """Serve the folder under /static/ and let templates name what is in it."""
    manifest = _read_manifest(static / "dist" / "manifest.json")

    def asset(name: str) -> str:
        """Return the address of "js/app.js"."""
        return f"/static/dist/{manifest.get(name, name)}"

    app.jinja_env.globals["asset"] = asset
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=static / "dist",
        prefix="/static/dist/",
        max_age=3600,
        immutable_file_test=lambda _path, url: bool(_HASHED.search(url)),
        allow_all_origins=False,
    )


def _read_manifest(path: Path) -> Mapping[str, str]:
    try:
        names: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}  # A checkout before its set-up: pages work, unstyled.
    return names
