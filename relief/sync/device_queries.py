"""Reading phones: one by its id or by the request that it signed, those of the reader's areas, and who works on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from relief.accounts.model import Device, DeviceOperator, User
from relief.accounts.rules import DeviceState
from relief.distributions.model import DeviceAssignment, Point
from relief.distributions.queries import within
from relief.geography.model import Area
from relief.kernel.dates import DateRange
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A phone with the point and the days it is for."""

    device: Device
    point: Point
    area: Area
    days: DateRange


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """A person signed in, or once signed in, on a phone."""

    user_id: int
    name: str
    made_at: dt.datetime
    ended_at: dt.datetime | None


def get_device(work: Work, device_id: int, permission: Permission = Permission.DEVICE_READ) -> DeviceRow:
    """Return a phone of a point in the actor's areas. Raises: NotFound "device.not_found"."""
    query = _devices().where(Device.id == device_id, within(work, permission, Area.path))
    row = work.session.execute(query).first()
    if row is None:
        raise NotFound("device.not_found", N_("There is no such phone within your areas."))
    return _row(row)


def find_device(work: Work, label_or_uuid: str) -> DeviceRow | None:
    """Return the phone with this id, or the only one in the actor's areas that is called so."""
    named = (Device.uuid == label_or_uuid.lower()) | (Device.label == label_or_uuid)
    rows = work.session.execute(_devices().where(named, within(work, Permission.DEVICE_READ, Area.path)).limit(2)).all()
    return _row(rows[0]) if len(rows) == 1 else None


def list_devices(
    work: Work, *, state: DeviceState | None = None, point_id: int | None = None, limit: int = 50, offset: int = 0
) -> tuple[list[DeviceRow], int]:
    """Return the phones of the actor's areas, those in use first, and how many there are."""
    conditions = [within(work, Permission.DEVICE_READ, Area.path)]
    if state is not None:
        conditions.append(Device.state == state)
    if point_id is not None:
        conditions.append(Point.id == point_id)
    query = _devices().where(*conditions)
    total = work.session.scalar(select(func.count()).select_from(query.with_only_columns(Device.id).subquery())) or 0
    order = (Device.state == DeviceState.REVOKED, DeviceAssignment.last_on.desc(), Point.name, Device.label, Device.id)
    rows = work.session.execute(query.order_by(*order).limit(limit).offset(offset))
    return [_row(row) for row in rows], total


def operators_of(work: Work, device_id: int, *, with_ended: bool = False) -> list[OperatorRow]:
    """Return who is signed in on a phone, by name; with those who were, the latest first."""
    query = select(DeviceOperator.user_id, User.name, DeviceOperator.made_at, DeviceOperator.ended_at).join(
        User, User.id == DeviceOperator.user_id
    )
    query = query.where(DeviceOperator.device_id == device_id)
    if with_ended:
        query = query.order_by(DeviceOperator.ended_at.is_not(None), DeviceOperator.made_at.desc())
    else:
        query = query.where(DeviceOperator.ended_at.is_(None)).order_by(User.name, User.id)
    return [OperatorRow(*row) for row in work.session.execute(query)]


def devices_of_point(work: Work, point_id: int) -> Sequence[Device]:
    """Return the phones in use at a point, whoever asks."""
    query = select(Device).join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
    return work.session.scalars(
        query.where(DeviceAssignment.point_id == point_id, Device.state == DeviceState.ACTIVE).order_by(Device.uuid)
    ).all()


def _devices() -> Select[Device, Point, Area, dt.date, dt.date]:
    return (
        select(Device, Point, Area, DeviceAssignment.first_on, DeviceAssignment.last_on)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .join(Point, Point.id == DeviceAssignment.point_id)
        .join(Area, Area.id == Point.uc_id)
    )


def _row(row: Any) -> DeviceRow:
    return DeviceRow(row[0], row[1], row[2], DateRange(row[3], row[4]))
