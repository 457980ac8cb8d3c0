"""Telling in which encoding a text file is written."""

from __future__ import annotations

import codecs
from pathlib import Path

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # Before UTF-16: its mark begins with theirs.
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path) -> str:
    """Return the codec of a text file: by its mark, else UTF-8 if all of it is, else Windows Arabic or Western.

    Raises: InvalidInput "file.empty", "file.binary", "file.cut", "file.text_damaged".
    """
    with path.open("rb") as file:
        start = file.read(_CHUNK)
    if not start.strip():
        raise InvalidInput("file.empty", N_("The file is empty."))
    for mark, codec in _MARKS:
        if start.startswith(mark):
            return codec
    unmarked = _utf16_without_mark(start)
    if unmarked is not None:
        return unmarked
    if b"\0" in start:
        raise InvalidInput("file.binary", N_("This is not a table. Send a CSV file or an Excel workbook (.xlsx)."))
    wrong_at = _first_not_utf8(path)
    return "utf-8" if wrong_at is None else _windows_codec(path, wrong_at)


def _utf16_without_mark(start: bytes) -> str | None:
    # Header names are plain letters, so that every second byte at the very start is zero.
    sample = start[:32]
    if sample[1::2].count(0) * 10 > len(sample[1::2]) * 8:
        return "utf-16-le"
    return "utf-16-be" if sample[::2].count(0) * 10 > len(sample[::2]) * 8 else None


def _first_not_utf8(path: Path) -> int | None:
    """Return where the first byte stands that is not UTF-8; None if all of it is. Raises: InvalidInput "file.cut"."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if error.reason == "unexpected end of data":
                    raise InvalidInput(
                        "file.cut",
                        N_("The file ends in the middle of a letter: it was cut on its way. Fetch it again."),
                    ) from error
                return position - pending + error.start
            if not chunk:
                return None
            position += len(chunk)


def _windows_codec(path: Path, wrong_at: int) -> str:
    """Return the Windows encoding that the bytes around the first foreign one speak for."""
    with path.open("rb") as file:
        before = file.read(wrong_at)
        around = before[-_CHUNK:] + file.read(_CHUNK)
    as_utf8 = around.decode("utf-8", errors="replace")
    strange = as_utf8.count("\ufffd")
    # Windows letters form UTF-8 by accident now and then. Mostly UTF-8 means: two files pasted together, or a damaged one; a
    # guess would turn names into other names without a word.
    if sum(not c.isascii() for c in as_utf8) > 2 * strange:
        raise InvalidInput(
            "file.text_damaged",
            N_("Near line %(line)s the text is damaged. Export it again."),
            line=before.count(b"\n") + 1,
        )
    arabic = around.decode("cp1256")
    letters = sum("\u0600" <= c <= "\u06ff" for c in arabic)
    foreign = sum(not c.isascii() for c in arabic)
    return "cp1256" if letters * 2 > foreign else "cp1252"
