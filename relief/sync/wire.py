"""How bytes and instants are written in what goes between phones and the server."""

from __future__ import annotations

import base64
import binascii
import datetime as dt

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

_STANDARD = str.maketrans("-_", "+/")
_LAST = {2: "AQgw", 3: "AEIMQUYcgkosw048"}


def b64(data: bytes) -> str:
    """Return base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str, length: int | None = None) -> bytes:
    """Return the bytes of a base64url text, so many where it matters. Raises: InvalidInput "wire.not_base64"."""
    rest = len(text) % 4
    # One value has one spelling: what is signed or counted is not also something else. The last letter has bits to spare.
    if (rest and text[-1] not in _LAST.get(rest, "")) or not text.isascii() or "+" in text or "/" in text:
        raise _malformed()
    try:
        data = binascii.a2b_base64(text.translate(_STANDARD) + "=" * (-rest % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise _malformed() from None
    if length is not None and len(data) != length:
        raise _malformed()
    return data


def iso_ms(at: dt.datetime) -> str:
    """Return 2022-09-20T06:00:00.000Z."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> dt.datetime:
    """Return the aware instant of an ISO text. Raises: InvalidInput "wire.not_an_instant"."""
    try:
        at = dt.datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput("wire.not_an_instant", N_("An instant is written as 2022-09-20T06:00:00.000Z."))


def _malformed() -> InvalidInput:
    return InvalidInput("wire.not_base64", N_("This is not base64url without padding, or not of the right length."))
