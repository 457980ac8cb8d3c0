"""What is decided about accounts without looking anything up: waits after failures, ends of sign-ins, scope of grants, phones."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection

from relief.kernel.actor import Grant
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission, permissions_of

IDLE_LIMIT = dt.timedelta(hours=12)
LONGEST_SIGN_IN = dt.timedelta(days=7)
SEEN_STEP = dt.timedelta(minutes=10)

# A tent shares one network address: many may mistype there before it counts as guessing.
FREE_FAILURES_OF_ACCOUNT = 5
FREE_FAILURES_OF_ADDRESS = 30
FIRST_WAIT = dt.timedelta(seconds=15)
LONGEST_WAIT = dt.timedelta(minutes=15)
FAILURES_FORGOTTEN_AFTER = dt.timedelta(hours=24)
KNOWN_ADDRESS_FOR = dt.timedelta(days=30)


def wait_after(failures: int, free: int) -> dt.timedelta:
    """Return how long nobody may try again: nothing for the free failures, then doubling up to a quarter of an hour.

    It never grows further: an account is never locked out for good, and an attacker gets under a hundred tries a day.
    """
    if failures < free:
        return dt.timedelta(0)
    doubled = 1 << min(failures - free, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def is_over(seen_at: dt.datetime, expires_at: dt.datetime, at: dt.datetime) -> bool:
    """Return whether a sign-in has lain unused too long, or reached its end."""
    return at >= expires_at or at - seen_at >= IDLE_LIMIT


def is_covered(path: str, by: Collection[str]) -> bool:
    """Return whether the area path lies in one of the others."""
    return any(path.startswith(outer) for outer in by)


def leaves_nobody(removed: Collection[Grant], remaining: Collection[Grant]) -> bool:
    """Return whether taking grants away leaves an area without anybody who may manage its accounts.

    Args: removed: the grants that would go; remaining: the open grants of all other active people.
    """

    def managed(grants: Collection[Grant]) -> list[str]:
        return [g.area_path for g in grants if Permission.ACCOUNT_MANAGE in permissions_of(g.role)]

    return any(not is_covered(path, managed(remaining)) for path in managed(removed))


class DeviceState(enum.StrEnum):
    """Where a phone stands. What a revoked one recorded is still taken in."""

    INVITED = "invited"
    ACTIVE = "active"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        """The state's name, a msgid."""
        return _DEVICE_LABELS[self]


_DEVICE_LABELS = {
    DeviceState.INVITED: N_("Waits for its phone"),
    DeviceState.ACTIVE: N_("In use"),
    DeviceState.REVOKED: N_("Revoked"),
}

INVITATION_FOR = dt.timedelta(hours=24)
# A contact sooner than this after the last is not worth a write, nor is a clock that moved by less than that.
CONTACT_STEP = dt.timedelta(minutes=5)
CLOCK_STEP = dt.timedelta(seconds=30)


def is_contact_news(
    seen_at: dt.datetime | None, at: dt.datetime, *, known_offset_ms: int | None, offset_ms: int
) -> bool:
    """Return whether a phone's contact tells enough that is new to be written down."""
    if seen_at is None or known_offset_ms is None or at - seen_at >= CONTACT_STEP:
        return True
    return abs(offset_ms - known_offset_ms) >= CLOCK_STEP / dt.timedelta(milliseconds=1)
