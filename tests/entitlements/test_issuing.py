"""Keys and tokens: made once for each entitlement, signed to the same bytes whenever they are printed."""

import datetime as dt
from pathlib import Path

import pytest
from nacl.signing import VerifyKey
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from relief.audit.model import AuditEntry
from relief.entitlements import issuing
from relief.entitlements.issuing import IssueTokens, issue_tokens
from relief.entitlements.model import CampaignKey, Entitlement, Token
from relief.entitlements.rules import KeyState, TokenState
from relief.entitlements.sealing import tokens_digest
from relief.entitlements.signing import (
    holder_key,
    key_name,
    make_campaign_key,
    revoke_campaign_key,
    sign_tokens,
    token_bytes,
)
from relief.entitlements.token_queries import (
    PrintSelection,
    TokenCounts,
    count_printable,
    count_tokens,
    find_key,
    find_token,
    find_token_by_code,
    get_token,
    list_keys,
    stream_printable,
    tokens_of_family,
)
from relief.entitlements.verifying import verify_text
from relief.kernel.codes import TokenCode
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.identity import Cnic
from relief.kernel.permissions import Role
from relief.papers import rt1
from relief.programmes.model import Campaign
from relief.programmes.rules import CampaignState
from relief.store.db import Store
from relief.store.work import Work, reading, unit_of_work
from tests.factories.campaigns import (
    AT,
    EXPIRES_ON,
    SYSTEM,
    Land,
    add_families,
    approved,
    planned,
    proposed,
    running,
    with_tokens,
)
from tests.factories.finance import someone


@pytest.fixture
def campaign_id(land: Land) -> int:
    """A running campaign of five families, the last without a CNIC."""
    with unit_of_work(SYSTEM, at=AT) as work:
        places = ("PK70301U1", "PK70301U1", "PK70301U2", "PK70601U1", "PK70601U1")
        add_families(work, land, *({"uc": uc, "size": 4 + n} for n, uc in enumerate(places)))
        work.session.execute(
            text("UPDATE family SET cnic_sealed = NULL, cnic_index = NULL, cnic_verified_by = 'LSO' WHERE number = 5")
        )
    return running(land)


def key(land: Land, campaign_id: int) -> int:
    with unit_of_work(land.administrator, at=AT) as work:
        return make_campaign_key(work, campaign_id)


def issue(land: Land, campaign_id: int, **changes: object) -> int:
    with unit_of_work(land.coordinator, at=AT) as work:
        return issue_tokens(work, IssueTokens(**({"campaign_id": campaign_id, "expires_on": EXPIRES_ON} | changes)))  # type: ignore[arg-type]


def all_tokens(work: Work, campaign_id: int) -> list[int]:
    query = select(Token.id).join(Entitlement, Entitlement.id == Token.entitlement_id)
    return list(work.session.scalars(query.where(Entitlement.campaign_id == campaign_id).order_by(Entitlement.serial)))


# --- Keys ----------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_and_rotated(land: Land, campaign_id: int) -> None:
    assert key(land, campaign_id) == 1
    assert key(land, campaign_id) == 2
    with reading(land.administrator) as work:
        assert [(row.key_id, row.state, row.made_by) for row in list_keys(work, campaign_id)] == [
            (2, KeyState.ACTIVE, 13),
            (1, KeyState.RETIRED, 13),
        ]
        found = find_key(work, campaign_number=1, key_id=2)
        assert found is not None
        assert found.public_key == bytes(work.keys.signing_key("campaign-1-2").verify_key)
        assert find_key(work, campaign_number=1, key_id=3) is None
        entries = work.session.scalars(select(AuditEntry).filter_by(action="key.made")).all()
        assert [entry.detail for entry in entries] == [{"number": 1, "key": 1}, {"number": 1, "key": 2}]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_handle_keys(land: Land, campaign_id: int, role: Role) -> None:
    key(land, campaign_id)
    with pytest.raises(Forbidden), unit_of_work(land.person(role, number=5), at=AT) as work:
        make_campaign_key(work, campaign_id)
    with pytest.raises(Forbidden), unit_of_work(land.person(role, number=5), at=AT) as work:
        revoke_campaign_key(work, campaign_id, 1)
    with pytest.raises(Forbidden), unit_of_work(land.person(Role.ADMINISTRATOR, "PK703", number=5), at=AT) as work:
        make_campaign_key(work, campaign_id)


def test_a_key_whose_unit_failed_is_forgotten(land: Land, campaign_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # The audit entry fails, whatever the cause: the disk, the connection.
    monkeypatch.setattr("relief.entitlements.signing.record", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        key(land, campaign_id)
    with reading(SYSTEM) as work, pytest.raises(NotFound):
        work.keys.signing_key("campaign-1-1")
    monkeypatch.undo()
    assert key(land, campaign_id) == 1


def test_a_key_file_that_the_database_does_not_know_is_passed_over(land: Land, campaign_id: int, store: Store) -> None:
    left_over = store.keys.make_signing_key(key_name(1, 1))
    assert key(land, campaign_id) == 2
    assert bytes(store.keys.signing_key(key_name(1, 1)).verify_key) == left_over


def test_key_numbers_end(land: Land, campaign_id: int) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        values = {"public_key": bytes(32), "state": KeyState.RETIRED, "made_at": AT, "made_by": 1}
        work.session.add(CampaignKey(campaign_id=campaign_id, key_id=255, **values))
    with pytest.raises(Conflict) as caught:
        key(land, campaign_id)
    assert caught.value.code == "key.numbers_used_up"


def test_the_database_holds_one_active_key(land: Land, campaign_id: int) -> None:
    key(land, campaign_id)
    with pytest.raises(IntegrityError), unit_of_work(SYSTEM, at=AT) as work:
        values = {"public_key": bytes(32), "state": KeyState.ACTIVE, "made_at": AT, "made_by": 1}
        work.session.add(CampaignKey(campaign_id=campaign_id, key_id=9, **values))


def test_a_closed_campaign_gets_no_key(land: Land, campaign_id: int) -> None:
    with pytest.raises(RuleViolation), unit_of_work(SYSTEM, at=AT) as work:
        work.session.get_one(Campaign, campaign_id).state = CampaignState.CLOSED
        work.session.flush()
        make_campaign_key(work, campaign_id)


def test_a_key_is_revoked_once(land: Land, campaign_id: int) -> None:
    key(land, campaign_id)
    with unit_of_work(land.administrator, at=AT) as work:
        revoke_campaign_key(work, campaign_id, 1)
    with pytest.raises(RuleViolation) as caught, unit_of_work(land.administrator, at=AT) as work:
        revoke_campaign_key(work, campaign_id, 1)
    assert caught.value.code == "key.already_revoked"
    with pytest.raises(NotFound), unit_of_work(land.administrator, at=AT) as work:
        revoke_campaign_key(work, campaign_id, 7)


# --- Issue ---------------------------------------------------------------------------------------------------------------


def test_each_entitlement_gets_one_token(land: Land, campaign_id: int) -> None:
    point_of = {land.area_ids["PK70301U1"]: 7, land.area_ids["PK70601U1"]: 9}
    assert with_tokens(land, campaign_id, point_of=point_of) == 5
    with reading(land.coordinator) as work:
        tokens = [get_token(work, token_id) for token_id in all_tokens(work, campaign_id)]
        assert [(t.serial, t.reissue, t.key_id, t.state) for t in tokens] == [
            (serial, 0, 1, TokenState.ISSUED) for serial in range(1, 6)
        ]
        assert [t.point_no for t in tokens] == [7, 7, 0, 9, 9]
        assert [t.band_no for t in tokens] == [1, 2, 2, 2, 2]
        assert {t.expires_on for t in tokens} == {EXPIRES_ON}
        tags = holder_key(work.keys, 1)
        assert [t.holder_tag for t in tokens] == [
            rt1.holder_tag(tags, n, Cnic(f"45102{n:07d}1") if n < 5 else None) for n in range(1, 6)
        ]
        assert tokens[4].holder_tag == 0
        entry = work.session.scalars(select(AuditEntry).filter_by(action="tokens.issued")).one()
        assert (entry.actor_id, entry.detail["count"]) == (11, 5)
        assert tokens_digest(work, entry.detail["first_id"], entry.detail["last_id"]) == entry.record_digest
    assert issue(land, campaign_id) == 0  # Sent again, nothing changes.
    with reading(land.coordinator) as work:
        assert len(work.session.scalars(select(AuditEntry).filter_by(action="tokens.issued")).all()) == 1


def test_codes_are_unlike_and_checked(land: Land, campaign_id: int) -> None:
    with_tokens(land, campaign_id)
    with reading(land.coordinator) as work:
        printed = list(stream_printable(work, PrintSelection(campaign_id)))
        codes = [one.code for one in printed]
        assert len(set(codes)) == 5
        assert [TokenCode.parse(code.grouped()) for code in codes] == codes
        for one in printed:
            assert find_token_by_code(work, one.code) == one.token
        assert find_token_by_code(work, TokenCode.of(1)) is None
        assert codes[0].digits not in repr(printed[0])


def test_a_code_that_another_token_has_is_drawn_again(
    land: Land, campaign_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = iter([[9], [1, 1, 2, 2, 9], [9, 2], [3, 4]])
    monkeypatch.setattr(issuing, "_random_numbers", lambda count: next(draws)[:count])
    with_tokens(land, campaign_id, at_most=1)
    assert issue(land, campaign_id) == 4
    with reading(land.coordinator) as work:
        codes = {one.code for one in stream_printable(work, PrintSelection(campaign_id))}
        assert codes == {TokenCode.of(n) for n in (1, 2, 3, 4, 9)}


def test_tokens_are_issued_by_area_and_in_parts(land: Land, campaign_id: int) -> None:
    key(land, campaign_id)
    assert issue(land, campaign_id, area_id=land.area_ids["PK706"]) == 2
    assert issue(land, campaign_id, at_most=2) == 2
    assert issue(land, campaign_id, at_most=2) == 1
    with reading(land.coordinator) as work:
        assert count_tokens(work, campaign_id) == {
            land.area_ids["PK70301U1"]: TokenCounts(entitled=2, issued=2),
            land.area_ids["PK70301U2"]: TokenCounts(entitled=1, issued=1),
            land.area_ids["PK70601U1"]: TokenCounts(entitled=2, issued=2),
        }


def test_a_district_coordinator_issues_for_the_district(land: Land, campaign_id: int) -> None:
    key(land, campaign_id)
    coordinator = land.person(Role.COORDINATOR, "PK703", number=5)
    with pytest.raises(Forbidden), unit_of_work(coordinator, at=AT) as work:
        issue_tokens(work, IssueTokens(campaign_id, EXPIRES_ON, area_id=land.area_ids["PK706"]))
    with unit_of_work(coordinator, at=AT) as work:
        assert issue_tokens(work, IssueTokens(campaign_id, EXPIRES_ON)) == 3
    with reading(coordinator) as work:
        assert set(count_tokens(work, campaign_id)) == {land.area_ids["PK70301U1"], land.area_ids["PK70301U2"]}
        assert len(list(stream_printable(work, PrintSelection(campaign_id)))) == 3
    with reading(land.coordinator) as work:
        assert count_tokens(work, campaign_id)[land.area_ids["PK70601U1"]] == TokenCounts(entitled=2, missing=2)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
def test_only_coordinators_issue(land: Land, campaign_id: int, role: Role) -> None:
    key(land, campaign_id)
    with pytest.raises(Forbidden), unit_of_work(land.person(role, number=5), at=AT) as work:
        issue_tokens(work, IssueTokens(campaign_id, EXPIRES_ON))


def test_an_unknown_or_foreign_campaign_is_not_found(land: Land, campaign_id: int) -> None:
    with pytest.raises(NotFound):
        issue(land, 999)
    with pytest.raises(NotFound):
        issue(land, campaign_id, area_id=999)
    with pytest.raises(NotFound), unit_of_work(someone(Role.COORDINATOR, "/98765/"), at=AT) as work:
        issue_tokens(work, IssueTokens(campaign_id, EXPIRES_ON))


def test_tokens_need_a_key_and_an_approval(land: Land, campaign_id: int) -> None:
    with pytest.raises(RuleViolation) as caught:
        issue(land, campaign_id)
    assert caught.value.code == "key.missing"
    draft = planned(land, code="FLOOD-2")
    key(land, draft)
    with pytest.raises(RuleViolation) as caught:
        issue(land, draft)
    assert caught.value.code == "token.campaign_not_running"


def test_a_machine_without_the_key_issues_nothing(land: Land, campaign_id: int, settings: object) -> None:
    key(land, campaign_id)
    folder: Path = settings.keys_path  # type: ignore[attr-defined]
    (folder / "campaign-1-1.sealed").unlink()
    with unit_of_work(SYSTEM, at=AT) as work:
        work.keys._signing_keys.clear()
    with pytest.raises(NotFound) as caught:
        issue(land, campaign_id)
    assert caught.value.code == "keys.no_signing_key"


@pytest.mark.parametrize("expires_on", [dt.date(2022, 9, 9), dt.date(2151, 1, 1)])
def test_the_last_day_must_make_sense(land: Land, campaign_id: int, expires_on: dt.date) -> None:
    key(land, campaign_id)
    with pytest.raises(InvalidInput) as caught:
        issue(land, campaign_id, expires_on=expires_on)
    assert caught.value.problems[0].field == "expires_on"


def test_families_of_a_supplement_get_theirs(land: Land, campaign_id: int) -> None:
    with_tokens(land, campaign_id)
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {}, {}, first_number=101)
    approved(land, proposed(land, campaign_id))
    assert issue(land, campaign_id) == 2


def test_tokens_of_a_revoked_key_are_replaced_by_the_next_issue(land: Land, campaign_id: int) -> None:
    with_tokens(land, campaign_id)
    with unit_of_work(land.administrator, at=AT) as work:
        revoke_campaign_key(work, campaign_id, 1)
    with pytest.raises(RuleViolation):
        issue(land, campaign_id)
    assert key(land, campaign_id) == 2
    assert issue(land, campaign_id, at_most=3) == 3
    assert issue(land, campaign_id) == 2
    with reading(land.coordinator) as work:
        first = [find_token(work, campaign_number=1, serial=serial, reissue=0) for serial in range(1, 6)]
        second = [find_token(work, campaign_number=1, serial=serial, reissue=1) for serial in range(1, 6)]
        assert {token and token.state for token in first} == {TokenState.REPLACED}
        assert {token and (token.state, token.key_id) for token in second} == {(TokenState.ISSUED, 2)}


# --- Print and verify ----------------------------------------------------------------------------------------------------


def test_a_token_is_signed_to_the_same_bytes_each_time(land: Land, campaign_id: int) -> None:
    with_tokens(land, campaign_id)
    with reading(land.coordinator) as work:
        tokens = [one.token for one in stream_printable(work, PrintSelection(campaign_id))]
        signed = sign_tokens(work, tokens)
        assert signed == [token_bytes(work, token) for token in tokens]
        found = find_key(work, campaign_number=1, key_id=1)
        assert found is not None
        for token, data in zip(tokens, signed, strict=True):
            body = rt1.verify(rt1.Token.unpack(data), VerifyKey(found.public_key))
            assert (body.campaign, body.serial, body.entitlement, body.expires_on) == (
                1, token.serial, token.band_no, EXPIRES_ON,
            )  # fmt: skip


def test_printing_is_narrowed_by_area_and_point(land: Land, campaign_id: int) -> None:
    with_tokens(land, campaign_id, point_of={land.area_ids["PK70301U1"]: 7})
    with reading(land.coordinator) as work:

        def heads(**narrowed: object) -> list[str]:
            selection = PrintSelection(campaign_id, **narrowed)  # type: ignore[arg-type]
            assert sum(count_printable(work, selection).values()) == len(list(stream_printable(work, selection)))
            return [one.head_name for one in stream_printable(work, selection)]

        assert heads() == [f"Head {n}" for n in range(1, 6)]
        assert heads(area_path=land.paths["PK706"]) == ["Head 4", "Head 5"]
        assert heads(point_no=7) == ["Head 1", "Head 2"]
        assert heads(point_no=0, area_path=land.paths["PK703"]) == ["Head 3"]
        printed, *_ = stream_printable(work, PrintSelection(campaign_id))
        assert (str(printed.family_code), printed.head_name_local) == ("F-00000001-95", "سربراہ")


def test_tokens_are_seen_within_the_areas_of_the_reader(land: Land, campaign_id: int) -> None:
    with_tokens(land, campaign_id)
    with reading(land.person(Role.AUDITOR, "PK703", number=5)) as work:
        token_ids = all_tokens(work, campaign_id)
        first = get_token(work, token_ids[0])
        assert tokens_of_family(work, first.family_id) == [first]
        with pytest.raises(NotFound):
            get_token(work, token_ids[4])
        assert list(stream_printable(work, PrintSelection(campaign_id))) == []  # Auditors read, they do not print.
    with reading(land.finance) as work, pytest.raises(NotFound):
        get_token(work, token_ids[0])


def test_a_text_is_verified_and_tells_no_person(land: Land, campaign_id: int) -> None:
    with_tokens(land, campaign_id)
    with reading(land.coordinator) as work:
        printed, *_ = stream_printable(work, PrintSelection(campaign_id))
        data = token_bytes(work, printed.token)
    with reading(someone(Role.POINT_STAFF, "/98765/")) as work:
        for text_form in (rt1.to_compact_text(data), rt1.to_url_text(data, "relief.example.org")):
            found = verify_text(work, text_form)
            assert found.holds
            assert (found.is_genuine, found.key_state, found.token_state) == (True, KeyState.ACTIVE, TokenState.ISSUED)
        forged = verify_text(work, rt1.to_compact_text(data[:-1] + bytes([data[-1] ^ 1])))
        assert (forged.is_genuine, forged.token_state, forged.holds) == (False, None, False)
        unknown_campaign = verify_text(work, rt1.to_compact_text(data[:2] + b"\x00\x09" + data[4:]))
        assert (unknown_campaign.is_genuine, unknown_campaign.key_state) == (False, None)
        with pytest.raises(InvalidInput):
            verify_text(work, "hello")
    with unit_of_work(land.administrator, at=AT) as work:
        revoke_campaign_key(work, campaign_id, 1)
        assert not verify_text(work, rt1.to_compact_text(data)).holds
