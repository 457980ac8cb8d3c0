"""States of allocations, entitlements, keys and tokens."""

from __future__ import annotations

import enum

from relief.kernel.messages import N_


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


class KeyState(enum.StrEnum):
    """Where a campaign's signing key stands: a retired key signs no more but its tokens hold; a revoked key's do not."""

    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"


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
