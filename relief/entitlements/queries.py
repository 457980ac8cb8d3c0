"""Reading allocations, verdicts and entitlements within the areas of the reader."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from relief.entitlements.model import Allocation, Entitlement, Verdict
from relief.entitlements.rules import AllocationState
from relief.families.model import Family, HeldRegistration, HeldState
from relief.families.rules import FamilyState
from relief.geography.model import Area
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.ledger.rules import Cost
from relief.programmes.model import Campaign
from relief.programmes.queries import touches
from relief.store.statement import Statement
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """An allocation with the figures that were proposed and what came of it."""

    id: int
    campaign_id: int
    state: AllocationState
    families_in: int
    families_out: int
    families_entitled: int
    cost: Cost
    proposed_at: dt.datetime
    proposed_by: int
    decided_at: dt.datetime | None
    decided_by: int | None
    decision_reason: str


_ALLOCATIONS = (
    select(
        Allocation.id, Allocation.campaign_id, Allocation.state, Allocation.families_in, Allocation.families_out,
        Allocation.families_entitled, Allocation.cost_paisa, Allocation.goods_paisa, Allocation.proposed_at,
        Allocation.proposed_by, Allocation.decided_at, Allocation.decided_by, Allocation.decision_reason,
    )
    .join(Campaign, Campaign.id == Allocation.campaign_id)
    .join(Area, Area.id == Campaign.area_id)
    .order_by(Allocation.id.desc())
)  # fmt: skip
_COMMITTED = Statement(
    "SELECT CAST(COALESCE(SUM(c.amount_paisa - c.goods_paisa), 0) AS BIGINT), CAST(COALESCE(SUM(c.goods_paisa), 0) AS BIGINT)"
    " FROM allocation a JOIN commitment c ON c.source_kind = 'allocation' AND c.source_id = CAST(a.id AS TEXT)"
    " WHERE a.campaign_id = :campaign_id"
)
_DISBURSED = Statement(
    "SELECT CAST(COALESCE(SUM(CASE '5100' WHEN debit THEN amount_paisa WHEN credit THEN -amount_paisa END), 0) AS BIGINT),"
    " CAST(COALESCE(SUM(CASE '5200' WHEN debit THEN amount_paisa WHEN credit THEN -amount_paisa END), 0) AS BIGINT)"
    " FROM posting WHERE campaign_id = :campaign_id"
)


def get_allocation(work: Work, allocation_id: int) -> AllocationRow:
    """Return the allocation if the actor may see its campaign. Raises: NotFound "allocation.not_found"."""
    found = _allocations(work, _ALLOCATIONS.where(Allocation.id == allocation_id))
    if not found:
        raise NotFound("allocation.not_found", N_("There is no such allocation."))
    return found[0]


def list_allocations(
    work: Work, campaign_id: int | None = None, state: AllocationState | None = None
) -> list[AllocationRow]:
    """Return the allocations of a campaign, or of all that the actor may see, the latest first."""
    query = _ALLOCATIONS
    if campaign_id is not None:
        query = query.where(Allocation.campaign_id == campaign_id)
    if state is not None:
        query = query.where(Allocation.state == state)
    return _allocations(work, query)


def held_registrations(work: Work, area_path: str) -> int:
    """Return how many registrations of an area wait for a decision on a duplicate."""
    waiting = (HeldRegistration.state == HeldState.WAITING, uc_within(HeldRegistration.uc_id, [area_path]))
    return work.session.scalar(select(func.count()).select_from(HeldRegistration).where(*waiting)) or 0


def no_longer_registered(work: Work, allocation_id: int) -> int:
    """Return how many families of an allocation were excluded since it was proposed; an approval leaves them out."""
    query = select(func.count()).select_from(Verdict).join(Family, Family.id == Verdict.family_id)
    gone = Family.state != FamilyState.ACTIVE
    return work.session.scalar(query.where(Verdict.allocation_id == allocation_id, Verdict.is_eligible, gone)) or 0


def entitled_by_uc(work: Work, campaign_id: int) -> dict[int, int]:
    """Return how many families are entitled in each Union Council of the actor's areas."""
    within = uc_within(Entitlement.uc_id, work.actor.paths(Permission.CAMPAIGN_READ))
    query = select(Entitlement.uc_id, func.count()).where(Entitlement.campaign_id == campaign_id, within)
    return dict(work.session.execute(query.group_by(Entitlement.uc_id)).all())


def entitled_by_uc_and_band(work: Work, campaign_id: int) -> dict[int, Counter[int]]:
    """Return, for each Union Council of the actor's areas, how many families are entitled in each band of the package."""
    within = uc_within(Entitlement.uc_id, work.actor.paths(Permission.CAMPAIGN_READ))
    query = select(Entitlement.uc_id, Entitlement.band_no, func.count()).where(
        Entitlement.campaign_id == campaign_id, within
    )
    found: dict[int, Counter[int]] = {}
    for uc_id, band_no, count in work.session.execute(query.group_by(Entitlement.uc_id, Entitlement.band_no)):
        found.setdefault(uc_id, Counter())[band_no] = count
    return found


def committed_of(work: Work, campaign_id: int) -> Cost:
    """Return what the approved allocations of a campaign promised in all."""
    return _cost(_COMMITTED.row(work, {"campaign_id": campaign_id}))


def disbursed_of(work: Work, campaign_id: int) -> Cost:
    """Return what families have received in a campaign, by the ledger."""
    return _cost(_DISBURSED.row(work, {"campaign_id": campaign_id}))


def outstanding_of(work: Work, campaign_id: int) -> Cost:
    """Return what was promised in a campaign and not handed over yet."""
    committed, disbursed = committed_of(work, campaign_id), disbursed_of(work, campaign_id)
    return Cost(committed.cash - disbursed.cash, committed.goods - disbursed.goods)


def _cost(row: Any) -> Cost:
    cash, goods = row
    return Cost(Money(cash), Money(goods))


def uc_within(uc_id: Any, paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a Union Council lies in one of the areas; in none if there are none."""
    areas = select(Area.id).where(or_(false(), *(Area.path.startswith(path) for path in paths)))
    condition: ColumnElement[bool] = uc_id.in_(areas)
    return condition


def _allocations(work: Work, query: Select[*tuple[Any, ...]]) -> list[AllocationRow]:
    visible = query.where(touches(work.actor.paths(Permission.CAMPAIGN_READ)))
    return [_allocation(dict(row)) for row in work.session.execute(visible).mappings()]


def _allocation(row: dict[str, Any]) -> AllocationRow:
    goods = Money(row.pop("goods_paisa"))
    return AllocationRow(cost=Cost(Money(row.pop("cost_paisa")) - goods, goods), **row)
