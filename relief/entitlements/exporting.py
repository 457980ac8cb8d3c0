"""Taking the verdicts on families out of the program: on record, since they tell of disability and poverty."""

from __future__ import annotations

from relief.audit.trail import Deed, record
from relief.entitlements.queries import get_allocation
from relief.kernel.permissions import Permission
from relief.programmes.queries import get_campaign
from relief.store.work import Work


def note_export(work: Work, allocation_id: int) -> None:
    """Record that the actor takes out the verdicts of an allocation. Raises: Forbidden, NotFound "allocation.not_found"."""
    campaign = get_campaign(work, get_allocation(work, allocation_id).campaign_id)
    for permission in (Permission.FAMILY_READ, Permission.EXPORT):
        work.actor.require(permission)
    detail = {"campaign": campaign.id}
    record(work, Deed("verdicts.exported", "allocation", allocation_id, area_id=campaign.area_id, detail=detail))
