"""The map as a picture that needs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

WIDTH_PX = 720
_STRIPES = (
    '<pattern id="{name}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate({angle})">'
    '<rect width="7" height="7" fill="{ground}"/><path d="M0 0v7" stroke="{ink}" stroke-width="{width}"/></pattern>'
)


def draw_svg(geometry: NDArray[Any], fills: Sequence[str | None], schematic: Sequence[bool]) -> str:
    """Return an SVG of areas in the colours of their classes; grey hatch for no data, light hatch for schematic boundaries.

    Args: geometry: shape (n,), polygons in degrees (EPSG:4326); fills: shape (n,), None for no data; schematic: shape (n,).
    Returns: a picture WIDTH_PX wide without any text: what it shows stands beside it.
    """
    patterns = _STRIPES.format(name="none", angle=-45, ground="#dcdcdc", ink="#7d7d7d", width=2.4)
    stripes = {colour: f"s{n}" for n, colour in enumerate(sorted(set(filter(None, fills))))}
    for colour, name in stripes.items():
        patterns += _STRIPES.format(name=name, angle=45, ground=colour, ink="#00000047", width=1.4)
    placed, height = _place(geometry)
    paths = "".join(
        f'<path d="{_path(shape)}" fill="{_fill(fill, is_schematic, stripes)}"/>'
        for shape, fill, is_schematic in zip(placed, fills, schematic, strict=True)
    )
    size = f'viewBox="0 0 {WIDTH_PX} {height:.0f}" width="{WIDTH_PX}" height="{height:.0f}"'
    lines = 'fill-rule="evenodd" stroke="#37474f" stroke-width="0.6" stroke-linejoin="round"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><defs>{patterns}</defs><g {lines}>{paths}</g></svg>'


def _fill(colour: str | None, is_schematic: bool, stripes: Mapping[str, str]) -> str:
    if colour is None:
        return "url(#none)"
    return f"url(#{stripes[colour]})" if is_schematic else colour


def _place(geometry: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Return the shapes in pixels, thinned to what a pixel shows, and the height of the picture."""
    if not len(geometry):
        return geometry, 1.0
    west, south, east, north = shapely.total_bounds(geometry)
    # Degrees of longitude shrink with the cosine of the latitude: right to a few per cent over a province.
    across = np.cos(np.radians((south + north) / 2))
    scale = WIDTH_PX / ((east - west) * across)
    thinned = shapely.coverage_simplify(geometry, 0.5 / scale)

    def to_pixels(corners: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(((corners[:, 0] - west) * across * scale, (north - corners[:, 1]) * scale)).round(1)

    return shapely.transform(thinned, to_pixels), float((north - south) * scale)


def _path(shape: Any) -> str:
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in shapely.get_coordinates(ring)) + "Z" for ring in rings)
