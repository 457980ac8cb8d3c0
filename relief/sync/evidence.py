"""What a phone kept of a hand-over: who, where and when as it knew, and the pictures that it took."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from relief.accounts.model import Device
from relief.audit.trail import Deed, record
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.store.work import Work
from relief.sync.model import DeviceEvent, DevicePicture
from relief.sync.records import PICTURE_CONTEXT
from relief.sync.rules import PictureKind
from relief.sync.wire import unb64


@dataclass(frozen=True, slots=True)
class Trace:
    """The event of a phone behind a hand-over."""

    device_id: int
    device_label: str
    counter: int
    device_at: dt.datetime
    happened_at: dt.datetime
    received_at: dt.datetime
    clock_offset_s: int
    distance_m: int | None
    pictures: list[PictureKind]


def find_trace(work: Work, hand_over_id: int) -> Trace | None:
    """Return what the phone said of a hand-over, None where none recorded it; who may see the hand-over is asked before."""
    columns = (
        DeviceEvent.device_id, Device.label, DeviceEvent.counter, DeviceEvent.device_at, DeviceEvent.happened_at,
        DeviceEvent.received_at, DeviceEvent.clock_offset_s, DeviceEvent.distance_m, DeviceEvent.event_id,
    )  # fmt: skip
    query = select(*columns).join(Device, Device.id == DeviceEvent.device_id)
    row = work.session.execute(query.where(DeviceEvent.hand_over_id == hand_over_id)).first()
    if row is None:
        return None
    kinds = select(DevicePicture.kind).where(DevicePicture.event_id == row[8]).order_by(DevicePicture.kind)
    return Trace(*row[:8], pictures=list(work.session.scalars(kinds)))


def reveal_picture(work: Work, hand_over_id: int, kind: PictureKind) -> bytes:
    """Return a picture that was taken with a hand-over; the look is recorded. Who may look is asked before.

    Raises: NotFound "picture.not_found".
    """
    query = select(DevicePicture.content_sealed).join(DeviceEvent, DeviceEvent.event_id == DevicePicture.event_id)
    sealed = work.session.scalar(query.where(DeviceEvent.hand_over_id == hand_over_id, DevicePicture.kind == kind))
    if sealed is None:
        raise NotFound("picture.not_found", N_("There is no such picture."))
    record(work, Deed("device.picture_seen", "hand_over", hand_over_id, detail={"kind": kind.value}))
    return unb64(work.keys.unseal(sealed, PICTURE_CONTEXT))
