"""States of a campaign, and what a package and its bands must be."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from relief.kernel.messages import N_

LARGEST_FAMILY = 60


class CampaignState(enum.StrEnum):
    """Where a campaign stands. Its package and criteria are fixed once an allocation was proposed."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACTIVE = "active"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The state's name, a msgid."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    CampaignState.DRAFT: N_("Being prepared"),
    CampaignState.PROPOSED: N_("Waiting for approval"),
    CampaignState.ACTIVE: N_("Running"),
    CampaignState.CLOSED: N_("Closed"),
}

_MOVES = {
    CampaignState.DRAFT: {CampaignState.PROPOSED},
    CampaignState.PROPOSED: {CampaignState.DRAFT, CampaignState.ACTIVE},
    CampaignState.ACTIVE: {CampaignState.CLOSED},
    CampaignState.CLOSED: set(),
}


def may_move(now: CampaignState, then: CampaignState) -> bool:
    """Return whether a campaign may go from one state to the other."""
    return then in _MOVES[now]


class LineKind(enum.StrEnum):
    """What a package line gives."""

    CASH = "cash"
    ITEM = "item"


class Proof(enum.StrEnum):
    """How the holder of a token was known to be the right one; ordered from the strongest to none."""

    CNIC_SEEN = "cnic_seen"
    LAST_FOUR = "last_four"
    HOLDER_TAG = "holder_tag"
    PHOTO = "photo"
    WITNESS = "witness"
    NONE = "none"

    @property
    def label(self) -> str:
        """The proof's name, a msgid."""
        return _PROOF_LABELS[self]


_PROOF_LABELS = {
    Proof.CNIC_SEEN: N_("CNIC seen"),
    Proof.LAST_FOUR: N_("Last four digits of the CNIC told"),
    Proof.HOLDER_TAG: N_("Whole CNIC number told"),
    Proof.PHOTO: N_("Photo taken"),
    Proof.WITNESS: N_("Known to a witness"),
    Proof.NONE: N_("None"),
}


def bands_cover(bands: Sequence[tuple[int, int]]) -> bool:
    """Return whether size bands (from, to) begin at 1 and follow on each other without a gap or an overlap."""
    expected = 1
    for size_from, size_to in sorted(bands):
        if size_from != expected or size_to < size_from:
            return False
        expected = size_to + 1
    return expected > 1
