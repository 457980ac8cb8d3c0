"""What phones of tests send: events signed, marked and sealed as the app does it."""

import datetime as dt
import hashlib
import hmac
import json
import os
import uuid
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relief.kernel.dates import local_day
from relief.papers import rt1
from relief.store.work import reading
from relief.sync.envelopes import EVENT_PREFIX, MAC_BYTES, OUTBOX_INFO, Batch, Envelope
from relief.sync.wire import b64, iso_ms
from tests.factories.devices import Phone
from tests.factories.world import AT, SYSTEM, Holder, World

_HPKE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass
class Outbox:
    """The outbox of one phone with one person at work; `clock` is what the phone's own clock says."""

    phone: Phone
    world: World
    seal_key: bytes
    clock: dt.datetime = AT
    counter: int = 0
    previous: str = "0" * 64
    content_key: bytes = field(default_factory=lambda: os.urandom(32))
    unsent: list[Envelope] = field(default_factory=list)

    def hand_over(self, holder: Holder, **changed: Any) -> str:
        """Record that the family received all; return the event's id."""
        token = b64(rt1.parse_text(holder.text))
        return self.record(
            "hand_over", **{"token": token, "campaign": self.world.campaign_number, "instalment": 1} | changed
        )

    def undo(self, event_id: str, **changed: Any) -> str:
        """Record that a hand-over was undone."""
        return self.record("undo", **{"undoes": event_id, "reason": "Came back at once"} | changed)

    def record(self, kind: str, /, pictures: dict[str, str] | None = None, **changed: Any) -> str:
        """Record an event, with pictures in base64url under their names, and return its id."""
        self.counter += 1
        payload = {
            "v": 1, "id": str(uuid.uuid4()), "device": self.phone.uuid, "counter": self.counter, "previous": self.previous,
            "kind": kind, "operator": int(self.world.staff.id), "point": 1, "campaign": None, "token": None, "code": None,
            "other": None, "instalment": None, "given": None, "proof": "none", "answer": None, "proxy": None,
            "at": iso_ms(self.clock), "on": local_day(self.clock).isoformat(), "gps": None, "verdict": "give",
            "sequence": 1, "undoes": None, "reason": "", "photo": None, "signature_image": None,
        } | changed  # fmt: skip
        self.unsent.append(self.seal(payload, **pictures or {}))
        return str(payload["id"])

    def seal(self, payload: dict[str, Any], **parts: Any) -> Envelope:
        """Sign, mark and seal a payload, right or wrong."""
        raw = json.dumps(payload).encode()
        signed = EVENT_PREFIX + raw
        signature = self.phone.key.sign(signed).signature
        credential = self.phone.credentials.get(payload["operator"], bytes(32))
        mark = hmac.digest(credential, signed, "sha256")[:MAC_BYTES]
        self.previous = hashlib.sha256(raw + signature).hexdigest()
        plain = json.dumps({"p": raw.decode(), "s": b64(signature), "m": b64(mark)} | parts).encode()
        iv, event_id = os.urandom(12), str(payload["id"])
        sealed = AESGCM(self.content_key).encrypt(iv, plain, event_id.encode())
        return Envelope(event_id, payload["counter"], "k1", iv, sealed)

    def batch(self, envelopes: list[Envelope] | None = None) -> Batch:
        """All that was not sent yet, or what is given."""
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.seal_key)
        key = _HPKE.encrypt(self.content_key, public, OUTBOX_INFO)
        return Batch(self.phone.uuid, self.clock, {"k1": key}, self.unsent if envelopes is None else envelopes)


def outbox_of(world: World, phone: Phone) -> Outbox:
    """The empty outbox of a phone."""
    with reading(SYSTEM) as work:
        return Outbox(phone, world, work.keys.seal_public_key())


def wire(batch: Batch) -> dict[str, Any]:
    """The batch as the phone writes it: recorded on the day of the world, sent now."""
    return {
        "device": batch.device, "sent_at": iso_ms(dt.datetime.now(dt.UTC)),
        "keys": {name: b64(key) for name, key in batch.keys.items()},
        "events": [
            {"id": one.event_id, "counter": one.counter, "key": one.key, "iv": b64(one.iv), "sealed": b64(one.sealed)}
            for one in batch.envelopes
        ],
    }  # fmt: skip
