"""Whether to give: the facts of one token at one table in, the first reason to refuse out."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from relief.entitlements.rules import KeyState, TokenState
from relief.kernel.messages import N_
from relief.programmes.rules import CampaignState, Proof


class HandOverKind(enum.StrEnum):
    """What an event at the table was."""

    OPENING = "opening"
    COMPLETION = "completion"
    VOID = "void"
    CONFLICT = "conflict"

    @property
    def label(self) -> str:
        """The kind's name, a msgid."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    HandOverKind.OPENING: N_("Hand-over"),
    HandOverKind.COMPLETION: N_("Rest handed over"),
    HandOverKind.VOID: N_("Undone"),
    HandOverKind.CONFLICT: N_("Conflict"),
}


class Channel(enum.StrEnum):
    """By which way an event came in."""

    DESK = "desk"
    LATE_LIST = "late_list"

    @property
    def asks_first(self) -> bool:
        """Whether the goods still lie on the table when the server is asked: only then can it say no."""
        return self is Channel.DESK

    @property
    def label(self) -> str:
        """The channel's name, a msgid."""
        return _CHANNEL_LABELS[self]


_CHANNEL_LABELS = {Channel.DESK: N_("At the desk"), Channel.LATE_LIST: N_("From a paper list")}


class ConflictState(enum.StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    DECIDED = "decided"


class Refusal(enum.StrEnum):
    """A reason not to give, in the order of the printed staff card: the first that holds is shown."""

    UNREADABLE = "redemption.unreadable"
    NOT_GENUINE = "redemption.not_genuine"
    KEY_REVOKED = "redemption.key_revoked"
    UNKNOWN = "redemption.unknown"
    OTHER_CAMPAIGN = "redemption.other_campaign"
    CAMPAIGN_NOT_RUNNING = "redemption.campaign_not_running"
    TOKEN_REVOKED = "redemption.token_revoked"
    TOKEN_REPLACED = "redemption.token_replaced"
    EXPIRED = "redemption.expired"
    NOT_ON_THIS_DAY = "redemption.not_on_this_day"
    OTHER_POINT = "redemption.other_point"
    ALREADY_GIVEN = "redemption.already_given"
    MORE_THAN_OWED = "redemption.more_than_owed"
    PROOF_MISSING = "redemption.proof_missing"
    HOLDER_DOES_NOT_MATCH = "redemption.holder_does_not_match"

    @property
    def message(self) -> str:
        """What staff read, a msgid."""
        return _MESSAGES[self]


_MESSAGES = {
    Refusal.UNREADABLE: N_("This is not a relief token. Scan the square code again, or type the 12 digits under it."),
    Refusal.NOT_GENUINE: N_("This token is not genuine: its signature is wrong. Keep calm and call your supervisor."),
    Refusal.KEY_REVOKED: N_(
        "This token was signed with a key that is no longer trusted. Send the family to the coordinator."
    ),
    Refusal.UNKNOWN: N_("No token is known under this code. Compare the digits with the paper."),
    Refusal.OTHER_CAMPAIGN: N_("This token belongs to another campaign than today's."),
    Refusal.CAMPAIGN_NOT_RUNNING: N_("This campaign is not running."),
    Refusal.TOKEN_REVOKED: N_("This token was revoked. Send the family to the coordinator."),
    Refusal.TOKEN_REPLACED: N_("This token was replaced by a newer one. Ask for the newer paper."),
    Refusal.EXPIRED: N_("This token has expired."),
    Refusal.NOT_ON_THIS_DAY: N_("No distribution of this campaign is held here on this day."),
    Refusal.OTHER_POINT: N_("This family receives at another point. Tell them which."),
    Refusal.ALREADY_GIVEN: N_("This family has already received all that is due up to today."),
    Refusal.MORE_THAN_OWED: N_("This is more than the family is owed."),
    Refusal.PROOF_MISSING: N_("This campaign asks for a proof of the holder first."),
    Refusal.HOLDER_DOES_NOT_MATCH: N_("The number given does not match this token's holder."),
}


@dataclass(frozen=True, slots=True)
class RedemptionFacts:
    """All that the decision needs, gathered in one place; rules look nowhere else.

    `is_genuine` is None for a typed code, which carries no signature. `token_state` is None for an unknown token.
    """

    is_readable: bool
    is_genuine: bool | None
    key_state: KeyState | None
    token_state: TokenState | None
    is_of_this_campaign: bool
    campaign_state: CampaignState
    on: dt.date
    expires_on: dt.date
    is_distribution_day: bool
    is_at_its_point: bool
    is_anything_owed: bool
    is_within_owed: bool
    proof_suffices: bool
    holder_matches: bool


def refusal_of(facts: RedemptionFacts) -> Refusal | None:
    """Return the first reason not to give, in the order of the printed staff card, or None: GIVE."""
    reasons = (
        (not facts.is_readable, Refusal.UNREADABLE),
        (facts.is_genuine is False, Refusal.NOT_GENUINE),
        (facts.key_state is KeyState.REVOKED, Refusal.KEY_REVOKED),
        (facts.token_state is None, Refusal.UNKNOWN),
        (not facts.is_of_this_campaign, Refusal.OTHER_CAMPAIGN),
        (facts.campaign_state is not CampaignState.ACTIVE, Refusal.CAMPAIGN_NOT_RUNNING),
        (facts.token_state is TokenState.REVOKED, Refusal.TOKEN_REVOKED),
        (facts.token_state is TokenState.REPLACED, Refusal.TOKEN_REPLACED),
        (facts.on > facts.expires_on, Refusal.EXPIRED),
        (not facts.is_distribution_day, Refusal.NOT_ON_THIS_DAY),
        (not facts.is_at_its_point, Refusal.OTHER_POINT),
        (not facts.is_anything_owed, Refusal.ALREADY_GIVEN),
        (not facts.is_within_owed, Refusal.MORE_THAN_OWED),
        (not facts.proof_suffices, Refusal.PROOF_MISSING),
        (not facts.holder_matches, Refusal.HOLDER_DOES_NOT_MATCH),
    )
    return next((refusal for holds, refusal in reasons if holds), None)


_STRENGTH = {proof: rank for rank, proof in enumerate(Proof)}

# A family that lost its cards in the flood is vouched for, whatever its campaign asks of others.
_WITHOUT_CARD = {Proof.PHOTO, Proof.WITNESS}


def proof_suffices(*, required: Proof, given: Proof, has_cnic: bool) -> bool:
    """Return whether the proof made is at least as strong as the one that the campaign asks for."""
    if _STRENGTH[given] <= _STRENGTH[required]:
        return True
    return not has_cnic and given in _WITHOUT_CARD
