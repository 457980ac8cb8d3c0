"""Allocating a campaign to families: a dry run, a proposal with a verdict for each family, and another person's decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select

from relief.audit.trail import Deed, record
from relief.entitlements.judging import Told, judged_families
from relief.entitlements.model import Allocation, Entitlement
from relief.entitlements.queries import get_allocation, held_registrations
from relief.entitlements.rules import AllocationState, refusal_to_decide, refusal_to_propose
from relief.entitlements.sealing import entitlements_digest
from relief.entitlements.tally import JudgedAlike, Tally, costs_of
from relief.entitlements.verdicts import VerdictBook
from relief.kernel.errors import Forbidden, InvalidInput, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.ledger.commitments import commit_fund
from relief.ledger.queries import get_fund
from relief.ledger.rules import Cost, FundFigures
from relief.programmes.eligibility import Verdict as Finding
from relief.programmes.planning import lock_campaign, move_campaign
from relief.programmes.queries import BandRow, CampaignRow, get_campaign, package_of, plan_digest
from relief.programmes.rules import CampaignState
from relief.store.statement import Statement
from relief.store.statistics import refresh_statistics
from relief.store.work import Work

LONGEST_REASON = 500

# Serials are dense and go on where the last allocation ended; families of one Union Council stand together on paper.
_ENTITLE = Statement(
    "INSERT INTO entitlement (campaign_id, serial, family_id, band_no, uc_id, allocation_id)"
    " SELECT :campaign_id, :last_serial + ROW_NUMBER() OVER (ORDER BY v.uc_id, v.family_id), v.family_id, v.band_no, v.uc_id,"
    " :allocation_id FROM verdict v JOIN family f ON f.id = v.family_id AND f.state = 'active'"
    " WHERE v.allocation_id = :allocation_id AND v.is_eligible"
)
_LAST_SERIAL = Statement("SELECT COALESCE(MAX(serial), 0) FROM entitlement WHERE campaign_id = :campaign_id")
_BY_BAND = Statement(
    "SELECT band_no, COUNT(*) FROM entitlement WHERE campaign_id = :campaign_id AND serial > :last_serial GROUP BY band_no"
)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an allocation would be if it were proposed now; nothing of it is kept.

    `held` registrations wait for a decision on a duplicate, and `entitled` families are in by an earlier allocation:
    both are left out of the tally.
    """

    campaign: CampaignRow
    tally: Tally
    held: int
    entitled: int
    fund: FundFigures

    @property
    def fund_suffices(self) -> bool:
        """Whether an approval would find enough money."""
        return self.fund.commit(self.tally.cost).is_sound


@dataclass(frozen=True, slots=True)
class DecideAllocation:
    """A person's decision on a proposed allocation; a rejection says why."""

    allocation_id: int
    approve: bool
    reason: str = ""


def dry_run(work: Work, campaign_id: int, told: Told = lambda _families: None) -> DryRun:
    """Return which families a proposal would hold now, why, and at what cost. Raises: Forbidden, NotFound."""
    campaign = get_campaign(work, campaign_id)
    if not any(
        work.actor.may(p, campaign.area_path) for p in (Permission.CAMPAIGN_PROPOSE, Permission.CAMPAIGN_APPROVE)
    ):
        raise Forbidden("access.forbidden", N_("Your role does not allow this here. Ask your coordinator."))
    bands = package_of(work, campaign_id)
    counts: Counter[tuple[int, int, Finding]] = Counter()
    for judged in judged_families(work, campaign, bands, told):
        counts.update([(one.uc_id, one.band_no, one.verdict) for one in judged])
    last_serial = _LAST_SERIAL.row(work, {"campaign_id": campaign_id})[0]
    fund = get_fund(work, campaign.fund_id).figures
    held = held_registrations(work, campaign.area_path)
    return DryRun(campaign, _tally(counts, campaign, bands), held, last_serial, fund)


def propose_allocation(work: Work, campaign_id: int, told: Told = lambda _families: None) -> int:
    """Judge every active family that the campaign has not entitled yet, keep the verdicts, and return the allocation's id.

    Package and criteria are fixed from here on, unless the allocation is rejected.
    Raises: Forbidden, NotFound "campaign.not_found", RuleViolation "allocation.needs_a_person", "allocation.already_proposed",
        "campaign.wrong_state", "allocation.nobody".
    """
    row = lock_campaign(work, campaign_id)
    campaign = get_campaign(work, campaign_id)
    work.actor.require(Permission.CAMPAIGN_PROPOSE, campaign.area_path)
    waiting = exists().where(Allocation.campaign_id == campaign_id, Allocation.state == AllocationState.PROPOSED)
    is_open = bool(work.session.scalar(select(waiting)))
    refusal = refusal_to_propose(row.state, is_system=work.actor.is_system, is_open=is_open)
    if refusal is not None:
        raise RuleViolation(*refusal)
    if row.state is CampaignState.DRAFT:
        move_campaign(row, CampaignState.PROPOSED)
    allocation = Allocation(
        campaign_id=campaign_id, state=AllocationState.PROPOSED, families_in=0, families_out=0, cost_paisa=0,
        proposed_at=work.at, proposed_by=int(work.actor.id), decision_reason="",
    )  # fmt: skip
    work.session.add(allocation)
    work.session.flush()
    bands = package_of(work, campaign_id)
    verdicts = VerdictBook(work, allocation.id)
    for judged in judged_families(work, campaign, bands, told):
        verdicts.write(judged)
    verdicts.close()
    tally = _tally(verdicts.counts, campaign, bands)
    if not tally.families_in:
        raise RuleViolation("allocation.nobody", N_("No registered family meets the criteria. Nothing was proposed."))
    allocation.families_in, allocation.families_out = tally.families_in, tally.families_out
    allocation.cost_paisa, allocation.goods_paisa = tally.cost.total.paisa, tally.cost.goods.paisa
    work.session.flush()
    detail = {
        "campaign": campaign_id, "in": tally.families_in, "out": tally.families_out, "paisa": tally.cost.total.paisa,
        "plan": plan_digest(work, campaign).hex(),
    }  # fmt: skip
    record(work, _deed(allocation, campaign, "allocation.proposed", detail, verdicts.seal.digest()))
    return allocation.id


def decide_allocation(work: Work, command: DecideAllocation) -> int:
    """Approve or reject a proposed allocation; return how many families are entitled by it.

    An approval promises the fund's money for every family, or is refused whole. Families that were excluded since the proposal
    are left out. A campaign whose first allocation is rejected becomes a draft again.
    Raises: Forbidden, NotFound "allocation.not_found", InvalidInput, RuleViolation "allocation.needs_a_person",
        "allocation.already_decided", "allocation.own_proposal", "allocation.nobody", "fund.too_little".
    """
    campaign_id = get_allocation(work, command.allocation_id).campaign_id
    row = lock_campaign(work, campaign_id)  # Two who decide at once queue here, and the second finds it decided.
    campaign = get_campaign(work, campaign_id)
    work.actor.require(Permission.CAMPAIGN_APPROVE, campaign.area_path)
    allocation = work.session.get(Allocation, command.allocation_id, populate_existing=True)
    assert allocation is not None
    refusal = refusal_to_decide(allocation.state, proposer_id=allocation.proposed_by, decider=work.actor)
    if refusal is not None:
        raise RuleViolation(*refusal)
    allocation.decision_reason = _reason(command)
    allocation.decided_at, allocation.decided_by = work.at, int(work.actor.id)
    if not command.approve:
        allocation.state = AllocationState.REJECTED
        if row.state is CampaignState.PROPOSED:
            move_campaign(row, CampaignState.DRAFT)
        work.session.flush()
        record(work, _deed(allocation, campaign, "allocation.rejected", {"campaign": campaign_id}))
        return 0
    allocation.state = AllocationState.APPROVED
    if row.state is CampaignState.PROPOSED:
        move_campaign(row, CampaignState.ACTIVE)
    return _approve(work, allocation, campaign)


def _approve(work: Work, allocation: Allocation, campaign: CampaignRow) -> int:
    last_serial = _LAST_SERIAL.row(work, {"campaign_id": campaign.id})[0]
    params = {"campaign_id": campaign.id, "allocation_id": allocation.id, "last_serial": last_serial}
    families = _ENTITLE.run(work, params)
    if not families:
        raise RuleViolation("allocation.nobody", N_("No family of this allocation is registered any more. Reject it."))
    refresh_statistics(work, Entitlement.metadata.tables[Entitlement.__tablename__], changed=families)
    costs = _costs(campaign, package_of(work, campaign.id))
    by_band = [(costs[band_no], count) for band_no, count in _BY_BAND.rows(work, params)]
    cash = sum((cost.cash * count for cost, count in by_band), start=Cost().cash)
    cost = Cost(cash, sum((cost.goods * count for cost, count in by_band), start=Cost().goods))
    if cost.total:
        commit_fund(work, campaign.fund_id, cost, "allocation", str(allocation.id))
    allocation.families_entitled = families
    work.session.flush()
    detail = {
        "campaign": campaign.id, "families": families, "first_serial": last_serial + 1, "paisa": cost.total.paisa,
        "plan": plan_digest(work, campaign).hex(),
    }  # fmt: skip
    digest = entitlements_digest(work, allocation.id)
    record(work, _deed(allocation, campaign, "allocation.approved", detail, digest))
    return families


def _tally(counts: Counter[tuple[int, int, Finding]], campaign: CampaignRow, bands: Sequence[BandRow]) -> Tally:
    return Tally.of((JudgedAlike(*key, families) for key, families in counts.items()), _costs(campaign, bands))


def _costs(campaign: CampaignRow, bands: Sequence[BandRow]) -> dict[int, Cost]:
    return costs_of(((band.band_no, band.cost) for band in bands), campaign.instalments)


def _reason(command: DecideAllocation) -> str:
    reason = clean(command.reason)
    if not reason and not command.approve:
        message = N_("Say why, so that the coordinator knows what to mend.")
        raise InvalidInput.of([Problem("reason", "reason.missing", message)])
    if len(reason) > LONGEST_REASON:
        message = N_("Write at most %(count)s characters.")
        raise InvalidInput.of([Problem("reason", "text.too_long", message, {"count": LONGEST_REASON})])
    return reason


def _deed(
    allocation: Allocation, campaign: CampaignRow, action: str, detail: dict[str, object], digest: bytes | None = None
) -> Deed:
    return Deed(action, "allocation", allocation.id, area_id=campaign.area_id, detail=detail, record_digest=digest)
