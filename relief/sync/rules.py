"""What a phone's event may be, how the server answers, and what of it a coordinator should look at."""

from __future__ import annotations

import datetime as dt
import enum

from pyproj import Geod

from relief.kernel.messages import N_

MOST_EVENTS = 500
# Beyond this a phone's clock is listed; the order of the server counts in any case.
CLOCK_TOLERANCE = dt.timedelta(minutes=10)
FAR_M = 5_000

_EARTH = Geod(ellps="WGS84")


class EventKind(enum.StrEnum):
    """What was done on a phone."""

    SCAN = "scan"
    HAND_OVER = "hand_over"
    UNDO = "undo"


class PictureKind(enum.StrEnum):
    """What a picture shows."""

    PHOTO = "photo"
    SIGNATURE = "signature"

    @property
    def label(self) -> str:
        """What it is, a msgid."""
        return _PICTURE_LABELS[self]


_PICTURE_LABELS = {PictureKind.PHOTO: N_("Photo of the holder"), PictureKind.SIGNATURE: N_("Signature")}


class Answer(enum.StrEnum):
    """How the server answers an event. Each is the last word: the phone need not send it again."""

    CREATED = "created"
    EXISTS = "exists"
    EXISTS_WITH_DIFFERENT_CONTENT = "exists_with_different_content"
    CONFLICT = "conflict"
    REJECTED = "rejected"


class Undoing(enum.StrEnum):
    """Why what was undone on a phone could not be undone here; the last two as `distributions.voiding` has them."""

    NOTHING_TO_UNDO = "void.nothing_to_undo"
    ALREADY_UNDONE = "void.already_undone"
    LATER_FIRST = "void.later_first"

    @property
    def message(self) -> str:
        """What the phone's owner reads, a msgid."""
        return _UNDOING[self]


_UNDOING = {
    Undoing.NOTHING_TO_UNDO: N_("This phone has sent no such hand-over. Tell the coordinator what came back."),
    Undoing.ALREADY_UNDONE: N_("This hand-over was undone before."),
    Undoing.LATER_FIRST: N_("The rest was handed over later. Undo that first."),
}


class Rejection(enum.StrEnum):
    """Why something cannot be an event of the phone that it names."""

    UNSEALED = "event.cannot_be_opened"
    MALFORMED = "event.malformed"
    OTHER_EVENT = "event.other_id"
    OTHER_DEVICE = "event.other_device"
    NOT_SIGNED = "event.bad_signature"
    UNKNOWN_POINT = "event.unknown_point"

    @property
    def message(self) -> str:
        """What the phone's owner reads, a msgid."""
        return _MESSAGES[self]


_MESSAGES = {
    Rejection.UNSEALED: N_("This cannot be opened: it was damaged, or sealed for another server."),
    Rejection.MALFORMED: N_("This is not an event as phones write it. The app may be too old."),
    Rejection.OTHER_EVENT: N_("The envelope and its content name different events."),
    Rejection.OTHER_DEVICE: N_("This event was made by another phone."),
    Rejection.NOT_SIGNED: N_("The phone's signature does not hold: the event was changed, or is not from this phone."),
    Rejection.UNKNOWN_POINT: N_("There is no such distribution point or campaign here."),
}


def set_right(device_at: dt.datetime, *, offset: dt.timedelta, now: dt.datetime) -> dt.datetime:
    """Return when it happened by the server's clock; nothing happens after it was heard of.

    Args: offset: by how much the phone's clock was ahead when it sent.
    """
    try:
        return min(device_at - offset, now)
    except OverflowError:  # The clock jumped by millennia in between, and tells nothing.
        return now


def distance_m(place: tuple[float, float], other: tuple[float, float]) -> int:
    """Return the metres between two places given as (lon, lat) in degrees, on the WGS84 ellipsoid."""
    return round(float(_EARTH.inv(*place, *other)[2]))
