"""Entitlements that families have not, or not wholly, received: what is promised and still to be handed over."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.reports.scope import Place, Scope
from relief.store.statement import Statement
from relief.store.work import Work


class State(enum.StrEnum):
    """How far an entitlement has come."""

    NOT_YET = "not_yet"
    PARTLY = "partly"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _LABELS[self]


_LABELS = {State.NOT_YET: N_("Nothing received yet"), State.PARTLY: N_("Received in part")}


@dataclass(frozen=True, slots=True)
class WaitingFilter:
    """Which entitlements to list; None asks for all."""

    campaign_id: int | None = None
    area_id: int | None = None
    state: State | None = None


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One entitlement: its number in the campaign, its family, and what it was worth and brought so far."""

    entitlement_id: int
    campaign_code: str
    serial: int
    family_id: int
    family_number: int
    place: Place | None
    entitled: Money
    received: Money

    @property
    def left(self) -> Money:
        """What is still to be handed over."""
        return self.entitled - self.received

    @property
    def state(self) -> State:
        """How far it has come."""
        return State.PARTLY if self.received else State.NOT_YET


# The rows and how many there are come from one walk over entitlements and hand-overs.
_WAITING = """
SELECT e.id, c.code, e.serial, e.family_id, (SELECT number FROM family f WHERE f.id = e.family_id), e.uc_id, k.paisa,
       COALESCE(r.paisa, 0), COUNT(*) OVER ()
FROM entitlement e JOIN campaign c ON c.id = e.campaign_id
JOIN (
  SELECT b.campaign_id, b.band_no,
         CAST(SUM(l.amount_paisa + l.quantity * l.unit_cost_paisa) * MAX(o.instalments) AS BIGINT) AS paisa
  FROM package_band b JOIN package_line l ON l.band_id = b.id JOIN campaign o ON o.id = b.campaign_id
  GROUP BY b.campaign_id, b.band_no
) k ON k.campaign_id = e.campaign_id AND k.band_no = e.band_no
LEFT JOIN (
  SELECT entitlement_id, CAST(SUM(cash_paisa + goods_paisa) AS BIGINT) AS paisa FROM hand_over
  WHERE kind <> 'conflict' GROUP BY entitlement_id
) r ON r.entitlement_id = e.id
WHERE COALESCE(r.paisa, 0) < k.paisa {conditions}
ORDER BY c.code, e.serial LIMIT :most OFFSET :skipped
"""
_STATES = {None: "", State.NOT_YET: "AND COALESCE(r.paisa, 0) = 0", State.PARTLY: "AND r.paisa <> 0"}


def list_waiting(work: Work, wanted: WaitingFilter, *, limit: int, offset: int) -> tuple[list[WaitingRow], int]:
    """Return the entitlements asked for within the areas seen, by campaign and serial, and how many there are.

    Raises: Forbidden, NotFound "area.not_found".
    """
    scope = Scope.of(work, Permission.FUND_READ)
    statement = Statement(_WAITING.format(conditions=_conditions(wanted, scope)))
    rows = statement.rows(work, {"most": limit, "skipped": offset})
    return list(_read(rows, scope)), int(rows[0][-1]) if rows else 0


def _read(rows: list[Any], scope: Scope) -> Iterator[WaitingRow]:
    for number, code, serial, family_id, family_number, uc_id, entitled, received, _total in rows:
        place = scope.places.get(uc_id)
        yield WaitingRow(number, code, serial, family_id, family_number, place, Money(entitled), Money(received))


def _conditions(wanted: WaitingFilter, scope: Scope) -> str:
    inside = scope.require(wanted.area_id)
    conditions = _STATES[wanted.state]
    if inside is not None or not scope.sees_all:
        ids = sorted(scope.places if inside is None else scope.within(inside)) or [0]
        conditions += f" AND e.uc_id IN ({', '.join(map(str, ids))})"
    if wanted.campaign_id is not None:
        conditions += f" AND e.campaign_id = {int(wanted.campaign_id)}"
    return conditions
