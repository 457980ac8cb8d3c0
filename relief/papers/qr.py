"""One QR code by the `qrcode` library, as modules or as an SVG element; `qr_batch` draws the same for many at once."""

from __future__ import annotations

import enum
import html
import re
from collections.abc import Iterator
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from qrcode import constants
from qrcode.main import QRCode
from qrcode.util import QRData

Codes = NDArray[np.bool_]

QUIET_MODULES: Final = 4
# Signed bytes look random under every mask, so all eight read equally well; trying each costs eight times as much.
MASK: Final = 2

# The ways of packing characters, by their indicators in the code.
Mode = Literal[1, 2, 4]
NUMERIC_MODE: Final = 1
ALPHANUMERIC_MODE: Final = 2
BYTE_MODE: Final = 4

ALPHANUMERIC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# A run of digits this long is worth a segment of its own; shorter ones stand by chance at the end of base45 text.
DIGIT_RUN: Final = re.compile(r"[0-9]{20,}\Z")


class Level(enum.IntEnum):
    """How much damage a code bears: about 7, 15, 25 and 30 % of its area."""

    L = constants.ERROR_CORRECT_L
    M = constants.ERROR_CORRECT_M
    Q = constants.ERROR_CORRECT_Q
    H = constants.ERROR_CORRECT_H


def encode(text: str, level: Level) -> Codes:
    """Return the modules of one code, dark is True: shape (size, size), without the quiet zone."""
    code = QRCode(error_correction=level, border=0, mask_pattern=MASK)
    for segment in segments_of(text):
        code.add_data(segment)
    code.make()
    return np.array(code.modules, dtype=np.bool_)


def svg(text: str, level: Level, *, label: str) -> str:
    """Return one code as an SVG element for a page, black on white in any colour scheme, with its quiet zone.

    Args: label: what a screen reader says in place of the picture.
    """
    modules = encode(text, level)
    side = len(modules) + 2 * QUIET_MODULES
    path = "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in _runs(modules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr" viewBox="0 0 {side} {side}" role="img"'
        f' aria-label="{html.escape(label)}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>'
    )


def segments_of(text: str) -> list[QRData]:
    """Cut a text into the segments that both encoders use: digits at the end apart, the rest in the tightest mode."""
    digits = DIGIT_RUN.search(text)
    head = text[: digits.start()] if digits else text
    mode: Mode = ALPHANUMERIC_MODE if set(head) <= set(ALPHANUMERIC) else BYTE_MODE
    segments = [QRData(head, mode=mode)] if head else []
    return [*segments, QRData(digits[0], mode=NUMERIC_MODE)] if digits else segments


def _runs(modules: Codes) -> Iterator[tuple[int, int, int]]:
    """Yield each run of dark modules in a row as (x, y, width) within the quiet zone."""
    edges = np.diff(np.pad(modules, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    (rows, starts), (_, ends) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    for y, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True):
        yield start + QUIET_MODULES, y + QUIET_MODULES, end - start
