"""Zip files from outside: opened only if what comes out is bounded, and is what the file says it is."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

MOST_MEMBERS = 2_000
MOST_BYTES = 1 << 30
_CHUNK = 1 << 18
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 0x1


class GuardedZip:
    """A zip whose listing was checked: no password, no paths that lead out, no more bytes than allowed.

    The listing may still lie about what a member unpacks to; `chunks` counts and refuses. Libraries that unpack by themselves
    (calamine, GDAL) get the file only after `check_contents`: an allocation that fails there would end the whole process.
    """

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as opened:
                listing = opened.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
            raise _damaged() from error
        _check_listing(listing, most_bytes)
        self._members = {info.filename: info for info in listing if not info.is_dir()}

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of the members inside the zip."""
        return tuple(self._members)

    def size_of(self, name: str) -> int:
        """Return how many bytes a member unpacks to."""
        return self._members[name].file_size

    def check_contents(self) -> None:
        """Unpack everything once, keeping nothing. Raises: InvalidInput "zip.damaged"."""
        for name in self._members:
            for _chunk in self.chunks(name):
                pass

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the unpacked bytes of a member. Raises: InvalidInput "zip.damaged" if they are not as many as declared."""
        info = self._members[name]
        with self.path.open("rb") as file:
            _seek_data(file, info)
            left = info.file_size
            for chunk in _unpacked(file, info):
                left -= len(chunk)
                if left < 0:
                    raise _damaged()
                yield chunk
        if left:
            raise _damaged()

    def extract(self, folder: Path) -> None:
        """Unpack every member below the folder."""
        for name in self._members:
            target = folder.joinpath(*PurePosixPath(name).parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                for chunk in self.chunks(name):
                    file.write(chunk)


def _check_listing(listing: list[zipfile.ZipInfo], most_bytes: int) -> None:
    if len(listing) > MOST_MEMBERS:
        raise InvalidInput(
            "zip.too_many_members", N_("This zip holds more than %(count)s files. Send fewer."), count=MOST_MEMBERS
        )
    if sum(info.file_size for info in listing) > most_bytes:
        raise InvalidInput(
            "zip.too_large",
            N_("This file would unpack to more than %(size)s MB. Split it, or send the table as CSV."),
            size=most_bytes >> 20,
        )
    if len({info.filename for info in listing}) < len(listing) or _overlap(listing):
        raise _damaged()
    for info in listing:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in info.filename:
            raise InvalidInput("zip.path_leads_out", N_("This zip holds a file whose path leads out of it."))
        if info.flag_bits & _ENCRYPTED:
            raise InvalidInput("zip.password", N_("This file is protected with a password. Save it without one."))
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InvalidInput("zip.method", N_("This zip is packed in a way that is not supported. Pack it again."))


def _overlap(listing: list[zipfile.ZipInfo]) -> bool:
    """Return whether members share bytes: the trick by which a small zip unpacks without end."""
    ordered = sorted(listing, key=lambda info: info.header_offset)
    return any(a.header_offset + _LOCAL_HEADER.size + a.compress_size > b.header_offset for a, b in pairwise(ordered))


def _seek_data(file: BinaryIO, info: zipfile.ZipInfo) -> None:
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise _damaged()
    signature, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
    if signature != b"PK\x03\x04":
        raise _damaged()
    file.seek(name_bytes + extra_bytes, 1)


def _unpacked(file: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    # Not by zipfile: it stops at the declared size, so a stream that goes on behind it would pass here and not elsewhere.
    packed_left = info.compress_size
    inflate = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    try:
        while packed_left and (packed := file.read(min(_CHUNK, packed_left))):
            packed_left -= len(packed)
            if inflate is None:
                yield packed
                continue
            while packed:
                yield inflate.decompress(packed, _CHUNK * 4)
                packed = inflate.unconsumed_tail
        if inflate is not None:
            yield inflate.flush()
    except zlib.error as error:
        raise _damaged() from error
    if packed_left or (inflate is not None and not inflate.eof):
        raise _damaged()


def _damaged() -> InvalidInput:
    return InvalidInput(
        "zip.damaged", N_("This file is damaged or was cut on its way. Fetch it again and send it anew.")
    )
