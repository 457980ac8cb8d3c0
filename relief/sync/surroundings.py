"""What the events of one batch stand among: points, campaigns, tables, and who was allowed what; each looked up once."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from relief.accounts.queries import actor_of
from relief.distributions.claims import Table, table_at
from relief.kernel.errors import NotFound
from relief.kernel.permissions import Permission
from relief.store.statement import Statement
from relief.store.work import Work
from relief.sync.envelopes import Opened
from relief.sync.requests import KnownDevice, PointFacts

_POINT = Statement(
    "SELECT p.id, p.number, p.code, p.name, p.lon, p.lat, p.uc_id, a.path FROM point p JOIN area a ON a.id = p.uc_id"
    " WHERE p.number = :number"
)
_CAMPAIGN = Statement("SELECT id FROM campaign WHERE number = :number")
_STAFF = Statement("SELECT user_id FROM day_staff WHERE day_id = :day_id")


class Surroundings:
    """Looks up, and remembers for one unit of work."""

    def __init__(self, work: Work, device: KnownDevice, *, is_revoked: bool) -> None:
        self._work = work
        self._device = device
        self._is_revoked = is_revoked
        self.point = cache(self._point)
        self.campaign_id = cache(self._campaign_id)
        self._table = cache(self._table_at)
        self._staff = cache(self._staff_of)
        self._may = cache(self._may_hand_over)

    def table(self, opened: Opened, held_on: dt.date) -> Table:
        """Return the table at which a hand-over was made; its point and campaign were looked up before."""
        point, campaign_id = self.point(opened.payload.point), self.campaign_id(opened.payload.campaign)
        assert point is not None and campaign_id is not None, "what names no point or campaign was rejected"
        return self._table(campaign_id, point.id, held_on)

    def is_assigned(self, opened: Opened, table: Table) -> bool:
        """Return whether the operator was to work at that table; on a day without distribution that is another matter."""
        return table.day_id is None or opened.payload.operator in self._staff(table.day_id)

    def is_trusted(self, opened: Opened, table: Table) -> bool:
        """Return whether the phone was for this point and day, and its operator is who signed in on it and still may.

        As the server knows it now: a phone's clock cannot say that something happened before it was revoked.
        """
        is_for_it = table.point_id == self._device.point.id and table.held_on in self._device.days
        is_who = opened.is_operators and self._may(opened.payload.operator, table.area_path)
        return is_for_it and is_who and not self._is_revoked

    def _point(self, number: int) -> PointFacts | None:
        if number == self._device.point.number:
            return self._device.point
        row = _POINT.row(self._work, {"number": number})
        return PointFacts(*row) if row else None

    def _campaign_id(self, number: int | None) -> int | None:
        row: Any = None if number is None else _CAMPAIGN.row(self._work, {"number": number})
        return int(row[0]) if row else None

    def _table_at(self, campaign_id: int, point_id: int, held_on: dt.date) -> Table:
        return table_at(self._work, campaign_id=campaign_id, point_id=point_id, held_on=held_on)

    def _staff_of(self, day_id: int) -> frozenset[int]:
        return frozenset(row[0] for row in _STAFF.rows(self._work, {"day_id": day_id}))

    def _may_hand_over(self, user_id: int, area_path: str) -> bool:
        try:
            return actor_of(self._work, user_id).may(Permission.HAND_OVER, area_path)
        except NotFound:
            return False
