"""Tables of what phones sent."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from relief.store.append_only import AppendOnly
from relief.store.columns import EnumText, Instant, Key, internal, personal, sensitive
from relief.store.db import Model
from relief.sync.rules import Answer, EventKind, PictureKind


class DeviceEvent(AppendOnly, Model):
    """Something that a phone recorded, as its operator did it and as the server answered; refused scans are events, too.

    `happened_at` is `device_at` set right by how far the phone's clock was off when it sent. What was read at the table, a
    secret, stands only in `content_sealed`: the payload that the phone signed, with its signature.
    """

    __tablename__ = "device_event"
    __table_args__ = (
        CheckConstraint("counter >= 1", name="counted_from_one"),
        Index("ix_device_event_device", "device_id", "counter"),
        Index("ix_device_event_hand_over_id", "hand_over_id"),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    event_id: Mapped[str] = internal(Text, unique=True)
    device_id: Mapped[int] = internal(Key, ForeignKey("device.id"))
    counter: Mapped[int] = internal(Key)
    operator_id: Mapped[int] = internal(Key)
    # Who brought it: 0 for the phone itself, else the coordinator who loaded its file.
    sent_by: Mapped[int] = internal(Key)
    kind: Mapped[EventKind] = internal(EnumText(EventKind))
    point_id: Mapped[int] = internal(ForeignKey("point.id"))
    device_at: Mapped[dt.datetime] = internal(Instant)
    happened_at: Mapped[dt.datetime] = internal(Instant)
    received_at: Mapped[dt.datetime] = internal(Instant)
    # By how many seconds the phone's clock was ahead.
    clock_offset_s: Mapped[int] = internal(Key)
    lon: Mapped[float | None] = personal(Float)
    lat: Mapped[float | None] = personal(Float)
    accuracy_m: Mapped[int | None] = internal(Key)
    # From the point, where both places are known.
    distance_m: Mapped[int | None] = internal(Key)
    # What the phone showed: "give" or a reason not to.
    verdict: Mapped[str] = internal(Text)
    answer: Mapped[Answer] = internal(EnumText(Answer))
    reason: Mapped[str] = internal(Text)
    hand_over_id: Mapped[int | None] = internal(ForeignKey("hand_over.id"))
    previous_hash: Mapped[bytes] = internal(LargeBinary)
    event_hash: Mapped[bytes] = internal(LargeBinary)
    content_sealed: Mapped[bytes] = sensitive(LargeBinary)


class DevicePicture(AppendOnly, Model):
    """A photo of the holder, or the mark that he or she made on the phone; sealed."""

    __tablename__ = "device_picture"
    __table_args__ = (UniqueConstraint("event_id", "kind"),)

    id: Mapped[int] = internal(Key, primary_key=True)
    event_id: Mapped[str] = internal(ForeignKey("device_event.event_id"))
    kind: Mapped[PictureKind] = internal(EnumText(PictureKind))
    content_sealed: Mapped[bytes] = sensitive(LargeBinary)


class RejectedEvent(AppendOnly, Model):
    """What came as an event of a phone and cannot be one: kept as it came, for whoever looks into it."""

    __tablename__ = "rejected_event"

    id: Mapped[int] = internal(Key, primary_key=True)
    # SHA-256 over the phone, the event's id and its content: the same one again is known.
    digest: Mapped[bytes] = internal(LargeBinary, unique=True)
    device_id: Mapped[int] = internal(Key, ForeignKey("device.id"), index=True)
    event_id: Mapped[str] = internal(Text)
    sent_by: Mapped[int] = internal(Key)
    received_at: Mapped[dt.datetime] = internal(Instant)
    reason: Mapped[str] = internal(Text)
    # Still sealed to the server's key, in the phone's envelope.
    content: Mapped[bytes] = sensitive(LargeBinary)
