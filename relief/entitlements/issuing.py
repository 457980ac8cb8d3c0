"""Issuing tokens: a random typed code and a holder tag for each entitlement that has no token yet."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ARRAY, ColumnElement, LargeBinary, any_, func, literal, select, update

from relief.audit.trail import Deed, record
from relief.entitlements.judging import Told
from relief.entitlements.model import CampaignKey, Entitlement, Token
from relief.entitlements.queries import uc_within
from relief.entitlements.rules import KeyState, TokenState
from relief.entitlements.sealing import tokens_digest
from relief.entitlements.signing import holder_key, key_name
from relief.entitlements.token_queries import CODE_CONTEXT, CODE_PURPOSE
from relief.families.entries import unseal_cnic
from relief.families.model import Family
from relief.geography.queries import get_area
from relief.kernel.codes import TokenCode
from relief.kernel.errors import Forbidden, InvalidInput, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.keys import Keyring
from relief.papers import rt1
from relief.programmes.model import Campaign
from relief.programmes.planning import lock_campaign
from relief.programmes.rules import CampaignState
from relief.store.bulk import insert_rows
from relief.store.locks import take_turn
from relief.store.statistics import refresh_statistics
from relief.store.work import Work

LAST_EXPIRY = dt.date(2150, 12, 31)
LAST_REISSUE = 255
_CHUNK = 10_000
_CODES = 10**10
_TOKEN: Final = Token.metadata.tables[Token.__tablename__]
_COLUMNS = (
    "entitlement_id", "reissue", "key_id", "point_no", "expires_on", "holder_tag", "code_index", "code_sealed", "state",
    "state_reason", "issued_at", "issued_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IssueTokens:
    """Tokens for the families of an area, or for all of the campaign in the actor's areas.

    `point_of` names for a Union Council the number of the distribution point that serves it; 0, any point, where it is missing.
    With `at_most`, so many are issued, and the rest by the same command sent again.
    """

    campaign_id: int
    expires_on: dt.date
    area_id: int | None = None
    point_of: Mapping[int, int] = field(default_factory=dict)
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entitlement to be given a token."""

    entitlement_id: int
    serial: int
    uc_id: int
    cnic_sealed: bytes | None
    reissue: int


def issue_tokens(work: Work, command: IssueTokens, told: Told = lambda _families: None) -> int:
    """Issue a token to each entitlement of the area that has none, or whose token was signed by a revoked key; return how many.

    A family whose token was revoked or replaced by hand gets none: that is a person's decision.
    Raises: Forbidden, NotFound "campaign.not_found", "area.not_found", "keys.no_signing_key", InvalidInput "token.bad_expiry",
        RuleViolation "campaign.wrong_state", "key.missing".
    """
    campaign = lock_campaign(work, command.campaign_id)
    paths = _paths(work, command.area_id)
    key_id = active_key_id(work, campaign)
    _check_expiry(campaign, command.expires_on)
    take_turn(work, "token codes")
    last_id = work.session.scalar(select(func.max(Token.id))) or 0
    _replace_under_revoked_keys(work, campaign, paths)
    maker = TokenMaker(work, campaign, key_id, command.expires_on)
    count, left = 0, command.at_most
    # By ranges of serials and not by LIMIT: a plan made before the planner knows of the many new rows sorts all the rest.
    for first in range(1, _last_serial(work, campaign.id) + 1, _CHUNK):
        chunk = _candidates(work, campaign.id, paths, range(first, first + _CHUNK))[:left]
        if chunk:
            maker.insert([(one, command.point_of.get(one.uc_id, 0)) for one in chunk])
            count += len(chunk)
            told(len(chunk))
        if left is not None and (left := left - len(chunk)) <= 0:
            break
    if count:
        refresh_statistics(work, _TOKEN, changed=count)
        _record(work, campaign, command, last_id + 1, count)
    return count


def active_key_id(work: Work, campaign: Campaign) -> int:
    """Return the number of the key that signs for a running campaign and lies on this machine.

    Raises: RuleViolation "campaign.wrong_state", "key.missing"; NotFound "keys.no_signing_key".
    """
    if campaign.state is not CampaignState.ACTIVE:
        raise RuleViolation(
            "token.campaign_not_running", N_("Tokens are issued once an allocation of the campaign was approved.")
        )
    wanted = select(CampaignKey.key_id).filter_by(campaign_id=campaign.id, state=KeyState.ACTIVE)
    key_id = work.session.scalar(wanted)
    if key_id is None:
        raise RuleViolation(
            "key.missing", N_("This campaign has no signing key. An administrator makes one: relief tokens key.")
        )
    work.keys.signing_key(key_name(campaign.number, key_id))
    return key_id


class TokenMaker:
    """Makes the rows of tokens. Whoever uses it holds the turn "token codes", so that no two make the same code."""

    def __init__(self, work: Work, campaign: Campaign, key_id: int, expires_on: dt.date) -> None:
        self._work = work
        self._tags = holder_key(work.keys, campaign.number)
        self._shared = (TokenState.ISSUED, "", work.at, int(work.actor.id))
        self._key_id, self._expires_on = key_id, expires_on

    def insert(self, wanted: Sequence[tuple[_Candidate, int]]) -> None:
        """Insert a token for each entitlement, at the point with the number given beside it."""
        codes = _new_codes(self._work, len(wanted))
        insert_rows(self._work, _TOKEN, _COLUMNS, self._rows(wanted, codes))

    def _rows(
        self, wanted: Sequence[tuple[_Candidate, int]], codes: Mapping[bytes, str]
    ) -> Iterator[tuple[object, ...]]:
        keys, key_id, expires_on, shared = self._work.keys, self._key_id, self._expires_on, self._shared
        sealed = keys.seal_many(codes.values(), CODE_CONTEXT)
        for (one, point_no), index, code in zip(wanted, codes, sealed, strict=True):
            tag = rt1.holder_tag(self._tags, one.serial, unseal_cnic(keys, one.cnic_sealed))
            yield one.entitlement_id, one.reissue, key_id, point_no, expires_on, tag, index, code, *shared


def candidate_of(work: Work, entitlement_id: int, reissue: int) -> _Candidate:
    """Return one entitlement as it is given to a `TokenMaker`."""
    columns = (Entitlement.serial, Entitlement.uc_id, Family.cnic_sealed)
    query = select(*columns).join(Family, Family.id == Entitlement.family_id).where(Entitlement.id == entitlement_id)
    return _Candidate(entitlement_id, *work.session.execute(query).one(), reissue)


def _new_codes(work: Work, count: int) -> dict[bytes, str]:
    """Return so many typed codes that no token has, by their indexes."""
    codes: dict[bytes, str] = {}
    while len(codes) < count:
        fresh = _indexed(work.keys, count - len(codes))
        taken = set(work.session.scalars(select(Token.code_index).where(_is_one_of(work, list(fresh)))))
        codes |= {index: code for index, code in fresh.items() if index not in taken}
    return codes


def _is_one_of(work: Work, indexes: list[bytes]) -> ColumnElement[bool]:
    if work.dialect == "sqlite":
        return Token.code_index.in_(indexes)
    # One array: the driver takes longer to read a text with ten thousand places than the database to find them all.
    return Token.code_index == any_(literal(indexes, ARRAY(LargeBinary)))


def _indexed(keys: Keyring, count: int) -> dict[bytes, str]:
    digits = [TokenCode.of(number).digits for number in _random_numbers(count)]
    return {index: code for index, code in zip(keys.index_many(digits, CODE_PURPOSE), digits, strict=True) if index}


def _random_numbers(count: int) -> Iterator[int]:
    # 64 random bits for a number below 10^10: no code is likelier than another by more than one in 10^9.
    random = os.urandom(8 * count)
    return (int.from_bytes(random[start : start + 8]) % _CODES for start in range(0, len(random), 8))


def _last_serial(work: Work, campaign_id: int) -> int:
    return work.session.scalar(select(func.max(Entitlement.serial)).filter_by(campaign_id=campaign_id)) or 0


def _candidates(work: Work, campaign_id: int, paths: Sequence[str], serials: range) -> list[_Candidate]:
    tokens = select(Token.id).where(Token.entitlement_id == Entitlement.id)
    reissue = select(func.coalesce(func.max(Token.reissue) + 1, 0)).where(Token.entitlement_id == Entitlement.id)
    query = (
        select(
            Entitlement.id, Entitlement.serial, Entitlement.uc_id, Family.cnic_sealed,
            reissue.scalar_subquery().label("reissue"),
        )
        .join(Family, Family.id == Entitlement.family_id)
        .where(
            Entitlement.campaign_id == campaign_id,
            Entitlement.serial.between(serials[0], serials[-1]),
            uc_within(Entitlement.uc_id, paths),
            ~tokens.where(Token.state != TokenState.REPLACED).exists(),
        )
        .order_by(Entitlement.serial)
    )  # fmt: skip
    return [_Candidate(*row) for row in work.session.execute(query) if row.reissue <= LAST_REISSUE]


def _replace_under_revoked_keys(work: Work, campaign: Campaign, paths: Sequence[str]) -> None:
    revoked = select(CampaignKey.key_id).filter_by(campaign_id=campaign.id, state=KeyState.REVOKED)
    key_ids = list(work.session.scalars(revoked))
    if not key_ids:
        return
    there = select(Entitlement.id).where(Entitlement.campaign_id == campaign.id, uc_within(Entitlement.uc_id, paths))
    distrusted = (Token.state == TokenState.ISSUED, Token.key_id.in_(key_ids), Token.entitlement_id.in_(there))
    work.session.execute(
        update(Token)
        .where(*distrusted)
        .values(state=TokenState.REPLACED, state_reason="key revoked")
        .execution_options(synchronize_session=False)
    )


def _paths(work: Work, area_id: int | None) -> tuple[str, ...]:
    if area_id is not None:
        area = get_area(work, area_id)
        work.actor.require(Permission.TOKEN_PRINT, area.path)
        return (area.path,)
    paths = work.actor.paths(Permission.TOKEN_PRINT)
    if not paths:
        raise Forbidden("access.forbidden", N_("Your role does not allow this here. Ask your coordinator."))
    return paths


def _check_expiry(campaign: Campaign, expires_on: dt.date) -> None:
    if not campaign.starts_on <= expires_on <= LAST_EXPIRY:
        message = N_("A token cannot expire before the campaign's first day.")
        raise InvalidInput.of([Problem("expires_on", "token.bad_expiry", message)])


def _record(work: Work, campaign: Campaign, command: IssueTokens, first_id: int, count: int) -> None:
    last_id = work.session.scalar(select(func.max(Token.id))) or 0
    detail = {"campaign": campaign.id, "count": count, "first_id": first_id, "last_id": last_id}
    area_id = command.area_id or campaign.area_id
    digest = tokens_digest(work, first_id, last_id)
    record(work, Deed("tokens.issued", "campaign", campaign.id, area_id=area_id, detail=detail, record_digest=digest))
