"""Phones come in and go out: invited for a point and days by a code shown once, enrolled with it, revoked."""

from __future__ import annotations

from dataclasses import dataclass, field

from relief.accounts import devices
from relief.accounts.devices import Enrolment
from relief.audit.trail import Deed, record
from relief.distributions.device_assignments import assign
from relief.distributions.points import get_point
from relief.kernel.dates import DateRange
from relief.kernel.permissions import Permission
from relief.store.work import Work
from relief.sync.device_queries import DeviceRow, get_device
from relief.sync.requests import KnownDevice, find_enrolled


@dataclass(frozen=True, slots=True)
class InviteDevice:
    """A phone for a point and days."""

    label: str
    point_id: int
    days: DateRange


@dataclass(frozen=True, slots=True)
class Invitation:
    """The phone that is awaited, and the code that lets it in: to be shown once, and kept nowhere."""

    device_id: int
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolled phone is told: who it is, where it is for, its secret, and the server's public keys."""

    device: KnownDevice
    secret: bytes = field(repr=False)
    manifest_key: bytes
    seal_key: bytes


def invite_device(work: Work, command: InviteDevice) -> Invitation:
    """Make the code with which one phone enrols itself within 24 hours.

    Raises: NotFound "point.not_found", InvalidInput "device.label_missing", "text.too_long", "device.too_long".
    """
    point, _path = get_point(work, command.point_id, Permission.DEVICE_MANAGE)
    device, code = devices.invite(work, command.label)
    assign(work, device.id, point.id, command.days)
    detail = {
        "device": device.uuid, "point": point.code, "first_on": command.days.first_on.isoformat(),
        "last_on": command.days.last_on.isoformat(),
    }  # fmt: skip
    record(work, Deed("device.invited", "device", device.id, point.uc_id, detail))
    return Invitation(device.id, code)


def renew_invitation(work: Work, device_id: int) -> Invitation:
    """Make a new code for a phone that has not come yet; the earlier one is worth nothing from now on.

    Raises: NotFound "device.not_found", RuleViolation "device.not_invited".
    """
    row = get_device(work, device_id, Permission.DEVICE_MANAGE)
    code = devices.invite_again(work, row.device)
    _record(work, row, "device.invited")
    return Invitation(row.device.id, code)


def enrol_device(work: Work, command: Enrolment) -> Enrolled:
    """Enrol the phone that scanned a code, under the key that it made.

    Raises: NotAuthentic "device.bad_proof", NotFound "device.code_unknown", RuleViolation "device.code_expired",
        Forbidden "device.revoked", Conflict "device.code_used", "device.key_taken".
    """
    device, secret, is_news = devices.enrol(work, command)
    found = find_enrolled(work, device.uuid)
    assert found is not None, "an invitation always names a point"
    known = found[0]
    if is_news:
        record(work, Deed("device.enrolled", "device", device.id, known.point.uc_id, {"device": device.uuid}))
    manifest_key = bytes(work.keys.manifest_key().verify_key)
    return Enrolled(known, secret, manifest_key, work.keys.seal_public_key())


def change_days(work: Work, device_id: int, days: DateRange) -> None:
    """Let a phone be used at its point on other days. Raises: NotFound "device.not_found", Forbidden "device.revoked"."""
    row = get_device(work, device_id, Permission.DEVICE_MANAGE)
    if row.device.revoked_at is not None:
        raise devices.revoked()
    assign(work, row.device.id, row.point.id, days)
    _record(work, row, "device.days_changed", first_on=days.first_on.isoformat(), last_on=days.last_on.isoformat())


def revoke_device(work: Work, device_id: int, reason: str) -> None:
    """Shut a phone out for good: no more lists for it. What it still holds is taken in, as conflicts.

    Raises: NotFound "device.not_found", InvalidInput "reason.missing", RuleViolation "device.already_revoked".
    """
    row = get_device(work, device_id, Permission.DEVICE_MANAGE)
    devices.revoke(work, row.device, reason)
    _record(work, row, "device.revoked")


def _record(work: Work, row: DeviceRow, action: str, **detail: str) -> None:
    about = {"device": row.device.uuid, "point": row.point.code, **detail}
    record(work, Deed(action, "device", row.device.id, row.point.uc_id, about))
