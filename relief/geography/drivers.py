"""GDAL held to the three formats that boundaries come in, before any file is opened with it.

A text file named .gpkg in the format VRT made GDAL read other files of the machine and fetch addresses. Of its some sixty
drivers only those below stay registered; whoever reads a spatial file imports `pyogrio` from here.
"""

from __future__ import annotations

import pyogrio
from pyogrio._ogr import _register_drivers

ALLOWED = frozenset({"GPKG", "GeoJSON", "ESRI Shapefile", "MEM"})


def _hold_to_allowed() -> None:
    # GDAL knows only a list of drivers to skip, and reads it when it registers drivers; importing pyogrio has done so once.
    pyogrio.set_gdal_config_options({"GDAL_SKIP": ",".join(sorted(set(pyogrio.list_drivers()) - ALLOWED))})
    _register_drivers()
    left = set(pyogrio.list_drivers()) - ALLOWED
    assert not left, f"GDAL still opens {sorted(left)}"


_hold_to_allowed()

__all__ = ["pyogrio"]
