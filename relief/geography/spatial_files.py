"""Taking in boundary files that people hand over: telling GeoPackage, GeoJSON and zipped shapefiles by their content."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from relief.files.zips import GuardedZip
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean

MOST_BYTES = 512 << 20
MOST_TEXT_BYTES = 200 << 20

_ZIP, _SHAPEFILE, _GEOPACKAGE = b"PK\x03\x04", b"\x00\x00\x27\x0a", b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Source:
    """A file for GDAL: a path made here, so that no name from outside is ever opened."""

    path: Path
    # The name to show for its only layer; a GeoPackage names its own layers.
    name: str | None = None
    encoding: str | None = None


@contextmanager
def opened(path: Path) -> Iterator[list[Source]]:
    """Yield what GDAL may open, under plain names in a folder of its own. The content decides what a file is, not its name.

    Raises: InvalidInput "boundary.no_file", "boundary.too_large", "boundary.unknown_format", "boundary.unreadable",
        "boundary.empty_zip", "boundary.incomplete_shapefile", "boundary.bare_shapefile", "zip.*".
    """
    if not path.is_file():
        raise InvalidInput("boundary.no_file", N_("There is no file %(name)s."), name=path.name)
    if path.stat().st_size > MOST_BYTES:
        raise InvalidInput("boundary.too_large", N_("The file is larger than %(size)s MB."), size=MOST_BYTES >> 20)
    with tempfile.TemporaryDirectory(prefix="relief-boundary-") as name:
        folder = Path(name)
        if _starts_with(path, _ZIP):
            yield _unzipped(path, folder)
        else:
            yield [_checked(path, path.stem, folder / "file")]


def _unzipped(path: Path, folder: Path) -> list[Source]:
    inside = folder / "zip"
    GuardedZip(path, most_bytes=MOST_BYTES).extract(inside)
    files = sorted(file for file in inside.rglob("*") if file.is_file() and "__MACOSX" not in file.parts)
    sources = []
    for number, file in enumerate(files):
        if file.suffix.casefold() == ".shp":
            sources.append(_gathered_shapefile(file, files, folder / str(number)))
        elif file.suffix.casefold() in {".gpkg", ".geojson", ".json"}:
            sources.append(_checked(file, file.stem, folder / str(number)))
    if not sources:
        raise InvalidInput("boundary.empty_zip", N_("The zip holds no shapefile (.shp), GeoPackage or GeoJSON."))
    return sources


def _gathered_shapefile(shape: Path, files: list[Path], target: Path) -> Source:
    """Link the parts of a shapefile under one plain name; they may differ in case or be more than GDAL should see."""
    if not _starts_with(shape, _SHAPEFILE):
        raise _unknown_format()
    stem = shape.with_suffix("")
    parts = {
        file.suffix.casefold(): file for file in files if str(file.with_suffix("")).casefold() == str(stem).casefold()
    }
    missing = [suffix for suffix in (".shx", ".dbf") if suffix not in parts]
    if missing:
        raise InvalidInput(
            "boundary.incomplete_shapefile",
            N_("The shapefile %(name)s lacks its part %(part)s. Zip all its parts together."),
            name=clean(shape.name), part=missing[0],
        )  # fmt: skip
    target.mkdir()
    for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
        if suffix in parts:
            (target / f"layer{suffix}").symlink_to(parts[suffix])
    # Without a word on the encoding GDAL takes Latin-1; Urdu names then turn to noise, and UTF-8 is what is meant.
    return Source(target / "layer.shp", clean(shape.stem), None if ".cpg" in parts else "UTF-8")


def _checked(path: Path, name: str, target: Path) -> Source:
    """Link a GeoPackage or GeoJSON under a plain name, after a look at its content."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(_GEOPACKAGE):
        _check_geopackage(path)
        linked = target.with_suffix(".gpkg")
        linked.symlink_to(path.absolute())
        return Source(linked)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        _check_geojson(path)
        linked = target.with_suffix(".geojson")
        linked.symlink_to(path.absolute())
        return Source(linked, clean(name))
    if start.startswith(_SHAPEFILE):
        raise InvalidInput(
            "boundary.bare_shapefile", N_("A .shp alone is a part of a shapefile. Zip it with its .shx, .dbf and .prj.")
        )
    raise _unknown_format()


def _check_geopackage(path: Path) -> None:
    """Refuse a database whose layers are not plain tables: a view may run for ever."""
    query = (
        "SELECT c.table_name, m.type, m.sql FROM gpkg_contents c "
        "LEFT JOIN sqlite_master m ON m.name = c.table_name WHERE c.data_type = 'features'"
    )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            kinds = connection.execute(
                "SELECT type FROM sqlite_master WHERE name IN ('gpkg_contents', 'gpkg_geometry_columns', 'gpkg_spatial_ref_sys')"
            ).fetchall()
            if [kind for (kind,) in kinds] != ["table"] * 3:
                raise unreadable()
            layers = connection.execute(query).fetchmany(1000)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise unreadable() from error
    if any(kind != "table" or str(sql).upper().startswith("CREATE VIRTUAL") for _name, kind, sql in layers):
        raise unreadable()


def _check_geojson(path: Path) -> None:
    """Refuse JSON that is no GeoJSON: other kinds begin with the same brace, and one of them runs commands."""
    if path.stat().st_size > MOST_TEXT_BYTES:
        raise InvalidInput("boundary.too_large", N_("The file is larger than %(size)s MB."), size=MOST_TEXT_BYTES >> 20)
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise unreadable() from error
    if content.get("type") not in ("FeatureCollection", "Feature"):
        raise _unknown_format()


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def unreadable() -> InvalidInput:
    """Return the refusal of a file that cannot be read as what it seems to be."""
    return InvalidInput("boundary.unreadable", N_("The file is damaged, or holds something else than boundaries."))


def _unknown_format() -> InvalidInput:
    return InvalidInput(
        "boundary.unknown_format",
        N_("This is not a file of boundaries. Send a GeoPackage (.gpkg), GeoJSON, or a zip with a shapefile."),
    )
