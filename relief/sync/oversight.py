"""What a coordinator should look at in what phones sent: listed by phone and by who worked on it. A list accuses nobody."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Subquery, and_, case, extract, func, or_, select

from relief.accounts.model import Device, User
from relief.distributions.model import DeviceAssignment, Point
from relief.distributions.queries import within
from relief.geography.model import Area
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work
from relief.sync.model import DeviceEvent, RejectedEvent
from relief.sync.rules import CLOCK_TOLERANCE, FAR_M, EventKind

# Goods for a family do not go over a table in four seconds, thirty times in a row.
FAST_EVENTS = 30
FAST_WITHIN = dt.timedelta(minutes=2)
# What the home page counts; the pages of the phones show all.
RECENT = dt.timedelta(days=7)


class Concern(enum.StrEnum):
    """A thing to look at. Each may have a harmless reason; none is found without looking."""

    GAP = "gap"
    BROKEN_CHAIN = "broken_chain"
    AFTER_REVOCATION = "after_revocation"
    CLOCK = "clock"
    FAR = "far"
    FAST = "fast"

    @property
    def label(self) -> str:
        """What was seen, a msgid."""
        return _LABELS[self]

    @property
    def advice(self) -> str:
        """What it may mean and what to do, a msgid."""
        return _ADVICE[self]


_LABELS = {
    Concern.GAP: N_("Numbers are missing before it"),
    Concern.BROKEN_CHAIN: N_("It does not follow on the one before"),
    Concern.AFTER_REVOCATION: N_("Came after the phone was revoked"),
    Concern.CLOCK: N_("The clock was off by more than 10 minutes"),
    Concern.FAR: N_("More than 5 km from the point"),
    Concern.FAST: N_("Many hand-overs within a few seconds each"),
}
_ADVICE = {
    Concern.GAP: N_("Something recorded on the phone has not come yet. Let it send all it holds, or load its file here."),
    Concern.BROKEN_CHAIN: N_("Two phones may share one key, or the storage was put back to an earlier state. Ask for the phone."),
    Concern.AFTER_REVOCATION: N_("Hand-overs among them wait on the conflict desk. Find out who has the phone."),
    Concern.CLOCK: N_("Days and times on the phone were wrong. Set its clock; times here are set right by the server's."),
    Concern.FAR: N_("The phone was used elsewhere, or its place was measured badly. Ask who worked on it."),
    Concern.FAST: N_("A queue is not served so fast. Were tokens scanned without their holders?"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """How often something was seen of one person on one phone, and when it last came in."""

    device_id: int
    operator_id: int
    operator_name: str | None
    concern: Concern
    count: int
    latest_at: dt.datetime


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of a phone to list; None asks for all."""

    device_id: int
    concern: Concern | None = None
    operator_id: int | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event of a phone, as a list shows it."""

    event: DeviceEvent
    operator_name: str | None
    point_name: str


def findings_of(work: Work, device_ids: Collection[int], *, since: dt.datetime | None = None) -> list[Finding]:
    """Return what was seen of these phones, by phone, kind and person; whoever asks has seen the phones."""
    events = _events(work, device_ids)
    conditions = _conditions(events)
    counts = [func.sum(case((condition, 1), else_=0)) for condition in conditions.values()]
    latest = [func.max(case((condition, events.c.received_at))) for condition in conditions.values()]
    query = (
        select(events.c.device_id, events.c.operator_id, User.name, *counts, *latest)
        .outerjoin(User, User.id == events.c.operator_id)
        .group_by(events.c.device_id, events.c.operator_id, User.name)
        .order_by(events.c.device_id, User.name, events.c.operator_id)
    )
    if since is not None:
        query = query.where(events.c.received_at >= since)
    found = []
    for device_id, operator_id, name, *rest in work.session.execute(query):
        for concern, count, latest_at in zip(Concern, rest[: len(Concern)], rest[len(Concern) :], strict=True):
            if count:
                found.append(Finding(device_id, operator_id, name, concern, count, latest_at))
    return found


def phones_to_look_at(work: Work) -> int:
    """Return of how many phones in the actor's areas something came in lately that is to be looked at."""
    lately = select(DeviceEvent.device_id).where(DeviceEvent.received_at >= work.at - RECENT).distinct()
    mine = (
        select(Device.id)
        .join(DeviceAssignment, DeviceAssignment.device_id == Device.id)
        .join(Point, Point.id == DeviceAssignment.point_id)
        .join(Area, Area.id == Point.uc_id)
        .where(within(work, Permission.DEVICE_READ, Area.path), Device.id.in_(lately))
    )
    device_ids = list(work.session.scalars(mine))
    return len({finding.device_id for finding in findings_of(work, device_ids, since=work.at - RECENT)})


def list_events(work: Work, wanted: EventFilter, *, limit: int, offset: int) -> tuple[list[EventRow], int]:
    """Return events of a phone, the last first, and how many there are; whoever asks has seen the phone."""
    events = _events(work, [wanted.device_id])
    query = select(events.c.id)
    if wanted.concern is not None:
        query = query.where(_conditions(events)[wanted.concern])
    if wanted.operator_id is not None:
        query = query.where(events.c.operator_id == wanted.operator_id)
    total = work.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    shown = query.order_by(events.c.counter.desc(), events.c.id.desc()).limit(limit).offset(offset)
    ids = list(work.session.scalars(shown))
    rows = work.session.execute(
        select(DeviceEvent, User.name, Point.name)
        .outerjoin(User, User.id == DeviceEvent.operator_id)
        .join(Point, Point.id == DeviceEvent.point_id)
        .where(DeviceEvent.id.in_(ids))
    )
    by_id = {event.id: EventRow(event, name, point) for event, name, point in rows}
    return [by_id[number] for number in ids], total


def count_rejected(work: Work, device_id: int) -> int:
    """Return how much came under a phone's name that cannot be its events."""
    query = select(func.count()).select_from(RejectedEvent).where(RejectedEvent.device_id == device_id)
    return work.session.scalar(query) or 0


def _events(work: Work, device_ids: Collection[int]) -> Subquery:
    """Return the events of phones beside the one before each in the phone's own order."""
    order = (DeviceEvent.counter, DeviceEvent.id)
    device, operator, kind = DeviceEvent.device_id, DeviceEvent.operator_id, DeviceEvent.kind
    at = _seconds(work)
    earlier_at = func.lag(at, FAST_EVENTS - 1).over(partition_by=(device, operator, kind), order_by=order)
    query = (
        select(
            DeviceEvent.id, device, operator, DeviceEvent.counter, kind, DeviceEvent.received_at,
            DeviceEvent.clock_offset_s, DeviceEvent.distance_m, DeviceEvent.previous_hash, Device.revoked_at,
            func.coalesce(func.lag(DeviceEvent.counter).over(partition_by=device, order_by=order), 0).label("before"),
            func.lag(DeviceEvent.event_hash).over(partition_by=device, order_by=order).label("hash_before"),
            (at - earlier_at).label("run_s"),
        )
        .join(Device, Device.id == device)
        .where(device.in_(device_ids))
    )  # fmt: skip
    return query.subquery("events")


def _conditions(events: Subquery) -> dict[Concern, ColumnElement[bool]]:
    c = events.c
    follows = c.counter == c.before + 1
    return {
        Concern.GAP: c.counter > c.before + 1,
        Concern.BROKEN_CHAIN: or_(c.counter == c.before, and_(follows, c.previous_hash != c.hash_before)),
        Concern.AFTER_REVOCATION: c.received_at > c.revoked_at,
        Concern.CLOCK: func.abs(c.clock_offset_s) > CLOCK_TOLERANCE.total_seconds(),
        Concern.FAR: c.distance_m > FAR_M,
        Concern.FAST: and_(c.kind == EventKind.HAND_OVER.value, c.run_s.between(0, FAST_WITHIN.total_seconds())),
    }


def _seconds(work: Work) -> ColumnElement[Any]:
    """Return when an event happened by its phone, as seconds, in the words of the database."""
    if work.dialect == "sqlite":
        return func.julianday(DeviceEvent.device_at, type_=Float) * 86_400
    return extract("epoch", DeviceEvent.device_at)
