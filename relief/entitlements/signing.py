"""The keys of campaigns: made, rotated and revoked; and the bytes that they sign for a token, the same whenever it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import func, select, update

from relief.audit.trail import Deed, record
from relief.entitlements.model import CampaignKey
from relief.entitlements.rules import KeyState
from relief.entitlements.token_queries import TokenRow
from relief.geography.queries import get_area
from relief.kernel.errors import Conflict, NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.keys import Keyring
from relief.papers import rt1
from relief.programmes.model import Campaign
from relief.programmes.planning import lock_campaign
from relief.programmes.rules import CampaignState
from relief.store.work import Work

LAST_KEY_ID = 255


def make_campaign_key(work: Work, campaign_id: int) -> int:
    """Make the key that signs the campaign's tokens from now on and return its number; the key before it is retired.

    Raises: Forbidden, NotFound "campaign.not_found", RuleViolation "campaign.wrong_state", Conflict "key.numbers_used_up".
    """
    campaign = _campaign(work, campaign_id)
    if campaign.state is CampaignState.CLOSED:
        raise RuleViolation("campaign.wrong_state", N_("The campaign is not in a state in which this can be done."))
    last = work.session.scalar(select(func.max(CampaignKey.key_id)).filter_by(campaign_id=campaign_id)) or 0
    active = {"campaign_id": campaign_id, "state": KeyState.ACTIVE}
    work.session.execute(update(CampaignKey).filter_by(**active).values(state=KeyState.RETIRED))
    key_id, public_key = _new_key(work.keys, campaign.number, last + 1)
    try:
        key = CampaignKey(**active, key_id=key_id, public_key=public_key, made_at=work.at, made_by=int(work.actor.id))
        work.session.add(key)
        work.session.flush()
        _record(work, campaign, key_id, "key.made")
    except BaseException:
        work.keys.forget_signing_key(key_name(campaign.number, key_id))
        raise
    return key_id


def revoke_campaign_key(work: Work, campaign_id: int, key_id: int) -> None:
    """Trust a key no longer: its tokens are refused from now on, and the next issue replaces them under another key.

    Raises: Forbidden, NotFound "campaign.not_found", "key.not_found", RuleViolation "key.already_revoked".
    """
    campaign = _campaign(work, campaign_id)
    key = work.session.scalar(select(CampaignKey).filter_by(campaign_id=campaign_id, key_id=key_id))
    if key is None:
        raise NotFound("key.not_found", N_("This campaign has no such key."))
    if key.state is KeyState.REVOKED:
        raise RuleViolation("key.already_revoked", N_("This key was revoked before."))
    key.state = KeyState.REVOKED
    work.session.flush()
    _record(work, campaign, key_id, "key.revoked")


def key_name(campaign_number: int, key_id: int) -> str:
    """Return what the keyring calls a campaign's key."""
    return f"campaign-{campaign_number}-{key_id}"


def holder_key(keys: Keyring, campaign_number: int) -> bytes:
    """Return the key of a campaign's holder tags; a phone that has it learns nothing about other campaigns."""
    return keys.tag(campaign_number.to_bytes(2), "holder tag")


def token_bytes(work: Work, token: TokenRow) -> bytes:
    """Return the 79 bytes of a token, signed anew to what they always were. They are a secret: who may see them is asked before.

    Raises: NotFound "keys.no_signing_key" on a machine without the campaign's key.
    """
    return sign_tokens(work, [token])[0]


def sign_tokens(work: Work, tokens: Sequence[TokenRow]) -> list[bytes]:
    """Return the 79 bytes of each token, in order. Raises: NotFound "keys.no_signing_key"."""
    signed: list[bytes] = []
    for (campaign_number, key_id), alike in groupby(tokens, key=lambda token: (token.campaign_number, token.key_id)):
        key = work.keys.signing_key(key_name(campaign_number, key_id))
        signed += rt1.sign_many((body_of(token) for token in alike), key)
    return signed


def body_of(token: TokenRow) -> rt1.TokenBody:
    """Return what the token says."""
    return rt1.TokenBody(
        token.key_id, token.campaign_number, token.serial, token.reissue, token.band_no, token.point_no, token.expires_on,
        token.holder_tag,
    )  # fmt: skip


def _new_key(keys: Keyring, campaign_number: int, first_id: int) -> tuple[int, bytes]:
    # A file whose unit of work was lost, or that a restored database does not know, may have signed papers: it stays,
    # and its number is passed over.
    for key_id in range(first_id, LAST_KEY_ID + 1):
        try:
            return key_id, keys.make_signing_key(key_name(campaign_number, key_id))
        except Conflict:
            continue
    raise Conflict("key.numbers_used_up", N_("This campaign has used up all its key numbers. Create another campaign."))


def _campaign(work: Work, campaign_id: int) -> Campaign:
    campaign = lock_campaign(work, campaign_id)
    work.actor.require(Permission.KEY_MANAGE, get_area(work, campaign.area_id).path)
    return campaign


def _record(work: Work, campaign: Campaign, key_id: int, action: str) -> None:
    detail = {"number": campaign.number, "key": key_id}
    record(work, Deed(action, "campaign", campaign.id, area_id=campaign.area_id, detail=detail))
