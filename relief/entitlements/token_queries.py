"""Reading tokens: one by what its paper says, those of a family, and those to be printed, many at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, and_, case, func, select

from relief.entitlements.model import CampaignKey, Entitlement, Token
from relief.entitlements.queries import uc_within
from relief.entitlements.rules import KeyState, TokenState
from relief.families.model import Family
from relief.geography.model import Area
from relief.kernel.codes import FamilyCode, TokenCode
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.programmes.model import Campaign
from relief.store.work import Work

CODE_CONTEXT = "token.code"
CODE_PURPOSE = "token code"
_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token with what its paper says about it, and the family and place of its entitlement."""

    id: int
    entitlement_id: int
    campaign_id: int
    campaign_number: int
    serial: int
    reissue: int
    key_id: int
    band_no: int
    point_no: int
    expires_on: dt.date
    holder_tag: int
    state: TokenState
    state_reason: str
    issued_at: dt.datetime
    issued_by: int
    family_id: int
    uc_id: int


@dataclass(frozen=True, slots=True)
class PrintableToken:
    """A token with what is printed beside it; the code is a secret."""

    token: TokenRow
    code: TokenCode = field(repr=False)
    family_code: FamilyCode
    head_name: str
    head_name_local: str


@dataclass(frozen=True, slots=True)
class PrintSelection:
    """Which valid tokens of a campaign are printed: those of an area, of a point (0: without one), a single one, or all."""

    campaign_id: int
    area_path: str | None = None
    point_no: int | None = None
    token_id: int | None = None


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """How far the tokens of a place are: entitled families, those without one that a trusted key signed, tokens that hold and
    tokens that were revoked.
    """

    entitled: int = 0
    missing: int = 0
    issued: int = 0
    revoked: int = 0

    @classmethod
    def total(cls, counts: Iterable[TokenCounts]) -> TokenCounts:
        """Return the sum; nothing sums to zero."""
        whole = cls()
        for one in counts:
            whole = cls(
                whole.entitled + one.entitled, whole.missing + one.missing, whole.issued + one.issued,
                whole.revoked + one.revoked,
            )  # fmt: skip
        return whole


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key of a campaign."""

    key_id: int
    public_key: bytes
    state: KeyState
    made_at: dt.datetime
    made_by: int


_COLUMNS = (
    Token.id, Token.entitlement_id, Entitlement.campaign_id, Campaign.number.label("campaign_number"), Entitlement.serial,
    Token.reissue, Token.key_id, Entitlement.band_no, Token.point_no, Token.expires_on, Token.holder_tag, Token.state,
    Token.state_reason, Token.issued_at, Token.issued_by, Entitlement.family_id, Entitlement.uc_id,
)  # fmt: skip
_TOKENS = (
    select(*_COLUMNS)
    .join(Entitlement, Entitlement.id == Token.entitlement_id)
    .join(Campaign, Campaign.id == Entitlement.campaign_id)
)


def get_token(work: Work, token_id: int) -> TokenRow:
    """Return the token if it is of an area in which the actor may read tokens. Raises: NotFound "token.not_found"."""
    visible = uc_within(Entitlement.uc_id, work.actor.paths(Permission.TOKEN_READ))
    found = _one(work, _TOKENS.where(Token.id == token_id, visible))
    if found is None:
        raise NotFound("token.not_found", N_("There is no such token."))
    return found


def find_token(work: Work, *, campaign_number: int, serial: int, reissue: int) -> TokenRow | None:
    """Return the token with these numbers, whoever asks: who holds the paper knows them."""
    named = (Campaign.number == campaign_number, Entitlement.serial == serial, Token.reissue == reissue)
    return _one(work, _TOKENS.where(*named))


def find_token_by_code(work: Work, code: TokenCode) -> TokenRow | None:
    """Return the token with this typed code, whoever asks."""
    return _one(work, _TOKENS.where(Token.code_index == work.keys.index(code.digits, CODE_PURPOSE)))


def tokens_of_family(work: Work, family_id: int) -> list[TokenRow]:
    """Return a family's tokens that the actor may read, of the latest campaign first."""
    visible = uc_within(Entitlement.uc_id, work.actor.paths(Permission.TOKEN_READ))
    query = _TOKENS.where(Entitlement.family_id == family_id, visible)
    return _many(work, query.order_by(Campaign.number.desc(), Token.reissue.desc()))


def stream_printable(work: Work, selection: PrintSelection) -> Iterator[PrintableToken]:
    """Yield the valid tokens to be printed within the actor's areas, by Union Council and number, few in memory at a time."""
    extra = (Token.code_sealed, Family.number, Family.head_name, Family.head_name_local)
    query = (
        _TOKENS.add_columns(*extra)
        .join(Family, Family.id == Entitlement.family_id)
        .join(Area, Area.id == Entitlement.uc_id)
        .where(*_selected(work, selection))
        .order_by(Area.code, Entitlement.serial)
        .execution_options(yield_per=_CHUNK)
    )
    with work.session.execute(query) as rows:
        for *columns, sealed, number, name, local in rows:
            code = TokenCode(work.keys.unseal(sealed, CODE_CONTEXT))
            yield PrintableToken(_token(columns), code, FamilyCode.of(number), name, local or "")


def count_printable(work: Work, selection: PrintSelection) -> dict[int, int]:
    """Return how many tokens there are to print in each Union Council."""
    query = select(Entitlement.uc_id, func.count()).join(Token, Token.entitlement_id == Entitlement.id)
    rows = work.session.execute(query.where(*_selected(work, selection)).group_by(Entitlement.uc_id))
    return dict(rows.all())


def count_printable_by_point(work: Work, selection: PrintSelection) -> dict[int, int]:
    """Return how many tokens there are to print for each point's number; under 0 those for any point."""
    query = select(Token.point_no, func.count()).join(Entitlement, Entitlement.id == Token.entitlement_id)
    rows = work.session.execute(query.where(*_selected(work, selection)).group_by(Token.point_no))
    return dict(rows.all())


def count_tokens(work: Work, campaign_id: int) -> dict[int, TokenCounts]:
    """Return the figures of each Union Council of the actor's areas."""
    holds = and_(Token.state == TokenState.ISSUED, Token.key_id.not_in(_distrusted(campaign_id)))
    best = func.max(case((holds, 2), (Token.state == TokenState.REVOKED, 1), else_=0))
    within = uc_within(Entitlement.uc_id, work.actor.paths(Permission.CAMPAIGN_READ))
    each = (
        select(Entitlement.uc_id, func.coalesce(best, 0).label("best"))
        .outerjoin(Token, Token.entitlement_id == Entitlement.id)
        .where(Entitlement.campaign_id == campaign_id, within)
        .group_by(Entitlement.id, Entitlement.uc_id)
        .subquery()
    )
    counts: dict[int, dict[int, int]] = {}
    for uc_id, state, families in work.session.execute(
        select(each.c.uc_id, each.c.best, func.count()).group_by(*each.c)
    ):
        counts.setdefault(uc_id, {})[state] = families
    return {
        uc_id: TokenCounts(sum(by.values()), by.get(0, 0), by.get(2, 0), by.get(1, 0)) for uc_id, by in counts.items()
    }


def list_keys(work: Work, campaign_id: int) -> list[KeyRow]:
    """Return the keys of a campaign, the latest first."""
    columns = (CampaignKey.key_id, CampaignKey.public_key, CampaignKey.state, CampaignKey.made_at, CampaignKey.made_by)
    query = select(*columns).where(CampaignKey.campaign_id == campaign_id).order_by(CampaignKey.key_id.desc())
    return [KeyRow(*row) for row in work.session.execute(query)]


def find_key(work: Work, *, campaign_number: int, key_id: int) -> KeyRow | None:
    """Return the key that a token names, whoever asks: public keys are public."""
    columns = (CampaignKey.key_id, CampaignKey.public_key, CampaignKey.state, CampaignKey.made_at, CampaignKey.made_by)
    query = select(*columns).join(Campaign, Campaign.id == CampaignKey.campaign_id)
    row = work.session.execute(query.where(Campaign.number == campaign_number, CampaignKey.key_id == key_id)).first()
    return KeyRow(*row) if row else None


def _selected(work: Work, selection: PrintSelection) -> list[Any]:
    conditions = [
        Entitlement.campaign_id == selection.campaign_id,
        Token.state == TokenState.ISSUED,
        Token.key_id.not_in(_distrusted(selection.campaign_id)),
        uc_within(Entitlement.uc_id, work.actor.paths(Permission.TOKEN_PRINT)),
    ]
    if selection.area_path is not None:
        conditions.append(uc_within(Entitlement.uc_id, [selection.area_path]))
    if selection.point_no is not None:
        conditions.append(Token.point_no == selection.point_no)
    if selection.token_id is not None:
        conditions.append(Token.id == selection.token_id)
    return conditions


def _distrusted(campaign_id: int) -> Select[int]:
    return select(CampaignKey.key_id).filter_by(campaign_id=campaign_id, state=KeyState.REVOKED)


def _one(work: Work, query: Select[*tuple[Any, ...]]) -> TokenRow | None:
    row = work.session.execute(query).first()
    return _token(row) if row else None


def _many(work: Work, query: Select[*tuple[Any, ...]]) -> list[TokenRow]:
    return [_token(row) for row in work.session.execute(query)]


def _token(values: Any) -> TokenRow:
    return TokenRow(*values)
