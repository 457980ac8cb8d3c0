"""States of allocations, entitlements, keys and tokens."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from relief.kernel.actor import Actor
from relief.kernel.messages import N_
from relief.programmes.rules import CampaignState


class AllocationState(enum.StrEnum):
    """Where a proposed allocation stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """The state's name, a msgid."""
        return _ALLOCATION_LABELS[self]


_ALLOCATION_LABELS = {
    AllocationState.PROPOSED: N_("Waiting for approval"),
    AllocationState.APPROVED: N_("Approved"),
    AllocationState.REJECTED: N_("Rejected"),
}


Refusal = tuple[str, str]
"""An error code and its msgid."""


def refusal_to_propose(state: CampaignState, *, is_system: bool, is_open: bool) -> Refusal | None:
    """Return why no allocation may be proposed now, or None: a draft's first one, or a running campaign's further one.

    Args: is_open: whether one is proposed already and waits.
    """
    if is_system:
        return "allocation.needs_a_person", N_(
            "Families are proposed and approved by persons. Sign in, or name yourself."
        )
    if is_open:
        return "allocation.already_proposed", N_("An allocation of this campaign waits for approval already.")
    if state not in (CampaignState.DRAFT, CampaignState.ACTIVE):
        return "campaign.wrong_state", N_("The campaign is not in a state in which this can be done.")
    return None


def refusal_to_decide(state: AllocationState, *, proposer_id: int, decider: Actor) -> Refusal | None:
    """Return why this person may not approve or reject the allocation, or None. Maker is never checker, by person."""
    if decider.is_system:
        return "allocation.needs_a_person", N_(
            "Families are proposed and approved by persons. Sign in, or name yourself."
        )
    if state is not AllocationState.PROPOSED:
        return "allocation.already_decided", N_("This allocation was decided before. Nothing was changed.")
    if decider.id == proposer_id:
        return "allocation.own_proposal", N_("You proposed this allocation. Another person must approve or reject it.")
    return None


class KeyState(enum.StrEnum):
    """Where a campaign's signing key stands: a retired key signs no more but its tokens hold; a revoked key's do not."""

    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"

    @property
    def label(self) -> str:
        """The state's name, a msgid."""
        return _KEY_LABELS[self]


_KEY_LABELS = {
    KeyState.ACTIVE: N_("In use"),
    KeyState.RETIRED: N_("Retired: its tokens hold"),
    KeyState.REVOKED: N_("Revoked: its tokens do not hold"),
}


class TokenState(enum.StrEnum):
    """Where a token stands."""

    ISSUED = "issued"
    REVOKED = "revoked"
    REPLACED = "replaced"

    @property
    def label(self) -> str:
        """The state's name, a msgid."""
        return _TOKEN_LABELS[self]


_TOKEN_LABELS = {
    TokenState.ISSUED: N_("Valid"),
    TokenState.REVOKED: N_("Revoked"),
    TokenState.REPLACED: N_("Replaced by a newer one"),
}


class Standing(enum.StrEnum):
    """What a paper that was read is worth, in the order in which it is judged; use and place are no part of it."""

    NOT_GENUINE = "not_genuine"
    KEY_REVOKED = "key_revoked"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    REPLACED = "replaced"
    EXPIRED = "expired"
    VALID = "valid"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _STANDING_LABELS[self]


_STANDING_LABELS = {
    Standing.NOT_GENUINE: N_("Not genuine"), Standing.KEY_REVOKED: N_("Its key was revoked"),
    Standing.UNKNOWN: N_("Not on record"), Standing.REVOKED: N_("Revoked"), Standing.REPLACED: N_("Replaced by a newer one"),
    Standing.EXPIRED: N_("Expired"), Standing.VALID: N_("Valid"),
}  # fmt: skip


def standing_of(
    key_state: KeyState | None, token_state: TokenState | None, *, is_genuine: bool, is_expired: bool
) -> Standing:
    """Return the first thing that speaks against a paper, or VALID."""
    reasons = (
        (not is_genuine, Standing.NOT_GENUINE),
        (key_state is KeyState.REVOKED, Standing.KEY_REVOKED),
        (token_state is None, Standing.UNKNOWN),
        (token_state is TokenState.REVOKED, Standing.REVOKED),
        (token_state is TokenState.REPLACED, Standing.REPLACED),
        (is_expired, Standing.EXPIRED),
    )
    return next((standing for holds, standing in reasons if holds), Standing.VALID)


@dataclass(frozen=True, slots=True)
class Throttle:
    """How wrong answers are slowed down: so many are free, then each doubles the wait, up to a longest one."""

    free: int
    first_wait: dt.timedelta
    longest_wait: dt.timedelta
    forgotten_after: dt.timedelta

    def wait_after(self, failures: int) -> dt.timedelta:
        """Return how long no answer is looked at after so many wrong ones."""
        if failures < self.free:
            return dt.timedelta(0)
        return min(self.first_wait * (1 << min(failures - self.free, 20)), self.longest_wait)


# Ten thousand answers are possible for the last four digits: at one a day in the end, guessing takes decades.
OF_ONE_TOKEN = Throttle(5, dt.timedelta(minutes=1), dt.timedelta(days=1), dt.timedelta(days=30))
# A village, or all customers of a mobile network, may share one address.
OF_ONE_ADDRESS = Throttle(30, dt.timedelta(seconds=15), dt.timedelta(minutes=15), dt.timedelta(days=1))
