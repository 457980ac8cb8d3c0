"""A server in miniature for phones under test: its keys, a campaign with families, manifests as wire format says."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import struct
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey
from playwright.sync_api import Page

from relief.kernel.codes import FamilyCode, TokenCode
from relief.kernel.identity import Cnic
from relief.keys import Keyring
from relief.papers import rt1
from relief.sync.envelopes import Batch, Envelope, Opened, Opener, Refused
from relief.sync.wire import b64, from_iso, iso_ms, unb64

HOLDER_KEY = bytes(range(32))
POINT = {"number": 7, "code": "DADU-7", "name": "Government School Fareedabad"}
LINES = [
    {"line": 1, "kind": "cash", "owed": 2_500_000, "code": "PKR", "name": {"en": "PKR", "ur": "PKR", "sd": "PKR"}, "unit": "PKR"},
    {"line": 2, "kind": "item", "owed": 2, "code": "TENT", "name": {"en": "Tent", "ur": "خیمہ", "sd": "تنبو"}, "unit": "piece"},
]  # fmt: skip
PIN = "493817"


@dataclass(frozen=True)
class Family:
    """A family of the campaign, its paper and the code under it."""

    serial: int
    token: bytes
    code: TokenCode
    name: str
    cnic: Cnic | None
    row: list[Any]

    @property
    def text(self) -> str:
        """What its QR code says."""
        return rt1.to_compact_text(self.token)


@dataclass
class Campaign:
    """A campaign at the point: families with serials from 1, and what was done with them."""

    today: dt.date
    number: int = 12
    proof_required: str = "none"
    instalment: int = 1
    state: str = "active"
    key_state: str = "active"
    key: SigningKey = field(default_factory=SigningKey.generate)
    families: list[Family] = field(default_factory=list)
    revoked: set[int] = field(default_factory=set)
    replaced: set[int] = field(default_factory=set)
    redeemed: dict[int, set[int]] = field(default_factory=lambda: {1: set(), 2: set()})
    rests: dict[str, Any] = field(default_factory=dict)
    # Whether its families are of the phone's point.
    is_here: bool = True

    def token(self, serial: int, cnic: Cnic | None = None, **changes: Any) -> bytes:
        """A paper signed by the campaign's key."""
        values = {
            "key_id": 1, "campaign": self.number, "serial": serial, "reissue": 0, "entitlement": 1, "point": POINT["number"],
            "expires_on": self.today + dt.timedelta(days=30), "holder_tag": rt1.holder_tag(HOLDER_KEY, serial, cnic),
        } | changes  # fmt: skip
        return rt1.sign(rt1.TokenBody(**values), self.key).pack()

    def add(self, count: int = 1, *, cnic: bool = True, reissue: int = 0) -> list[Family]:
        """Add families to the roster."""
        added = []
        for serial in range(len(self.families) + 1, len(self.families) + 1 + count):
            number = Cnic.parse(f"45102{serial:07d}1") if cnic else None
            token, code = self.token(serial, number, reissue=reissue), TokenCode.of(7_919 * serial + 10**9)
            name = f"G{serial}••• M•••"
            tag = rt1.TokenBody.unpack(token[:15]).holder_tag
            row = [serial, reissue, 1, str(FamilyCode.of(serial)), name, 6, tag, int(cnic), code.digits]
            added.append(Family(serial, token, code, name, number, row))
        self.families += added
        return added

    def header(self, parts: dict[str, bytes]) -> dict[str, Any]:
        """What the manifest says; the parts are added to `parts`."""

        def put(content: bytes) -> str:
            digest = hashlib.sha256(content).digest()[:16].hex()
            parts[digest] = content
            return digest

        last = max((family.serial for family in self.families), default=0)
        shards: defaultdict[int, list[Any]] = defaultdict(list)
        buckets: defaultdict[int, list[Any]] = defaultdict(list)
        count = 1
        while count * 256 < len(self.families):
            count *= 2
        here = self.families if self.is_here else []
        for family in here:
            shards[(family.serial - 1) // 256 * 256 + 1].append(family.row)
            buckets[int(family.code.digits[:9]) % count].append([family.code.digits, family.serial])
        days = [
            {"on": (self.today + dt.timedelta(days=n)).isoformat(), "instalment": self.instalment} for n in (0, 1, 2)
        ]
        return {
            "number": self.number, "code": "FLOOD", "name": "Flood relief", "state": self.state,
            "starts_on": str(self.today), "ends_on": str(self.today + dt.timedelta(days=30)), "instalments": 2,
            "proof_required": self.proof_required, "is_demonstration": False,
            "keys": [{"id": 1, "public_key": b64(bytes(self.key.verify_key)), "state": self.key_state}],
            "days": days, "bands": [{"band": 1, "lines": LINES}], "holder_key": b64(HOLDER_KEY), "families": last,
            "roster": {
                "rows": len(here), "shard_size": 256,
                "parts": [{"from": first, "digest": put(_json(rows))} for first, rows in shards.items()],
            },
            "codes": {
                "buckets": count,
                "parts": [{"bucket": number, "digest": put(_json(codes))} for number, codes in sorted(buckets.items())],
            },
            "revoked": put(_bits(self.revoked, last)), "replaced": put(_bits(self.replaced, last)),
            "redeemed": {str(number): put(_bits(serials, last)) for number, serials in self.redeemed.items()},
            "rests": put(_json(self.rests)),
        }  # fmt: skip


class Server:
    """The server's side of one phone that was enrolled without a network."""

    def __init__(self, folder: Path, today: dt.date) -> None:
        self.keys = Keyring.create(folder)
        self.today = today
        self.device = str(uuid.uuid4())
        self.secret = bytes(range(100, 132))
        self.operators = {5: ("Ayesha Soomro", bytes(range(50, 82))), 6: ("Bashir Khoso", bytes(range(60, 92)))}
        self.devices: list[dict[str, str]] = []
        self.sequence = 0
        self.public_key = b""

    def enrol(self, page: Page, *operators: int) -> None:
        """Make the page's phone one of this server, with these people on it; the last is unlocked."""
        record = {
            "device": self.device, "name": "Phone 1", "point": POINT, "firstOn": str(self.today), "lastOn": str(self.today),
            "manifestKey": b64(bytes(self.keys.manifest_key().verify_key)), "sealKey": b64(self.keys.seal_public_key()),
            "isRevoked": False, "secret": b64(self.secret),
        }  # fmt: skip
        self.public_key = unb64(page.evaluate("record => scan.enrolAs(record)", record))
        for number in operators or (5,):
            self.add_operator(page, number)

    def add_operator(self, page: Page, number: int, pin: str = PIN) -> None:
        """Sign somebody in on the phone."""
        name, credential = self.operators[number]
        person = {"id": number, "name": name, "staffedOn": [str(self.today)], "credential": b64(credential)}
        page.evaluate("([person, pin]) => scan.addOperator(person, pin)", [person, pin])

    def manifest(
        self, *campaigns: Campaign, have: tuple[str, ...] = (), at: dt.datetime | None = None, **changes: Any
    ) -> bytes:
        """The next manifest, as it goes over the wire."""
        self.sequence += 1
        parts: dict[str, bytes] = {}
        staffed = [str(self.today + dt.timedelta(days=n)) for n in (0, 1, 2)]
        now = iso_ms(at or dt.datetime.now(dt.UTC))
        header = {
            "version": 1, "device": self.device, "sequence": self.sequence, "issued_at": now, "server_time": now,
            "roster_hours": 48, "point": POINT | {"lon": 67.7, "lat": 26.7}, "first_on": staffed[0], "last_on": staffed[-1],
            "operators": [{"id": n, "name": name, "staffed_on": staffed} for n, (name, _key) in self.operators.items()],
            "devices": self.devices, "campaigns": [campaign.header(parts) for campaign in campaigns],
        } | changes  # fmt: skip
        text = _json(header).decode()
        signature = self.keys.manifest_key().sign(b"relief manifest 1\n" + text.encode()).signature
        first = _json({"header": text, "signature": b64(signature)})
        frames = [first, *(content for digest, content in parts.items() if digest not in have)]
        return b"".join(struct.pack(">I", len(frame)) + frame for frame in frames)

    def give_manifest(self, page: Page, *campaigns: Campaign, **changes: Any) -> None:
        """Bring the next manifest to the phone."""
        page.evaluate("manifest => scan.apply(manifest).then(() => null)", b64(self.manifest(*campaigns, **changes)))

    def opened(self, body: dict[str, Any]) -> list[Opened | Refused]:
        """What the server reads in a batch: the real opener, over the real keys."""
        envelopes = [
            Envelope(each["id"], each["counter"], each["key"], unb64(each["iv"]), unb64(each["sealed"]))
            for each in body["events"]
        ]
        keys = {kid: unb64(sealed) for kid, sealed in body["keys"].items()}
        batch = Batch(body["device"], from_iso(body["sent_at"]), keys, envelopes)
        credentials = {number: [key] for number, (_name, key) in self.operators.items()}
        return Opener(self.keys, self.device, self.public_key, credentials).open_all(batch)


def today() -> dt.date:
    """The local day of the browser's own clock."""
    return (dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)).date()


def frames(manifest: bytes) -> list[bytes]:
    """The parts of a manifest as it goes over the wire."""
    found = []
    while manifest:
        (length,) = struct.unpack(">I", manifest[:4])
        found.append(manifest[4 : 4 + length])
        manifest = manifest[4 + length :]
    return found


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _bits(serials: set[int], last: int) -> bytes:
    bits = bytearray((last + 8) // 8)
    for serial in serials:
        bits[serial >> 3] |= 1 << (serial & 7)
    return bytes(bits)
