"""Many QR codes of one shape at once: the modules that the `qrcode` library would draw, by a few array steps a batch.

A bulk issue needs two hundred thousand codes that differ in their last characters only. What is the same in all of them
(version, function patterns, mask, places of the bits) is worked out once, with the library's help.
Source: ISO/IEC 18004:2015, sections 7.4 (modes), 7.5 (error correction), 7.7 (placement) and 7.8 (masks).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from qrcode.base import EXP_TABLE, LOG_TABLE, rs_blocks
from qrcode.main import QRCode
from qrcode.util import (
    QRData,
    create_data,
    length_in_bits,
    mask_func,
    pattern_position,
)

from relief.papers.qr import ALPHANUMERIC, ALPHANUMERIC_MODE, DIGIT_RUN, MASK, NUMERIC_MODE, Codes, Level, Mode

Bits = NDArray[np.uint8]

# Codes worked on at a time: the arrays stay within the processor's cache.
_BATCH: Final = 1000


def encode_many(texts: Sequence[str], level: Level) -> Codes:
    """Return the modules of many codes: shape (n, size, size).

    The texts are alike: equally long, the same before a final run of at least 20 digits, or letters of the alphanumeric set.
    Raises: ValueError where they are not.
    """
    if not texts:
        return np.zeros((0, 0, 0), np.bool_)
    digits = DIGIT_RUN.search(texts[0])
    head = texts[0][: digits.start()] if digits else ""
    return _shape(head, len(texts[0]) - len(head), digits is not None, level).encode(texts)


@lru_cache(maxsize=8)
def _shape(head: str, length: int, is_numeric: bool, level: Level) -> _Shape:
    return _Shape(head, length, is_numeric=is_numeric, level=level)


class _Shape:
    """All codes with one head and a body of one length and kind."""

    def __init__(self, head: str, length: int, *, is_numeric: bool, level: Level) -> None:
        if not set(head) <= set(ALPHANUMERIC):
            message = "only heads of the alphanumeric set are encoded in bulk"
            raise ValueError(message)
        self.head, self.length, self.is_numeric, self.level = head, length, is_numeric, level
        code = QRCode(error_correction=level, border=0, mask_pattern=MASK)
        for segment in self._sample():
            code.add_data(segment)
        code.make()
        self.version = code.version
        self.size = code.modules_count
        self.blocks = rs_blocks(self.version, level)
        self.data_bytes = sum(block.data_count for block in self.blocks)
        self._modules = np.array(code.modules, dtype=np.uint8)

    def _sample(self) -> list[QRData]:
        # Not zeros: the library divides by the first codeword that is none, and fails where a block has no such.
        body = QRData("1" * self.length, mode=NUMERIC_MODE if self.is_numeric else ALPHANUMERIC_MODE)
        return [QRData(self.head, mode=ALPHANUMERIC_MODE), body] if self.head else [body]

    def encode(self, texts: Sequence[str]) -> Codes:
        """Return the modules of all texts, batch by batch."""
        codes = np.empty((len(texts), self.size, self.size), np.bool_)
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            bits = np.unpackbits(self._codewords(self._data(self._values(batch))), axis=1)
            modules = np.repeat(self._modules.reshape(1, -1), len(batch), axis=0)
            # The few bits over after the last codeword are the same in all codes: they stay as in the sample.
            places = self._places[: bits.shape[1]]
            modules[:, places] = bits ^ self._mask[places]
            codes[start : start + len(batch)] = modules.reshape(-1, self.size, self.size)
        return codes

    def _values(self, texts: Sequence[str]) -> Bits:
        """Return the value of each character of the bodies: shape (n, length)."""
        whole = len(self.head) + self.length
        joined = "".join(texts).encode("ascii", "replace")
        if len(joined) != whole * len(texts) or not all(
            len(text) == whole and text.startswith(self.head) for text in texts
        ):
            message = "texts of one batch have one length and one head"
            raise ValueError(message)
        letters = np.frombuffer(joined, np.uint8).reshape(len(texts), whole)[:, len(self.head) :]
        values = _VALUES[letters]
        if values.max() >= (10 if self.is_numeric else 45):
            message = "a character does not fit the mode of the batch"
            raise ValueError(message)
        return values

    def _data(self, values: Bits) -> Bits:
        """Return the data codewords, with the head and the padding that all share: shape (n, data_bytes)."""
        wide = values.astype(np.uint16)
        group, sizes, base = (3, {3: 10, 2: 7, 1: 4}, 10) if self.is_numeric else (2, {2: 11, 1: 6}, 45)
        whole = self.length - self.length % group
        powers = np.array([base**n for n in reversed(range(group))], np.uint16)
        parts = [_to_bits(wide[:, :whole].reshape(len(values), -1, group) @ powers, sizes[group])]
        if rest := self.length - whole:
            parts.append(_to_bits(wide[:, whole:] @ powers[-rest:, None], sizes[rest]))
        body = np.concatenate(parts, axis=1)
        bits = np.repeat(self._shared_bits, len(values), axis=0)
        bits[:, self._body_start : self._body_start + body.shape[1]] = body
        return np.packbits(bits, axis=1)

    @cached_property
    def _body_start(self) -> int:
        mode: Mode = NUMERIC_MODE if self.is_numeric else ALPHANUMERIC_MODE
        start = 4 + length_in_bits(mode, self.version)
        if self.head:
            pairs, single = divmod(len(self.head), 2)
            start += 4 + length_in_bits(ALPHANUMERIC_MODE, self.version) + 11 * pairs + 6 * single
        return start

    @cached_property
    def _shared_bits(self) -> Bits:
        """The data bits of the sample: shape (1, data_bytes * 8)."""
        sample = np.array([create_data(self.version, self.level, self._sample())], np.uint8)
        data = np.empty((1, self.data_bytes), np.uint8)
        data[:, self._order[: self.data_bytes]] = sample[:, : self.data_bytes]
        return np.unpackbits(data, axis=1)

    def _codewords(self, data: Bits) -> Bits:
        """Return data and error correction codewords in the order of the symbol: shape (n, total)."""
        parts = [data]
        start = 0
        for block in self.blocks:
            parity = _parity(data[:, start : start + block.data_count], block.total_count - block.data_count)
            parts.append(parity)
            start += block.data_count
        return np.concatenate(parts, axis=1)[:, self._order]

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        """Where each codeword of the symbol is found among the data of all blocks and then their parities: interleaved."""
        data, parity, start, end = [], [], 0, self.data_bytes
        for block in self.blocks:
            count, parities = block.data_count, block.total_count - block.data_count
            data += [(place, start + place) for place in range(count)]
            parity += [(place, end + place) for place in range(parities)]
            start, end = start + count, end + parities
        # A stable sort by the place within the block keeps the blocks in their order.
        return np.array([source for part in (data, parity) for _, source in sorted(part, key=lambda x: x[0])])

    @cached_property
    def _mask(self) -> Bits:
        inverts = mask_func(MASK)
        return np.array([inverts(y, x) for y in range(self.size) for x in range(self.size)], np.uint8)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """The modules that carry bits, as flat indices, in the order of placement: pairs of columns, up and down."""
        is_fixed = self._fixed_modules()
        places = []
        rows = range(self.size - 1, -1, -1)
        for right in [x - (x <= 6) for x in range(self.size - 1, 0, -2)]:  # Column 6 is the timing pattern.
            places += [y * self.size + x for y in rows for x in (right, right - 1) if not is_fixed[y, x]]
            rows = rows[::-1]
        return np.array(places)

    def _fixed_modules(self) -> Codes:
        """The modules that carry no data: finders with their format bits, timing, alignment and version patterns."""
        fixed = np.zeros((self.size, self.size), np.bool_)
        fixed[:9, :9] = fixed[:9, -8:] = fixed[-8:, :9] = True
        fixed[6, :] = fixed[:, 6] = True
        centres = pattern_position(self.version)
        corners = {(6, 6), (6, self.size - 7), (self.size - 7, 6)}
        for y, x in {(y, x) for y in centres for x in centres} - corners:
            fixed[y - 2 : y + 3, x - 2 : x + 3] = True
        if self.version >= 7:
            fixed[:6, -11:-8] = fixed[-11:-8, :6] = True
        return fixed


def _value_table() -> Bits:
    table = np.full(256, 255, np.uint8)
    table[[ord(letter) for letter in ALPHANUMERIC]] = np.arange(len(ALPHANUMERIC))
    return table


_VALUES: Final = _value_table()


def _to_bits(numbers: NDArray[np.uint16], width: int) -> Bits:
    """Return numbers as bits, most significant first: (n, k) to (n, k * width)."""
    shifts = np.arange(width - 1, -1, -1, dtype=np.uint16)
    return (numbers[:, :, None] >> shifts & 1).astype(np.uint8).reshape(len(numbers), -1)


# --- Reed-Solomon over GF(256) -------------------------------------------------------------------------------------------


def _parity(data: Bits, count: int) -> Bits:
    """Return the error correction codewords of one block in many codes: (n, k) to (n, count)."""
    table = _parity_table(count)[-data.shape[1] :]
    parity = np.zeros((len(data), table.shape[2]), np.uint64)
    for place in range(data.shape[1]):
        parity ^= table[place].take(data[:, place], axis=0)
    return parity.view(np.uint8)[:, :count]


@lru_cache(maxsize=8)
def _parity_table(count: int) -> NDArray[np.uint64]:
    """What a byte adds to the parity: (place from the end of the block, value of the byte, parity as words of 8 bytes).

    The rows are remainders of x^(count + place) by the generator polynomial, times each value; linear, so they are summed.
    """
    generator = _generator(count)
    rows = [generator]
    for _ in range(122):  # No block of any version has more data codewords.
        last = rows[-1]
        rows.append(np.append(last[1:], 0) ^ _multiply(generator, last[0]))
    table = np.zeros((len(rows), 256, -(-count // 8) * 8), np.uint8)
    for place, row in enumerate(reversed(rows)):
        table[place, :, :count] = _multiply(row[None, :], np.arange(256)[:, None])
    return table.view(np.uint64)


def _generator(count: int) -> NDArray[np.int_]:
    """The coefficients of (x - a^0)(x - a^1)...(x - a^(count - 1)) below the leading one, highest first."""
    polynomial = np.array([1])
    for power in range(count):
        shifted = np.append(polynomial, 0)
        polynomial = shifted ^ np.insert(_multiply(polynomial, EXP_TABLE[power]), 0, 0)
    return polynomial[1:]


def _multiply(left: NDArray[np.int_], right: NDArray[np.int_] | int) -> NDArray[np.int_]:
    """Return the product in GF(256), element by element."""
    log, exp = np.array(LOG_TABLE), np.array(EXP_TABLE)
    product = exp[(log[left] + log[np.asarray(right)]) % 255]
    return np.where((left == 0) | (np.asarray(right) == 0), 0, product)
