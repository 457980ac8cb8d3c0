"""Revoking a token that must not be honoured, and replacing one that was lost or spoilt."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from relief.audit.trail import Deed, digest_of, record
from relief.entitlements.issuing import LAST_REISSUE, TokenMaker, active_key_id, candidate_of
from relief.entitlements.model import Token
from relief.entitlements.rules import TokenState
from relief.entitlements.token_queries import TokenRow, get_token
from relief.geography.queries import get_area
from relief.kernel.errors import InvalidInput, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.programmes.planning import lock_campaign
from relief.store.locks import take_turn
from relief.store.work import Work

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """A token that is not to be honoured any more, and why."""

    token_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReplaceToken:
    """A token to be printed anew under another number and code, and why; the old paper is no longer honoured."""

    token_id: int
    reason: str


def revoke_token(work: Work, command: RevokeToken) -> None:
    """Revoke a token; the family keeps its entitlement, and may be given another token.

    Raises: Forbidden, NotFound "token.not_found", InvalidInput "reason.missing", RuleViolation "token.not_valid".
    """
    found, reason = _find(work, command.token_id), _reason(command.reason)
    token = _lock(work, found)
    if token.state is not TokenState.ISSUED:
        raise RuleViolation("token.not_valid", N_("This token was revoked or replaced before."))
    token.state, token.state_reason = TokenState.REVOKED, reason
    work.session.flush()
    _record(work, found, token, "token.revoked")


def replace_token(work: Work, command: ReplaceToken) -> int:
    """Issue a further token to the family of its latest one, for the same point and days, and return the new one's id.

    Raises: Forbidden, NotFound "token.not_found", "keys.no_signing_key", InvalidInput "reason.missing", RuleViolation
        "token.replaced_before", "token.too_many_replacements", "token.campaign_not_running", "key.missing".
    """
    found, reason = _find(work, command.token_id), _reason(command.reason)
    campaign = lock_campaign(work, found.campaign_id)
    token = _lock(work, found)
    if token.state is TokenState.REPLACED:
        raise RuleViolation("token.replaced_before", N_("This token was replaced before. Replace the latest one."))
    if token.reissue >= LAST_REISSUE:
        message = N_("This family has had %(count)s tokens; there can be no more.")
        raise RuleViolation("token.too_many_replacements", message, count=LAST_REISSUE + 1)
    key_id = active_key_id(work, campaign)
    was_revoked = token.state is TokenState.REVOKED
    token.state = TokenState.REPLACED
    token.state_reason = f"{token.state_reason}; {reason}" if was_revoked else reason
    work.session.flush()  # The database holds one valid token a family.
    take_turn(work, "token codes")
    maker = TokenMaker(work, campaign, key_id, token.expires_on)
    maker.insert([(candidate_of(work, token.entitlement_id, token.reissue + 1), token.point_no)])
    newer = select(Token.id).filter_by(entitlement_id=token.entitlement_id, reissue=token.reissue + 1)
    new_id = work.session.scalars(newer).one()
    _record(work, found, token, "token.replaced", new_id=new_id)
    return new_id


def _find(work: Work, token_id: int) -> TokenRow:
    found = get_token(work, token_id)
    work.actor.require(Permission.TOKEN_REVOKE, get_area(work, found.uc_id).path)
    return found


def _lock(work: Work, found: TokenRow) -> Token:
    token = work.session.get(Token, found.id, populate_existing=True, with_for_update=True)
    assert token is not None
    return token


def _reason(text: str) -> str:
    reason = clean(text)
    if not reason:
        raise InvalidInput.of([Problem("reason", "reason.missing", N_("Write the reason."))])
    if len(reason) > LONGEST_REASON:
        message = N_("Write at most %(count)s characters.")
        raise InvalidInput.of([Problem("reason", "text.too_long", message, {"count": LONGEST_REASON})])
    return reason


def _record(work: Work, found: TokenRow, token: Token, action: str, *, new_id: int | None = None) -> None:
    detail = {"campaign": found.campaign_id, "serial": found.serial, "reissue": found.reissue}
    if new_id is not None:
        detail["new_token"] = new_id
    digest = digest_of((token.id, token.state.value, token.state_reason))
    record(work, Deed(action, "token", token.id, area_id=found.uc_id, detail=detail, record_digest=digest))
