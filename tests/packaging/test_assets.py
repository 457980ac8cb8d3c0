"""The built front end: whole, small, and independent of any other host."""

import json
import re

import pytest
import typst

from tests.architecture.source import ROOT

DIST = ROOT / "static" / "dist"
# A phone on a slow link loads these before it shows anything.
FIRST_LOAD = {"css/app.css": 20_000, "js/app.js": 20_000}


def manifest() -> dict[str, str]:
    return json.loads((DIST / "manifest.json").read_text())


def test_every_entry_of_the_manifest_is_there():
    assert [name for name, built in manifest().items() if not (DIST / built).is_file()] == []
    assert FIRST_LOAD.keys() <= manifest().keys()


def test_no_built_style_reaches_for_another_host():
    reaching = [
        path.name for path in DIST.rglob("*.css") if re.search(r"url\([\"']?(https?:)?//|@import", path.read_text())
    ]
    assert reaching == []


@pytest.mark.parametrize(("name", "limit_bytes"), FIRST_LOAD.items())
def test_the_first_load_is_small(name: str, limit_bytes: int):
    packed = DIST / f"{manifest()[name]}.br"
    assert packed.stat().st_size <= limit_bytes


def test_papers_find_their_fonts_among_the_built_ones():
    families = set(typst.Fonts(include_system_fonts=False, font_paths=[str(DIST / "fonts")]).families())
    assert families >= {"Noto Sans", "Noto Naskh Arabic", "Noto Nastaliq Urdu"}
