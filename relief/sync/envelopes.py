"""Opens what phones sealed: envelope by envelope, each judged on its own, so that a bad one never blocks the rest."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pydantic import ValidationError

from relief.distributions.presenting import Presented
from relief.kernel.errors import InvalidInput, ReliefError
from relief.keys import Keyring
from relief.sync.payloads import LONGEST_PAYLOAD, Payload
from relief.sync.rules import PictureKind, Rejection
from relief.sync.wire import unb64

EVENT_PREFIX = b"relief event 1\n"
OUTBOX_INFO = b"relief outbox 1"
MAC_BYTES = 16
_LARGEST_PICTURE = {PictureKind.PHOTO: 40_000, PictureKind.SIGNATURE: 20_000}
_PICTURE_FIELDS = {PictureKind.PHOTO: "photo", PictureKind.SIGNATURE: "signature_image"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it came: sealed under a content key, which came sealed to the server."""

    event_id: str
    counter: int
    key: str
    iv: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one phone, or somebody for it, sent at a time; `sent_at` is what the phone's clock then said."""

    device: str
    sent_at: dt.datetime
    keys: Mapping[str, bytes]
    envelopes: Sequence[Envelope]


@dataclass(frozen=True, slots=True)
class Opened:
    """An event that the phone signed: its content, the bytes of it, and who vouches for having done it."""

    envelope: Envelope
    payload: Payload
    # What was held out at the table.
    presented: Presented
    raw: bytes
    signature: bytes
    # Whether the operator named signed in on this phone: the credential's mark is right.
    is_operators: bool
    pictures: Mapping[PictureKind, bytes] = field(default_factory=dict)

    @property
    def event_id(self) -> str:
        """The id that the phone made, the same on both sides of the seal."""
        return self.envelope.event_id

    @property
    def hash(self) -> bytes:
        """What the phone's next event names as the one before it."""
        return hashlib.sha256(self.raw + self.signature).digest()


@dataclass(frozen=True, slots=True)
class Refused:
    """An envelope that holds no event of this phone, and why."""

    envelope: Envelope
    rejection: Rejection

    @property
    def event_id(self) -> str:
        """The id on the envelope."""
        return self.envelope.event_id


class Opener:
    """Opens the envelopes of one phone."""

    def __init__(
        self, keys: Keyring, device: str, public_key: bytes, credentials: Mapping[int, Sequence[bytes]]
    ) -> None:
        self._keys = keys
        self._device = device
        self._verify_key = VerifyKey(public_key)
        self._credentials = credentials

    def open_all(self, batch: Batch) -> list[Opened | Refused]:
        """Return each event, or why it is none, in the order of the batch."""
        ciphers = {name: self._cipher(sealed) for name, sealed in batch.keys.items()}
        return [self._open(envelope, ciphers.get(envelope.key)) for envelope in batch.envelopes]

    def _cipher(self, sealed: bytes) -> AESGCM | None:
        try:
            return AESGCM(self._keys.unseal_hpke(sealed, OUTBOX_INFO))
        except (ReliefError, ValueError):
            return None

    def _open(self, envelope: Envelope, cipher: AESGCM | None) -> Opened | Refused:
        if cipher is None:
            return Refused(envelope, Rejection.UNSEALED)
        try:
            plain = cipher.decrypt(envelope.iv, envelope.sealed, envelope.event_id.encode())
        except (InvalidTag, ValueError):
            return Refused(envelope, Rejection.UNSEALED)
        try:
            return self._read(envelope, plain)
        except (InvalidInput, ValidationError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Refused(envelope, Rejection.MALFORMED)

    def _read(self, envelope: Envelope, plain: bytes) -> Opened | Refused:
        parts = json.loads(plain.decode())
        raw, signature, mark = parts["p"].encode(), unb64(parts["s"], 64), unb64(parts["m"], MAC_BYTES)
        if len(raw) > LONGEST_PAYLOAD:
            return Refused(envelope, Rejection.MALFORMED)
        signed = EVENT_PREFIX + raw
        try:
            self._verify_key.verify(signed, signature)
        except BadSignatureError:
            return Refused(envelope, Rejection.NOT_SIGNED)
        payload = Payload.model_validate_json(raw)
        if payload.device != self._device:
            return Refused(envelope, Rejection.OTHER_DEVICE)
        if (payload.id, payload.counter) != (envelope.event_id, envelope.counter):
            return Refused(envelope, Rejection.OTHER_EVENT)
        presented = payload.presented
        credentials = self._credentials.get(payload.operator, ())
        is_operators = any(
            hmac.compare_digest(hmac.digest(credential, signed, "sha256")[:MAC_BYTES], mark)
            for credential in credentials
        )
        return Opened(envelope, payload, presented, raw, signature, is_operators, _pictures(payload, parts))


def _pictures(payload: Payload, parts: Mapping[str, str]) -> dict[PictureKind, bytes]:
    """Return the pictures that the phone signed the hashes of. Raises: ValueError for another or a too large one."""
    pictures = {}
    for kind, name in _PICTURE_FIELDS.items():
        wanted = getattr(payload, name)
        if wanted is None and name not in parts:
            continue
        content = unb64(parts[name])
        if hashlib.sha256(content).hexdigest() != wanted or len(content) > _LARGEST_PICTURE[kind]:
            raise ValueError("a picture is the one that was signed, and small")
        pictures[kind] = content
    return pictures
