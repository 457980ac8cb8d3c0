"""Revoking and replacing tokens, and closing campaigns."""

import datetime as dt

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from relief.audit.model import AuditEntry
from relief.entitlements.closing import CloseCampaign, close_campaign
from relief.entitlements.issuing import IssueTokens, issue_tokens
from relief.entitlements.model import Token
from relief.entitlements.queries import disbursed_of, outstanding_of
from relief.entitlements.revoking import ReplaceToken, RevokeToken, replace_token, revoke_token
from relief.entitlements.rules import TokenState
from relief.entitlements.signing import make_campaign_key
from relief.entitlements.token_queries import PrintSelection, TokenRow, find_token, get_token, stream_printable
from relief.kernel.actor import Actor
from relief.kernel.errors import Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.ledger.posting import Entry, Line, post
from relief.ledger.queries import get_fund
from relief.ledger.rules import Account, Cost, EntryKind
from relief.programmes.model import Campaign
from relief.programmes.queries import get_campaign
from relief.programmes.rules import CampaignState
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import AT, EXPIRES_ON, SYSTEM, Land, add_families, proposed, running, with_tokens
from tests.factories.finance import someone


@pytest.fixture
def campaign_id(land: Land) -> int:
    """A running campaign of three families with tokens, one in each Union Council."""
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {"uc": "PK70301U1"}, {"uc": "PK70301U2"}, {"uc": "PK70601U1"})
    campaign_id = running(land)
    with_tokens(land, campaign_id, point_of={land.area_ids["PK70301U1"]: 4})
    return campaign_id


@pytest.fixture
def token(land: Land, campaign_id: int) -> TokenRow:
    """The token of the first family."""
    return the_token(land, 1, 0)


def the_token(land: Land, serial: int, reissue: int) -> TokenRow:
    with reading(land.coordinator) as work:
        found = find_token(work, campaign_number=1, serial=serial, reissue=reissue)
    assert found is not None
    return found


def revoke(actor: Actor, token_id: int, reason: str = "Sold at the bazaar") -> None:
    with unit_of_work(actor, at=AT) as work:
        revoke_token(work, RevokeToken(token_id, reason))


def replace(actor: Actor, token_id: int, reason: str = "Lost in the water") -> int:
    with unit_of_work(actor, at=AT) as work:
        return replace_token(work, ReplaceToken(token_id, reason))


def test_a_token_is_revoked_once_with_its_reason(land: Land, token: TokenRow) -> None:
    revoke(land.coordinator, token.id)
    with reading(land.coordinator) as work:
        now = get_token(work, token.id)
        assert (now.state, now.state_reason) == (TokenState.REVOKED, "Sold at the bazaar")
        entry = work.session.scalars(select(AuditEntry).filter_by(action="token.revoked")).one()
        assert (entry.subject_id, entry.area_id) == (str(token.id), token.uc_id)
        assert entry.detail == {"campaign": token.campaign_id, "serial": 1, "reissue": 0}
    with pytest.raises(RuleViolation) as caught:
        revoke(land.coordinator, token.id)
    assert caught.value.code == "token.not_valid"


def test_a_revoked_token_gets_no_successor_by_the_next_issue(land: Land, token: TokenRow) -> None:
    revoke(land.coordinator, token.id)
    with unit_of_work(land.coordinator, at=AT) as work:
        assert issue_tokens(work, IssueTokens(token.campaign_id, EXPIRES_ON)) == 0
        assert [one.token.serial for one in stream_printable(work, PrintSelection(token.campaign_id))] == [2, 3]


def test_a_lost_token_is_replaced_for_the_same_point_and_days(land: Land, token: TokenRow) -> None:
    new = replace(land.coordinator, token.id)
    with reading(land.coordinator) as work:
        old, fresh = get_token(work, token.id), get_token(work, new)
        codes = {one.token.id: one.code for one in stream_printable(work, PrintSelection(token.campaign_id))}
        entry = work.session.scalars(select(AuditEntry).filter_by(action="token.replaced")).one()
    assert (old.state, old.state_reason) == (TokenState.REPLACED, "Lost in the water")
    assert (fresh.state, fresh.reissue, fresh.serial, fresh.point_no) == (TokenState.ISSUED, 1, 1, 4)
    assert (fresh.expires_on, fresh.holder_tag, fresh.key_id) == (EXPIRES_ON, token.holder_tag, 1)
    assert set(codes) == {new, the_token(land, 2, 0).id, the_token(land, 3, 0).id}
    assert entry.detail["new_token"] == new
    for deed in (revoke, replace):
        with pytest.raises(RuleViolation):
            deed(land.coordinator, token.id)
    assert the_token(land, 1, 1).id == new
    newest = replace(land.coordinator, new)
    assert the_token(land, 1, 2).id == newest


def test_a_revoked_token_may_be_replaced_and_keeps_both_reasons(land: Land, token: TokenRow) -> None:
    revoke(land.coordinator, token.id)
    new = replace(land.coordinator, token.id, "Found to be honest")
    with reading(land.coordinator) as work:
        assert get_token(work, token.id).state_reason == "Sold at the bazaar; Found to be honest"
        assert get_token(work, new).state is TokenState.ISSUED


def test_a_replacement_is_signed_by_the_key_in_use(land: Land, token: TokenRow) -> None:
    with unit_of_work(land.administrator, at=AT) as work:
        make_campaign_key(work, token.campaign_id)
    new = replace(land.coordinator, token.id)
    with reading(land.coordinator) as work:
        assert get_token(work, new).key_id == 2


def test_the_database_holds_one_valid_token_a_family(land: Land, token: TokenRow) -> None:
    with pytest.raises(IntegrityError), unit_of_work(SYSTEM, at=AT) as work:
        columns = "key_id, point_no, expires_on, holder_tag, code_sealed, state, state_reason, issued_at, issued_by"
        work.session.execute(
            text(
                f"INSERT INTO token (entitlement_id, reissue, code_index, {columns})"
                f" SELECT entitlement_id, 1, :code_index, {columns} FROM token WHERE id = :id"
            ),
            {"id": token.id, "code_index": b"x" * 16},
        )


def test_replacements_end_with_their_number(land: Land, token: TokenRow) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.get_one(Token, token.id).reissue = 255
    with pytest.raises(RuleViolation) as caught:
        replace(land.coordinator, token.id)
    assert caught.value.code == "token.too_many_replacements"


@pytest.mark.parametrize("deed", [revoke, replace])
@pytest.mark.parametrize(("reason", "code"), [(" \u200b ", "reason.missing"), ("x" * 201, "text.too_long")])
def test_a_reason_is_asked_for(land: Land, token: TokenRow, deed: object, reason: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        deed(land.coordinator, token.id, reason)  # type: ignore[operator]
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize("deed", [revoke, replace])
def test_only_coordinators_of_the_place_revoke_and_replace(land: Land, token: TokenRow, deed: object) -> None:
    assert callable(deed)
    with pytest.raises(Forbidden):
        deed(land.person(Role.AUDITOR, number=5), token.id)
    for stranger in (
        *(land.person(role, number=5) for role in (Role.FINANCE, Role.POINT_STAFF, Role.REGISTRAR, Role.ADMINISTRATOR)),
        land.person(Role.COORDINATOR, "PK706", number=5),
        someone(Role.COORDINATOR, "/98765/"),
    ):
        with pytest.raises(NotFound):
            deed(stranger, token.id)
    with pytest.raises(NotFound):
        deed(land.coordinator, 999)
    deed(land.person(Role.COORDINATOR, "PK70301", number=5), token.id)


# --- Closing -------------------------------------------------------------------------------------------------------------


def close(actor: Actor, campaign_id: int, reason: str = "The round is over") -> Cost:
    with unit_of_work(actor, at=AT) as work:
        return close_campaign(work, CloseCampaign(campaign_id, reason))


def hand_over(land: Land, campaign_id: int, *, cash: int, goods: int, sign: str = "+") -> None:
    """Post what a hand-over, or its void, posts."""
    lines = [(Account.CASH_RELIEF, Account.BANK, cash), (Account.GOODS_RELIEF, Account.GOODS_IN_STOCK, goods)]
    with unit_of_work(SYSTEM, at=AT) as work:
        place = {"campaign_id": campaign_id, "area_id": land.area_ids["PK70301U1"]}
        posted = [
            Line(land.fund_id, *((debit, credit) if sign == "+" else (credit, debit)), Money.rupees(amount), **place)
            for debit, credit, amount in lines
        ]
        kind = EntryKind.HAND_OVER if sign == "+" else EntryKind.VOID
        source = f"{cash}{sign}{campaign_id}"
        post(work, Entry(kind, dt.date(2022, 9, 20), "", "hand_over", source, posted))


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.FINANCE])
def test_closing_gives_back_what_nobody_received(land: Land, campaign_id: int, role: Role) -> None:
    hand_over(land, campaign_id, cash=12_000, goods=25_000)
    hand_over(land, campaign_id, cash=11_000, goods=25_000)
    hand_over(land, campaign_id, cash=11_000, goods=25_000, sign="-")
    left = Cost(Money.rupees(2 * 12_000), Money.rupees(2 * 25_000))
    with reading(land.finance) as work:
        assert disbursed_of(work, campaign_id) == Cost(Money.rupees(12_000), Money.rupees(25_000))
        assert outstanding_of(work, campaign_id) == left
    assert close(land.person(role, number=5), campaign_id) == left
    with reading(land.finance) as work:
        campaign = get_campaign(work, campaign_id)
        assert (campaign.state, campaign.closed_by, campaign.closing_reason) == (
            CampaignState.CLOSED, 5, "The round is over",
        )  # fmt: skip
        assert get_fund(work, land.fund_id).figures.committed == Cost(Money.rupees(12_000), Money.rupees(25_000))
        entry = work.session.scalars(select(AuditEntry).filter_by(action="campaign.closed")).one()
        assert entry.detail["released_paisa"] == left.total.paisa
    with pytest.raises(RuleViolation):
        close(land.finance, campaign_id)


def test_a_campaign_that_gave_all_releases_nothing(land: Land, campaign_id: int) -> None:
    hand_over(land, campaign_id, cash=36_000, goods=75_000)
    assert close(land.finance, campaign_id) == Cost()


def test_a_waiting_proposal_is_decided_before_closing(land: Land, campaign_id: int) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {}, first_number=101)
    proposed(land, campaign_id)
    with pytest.raises(RuleViolation) as caught:
        close(land.finance, campaign_id)
    assert caught.value.code == "campaign.proposal_waits"


def test_closing_asks_for_a_reason(land: Land, campaign_id: int) -> None:
    for reason in ("", "x" * 501):
        with pytest.raises(InvalidInput):
            close(land.finance, campaign_id, reason)


def test_who_may_close(land: Land, campaign_id: int) -> None:
    for role in (Role.ADMINISTRATOR, Role.REGISTRAR, Role.POINT_STAFF, Role.AUDITOR):
        with pytest.raises(Forbidden):
            close(land.person(role, number=5), campaign_id)
    with pytest.raises(Forbidden):
        close(land.person(Role.FINANCE, "PK703", number=5), campaign_id)
    with pytest.raises(NotFound):
        close(someone(Role.FINANCE, "/98765/"), campaign_id)


def test_a_closed_campaign_issues_and_replaces_no_token(land: Land, token: TokenRow) -> None:
    close(land.finance, token.campaign_id)
    with pytest.raises(RuleViolation) as caught:
        replace(land.coordinator, token.id)
    assert caught.value.code == "token.campaign_not_running"
    revoke(land.coordinator, token.id)


def test_a_draft_cannot_be_closed(land: Land, campaign_id: int) -> None:
    with pytest.raises(RuleViolation), unit_of_work(SYSTEM, at=AT) as work:
        work.session.get_one(Campaign, campaign_id).state = CampaignState.DRAFT
        work.session.flush()
        close_campaign(work, CloseCampaign(campaign_id, "No"))
