"""Reading the verdicts of allocations, one family at a time or summed up, within the areas of the reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from relief.entitlements.model import Allocation, Verdict, VerdictGround
from relief.entitlements.queries import get_allocation, uc_within
from relief.entitlements.rules import AllocationState
from relief.entitlements.tally import JudgedAlike, Tally, costs_of
from relief.families.model import Family
from relief.geography.model import Area
from relief.kernel.codes import FamilyCode
from relief.kernel.permissions import Permission
from relief.programmes.eligibility import Reason
from relief.programmes.eligibility import Verdict as Finding
from relief.programmes.model import Campaign
from relief.programmes.queries import get_campaign, package_of, touches
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One family's verdict in an allocation."""

    family_id: int
    family_code: FamilyCode
    head_name: str
    size: int
    uc_code: str
    name_en: str
    name_ur: str | None
    name_sd: str | None
    is_eligible: bool
    band_no: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class FamilyVerdictRow:
    """What one allocation said of a family."""

    campaign_id: int
    campaign_name: str
    judged_at: dt.datetime
    state: AllocationState
    is_eligible: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class VerdictFilter:
    """Which verdicts of an allocation are asked for."""

    allocation_id: int
    is_eligible: bool | None = None
    reason: Reason | None = None
    area_path: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list, in which order."""

    sort: str
    descending: bool
    limit: int
    offset: int


_VERDICTS = (
    select(
        Verdict.family_id, Family.number, Family.head_name, Family.size, Area.code.label("uc_code"), Area.name_en,
        Area.name_ur, Area.name_sd, Verdict.is_eligible, Verdict.band_no, Verdict.ground_no,
    )
    .join(Family, Family.id == Verdict.family_id)
    .join(Area, Area.id == Verdict.uc_id)
)  # fmt: skip
_STREAM_ROWS = 5_000
VERDICT_SORTS = {"code": Family.number, "head": Family.search_key, "uc": Area.code, "size": Family.size}


def tally_of(work: Work, allocation_id: int) -> Tally:
    """Return the figures of an allocation within the areas in which the actor may read campaigns."""
    allocation = get_allocation(work, allocation_id)
    campaign = get_campaign(work, allocation.campaign_id)
    findings = _findings(work, allocation_id)
    within = uc_within(Verdict.uc_id, work.actor.paths(Permission.CAMPAIGN_READ))
    groups = (Verdict.uc_id, Verdict.band_no, Verdict.ground_no)
    rows = work.session.execute(
        select(*groups, func.count()).where(Verdict.allocation_id == allocation_id, within).group_by(*groups)
    )
    judged = (
        JudgedAlike(uc_id, band_no, findings[ground_no], families) for uc_id, band_no, ground_no, families in rows
    )
    bands = ((band.band_no, band.cost) for band in package_of(work, campaign.id))
    return Tally.of(judged, costs_of(bands, campaign.instalments))


def list_verdicts(work: Work, wanted: VerdictFilter, page: Page) -> tuple[list[VerdictRow], int]:
    """Return one page of an allocation's verdicts within the areas in which the actor may read families, and how many there are."""
    findings = _findings(work, wanted.allocation_id)
    conditions = _conditions(work, wanted, findings)
    total = work.session.scalar(select(func.count()).select_from(Verdict).where(*conditions)) or 0
    key = VERDICT_SORTS[page.sort]
    query = _VERDICTS.where(*conditions).order_by(key.desc() if page.descending else key.asc(), Family.id)
    rows = work.session.execute(query.limit(page.limit).offset(page.offset)).mappings()
    return [_verdict(dict(row), findings) for row in rows], total


def stream_verdicts(work: Work, wanted: VerdictFilter) -> Iterator[VerdictRow]:
    """Yield the same verdicts by the family's number, few in memory at a time."""
    findings = _findings(work, wanted.allocation_id)
    query = _VERDICTS.where(*_conditions(work, wanted, findings)).order_by(Family.number)
    with work.session.execute(query.execution_options(yield_per=_STREAM_ROWS)) as rows:
        for row in rows.mappings():
            yield _verdict(dict(row), findings)


def verdicts_of_family(work: Work, family_id: int) -> list[FamilyVerdictRow]:
    """Return what each allocation that the actor may see said of a family, the latest first; who asks may read the family."""
    columns = (
        Campaign.id.label("campaign_id"), Campaign.name.label("campaign_name"), Allocation.proposed_at.label("judged_at"),
        Allocation.state, Verdict.is_eligible, VerdictGround.reasons,
    )  # fmt: skip
    ground = and_(VerdictGround.allocation_id == Verdict.allocation_id, VerdictGround.ground_no == Verdict.ground_no)
    query = (
        select(*columns)
        .select_from(Allocation)
        .join(Verdict, and_(Verdict.allocation_id == Allocation.id, Verdict.family_id == family_id))
        .join(VerdictGround, ground)
        .join(Campaign, Campaign.id == Allocation.campaign_id)
        .join(Area, Area.id == Campaign.area_id)
        .where(touches(work.actor.paths(Permission.CAMPAIGN_READ)))
        .order_by(Allocation.id.desc())
    )
    rows = [dict(row) for row in work.session.execute(query).mappings()]
    return [FamilyVerdictRow(reasons=tuple(map(Reason, row.pop("reasons"))), **row) for row in rows]


def _conditions(work: Work, wanted: VerdictFilter, findings: Mapping[int, Finding]) -> list[ColumnElement[bool]]:
    get_allocation(work, wanted.allocation_id)
    conditions = [
        Verdict.allocation_id == wanted.allocation_id,
        uc_within(Verdict.uc_id, work.actor.paths(Permission.FAMILY_READ)),
    ]
    if wanted.is_eligible is not None:
        conditions.append(Verdict.is_eligible == wanted.is_eligible)
    if wanted.reason is not None:
        grounds = [number for number, finding in findings.items() if wanted.reason in finding.reasons]
        conditions.append(Verdict.ground_no.in_(grounds))
    if wanted.area_path is not None:
        conditions.append(uc_within(Verdict.uc_id, [wanted.area_path]))
    return conditions


def _findings(work: Work, allocation_id: int) -> dict[int, Finding]:
    query = select(VerdictGround.ground_no, VerdictGround.is_eligible, VerdictGround.reasons)
    rows = work.session.execute(query.where(VerdictGround.allocation_id == allocation_id))
    return {number: Finding(is_eligible, tuple(map(Reason, reasons))) for number, is_eligible, reasons in rows}


def _verdict(row: dict[str, Any], findings: Mapping[int, Finding]) -> VerdictRow:
    code, reasons = FamilyCode.of(row.pop("number")), findings[row.pop("ground_no")].reasons
    return VerdictRow(family_code=code, reasons=reasons, **row)
