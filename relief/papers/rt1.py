"""RT1, the relief token: 79 bytes that say what a paper is worth, signed, and the two texts that a QR code carries them in.

A token is a body of 15 bytes and an Ed25519 signature of 64, all numbers big-endian:

    version and flags 1 | key id 1 | campaign 2 | serial 3 | reissue 1 | entitlement 1 | point 2 | expiry 2 | holder tag 2

The signature is not over the body itself but over the COSE `Sig_structure` (RFC 9052, section 4.4) of the CBOR Web Token
(RFC 8392) that the body stands for, so `expand` turns a token into a plain COSE_Sign1 that any COSE library verifies:

    protected  {1: -8 (EdDSA), 4: kid = key id and campaign, the body's bytes 1 to 3}
    payload    {4: exp = NumericDate, 7: cti = campaign, serial and reissue, the body's bytes 2 to 7,
                -70001: [version and flags, entitlement, point, holder tag as 2 bytes]}

`exp` is the first second that is too late (RFC 7519, section 4.1.4): the midnight in Pakistan, UTC+5, that ends the expiry day.
At the table a token is good through the whole of that day, and a foreign library comes to the same verdict.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Self

import base45
from nacl.bindings import crypto_sign
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from relief.kernel.errors import InvalidInput
from relief.kernel.identity import Cnic
from relief.kernel.messages import N_
from relief.kernel.text import fold_digits

BODY_BYTES: Final = 15
SIGNATURE_BYTES: Final = 64
TOKEN_BYTES: Final = BODY_BYTES + SIGNATURE_BYTES
DIGITS: Final = 191  # The least number of decimal digits that hold every value of 632 bits.

# The high half of the first byte is the version; the low half is for flags, and version 1 has none.
_VERSION_1: Final = 0x10
_LAYOUT: Final = struct.Struct(">BBHBHBBHHH")  # The serial's 3 bytes go in as 1 and 2.
_EPOCH: Final = dt.date(2020, 1, 1).toordinal()
_DAY_S: Final = 86_400
# 2020-01-01 00:00 in Pakistan, as seconds since 1970 UTC.
_EPOCH_S: Final = 1_577_836_800 - 5 * 3600


@dataclass(frozen=True, slots=True)
class TokenBody:
    """What a token says. Numbers only: who the family is stands in no token, and the serial alone tells nobody."""

    key_id: int  # Which of the campaign's keys signed.
    campaign: int
    serial: int  # Dense from 1 within its campaign.
    reissue: int  # 0 for the first paper, one more for each replacement.
    entitlement: int  # The number of the package within the campaign.
    point: int  # The distribution point.
    expires_on: dt.date  # The last day on which it is good.
    holder_tag: int  # See `holder_tag`; 0 where the family has no CNIC.

    def pack(self) -> bytes:
        """Return the 15 bytes. Raises: struct.error where a number is too large for its place; who issues sees to that."""
        return _LAYOUT.pack(
            _VERSION_1,
            self.key_id,
            self.campaign,
            self.serial >> 16,
            self.serial & 0xFFFF,
            self.reissue,
            self.entitlement,
            self.point,
            self.expires_on.toordinal() - _EPOCH,
            self.holder_tag,
        )

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return the body that 15 bytes hold. Raises: InvalidInput "token.damaged", "token.unknown_version"."""
        if len(data) != BODY_BYTES:
            raise _damaged()
        version, key_id, campaign, high, low, reissue, entitlement, point, day, tag = _LAYOUT.unpack(data)
        if version != _VERSION_1:
            raise InvalidInput(
                "token.unknown_version",
                N_(
                    "This token is of a newer kind than this program knows. Bring the program up to date and scan again."
                ),
            )
        expires_on = dt.date.fromordinal(_EPOCH + day)
        return cls(key_id, campaign, high << 16 | low, reissue, entitlement, point, expires_on, tag)


@dataclass(frozen=True, slots=True)
class Token:
    """A body with the signature that came with it; whether that is genuine, only `verify` tells."""

    body: TokenBody
    signature: bytes = field(repr=False)  # With it the text of the token would be in every log line.

    def pack(self) -> bytes:
        """Return the 79 bytes."""
        return self.body.pack() + self.signature

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return the token that 79 bytes hold. Raises: InvalidInput "token.damaged", "token.unknown_version"."""
        if len(data) != TOKEN_BYTES:
            raise _damaged()
        return cls(TokenBody.unpack(data[:BODY_BYTES]), data[BODY_BYTES:])


# --- Signature ---------------------------------------------------------------------------------------------------------


def sign(body: TokenBody, signing_key: SigningKey) -> Token:
    """Return the token of the body, signed with the campaign's key."""
    return Token(body, signing_key.sign(signed_bytes(body.pack())).signature)


def sign_many(bodies: Iterable[TokenBody], signing_key: SigningKey) -> list[bytes]:
    """Return the 79 bytes of a token for each body, in order: the way of a bulk issue."""
    secret = bytes(signing_key) + bytes(signing_key.verify_key)  # As libsodium wants it: seed and public key.
    tokens = []
    for body in bodies:
        packed = body.pack()
        tokens.append(packed + crypto_sign(signed_bytes(packed), secret)[:SIGNATURE_BYTES])
    return tokens


def verify(token: Token, verify_key: VerifyKey) -> TokenBody:
    """Return the token's body if the key signed it. Raises: InvalidInput "token.not_genuine".

    libsodium takes one encoding of a signature only (s below the group order, canonical points), so a token has one spelling.
    """
    try:
        verify_key.verify(signed_bytes(token.body.pack()), token.signature)
    except BadSignatureError:
        raise InvalidInput(
            "token.not_genuine",
            N_(
                "This token is not genuine: its signature is wrong. Give nothing, keep the paper and call the coordinator."
            ),
        ) from None
    return token.body


def holder_tag(key: bytes, serial: int, cnic: Cnic | None) -> int:
    """Return the tag that ties a token to its holder: the first 2 bytes of HMAC-SHA256(key, serial in 3 bytes, 13 digits).

    A phone that has the key tells offline whether a CNIC belongs to the paper. 0 says that the family has no CNIC, so the one
    tag in 65,536 that would be 0 is 1.
    """
    if cnic is None:
        return 0
    digest = hmac.digest(key, serial.to_bytes(3) + cnic.digits.encode(), hashlib.sha256)
    return int.from_bytes(digest[:2]) or 1


# --- COSE --------------------------------------------------------------------------------------------------------------


def expand(token: Token) -> bytes:
    """Return the token as a tagged COSE_Sign1 CBOR Web Token, for any COSE library to verify."""
    protected, payload = _protected(token.body.pack()), _payload(token.body.pack())
    return b"\xd2\x84" + _bstr(protected) + b"\xa0" + _bstr(payload) + _bstr(token.signature)


def signed_bytes(packed: bytes) -> bytes:
    """Return what is signed: the deterministic CBOR of ["Signature1", protected, h'', payload] of a packed body.

    The shape never changes, so it is written out here: a CBOR library takes several times as long, on the path of every scan.
    """
    payload = _payload(packed)
    return b"\x84\x6aSignature1\x48" + _protected(packed) + b"\x40\x58%c" % len(payload) + payload


def _protected(packed: bytes) -> bytes:
    return b"\xa2\x01\x27\x04\x43" + packed[1:4]


def _payload(packed: bytes) -> bytes:
    return b"".join(
        (
            b"\xa3\x04",
            _expiry(packed[11:13]),
            b"\x07\x46",
            packed[2:8],
            b"\x3a\x00\x01\x11\x70\x84",  # -70001: an array of four
            _uint(packed[0]),
            _uint(packed[8]),
            _uint(packed[9] << 8 | packed[10]),
            b"\x42",
            packed[13:15],
        )
    )


@lru_cache(maxsize=1024)
def _expiry(days: bytes) -> bytes:
    """The CBOR of the midnight in Pakistan that ends the day."""
    return _uint(_EPOCH_S + (int.from_bytes(days) + 1) * _DAY_S)


@lru_cache(maxsize=4096)
def _uint(number: int) -> bytes:
    """The shortest CBOR of an unsigned number, as deterministic encoding asks (RFC 8949, section 4.2.1)."""
    if number < 24:
        return bytes((number,))
    for initial, size in ((0x18, 1), (0x19, 2), (0x1A, 4)):
        if number < 1 << 8 * size:
            return bytes((initial,)) + number.to_bytes(size)
    return b"\x1b" + number.to_bytes(8)


def _bstr(data: bytes) -> bytes:
    """The CBOR of a byte string of at most 255 bytes."""
    return (bytes((0x40 + len(data),)) if len(data) < 24 else bytes((0x58, len(data)))) + data


# --- Text --------------------------------------------------------------------------------------------------------------

COMPACT_PREFIX: Final = "R1:"
_COMPACT_LENGTH: Final = 119
_LONGEST_TEXT: Final = 1000
_HOST: Final = re.compile(r"[A-Z0-9-]+(\.[A-Z0-9-]+)*(:[0-9]{1,5})?")
_URL: Final = re.compile(rf"HTTPS?://[^/\s]+/V/([0-9]{{{DIGITS}}})")
# So many digits in the place of a token: ours, though cut or run together. A shop's /v/12345 has fewer.
_BROKEN_URL: Final = re.compile(r"HTTPS?://[^/\s]+/V/[0-9]{30}")
# What scanners and clipboards add: control characters, invisible marks, and the AIM symbology identifier in front.
_NOISE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_AIM: Final = re.compile(r"\A\][A-Za-z][0-9]")


def parse_text(text: str) -> bytes:
    """Return the 79 bytes of a scanned or pasted text in either form. Whether they are genuine is not judged here.

    Only the one spelling that `to_url_text` or `to_compact_text` writes is taken (any host, either case), once Urdu and Arabic
    digits are folded and a scanner's additions are gone; so a token has no second text by which to count it twice.
    Raises: InvalidInput "token.no_text", "token.not_ours", "token.damaged".
    """
    if len(text) > _LONGEST_TEXT:
        raise _not_ours()
    plain = _AIM.sub("", fold_digits(_NOISE.sub("", text)).strip())
    if not plain:
        raise InvalidInput("token.no_text", N_("Scan a token, or type the code under its QR code."))
    if not plain.isascii():
        raise _not_ours()
    plain = plain.upper()
    if plain.startswith(COMPACT_PREFIX):
        return _read_compact(plain.removeprefix(COMPACT_PREFIX))
    return _read_url(plain)


def _read_url(plain: str) -> bytes:
    match = _URL.fullmatch(plain)
    if match is None:
        raise _damaged() if _BROKEN_URL.match(plain) else _not_ours()
    value = int(match[1])
    if value.bit_length() > TOKEN_BYTES * 8:
        raise _damaged()
    return value.to_bytes(TOKEN_BYTES)


def _read_compact(letters: str) -> bytes:
    try:
        data: bytes = base45.b45decode(letters)
    except ValueError:
        raise _damaged() from None
    if len(data) != TOKEN_BYTES or len(letters) != _COMPACT_LENGTH:
        raise _damaged()
    return data


def to_url_text(token: bytes, host: str) -> str:
    """Return the text that any phone opens, `HTTPS://HOST/V/` and 191 digits; in capitals, which a QR code packs tighter.

    Raises: InvalidInput "token.unfit_host".
    """
    assert len(token) == TOKEN_BYTES
    return f"{url_head(host)}{int.from_bytes(token):0{DIGITS}d}"


@lru_cache(maxsize=16)
def url_head(host: str) -> str:
    """Return what stands before the digits. Raises: InvalidInput "token.unfit_host"."""
    if len(host) > 100 or _HOST.fullmatch(host.upper()) is None:
        raise InvalidInput(
            "token.unfit_host",
            N_(
                "%(host)s cannot stand in a QR code. The public address must be a host name such as relief.example.org."
            ),
            host=host,
        )
    return f"HTTPS://{host.upper()}/V/"


def to_compact_text(token: bytes) -> str:
    """Return the short text for small codes, `R1:` and base45 (RFC 9285)."""
    assert len(token) == TOKEN_BYTES
    letters: bytes = base45.b45encode(token)
    return COMPACT_PREFIX + letters.decode("ascii")


def _damaged() -> InvalidInput:
    return InvalidInput(
        "token.damaged",
        N_("The token was not read whole. Smooth the paper and scan again, or type the code under the QR code."),
    )


def _not_ours() -> InvalidInput:
    return InvalidInput(
        "token.not_ours", N_("This is not a relief token. Scan the QR code on the family's token paper.")
    )
