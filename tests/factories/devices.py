"""Phones that tests enrol: each with a key of its own, as the app makes it."""

import datetime as dt
import hashlib
import os
from dataclasses import dataclass, field

from nacl.signing import SigningKey

from relief.accounts.devices import ENROL_PREFIX, Enrolment, open_credential
from relief.distributions.points import AddPoint, add_point
from relief.kernel.actor import Actor
from relief.kernel.dates import DateRange
from relief.store.work import Work, unit_of_work
from relief.sync.enrolment import Enrolled, InviteDevice, enrol_device, invite_device
from relief.sync.requests import KnownDevice, SignedRequest, find_enrolled
from relief.sync.wire import b64, iso_ms
from tests.factories.world import AT, SYSTEM, TODAY, World

DAYS = DateRange(TODAY, TODAY + dt.timedelta(days=5))
PHONE = Actor.system("a phone")


@dataclass
class Phone:
    """An enrolled phone, from its own side of the wire."""

    key: SigningKey = field(default_factory=SigningKey.generate)
    id: int = 0
    uuid: str = ""
    # What each person who signed in here signs with.
    credentials: dict[int, bytes] = field(default_factory=dict)

    @property
    def public_key(self) -> bytes:
        """The half that is told."""
        return bytes(self.key.verify_key)

    def enrolment(self, code: str, description: str = "Chrome, Android") -> Enrolment:
        """What it sends with a code."""
        return Enrolment(code, self.public_key, self.key.sign(ENROL_PREFIX + code.encode()).signature, description)

    def enrol(self, code: str, *, at: dt.datetime = AT) -> Enrolled:
        """Enrol with the code."""
        with unit_of_work(PHONE, at=at) as work:
            enrolled = enrol_device(work, self.enrolment(code))
        self.id, self.uuid = enrolled.device.id, enrolled.device.uuid
        return enrolled

    def request(
        self, path: str = "/api/v1/manifest", body: bytes = b"", *, method: str = "POST", clock: dt.datetime = AT
    ) -> SignedRequest:
        """A request that it signs, at the time of its own clock."""
        nonce, time = b64(os.urandom(16)), iso_ms(clock)
        unsigned = SignedRequest(self.uuid, time, nonce, "", method, path, hashlib.sha256(body).digest())
        signature = b64(self.key.sign(unsigned.signed).signature)
        return SignedRequest(self.uuid, time, nonce, signature, method, path, unsigned.body_digest)

    def headers(self, path: str, body: bytes = b"", *, method: str = "POST", clock: dt.datetime = AT) -> dict[str, str]:
        """The same as the headers of an HTTP request."""
        signed = self.request(path, body, method=method, clock=clock)
        return {
            "Relief-Device": signed.device, "Relief-Time": signed.time, "Relief-Nonce": signed.nonce,
            "Relief-Signature": signed.signature,
        }  # fmt: skip

    def known(self, work: Work) -> KnownDevice:
        """The phone as the server knows it."""
        found = find_enrolled(work, self.uuid)
        assert found is not None
        return found[0]


def invite(world: World, *, label: str = "Phone 1", days: DateRange = DAYS, point_id: int | None = None) -> str:
    """The code of a phone for the world's point."""
    with unit_of_work(world.coordinator, at=AT) as work:
        return invite_device(work, InviteDevice(label, point_id or world.point_id, days)).code


def enrolled_phone(world: World, *operators: Actor, label: str = "Phone 1", days: DateRange = DAYS) -> Phone:
    """A phone of the world's point, on which these people have signed in."""
    phone = Phone()
    phone.enrol(invite(world, label=label, days=days))
    with unit_of_work(SYSTEM, at=AT) as work:
        for operator in operators:
            phone.credentials[int(operator.id)] = open_credential(work, phone.id, int(operator.id))
    return phone


def other_point(world: World, name: str = "Mosque") -> int:
    """Another point in the same Union Council; its id."""
    with unit_of_work(SYSTEM, at=AT) as work:
        return add_point(work, AddPoint(name.upper(), name, world.uc.id))
