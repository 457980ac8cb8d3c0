"""Folium maps that ask no host but our own: geometry from one address that browsers keep, values beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.map import Layer
from folium.template import Template

# Everything that folium or branca would load by name, and what stands in for it here. "map" is our own bundle with Leaflet
# in it; what is None serves markers and popups, and this map has neither.
_STANDS_IN: Mapping[str, str | None] = {
    "leaflet": "script", "leaflet_css": "style",
    "jquery": None, "bootstrap": None, "awesome_markers": None, "bootstrap_css": None, "glyphicons_css": None,
    "awesome_markers_font_css": None, "awesome_markers_css": None, "awesome_rotate_css": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assets:
    """Addresses of our own bundles."""

    script: str
    style: str


@dataclass(frozen=True, slots=True)
class Shade:
    """How one area is shown: its class (None: no data) and the figure as people read it."""

    class_no: int | None
    figure: str


@dataclass(frozen=True, slots=True)
class MapContent:
    """What a map shows.

    Areas are known by code; their names and boundaries come with the geometry. `bounds` is south-west and north-east as
    (latitude, longitude). `texts` are the words the script needs, in the language of the page.
    """

    geometry_url: str
    shades: Mapping[str, Shade]
    colours: Sequence[str]
    bounds: Sequence[tuple[float, float]]
    label: str
    language: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MapParts:
    """HTML for three places of a page: its head, where the map stands, and after that."""

    head: str
    body: str
    script: str


def draw_map(content: MapContent, assets: Assets, nonce: str) -> MapParts:
    """Return the map; every script and style in it carries the nonce of the answer."""
    drawn = folium.Map(
        tiles=None,  # No basemap: it would tell another host which villages we look at.
        location=_middle(content.bounds),
        control_scale=True,
        zoom_snap=0.25,
        attribution_control=False,  # Edition and source stand under the map, where they also print.
        scroll_wheel_zoom=False,
    )
    folium.FitBounds([list(corner) for corner in content.bounds], padding=(8, 8)).add_to(drawn)
    AreaLayer(content).add_to(drawn)
    figure = LocalFigure(assets, nonce)
    figure.add_child(drawn)
    return figure.parts()


class AreaLayer(Layer):
    """Areas in the colours of their classes; `L.reliefAreas` of static/js/coverage.js fetches the geometry and draws them.

    Text reaches the script as JSON with <, >, & and ' escaped, and the page as text nodes: never as HTML, never in a
    JavaScript template literal, where folium's own popups and layer names end.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.reliefAreas({{ this.options|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, content: MapContent) -> None:
        super().__init__(name="areas")
        self._name = "AreaLayer"
        self.options = {
            "geometry": content.geometry_url,
            "areas": {code: [shade.class_no, shade.figure] for code, shade in content.shades.items()},
            "bounds": [list(corner) for corner in content.bounds],
            "colours": list(content.colours),
            "label": content.label,
            "language": content.language,
            "texts": dict(content.texts),
        }


class LocalFigure(Figure):
    """A figure that gives parts of a page instead of a page, and knows every resource by name."""

    def __init__(self, assets: Assets, nonce: str) -> None:
        super().__init__()
        self._assets = assets
        self._nonce = nonce

    def parts(self) -> MapParts:
        """Return the rendered parts.

        Raises: LookupError for a resource that is not known here: what folium begins to load some day is looked at first.
        """
        for child in list(self._children.values()):
            child.render()
        links = [self._link(name, element) for name, element in self.header._children.items()]  # noqa: SLF001
        head = "".join(f'<link rel="stylesheet" href="{url}">' for kind, url in filter(None, links) if kind is CssLink)
        scripts = (
            f'<script src="{url}" nonce="{self._nonce}"></script>'
            for kind, url in filter(None, links)
            if kind is JavascriptLink
        )
        drawing = f'<script nonce="{self._nonce}">{self.script.render()}</script>'
        return MapParts(head, self.html.render(), "".join(scripts) + drawing)

    def _link(self, name: str, element: Element) -> tuple[type[Element], str] | None:
        """Return the kind and our address of a resource, None for what is left out."""
        if name == "meta_http" or isinstance(self._children.get(name), folium.Map):
            return None  # The page around says its encoding; folium.Map's styles take the whole page and forbid zooming it.
        if name not in _STANDS_IN or not isinstance(element, CssLink | JavascriptLink):
            raise LookupError(f"folium asks for an unknown resource: {name}")
        stand_in = _STANDS_IN[name]
        return (type(element), getattr(self._assets, stand_in)) if stand_in else None


def _middle(bounds: Sequence[tuple[float, float]]) -> Any:
    (south, west), (north, east) = bounds
    return [(south + north) / 2, (west + east) / 2]
