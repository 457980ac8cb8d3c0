"""Closing a campaign: what was promised and not handed over goes back to its fund."""

from __future__ import annotations

from dataclasses import dataclass

from relief.audit.trail import Deed, digest_of, record
from relief.entitlements.queries import list_allocations, outstanding_of
from relief.entitlements.rules import AllocationState
from relief.kernel.errors import Forbidden, InvalidInput, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.ledger.commitments import release_commitment
from relief.ledger.rules import Cost
from relief.programmes.planning import lock_campaign, move_campaign
from relief.programmes.queries import get_campaign
from relief.programmes.rules import CampaignState
from relief.store.work import Work

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class CloseCampaign:
    """The end of a campaign, and why it ends."""

    campaign_id: int
    reason: str


def close_campaign(work: Work, command: CloseCampaign) -> Cost:
    """Close a running campaign, release to its fund what no family has received, and return what was released.

    From then on nothing is handed over; what a late paper list still brings becomes a conflict.
    Raises: Forbidden, NotFound "campaign.not_found", InvalidInput "reason.missing", RuleViolation "campaign.wrong_state",
        "campaign.proposal_waits".
    """
    row = lock_campaign(work, command.campaign_id)
    campaign = get_campaign(work, command.campaign_id)
    permissions = (Permission.CAMPAIGN_PROPOSE, Permission.CAMPAIGN_APPROVE)
    if not any(work.actor.may(permission, campaign.area_path) for permission in permissions):
        raise Forbidden("access.forbidden", N_("Your role does not allow this here. Ask your coordinator."))
    reason = clean(command.reason)
    if not reason or len(reason) > LONGEST_REASON:
        message = N_("Write the reason, in at most %(count)s characters.")
        raise InvalidInput.of([Problem("reason", "reason.missing", message, {"count": LONGEST_REASON})])
    if list_allocations(work, campaign.id, AllocationState.PROPOSED) and row.state is CampaignState.ACTIVE:
        message = N_("An allocation of this campaign waits for approval. Approve or reject it first.")
        raise RuleViolation("campaign.proposal_waits", message)
    move_campaign(row, CampaignState.CLOSED)
    row.closed_at, row.closed_by, row.closing_reason = work.at, int(work.actor.id), reason
    left = outstanding_of(work, campaign.id)
    if left.total:
        release_commitment(work, campaign.fund_id, left, "campaign", str(campaign.id))
    work.session.flush()
    detail = {"code": campaign.code, "released_paisa": left.total.paisa}
    digest = digest_of((campaign.id, reason))
    record(
        work,
        Deed("campaign.closed", "campaign", campaign.id, area_id=campaign.area_id, detail=detail, record_digest=digest),
    )
    return left
