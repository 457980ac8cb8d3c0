"""`relief devices`: phones that work without a signal: enrol one for a point, list them, revoke one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
from flask import current_app

from relief.accounts.rules import DeviceState
from relief.cli.aligned import align
from relief.cli.console import actor_named, as_option, in_instance, json_option, report
from relief.config import Settings
from relief.distributions.queries import find_point
from relief.kernel.dates import DateRange
from relief.kernel.errors import InvalidInput, NotFound
from relief.kernel.messages import N_
from relief.store.work import Work, reading, unit_of_work
from relief.sync.device_queries import DeviceRow, find_device, list_devices
from relief.sync.enrolment import InviteDevice, invite_device, revoke_device
from relief.sync.oversight import findings_of
from relief.sync.wire import iso_ms

_DAY = click.DateTime(["%Y-%m-%d"])
_MOST = 1_000


@click.group()
def group() -> None:
    """Phones that work without a signal: enrol one for a point, list them, revoke one."""


@group.command("list")
@click.option("--state", type=click.Choice([state.value for state in DeviceState]), help="Only those.")
@click.option("--point", "point_code", metavar="CODE", help="Only of this point.")
@as_option
@json_option
@in_instance
def list_all(*, state: str | None, point_code: str | None, email: str | None, as_json: bool) -> None:
    """List the phones, with what there is to look at."""
    with reading(actor_named(email)) as work:
        point_id = _point_id(work, point_code) if point_code else None
        wanted = DeviceState(state) if state else None
        rows, total = list_devices(work, state=wanted, point_id=point_id, limit=_MOST)
        seen: dict[int, dict[str, int]] = {}
        for found in findings_of(work, [row.device.id for row in rows]):
            counts = seen.setdefault(found.device_id, {})
            counts[found.concern.value] = counts.get(found.concern.value, 0) + found.count
        phones = [_described(row) | {"findings": seen.get(row.device.id, {})} for row in rows]
    head = ("phone", "point", "first day", "last day", "state", "last contact", "to look at")
    lines = [
        (one["label"], one["point"], one["first_on"], one["last_on"], one["state"], one["last_seen_at"] or "-",
         ", ".join(f"{name} {count}" for name, count in one["findings"].items()) or "-")
        for one in phones
    ]  # fmt: skip
    report(
        {"total": total, "devices": phones},
        as_json,
        align(head, lines) if lines else "No phone yet: relief devices invite",
    )


@group.command()
@click.argument("label")
@click.option(
    "--point", "point_code", metavar="CODE", required=True, help="The point for which it takes families along."
)
@click.option("--from", "first_on", type=_DAY, required=True, help="The first day.")
@click.option("--to", "last_on", type=_DAY, required=True, help="The last day.")
@click.option("--address", help="Where phones reach this server. [default: RELIEF_PUBLIC_ADDRESS]")
@as_option
@json_option
@in_instance
def invite(
    *, label: str, point_code: str, first_on: dt.datetime, last_on: dt.datetime, address: str | None, email: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Enrol a phone: print the address that it opens, once and within 24 hours. Tell it to nobody but that phone."""
    origin, days = _origin(address), DateRange(first_on.date(), last_on.date())
    with unit_of_work(actor_named(email)) as work:
        invitation = invite_device(work, InviteDevice(label, _point_id(work, point_code), days))
    opened = f"{origin}/scan#enrol={invitation.code}"
    report({"id": invitation.device_id, "label": label, "address": opened}, as_json, opened)


@group.command()
@click.argument("phone")
@click.option("--reason", required=True, help="Why; it stays on record.")
@as_option
@json_option
@in_instance
def revoke(*, phone: str, reason: str, email: str | None, as_json: bool) -> None:
    """Shut a phone out for good: PHONE is its name or its id. What it still holds is taken in, as conflicts."""
    with unit_of_work(actor_named(email)) as work:
        row = find_device(work, phone)
        if row is None:
            raise NotFound("device.not_found", N_("There is no such phone, or several have this name: give its id."))
        revoke_device(work, row.device.id, reason)
        data = _described(row)
    report(data, as_json, f"{row.device.label} is revoked.")


def _described(row: DeviceRow) -> dict[str, Any]:
    device = row.device
    return {
        "id": device.uuid, "label": device.label, "state": device.state.value, "point": row.point.code,
        "first_on": row.days.first_on.isoformat(), "last_on": row.days.last_on.isoformat(),
        "last_seen_at": iso_ms(device.last_seen_at) if device.last_seen_at else None,
        "clock_offset_ms": device.clock_offset_ms, "manifest": device.manifest_no,
    }  # fmt: skip


def _point_id(work: Work, code: str) -> int:
    point = find_point(work, code)
    if point is None:
        raise NotFound("point.not_found", N_("There is no such point or campaign."))
    return point.id


def _origin(address: str | None) -> str:
    settings = current_app.extensions["relief.settings"]
    assert isinstance(settings, Settings)
    host = address or settings.public_address
    if not host:
        raise InvalidInput(
            "settings.no_public_address", N_("Say where phones reach this server: --address, or RELIEF_PUBLIC_ADDRESS.")
        )
    return host.rstrip("/") if "://" in host else f"https://{host.rstrip('/')}"
