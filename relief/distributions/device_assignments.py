"""At which point and on which days a phone is used."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from relief.distributions.model import DayStaff, DeviceAssignment, DistributionDay
from relief.kernel.dates import DateRange
from relief.kernel.errors import InvalidInput, Problem
from relief.kernel.messages import N_
from relief.store.work import Work

# Days that a phone still tells of: what was given yesterday may be undone, or be seen to be given already.
DAYS_BEFORE = dt.timedelta(days=60)
# A roster for months would be a register of the district in a pocket.
LONGEST = dt.timedelta(days=92)


def assign(work: Work, device_id: int, point_id: int, days: DateRange) -> None:
    """Let a phone be used at a point on these days, in place of what was said before. Raises: InvalidInput "device.too_long"."""
    if days.last_on - days.first_on > LONGEST:
        message = N_("A phone is enrolled for at most %(count)s days at a time.")
        raise InvalidInput.of([Problem("last_on", "device.too_long", message, {"count": LONGEST.days})])
    row = work.session.get(DeviceAssignment, device_id) or DeviceAssignment(device_id=device_id)
    row.point_id, row.first_on, row.last_on = point_id, days.first_on, days.last_on
    work.session.add(row)
    work.session.flush()


def days_staffed(work: Work, point_id: int, user_ids: list[int], days: DateRange) -> dict[int, list[dt.date]]:
    """Return for each person the days on which they are assigned to the point, in order."""
    query = (
        select(DayStaff.user_id, DistributionDay.held_on)
        .join(DistributionDay, DistributionDay.id == DayStaff.day_id)
        .where(
            DistributionDay.point_id == point_id,
            DistributionDay.held_on.between(days.first_on - DAYS_BEFORE, days.last_on),
            DayStaff.user_id.in_(user_ids),
        )
        .distinct()
        .order_by(DistributionDay.held_on)
    )
    found: dict[int, list[dt.date]] = {user_id: [] for user_id in user_ids}
    for user_id, held_on in work.session.execute(query):
        found[user_id].append(held_on)
    return found
