"""The card of a phone that hears nobody: from its manifest, from what it did itself, from what others showed."""

import datetime as dt
from typing import Any

import pytest
from nacl.signing import SigningKey
from playwright.sync_api import Page

from relief.papers import rt1
from relief.sync.wire import b64
from tests.scan.making import LINES, POINT, Campaign, Server

DAY = dt.timedelta(days=1)


def judge(page: Page, text: str, **asked: Any) -> dict[str, Any]:
    card: dict[str, Any] = page.evaluate("([text, asked]) => scan.judge(text, asked)", [text, asked])
    return card


def verdict(page: Page, text: str, **asked: Any) -> tuple[str, str | None]:
    card = judge(page, text, **asked)
    return card["state"], card["refusal"] and card["refusal"].removeprefix("redemption.")


def owed(card: dict[str, Any]) -> dict[int, int]:
    return {line["line"]: line["owed"] for line in card["due"]["lines"]}


@pytest.fixture
def work(phone: Page, server: Server) -> Page:
    """A phone that is enrolled, without a manifest yet."""
    server.enrol(phone)
    return phone


def test_without_a_manifest_a_phone_waits(work: Page, campaign: Campaign):
    card = judge(work, campaign.families[0].text)
    assert (card["state"], card["refusal"], card["note"]) == ("wait", None, "no_manifest")


def test_a_good_token_says_what_to_give_to_whom(at_work: Page, campaign: Campaign):
    family = campaign.families[2]
    for text in (
        family.text,
        rt1.to_url_text(family.token, "relief.example.org"),
        family.code.digits,
        family.code.grouped(),
    ):
        card = judge(at_work, text)
        assert (card["state"], card["refusal"], card["campaign"], card["serial"]) == ("give", None, 12, 3)
        assert (
            card["row"]["name"] == family.name
            and card["row"]["familyCode"] == family.row[3]
            and card["row"]["size"] == 6
        )
        assert card["due"] == {"instalment": 1, "lines": LINES}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expires_on": -1}, ("not_valid", "expired")),
        ({"expires_on": 0}, ("give", None)),
        ({"point": 8}, ("ask", "other_point")),
        ({"point": 0}, ("give", None)),
        ({"campaign": 13}, ("not_valid", "other_campaign")),
        ({"key_id": 2}, ("not_valid", "not_genuine")),
        ({"serial": 4000}, ("give", None)),
    ],
)
def test_what_stands_on_the_paper_decides(
    at_work: Page, server: Server, campaign: Campaign, changes: dict[str, Any], said: tuple[str, str | None]
):
    if "expires_on" in changes:
        changes = {"expires_on": server.today + changes["expires_on"] * DAY}
    token = campaign.token(**({"serial": 1} | changes))
    assert verdict(at_work, rt1.to_compact_text(token)) == said


def test_forged_and_foreign_papers_are_not_valid(at_work: Page, server: Server, campaign: Campaign):
    forged = Campaign(server.today, key=SigningKey.generate()).token(1)
    assert verdict(at_work, rt1.to_compact_text(forged)) == ("not_valid", "not_genuine")
    for text in ("WIFI:S:shop;;", "R1:ABC", rt1.to_compact_text(b"\x20" + forged[1:])):
        assert verdict(at_work, text) == ("not_valid", "unreadable")
    assert verdict(at_work, "123456789066") in {("not_valid", "unknown"), ("not_valid", "unreadable")}


def test_a_code_that_no_family_here_has_is_unknown(at_work: Page, campaign: Campaign):
    stranger = Campaign(campaign.today)
    stranger.add(20)
    assert verdict(at_work, stranger.families[15].code.digits) == ("not_valid", "unknown")


@pytest.mark.parametrize(
    ("campaign_changes", "said"),
    [
        ({"state": "closed"}, ("ask", "campaign_not_running")),
        ({"key_state": "revoked"}, ("not_valid", "key_revoked")),
        ({"key_state": "retired"}, ("give", None)),
        ({"instalment": 2}, ("give", None)),
        ({"proof_required": "last_four"}, ("ask", "proof_missing")),
    ],
)
def test_the_campaign_decides(
    work: Page, server: Server, campaign: Campaign, campaign_changes: dict[str, Any], said: tuple[str, str | None]
):
    for name, value in campaign_changes.items():
        setattr(campaign, name, value)
    server.give_manifest(work, campaign)
    assert verdict(work, campaign.families[0].text) == said


def test_days_and_people_decide(work: Page, server: Server, campaign: Campaign):
    campaign.today -= 10 * DAY
    server.give_manifest(work, campaign)
    assert verdict(work, campaign.families[0].text) == ("ask", "not_on_this_day")
    campaign.today += 10 * DAY
    nobody = [{"id": 5, "name": "Ayesha Soomro", "staffed_on": []}]
    server.give_manifest(work, campaign, operators=nobody)
    assert verdict(work, campaign.families[0].text) == ("ask", "not_assigned")
    server.give_manifest(work, campaign)
    work.evaluate("() => scan.phone.device.keep({ isRevoked: true })")
    assert verdict(work, campaign.families[0].text) == ("ask", "device_not_trusted")


def test_the_day_is_pakistans_whatever_the_phone_is_set_to(work: Page, server: Server, campaign: Campaign):
    server.give_manifest(work, campaign)
    for hours in (0, 24, 48):
        now = dt.datetime.combine(server.today, dt.time(), dt.UTC) - dt.timedelta(hours=5) + dt.timedelta(hours=hours)
        text = campaign.families[0].text
        assert verdict(work, text, now=now.timestamp() * 1000) == ("give", None)
        assert verdict(work, text, now=now.timestamp() * 1000 - 1) == (
            ("give", None) if hours else ("ask", "not_on_this_day")
        )


def test_revoked_and_replaced_papers_are_not_valid(work: Page, server: Server, campaign: Campaign):
    campaign.revoked, campaign.replaced = {1, 3}, {2, 3}
    (newer,) = campaign.add(reissue=2)
    campaign.replaced.add(newer.serial)
    server.give_manifest(work, campaign)
    assert verdict(work, campaign.families[0].text) == ("not_valid", "token_revoked")
    assert verdict(work, newer.text) == ("give", None)
    older = campaign.token(newer.serial, newer.cnic, reissue=1)
    assert verdict(work, rt1.to_compact_text(older)) == ("not_valid", "token_replaced")
    newest = campaign.token(newer.serial, newer.cnic, reissue=3)
    assert verdict(work, rt1.to_compact_text(newest)) == ("give", None), "replaced since the manifest was made"


def test_without_the_roster_the_bitmaps_tell(work: Page, server: Server, campaign: Campaign):
    elsewhere = Campaign(campaign.today, key=campaign.key)
    elsewhere.add(10)
    first, newer = elsewhere.token(1, point=0), elsewhere.token(1, point=0, reissue=1)
    elsewhere.revoked, elsewhere.replaced, elsewhere.redeemed[1] = {2}, {1}, {3}
    elsewhere.is_here, families = False, elsewhere.families
    server.give_manifest(work, elsewhere)
    assert verdict(work, rt1.to_compact_text(first)) == ("not_valid", "token_replaced")
    assert verdict(work, rt1.to_compact_text(newer)) == ("give", None)
    assert verdict(work, families[1].text) == ("not_valid", "token_revoked")
    assert verdict(work, families[2].text) == ("already_given", "already_given")


def test_what_the_server_knows_as_given_is_given(work: Page, server: Server, campaign: Campaign):
    campaign.redeemed[1] = {1, 2}
    campaign.rests = {"2": {"1": {"2": 1}}}
    server.give_manifest(work, campaign)
    card = judge(work, campaign.families[0].text)
    assert (card["state"], card["refusal"], card["due"], card["first"]) == (
        "already_given",
        "redemption.already_given",
        None,
        None,
    )
    card = judge(work, campaign.families[1].text)
    assert card["state"] == "give" and owed(card) == {1: 0, 2: 1}
    campaign.instalment = 2
    server.give_manifest(work, campaign)
    card = judge(work, campaign.families[0].text)
    assert card["due"]["instalment"] == 2 and owed(card) == {1: 2_500_000, 2: 2}
    assert judge(work, campaign.families[1].text)["due"]["instalment"] == 1, "the rest of the first comes first"


def test_what_this_phone_gave_is_given_with_place_time_and_person(at_work: Page, campaign: Campaign):
    text = campaign.families[0].text
    made = at_work.evaluate("text => scan.record('hand_over', text)", text)
    for presented in (text, campaign.families[0].code.digits):
        card = judge(at_work, presented)
        assert card["state"] == "already_given"
        assert card["first"] == {"point": POINT["name"], "at": made["at"], "by": "Ayesha Soomro"}


def test_a_rest_is_owed_until_it_is_given(at_work: Page, server: Server, campaign: Campaign):
    text = campaign.families[0].text
    give = "([text, given]) => scan.record('hand_over', text, { given }).then(({ counter }) => counter)"
    at_work.evaluate(give, [text, {"1": 2_500_000}])
    assert owed(judge(at_work, text)) == {1: 0, 2: 2}
    counter = at_work.evaluate(give, [text, {"2": 1}])
    assert owed(judge(at_work, text)) == {1: 0, 2: 1}
    # The server took both in: the manifest says so, and they count once.
    campaign.redeemed[1] = {1}
    campaign.rests = {"1": {"1": {"2": 1}}}
    at_work.evaluate(
        "([manifest, counter]) => scan.apply(manifest, counter).then(() => null)",
        [b64(server.manifest(campaign)), counter],
    )
    assert owed(judge(at_work, text)) == {1: 0, 2: 1}
    at_work.evaluate(give, [text, {"2": 1}])
    assert judge(at_work, text)["state"] == "already_given"


def test_an_undo_after_the_server_heard_of_the_hand_over_counts_once(at_work: Page, server: Server, campaign: Campaign):
    text = campaign.families[0].text
    made = at_work.evaluate("text => scan.record('hand_over', text)", text)
    campaign.redeemed[1] = {1}
    settle = "([manifest, counter]) => scan.apply(manifest, counter).then(() => null)"
    at_work.evaluate(settle, [b64(server.manifest(campaign)), 1])
    assert judge(at_work, text)["state"] == "already_given"
    at_work.evaluate("id => scan.phone.outbox.undo(id, 'Wrong family').then(() => null)", made["id"])
    card = judge(at_work, text)
    assert card["state"] == "give" and owed(card) == {1: 2_500_000, 2: 2}
    campaign.redeemed[1] = set()
    at_work.evaluate(settle, [b64(server.manifest(campaign)), 2])
    assert owed(judge(at_work, text)) == {1: 2_500_000, 2: 2}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"1": 2_500_000, "2": 2}, ("give", None)),
        ({"2": 1}, ("give", None)),
        ({"2": 3}, ("ask", "more_than_owed")),
        ({"1": 2_500_001}, ("ask", "more_than_owed")),
        ({"3": 1}, ("ask", "more_than_owed")),
        ({"1": 0}, ("ask", "more_than_owed")),
        ({"1": -1, "2": 1}, ("ask", "more_than_owed")),
        ({}, ("ask", "more_than_owed")),
    ],
)
def test_no_more_than_owed_and_not_nothing(at_work: Page, campaign: Campaign, given: Any, said: tuple[str, str | None]):
    assert verdict(at_work, campaign.families[0].text, given=given) == said


@pytest.mark.parametrize(
    ("proof", "answer", "said"),
    [
        ("none", None, ("ask", "proof_missing")),
        ("witness", None, ("ask", "proof_missing")),
        ("cnic_seen", None, ("give", None)),
        ("last_four", "5671", ("give", None)),
        ("last_four", "567", ("ask", "holder_does_not_match")),
        ("last_four", "۵۶۷۱", ("give", None)),
        ("holder_tag", "4510200000011", ("give", None)),
        ("holder_tag", "45102-0000001-1", ("give", None)),
        ("holder_tag", "۴۵۱۰۲۰۰۰۰۰۰۱۱", ("give", None)),
        ("holder_tag", "4510200000021", ("ask", "holder_does_not_match")),
        ("holder_tag", "451020000001", ("ask", "holder_does_not_match")),
        ("holder_tag", None, ("give", None)),
    ],
)
def test_the_holder_is_checked(
    work: Page, server: Server, proof: str, answer: str | None, said: tuple[str, str | None]
):
    campaign = Campaign(server.today, proof_required="holder_tag")
    (family,) = campaign.add()
    server.give_manifest(work, campaign)
    for text in (family.text, family.code.digits):
        assert verdict(work, text, proof=proof, answer=answer) == said


def test_a_family_without_cnic_is_vouched_for(work: Page, server: Server, campaign: Campaign):
    campaign.proof_required = "cnic_seen"
    (family,) = campaign.add(cnic=False)
    server.give_manifest(work, campaign)
    assert verdict(work, family.text, proof="photo") == ("give", None)
    assert verdict(work, family.text, proof="witness") == ("give", None)
    assert verdict(work, family.text, proof="last_four", answer="1234") == ("ask", "proof_missing")
    assert verdict(work, campaign.families[0].text, proof="witness") == ("ask", "proof_missing")
