"""Requests that phones sign: which phone it is, whether it may ask, and what its clock said."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from sqlalchemy import update

from relief.accounts.devices import is_signed_by, revoked
from relief.accounts.model import Device
from relief.accounts.rules import DeviceState, is_contact_news
from relief.distributions.claims import as_day
from relief.kernel.dates import DateRange
from relief.kernel.errors import InvalidInput, NotAuthentic
from relief.kernel.messages import N_
from relief.store.columns import Instant
from relief.store.statement import Statement
from relief.store.work import Work
from relief.sync.wire import from_iso, unb64

REQUEST_PREFIX = "relief request 1\n"
_NONCE_BYTES = 16
_INSTANT = Instant()
# What a phone's clock may say in milliseconds from the server's: a century, for a clock that was never set.
_FURTHEST_CLOCK_MS = 100 * 366 * 86_400_000

_DEVICE = Statement(
    "SELECT d.id, d.uuid, d.label, d.state, d.public_key, d.manifest_no, d.last_seen_at, d.clock_offset_ms, p.id, p.number,"
    " p.code, p.name, p.lon, p.lat, p.uc_id, a.path, s.first_on, s.last_on FROM device d"
    " JOIN device_assignment s ON s.device_id = d.id JOIN point p ON p.id = s.point_id JOIN area a ON a.id = p.uc_id"
    " WHERE d.uuid = :uuid AND d.public_key IS NOT NULL"
)


@dataclass(frozen=True, slots=True, repr=False)
class SignedRequest:
    """What came in: the four headers as they stood, what was asked for, and the SHA-256 of the body as the phone made it."""

    device: str
    time: str
    nonce: str
    signature: str
    method: str
    path: str
    body_digest: bytes

    @property
    def signed(self) -> bytes:
        """What the phone signs."""
        lines = (f"{self.method} {self.path}", self.time, self.nonce, self.body_digest.hex())
        return (REQUEST_PREFIX + "\n".join(lines)).encode()


@dataclass(frozen=True, slots=True)
class PointFacts:
    """The point that a phone is for."""

    id: int
    number: int
    code: str
    name: str
    lon: float | None
    lat: float | None
    uc_id: int
    area_path: str


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """The phone that signed a request, and by how much its clock was ahead."""

    id: int
    uuid: str
    label: str
    state: DeviceState
    public_key: bytes
    manifest_no: int
    point: PointFacts
    days: DateRange
    clock_offset_ms: int
    # Whether this contact is worth writing down: see `note_contact`.
    is_news: bool

    @property
    def is_revoked(self) -> bool:
        """Whether it was shut out."""
        return self.state is DeviceState.REVOKED


def authenticate_request(work: Work, request: SignedRequest, *, also_revoked: bool = False) -> KnownDevice:
    """Return the phone that signed the request; a single statement that reads, so `glancing` will do.

    A wrong clock is no reason to refuse: a phone in a tent may have no other, and what it sends has its effect once.
    Raises: NotAuthentic "device.unknown", "device.bad_signature"; Forbidden "device.revoked" unless `also_revoked`, for what
        a revoked phone still holds is taken in.
    """
    found = find_enrolled(work, request.device)
    if found is None:
        raise unknown()
    known, seen_at, known_offset_ms = found
    try:
        at, signature = from_iso(request.time), unb64(request.signature)
        unb64(request.nonce, _NONCE_BYTES)
    except InvalidInput:
        raise _bad_signature() from None
    if not is_signed_by(known.public_key, request.signed, signature):
        raise _bad_signature()
    if known.is_revoked and not also_revoked:
        raise revoked()
    offset_ms = (at - work.at) // dt.timedelta(milliseconds=1)
    offset_ms = max(-_FURTHEST_CLOCK_MS, min(offset_ms, _FURTHEST_CLOCK_MS))
    is_news = is_contact_news(seen_at, work.at, known_offset_ms=known_offset_ms, offset_ms=offset_ms)
    return replace(known, clock_offset_ms=offset_ms, is_news=is_news)


def find_enrolled(work: Work, device: str) -> tuple[KnownDevice, dt.datetime | None, int | None] | None:
    """Return an enrolled phone by its uuid, when it was last heard of and how its clock then stood, whoever asks."""
    try:
        row = _DEVICE.row(work, {"uuid": str(uuid.UUID(device))})
    except ValueError:
        return None
    if row is None:
        return None
    point = PointFacts(*row[8:16])
    known = KnownDevice(
        row[0], row[1], row[2], DeviceState(row[3]), bytes(row[4]), row[5], point,
        DateRange(as_day(row[16]), as_day(row[17])), row[7] or 0, False,
    )  # fmt: skip
    return known, _INSTANT.process_result_value(row[6], work.scope.connection.dialect), row[7]


def unknown() -> NotAuthentic:
    """Return the refusal of a phone that is not enrolled here."""
    return NotAuthentic("device.unknown", N_("This phone is not enrolled here. Ask the office for a code."))


def note_contact(work: Work, known: KnownDevice) -> None:
    """Write down when a phone was heard of and how its clock stood; worth a unit of work only where `is_news`."""
    work.session.execute(
        update(Device)
        .where(Device.id == known.id)
        .values(last_seen_at=work.at, clock_offset_ms=known.clock_offset_ms)
        .execution_options(synchronize_session=False)
    )


def _bad_signature() -> NotAuthentic:
    return NotAuthentic("device.bad_signature", N_("The phone's signature on this request does not hold."))
