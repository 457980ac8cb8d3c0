"""Boundary layers made for tests: the schematic shapes written as files in the ways in which offices write real ones."""

from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import geopandas as gpd
import shapely

from relief.geography.drivers import pyogrio
from relief.geography.model import Level
from relief.geography.queries import get_area, lineage_of, shapes_of
from relief.store.work import Work

NUMBERS = {Level.PROVINCE: 1, Level.DISTRICT: 2, Level.TALUKA: 3, Level.UC: 4}
DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}


def cod_layer(work: Work, level: Level, *, under: str | None = None, newer: bool = False) -> gpd.GeoDataFrame:
    """Return a level as COD-AB writes it, in the older or the newer column schema."""
    shapes = shapes_of(work, level, under)
    name, code = ("adm{}_name", "adm{}_pcode") if newer else ("ADM{}_EN", "ADM{}_PCODE")
    rows = []
    for area_id in shapes.area_id:
        row = {}
        for area in lineage_of(work, get_area(work, int(area_id))):
            number = NUMBERS[area.level]
            row |= {name.format(number): area.name_en, code.format(number): area.code}
        rows.append(row)
    return gpd.GeoDataFrame(rows, geometry=list(shapes.geometry), crs=4326)


def uc_layer(work: Work, under: str) -> gpd.GeoDataFrame:
    """Return Union Councils as offices write them: names of tehsil and district, a number that means nothing here."""
    shapes = shapes_of(work, Level.UC, under)
    rows = []
    for number, area_id in enumerate(shapes.area_id):
        _province, district, taluka, uc = lineage_of(work, get_area(work, int(area_id)))
        rows.append(
            {
                "UC_C": str(800_000 + number), "UC_NAME": uc.name_en.upper(), "TEHSIL": taluka.name_en,
                "DISTRICT": district.name_en,
            }
        )  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=list(shapes.geometry), crs=4326)


def write(path: Path, frame: gpd.GeoDataFrame, layer: str | None = None, *, append: bool = False) -> Path:
    """Write the layer into a GeoPackage or GeoJSON."""
    options = {"layer": layer} if layer else {}
    pyogrio.write_dataframe(frame, path, driver=DRIVERS[path.suffix], append=append, **options)
    return path


def write_shapefile(path: Path, frame: gpd.GeoDataFrame, *, leave_out: Iterable[str] = ()) -> Path:
    """Write a zip with the parts of a shapefile."""
    folder = path.with_suffix("")
    folder.mkdir()
    pyogrio.write_dataframe(frame, folder / "layer.shp", driver="ESRI Shapefile", encoding="UTF-8")
    with ZipFile(path, "w") as packed:
        for part in sorted(folder.iterdir()):
            if part.suffix not in leave_out:
                packed.write(part, f"boundaries/{part.name}")
    return path


def bow_tie(lon: float, lat: float, size: float = 0.2) -> shapely.Polygon:
    """Return an outline that crosses itself."""
    return shapely.Polygon([(lon, lat), (lon + size, lat + size), (lon + size, lat), (lon, lat + size)])
