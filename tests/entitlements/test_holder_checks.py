"""The holder check: equal answers to all who do not know, fewer and fewer tries, and a record of each."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import current_app
from sqlalchemy import func, select

from relief.audit.model import AuditEntry
from relief.entitlements.holder_checks import CheckHolder, HolderAnswer, check_holder
from relief.entitlements.model import HolderCheckThrottle
from relief.entitlements.revoking import ReplaceToken, replace_token
from relief.entitlements.rules import OF_ONE_ADDRESS, OF_ONE_TOKEN
from relief.kernel.actor import SYSTEM_ID, Actor
from relief.kernel.codes import TokenCode
from relief.kernel.errors import InvalidInput, RuleViolation
from relief.papers import rt1
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.factories.world import AT, SYSTEM, Holder, World, build_world

PUBLIC = Actor(SYSTEM_ID, "public")
HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"
WRONG = "9999"
URDU = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@pytest.fixture
def world(store: Store) -> World:
    """Five families, the last of them without a CNIC."""
    return build_world(families=5)


def ask(answer: str, text: str | None, *, address: str = HERE, at: dt.datetime = AT) -> int | None:
    """The id of the token if the answer is its holder's."""
    with unit_of_work(PUBLIC, at=at) as work:
        found = check_holder(work, CheckHolder(HolderAnswer.parse(answer), address, text))
    return found.id if found else None


def refused(answer: str, text: str | None, *, address: str = HERE, at: dt.datetime = AT) -> int:
    """How many minutes to wait."""
    with pytest.raises(RuleViolation) as caught:
        ask(answer, text, address=address, at=at)
    assert caught.value.code == "holder_check.wait"
    return int(str(caught.value.params["minutes"]))


def last_four(holder: Holder) -> str:
    assert holder.cnic is not None
    return holder.cnic.last_four


def test_the_holder_is_known_by_cnic_or_code(world: World) -> None:
    holder = world.families[0]
    for answer in (last_four(holder), holder.code.grouped(), holder.code.digits.translate(URDU)):
        assert ask(answer, holder.text) == holder.token_id
    assert ask(holder.code.grouped(), None) == holder.token_id


def test_a_family_without_cnic_is_known_by_the_code_alone(world: World) -> None:
    holder = world.families[4]
    assert holder.cnic is None
    assert ask("0000", holder.text) is None
    assert ask(holder.code.digits, holder.text) == holder.token_id


def test_the_code_of_another_paper_is_no_answer(world: World) -> None:
    one, other = world.families[:2]
    assert ask(other.code.digits, one.text) is None


def test_who_does_not_know_learns_nothing(world: World) -> None:
    """Wrong digits, no such token, no such code, a forged text: all the same, counted all the same."""
    holder = world.families[0]
    unknown, forged = signed(world, serial=9_000_000), bytearray(rt1.parse_text(holder.text))
    forged[40] ^= 1
    texts = (holder.text, unknown, rt1.to_compact_text(bytes(forged)))
    assert {ask(WRONG, text) for text in texts} == {None}
    # Not even with the right code: a forged paper is nobody's.
    assert {ask(holder.code.digits, text) for text in texts[1:]} == {None}
    assert ask(TokenCode.of(1).digits, None) is None
    with reading(SYSTEM) as work:
        assert work.session.scalar(select(func.max(HolderCheckThrottle.failures))) == 6


def signed(world: World, **changed: object) -> str:
    """A text that the campaign's key signed."""
    with reading(SYSTEM) as work:
        fields = {
            "key_id": 1, "campaign": world.campaign_number, "serial": 1, "reissue": 0, "entitlement": 1, "point": 1,
            "expires_on": world.expires_on, "holder_tag": 0,
        } | changed  # fmt: skip
        token = rt1.sign(rt1.TokenBody(**fields), work.keys.signing_key(f"campaign-{world.campaign_number}-1"))
    return rt1.to_compact_text(token.pack())


def test_a_signed_text_that_differs_from_the_record_is_unknown(world: World) -> None:
    token = rt1.Token.unpack(rt1.parse_text(world.families[0].text)).body
    assert ask(last_four(world.families[0]), signed(world, serial=token.serial, point=2)) is None


@pytest.mark.parametrize("exists", [True, False])
def test_wrong_answers_about_one_token_are_slowed_down(world: World, exists: bool) -> None:
    holder = world.families[0]
    text = holder.text if exists else signed(world, serial=9_000_000)
    for guess in range(OF_ONE_TOKEN.free):
        assert ask(WRONG, text, address=f"198.51.100.{guess}") is None
    assert refused(last_four(holder), text, address=ELSEWHERE) == 1
    later = AT + OF_ONE_TOKEN.first_wait
    assert ask(WRONG, text, at=later) is None
    assert refused(WRONG, text, at=later + dt.timedelta(seconds=1)) == 2


def test_other_tokens_and_other_addresses_stay_open(world: World) -> None:
    for _guess in range(OF_ONE_TOKEN.free):
        ask(WRONG, world.families[0].text)
    other = world.families[1]
    assert ask(last_four(other), other.text) == other.token_id


def test_guesses_from_one_address_are_slowed_down_whatever_they_are_about(world: World) -> None:
    for guess in range(OF_ONE_ADDRESS.free):
        assert ask(TokenCode.of(guess).digits, None) is None
    assert refused(world.families[0].code.digits, None) == 1
    assert ask(world.families[0].code.digits, None, address=ELSEWHERE) == world.families[0].token_id


def test_an_ipv6_network_is_one_address(world: World) -> None:
    for guess in range(OF_ONE_ADDRESS.free):
        ask(TokenCode.of(guess).digits, None, address=f"2001:db8::{guess:x}")
    assert refused(world.families[0].code.digits, None, address="2001:db8::ffff:1") == 1
    assert ask(world.families[0].code.digits, None, address="2001:db8:0:1::1") == world.families[0].token_id


def test_the_right_answer_clears_the_token_and_not_the_address(world: World) -> None:
    holder = world.families[0]
    for _guess in range(3):
        ask(WRONG, holder.text)
    assert ask(last_four(holder), holder.text) == holder.token_id
    with reading(SYSTEM) as work:
        assert list(work.session.scalars(select(HolderCheckThrottle.failures))) == [3]


def test_a_replacement_is_no_fresh_set_of_guesses(world: World) -> None:
    holder = world.families[0]
    for _guess in range(OF_ONE_TOKEN.free):
        ask(WRONG, holder.text)
    with unit_of_work(world.coordinator, at=AT) as work:
        replace_token(work, ReplaceToken(holder.token_id, "lost"))
    serial = rt1.Token.unpack(rt1.parse_text(holder.text)).body.serial
    assert refused(WRONG, signed(world, serial=serial, reissue=1)) == 1


def test_wrong_answers_are_forgotten_in_time(world: World) -> None:
    for _guess in range(OF_ONE_TOKEN.free):
        ask(WRONG, world.families[0].text)
    later = AT + OF_ONE_TOKEN.forgotten_after + dt.timedelta(days=1)
    assert ask(WRONG, world.families[0].text, at=later) is None
    with reading(SYSTEM) as work:
        assert list(work.session.scalars(select(HolderCheckThrottle.failures))) == [1, 1]


def test_guesses_sent_at_once_are_all_counted(world: World) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def guess(number: int) -> str:
        with app.app_context():
            try:
                ask(WRONG, world.families[0].text, address=f"198.51.100.{number}")
            except RuleViolation as refusal:
                return refusal.code
        return "looked at"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(16)))
    assert answers.count("looked at") == OF_ONE_TOKEN.free


def test_every_check_is_on_record_without_what_was_told(world: World) -> None:
    holder = world.families[0]
    ask(WRONG, holder.text)
    ask(last_four(holder), holder.text)
    ask(holder.code.digits, None)
    with reading(SYSTEM) as work:
        entries = list(work.session.scalars(select(AuditEntry).where(AuditEntry.segment == "public")))
    assert [(e.action, e.subject_id, e.detail) for e in entries] == [
        ("token.holder_checked", str(holder.token_id), {"by": "last_four", "matches": False}),
        ("token.holder_checked", str(holder.token_id), {"by": "last_four", "matches": True}),
        ("token.holder_checked", str(holder.token_id), {"by": "code", "matches": True}),
    ]


@pytest.mark.parametrize("typed", ["", "12", "12345", "abcd", "1234567890123", "12a4"])
def test_what_is_no_answer_is_not_counted(typed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        HolderAnswer.parse(typed)
    assert caught.value.code == "holder_check.unreadable"


def test_a_mistyped_code_is_said_at_once() -> None:
    digits = TokenCode.of(7919).digits
    with pytest.raises(InvalidInput) as caught:
        HolderAnswer.parse(digits[:-1] + str((int(digits[-1]) + 1) % 10))
    assert caught.value.code == "token_code.check_failed"
