"""Calendar days of Pakistan and spans of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

# Pakistan keeps UTC+5 all year since 2009; the day of a hand-over is the day at the distribution point.
PAKISTAN = dt.timezone(dt.timedelta(hours=5), "PKT")


def local_day(at: dt.datetime) -> dt.date:
    """Return the day in Pakistan of an aware instant."""
    return at.astimezone(PAKISTAN).date()


@dataclass(frozen=True, slots=True)
class DateRange:
    """The days from the first to the last, both included."""

    first_on: dt.date
    last_on: dt.date

    def __post_init__(self) -> None:
        if self.last_on < self.first_on:
            raise InvalidInput("dates.reversed", N_("The last day lies before the first."))

    def __contains__(self, day: dt.date) -> bool:
        return self.first_on <= day <= self.last_on

    @property
    def days(self) -> int:
        """How many days the range has."""
        return (self.last_on - self.first_on).days + 1
