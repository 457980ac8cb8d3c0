"""The map as a picture."""

import xml.etree.ElementTree as ET

import numpy as np
import shapely

from relief.coverage.drawing import WIDTH_PX, draw_svg

SVG = "{http://www.w3.org/2000/svg}"
SQUARES = np.array([shapely.box(67 + n, 25, 68 + n, 26) for n in range(3)], dtype=object)


def test_areas_have_the_colours_of_their_classes():
    picture = ET.fromstring(draw_svg(SQUARES, ["#ffffcc", None, "#0c2c84"], [False, False, True]))
    fills = [path.get("fill") for path in picture.findall(f"{SVG}g/{SVG}path")]
    patterns = {pattern.get("id"): pattern.find(f"{SVG}rect") for pattern in picture.iter(f"{SVG}pattern")}
    assert fills[:2] == ["#ffffcc", "url(#none)"]
    ground = patterns[fills[2].removeprefix("url(#").removesuffix(")")]
    assert ground is not None and ground.get("fill") == "#0c2c84"


def test_the_picture_is_as_high_as_the_land():
    picture = ET.fromstring(draw_svg(SQUARES, ["#fff"] * 3, [False] * 3))
    assert int(picture.get("width", 0)) == WIDTH_PX
    # Three degrees across are shortened by the cosine of 25.5 degrees, one degree down is not.
    assert abs(int(picture.get("height", 0)) - WIDTH_PX / (3 * 0.9026)) <= 1


def test_islands_and_holes_are_drawn():
    holed = shapely.box(67, 25, 68, 26).difference(shapely.box(67.4, 25.4, 67.6, 25.6))
    shape = shapely.union_all([holed, shapely.box(69, 25, 69.5, 25.5)])
    path = ET.fromstring(draw_svg(np.array([shape], dtype=object), ["#fff"], [False])).find(f"{SVG}g/{SVG}path")
    assert path is not None and path.get("d", "").count("M") == 3


def test_nothing_to_draw_is_an_empty_picture():
    assert ET.fromstring(draw_svg(np.array([], dtype=object), [], [])).find(f"{SVG}g") is not None
