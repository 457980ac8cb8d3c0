"""The map that folium draws: no outside host, the nonce on every script, text that stays text."""

import re

import folium
import folium.plugins
import pytest
from branca.element import Element, JavascriptLink

from relief.coverage.maps import Assets, LocalFigure, MapContent, MapParts, Shade, draw_map

ASSETS = Assets("/static/dist/js/coverage.js", "/static/dist/css/coverage.css")
HOSTILE = "${alert(1)}</script><script>alert(2)</script>`'\"<img src=x onerror=alert(3)>"


def drawn(text: str = "Percent served: 50 %") -> MapParts:
    content = MapContent(
        geometry_url=f"/coverage/geometry/uc/{text}.json", shades={"PK7": Shade(3, text), text: Shade(None, text)},
        colours=("#ffffff",), bounds=((23.7, 66.6), (28.5, 71.1)), label=text, language="en",
        texts={"loading": text, "failed": text, "schematic": text},
    )  # fmt: skip
    return draw_map(content, ASSETS, "nonce-of-this-answer")


def test_no_other_host_is_named():
    parts = drawn()
    assert not re.search(r"https?:|//[a-z]", parts.head + parts.body + parts.script)
    assert parts.head == '<link rel="stylesheet" href="/static/dist/css/coverage.css">'


def test_every_script_carries_the_nonce_and_nothing_is_styled_in_place():
    parts = drawn()
    scripts = re.findall(r"<script[^>]*>", parts.script)
    assert scripts and all('nonce="nonce-of-this-answer"' in script for script in scripts)
    whole = parts.head + parts.body + parts.script
    assert "<style" not in whole and "style=" not in whole and "viewport" not in whole


def test_our_bundle_stands_in_for_leaflet_and_is_the_only_script_loaded():
    assert re.findall(r'src="([^"]*)"', drawn().script) == ["/static/dist/js/coverage.js"]


def test_hostile_text_stays_inside_its_string():
    parts = drawn(HOSTILE)
    assert "<script>alert" not in parts.script and "</script><script" not in parts.script.replace(
        "</script><script nonce", ""
    )
    assert "<img" not in parts.script + parts.body
    # A template literal would run ${...}: no text stands in one.
    assert re.sub(r'"(?:[^"\\]|\\.)*"', "", parts.script).count("`") == 0


def test_the_map_is_fitted_to_its_areas_and_has_no_basemap():
    script = drawn().script
    assert "fitBounds(\n                [[23.7, 66.6], [28.5, 71.1]]" in script
    assert "tileLayer" not in script and "L.control.scale()" in script


class Chart(folium.map.Layer):
    """A layer that loads what this project has not looked at."""

    def render(self, **kwargs: object) -> None:
        """Ask for a script of another host, as branca's colour scales do."""
        root = self.get_root()
        assert isinstance(root, LocalFigure)
        root.header.add_child(self.wanted, name="d3")

    wanted: Element = JavascriptLink("https://cdnjs.cloudflare.com/ajax/libs/d3/3.5.5/d3.min.js")


@pytest.mark.parametrize("wanted", [Chart.wanted, Element("<style>body { display: none }</style>")])
def test_what_folium_asks_for_that_is_not_known_is_refused(wanted: Element):
    layer = Chart()
    layer.wanted = wanted
    figure = LocalFigure(ASSETS, "nonce")
    figure.add_child(folium.Map(tiles=None).add_child(layer))
    with pytest.raises(LookupError, match="d3"):
        figure.parts()


def test_markers_would_be_missed_at_once():
    """The plugins that stand for nothing here are refused too as soon as something on the map needs them."""
    figure = LocalFigure(ASSETS, "nonce")
    figure.add_child(folium.Map(tiles=None).add_child(folium.plugins.MarkerCluster()))
    with pytest.raises(LookupError):
        figure.parts()
