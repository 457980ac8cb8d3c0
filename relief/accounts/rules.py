"""What is decided about accounts without looking anything up: waits after failures, ends of sign-ins, scope of grants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from relief.kernel.actor import Grant
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
