"""Whether the text of a token is genuine, and what it is worth; never whose it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from nacl.signing import VerifyKey

from relief.entitlements.rules import KeyState, Standing, TokenState, standing_of
from relief.entitlements.token_queries import find_key, find_token
from relief.kernel.errors import InvalidInput
from relief.papers import rt1
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of a token that was read; a genuine one may be unknown where the database is older than the paper."""

    body: rt1.TokenBody
    is_genuine: bool
    key_state: KeyState | None
    token_state: TokenState | None

    @property
    def holds(self) -> bool:
        """Whether it is genuine, of a trusted key, and neither revoked nor replaced. Expiry and use are not judged here."""
        return self.is_genuine and self.key_state is not KeyState.REVOKED and self.token_state is TokenState.ISSUED

    def standing(self, on: dt.date) -> Standing:
        """Return what the paper is worth on a day."""
        is_expired = on > self.body.expires_on
        return standing_of(self.key_state, self.token_state, is_genuine=self.is_genuine, is_expired=is_expired)


def verify_text(work: Work, text: str) -> Verification:
    """Return what is known of the token with this text, whoever asks.

    Raises: InvalidInput "token.no_text", "token.not_ours", "token.damaged", "token.unknown_version".
    """
    token = rt1.Token.unpack(rt1.parse_text(text))
    body = token.body
    key = find_key(work, campaign_number=body.campaign, key_id=body.key_id)
    if key is None or not _is_signed(token, key.public_key):
        return Verification(body, is_genuine=False, key_state=key.state if key else None, token_state=None)
    row = find_token(work, campaign_number=body.campaign, serial=body.serial, reissue=body.reissue)
    return Verification(body, is_genuine=True, key_state=key.state, token_state=row.state if row else None)


def _is_signed(token: rt1.Token, public_key: bytes) -> bool:
    try:
        rt1.verify(token, VerifyKey(public_key))
    except InvalidInput:
        return False
    return True
