"""Whether to give: the facts of one token at one table in, the first reason to refuse out."""

from __future__ import annotations

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
    WITHDRAWAL = "withdrawal"

    @property
    def label(self) -> str:
        """The kind's name, a msgid."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    HandOverKind.OPENING: N_("Hand-over"),
    HandOverKind.COMPLETION: N_("Rest handed over"),
    HandOverKind.VOID: N_("Undone"),
    HandOverKind.CONFLICT: N_("Conflict"),
    HandOverKind.WITHDRAWAL: N_("Conflict undone"),
}


class Channel(enum.StrEnum):
    """By which way an event came in."""

    DESK = "desk"
    LATE_LIST = "late_list"
    DEVICE = "device"

    @property
    def asks_first(self) -> bool:
        """Whether the goods still lie on the table when the server is asked: only then can it say no."""
        return self is Channel.DESK

    @property
    def label(self) -> str:
        """The channel's name, a msgid."""
        return _CHANNEL_LABELS[self]


_CHANNEL_LABELS = {
    Channel.DESK: N_("At the desk"),
    Channel.LATE_LIST: N_("From a paper list"),
    Channel.DEVICE: N_("By a phone"),
}


class ConflictState(enum.StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    DECIDED = "decided"


class VerdictState(enum.StrEnum):
    """What the whole screen of a phone says about a token."""

    GIVE = "give"
    ALREADY_GIVEN = "already_given"
    NOT_VALID = "not_valid"
    ASK = "ask"
    WAIT = "wait"

    @property
    def label(self) -> str:
        """The word on the screen, a msgid."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    VerdictState.GIVE: N_("GIVE"),
    VerdictState.ALREADY_GIVEN: N_("ALREADY GIVEN"),
    VerdictState.NOT_VALID: N_("NOT VALID"),
    VerdictState.ASK: N_("ASK YOUR SUPERVISOR"),
    VerdictState.WAIT: N_("WAIT"),
}


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
    NOT_ASSIGNED = "redemption.not_assigned"
    DEVICE_NOT_TRUSTED = "redemption.device_not_trusted"
    ALREADY_GIVEN = "redemption.already_given"
    MORE_THAN_OWED = "redemption.more_than_owed"
    PROOF_MISSING = "redemption.proof_missing"
    HOLDER_DOES_NOT_MATCH = "redemption.holder_does_not_match"

    @property
    def message(self) -> str:
        """What staff read, a msgid."""
        return _MESSAGES[self]

    @property
    def state(self) -> VerdictState:
        """What the whole screen of a phone says for this reason."""
        if self is Refusal.ALREADY_GIVEN:
            return VerdictState.ALREADY_GIVEN
        return VerdictState.NOT_VALID if self in _NOT_VALID else VerdictState.ASK


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
    Refusal.NOT_ASSIGNED: N_("You are not assigned to this point on this day. Call your supervisor."),
    Refusal.DEVICE_NOT_TRUSTED: N_("This phone, or who works with it, is no longer allowed to hand over."),
    Refusal.ALREADY_GIVEN: N_("This family has already received all that is due up to today."),
    Refusal.MORE_THAN_OWED: N_("This is more than the family is owed."),
    Refusal.PROOF_MISSING: N_("This campaign asks for a proof of the holder first."),
    Refusal.HOLDER_DOES_NOT_MATCH: N_("The number given does not match this token's holder."),
}

# What no supervisor at the point can help with: the paper itself is worth nothing. All else is for a person to look into.
_NOT_VALID = {
    Refusal.UNREADABLE, Refusal.NOT_GENUINE, Refusal.KEY_REVOKED, Refusal.UNKNOWN, Refusal.OTHER_CAMPAIGN,
    Refusal.TOKEN_REVOKED, Refusal.TOKEN_REPLACED, Refusal.EXPIRED,
}  # fmt: skip


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
    is_expired: bool
    is_distribution_day: bool
    is_at_its_point: bool
    is_operator_assigned: bool
    is_device_trusted: bool
    is_anything_owed: bool
    is_within_owed: bool
    proof_suffices: bool
    holder_matches: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of the staff card: the reason holds when the fact is the value or, with `is_not`, anything else."""

    fact: str
    value: bool | str | None
    refusal: Refusal
    is_not: bool = False


# The printed staff card. Phones get this very table and walk it as `refusal_of` does, so that both always agree.
REASONS = (
    Reason("is_readable", False, Refusal.UNREADABLE),
    Reason("is_genuine", False, Refusal.NOT_GENUINE),
    Reason("key_state", KeyState.REVOKED, Refusal.KEY_REVOKED),
    Reason("token_state", None, Refusal.UNKNOWN),
    Reason("is_of_this_campaign", False, Refusal.OTHER_CAMPAIGN),
    Reason("campaign_state", CampaignState.ACTIVE, Refusal.CAMPAIGN_NOT_RUNNING, is_not=True),
    Reason("token_state", TokenState.REVOKED, Refusal.TOKEN_REVOKED),
    Reason("token_state", TokenState.REPLACED, Refusal.TOKEN_REPLACED),
    Reason("is_expired", True, Refusal.EXPIRED),
    Reason("is_distribution_day", False, Refusal.NOT_ON_THIS_DAY),
    Reason("is_at_its_point", False, Refusal.OTHER_POINT),
    Reason("is_operator_assigned", False, Refusal.NOT_ASSIGNED),
    Reason("is_device_trusted", False, Refusal.DEVICE_NOT_TRUSTED),
    Reason("is_anything_owed", False, Refusal.ALREADY_GIVEN),
    Reason("is_within_owed", False, Refusal.MORE_THAN_OWED),
    Reason("proof_suffices", False, Refusal.PROOF_MISSING),
    Reason("holder_matches", False, Refusal.HOLDER_DOES_NOT_MATCH),
)


def refusal_of(facts: RedemptionFacts) -> Refusal | None:
    """Return the first reason not to give, in the order of the printed staff card, or None: GIVE."""
    for reason in REASONS:
        if (getattr(facts, reason.fact) == reason.value) is not reason.is_not:
            return reason.refusal
    return None


def reasons_json() -> list[dict[str, bool | str | None]]:
    """Return the staff card for phones, in order: fact, op ("is" or "is_not"), value, refusal, state."""
    return [
        {
            "fact": reason.fact, "op": "is_not" if reason.is_not else "is", "value": reason.value,
            "refusal": reason.refusal.value, "state": reason.refusal.state.value,
        }
        for reason in REASONS
    ]  # fmt: skip


_STRENGTH = {proof: rank for rank, proof in enumerate(Proof)}

# A family that lost its cards in the flood is vouched for, whatever its campaign asks of others.
_WITHOUT_CARD = {Proof.PHOTO, Proof.WITNESS}


def proof_suffices(*, required: Proof, given: Proof, has_cnic: bool) -> bool:
    """Return whether the proof made is at least as strong as the one that the campaign asks for."""
    if _STRENGTH[given] <= _STRENGTH[required]:
        return True
    return not has_cnic and given in _WITHOUT_CARD
