"""States of a campaign, and what a package and its bands must be."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from relief.kernel.errors import Problem
from relief.kernel.messages import N_

# A package up to this size is for larger families too.
LARGEST_FAMILY = 60
MOST_BANDS = 20


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


def problems_of_bands(bands: Sequence[tuple[int, int]]) -> list[Problem]:
    """Return what is wrong with the size bands (from, to) of a package: they begin at 1 and follow on each other.

    The field of a problem is "band-N-size_from" or "band-N-size_to" with N from 1 in the order given.
    """
    if not bands:
        return [Problem("bands", "campaign.no_bands", N_("Say what families receive: add at least one package."))]
    if len(bands) > MOST_BANDS:
        message = N_("A campaign has at most %(count)s packages.")
        return [Problem("bands", "campaign.too_many_bands", message, {"count": MOST_BANDS})]
    problems, expected = [], 1
    for size_from, size_to, number in sorted((*band, number) for number, band in enumerate(bands, 1)):
        if size_from != expected:
            message = N_(
                "Packages follow on each other by size without gap or overlap: here one must begin at %(size)s."
            )
            problems.append(Problem(f"band-{number}-size_from", "campaign.bands_gap", message, {"size": expected}))
        if not size_from <= size_to <= LARGEST_FAMILY:
            message = N_("Write a number from %(low)s to %(high)s.")
            params = {"low": size_from, "high": LARGEST_FAMILY}
            problems.append(Problem(f"band-{number}-size_to", "number.out_of_range", message, params))
        expected = size_to + 1
    return problems
