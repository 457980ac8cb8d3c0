import datetime as dt

import pytest
from sqlalchemy import select

from relief.accounts import rules, sign_in
from relief.accounts.model import RoleGrant, SignInSession, SignInThrottle
from relief.accounts.queries import find_sign_in, list_sessions
from relief.audit.model import AuditEntry
from relief.kernel.actor import Actor, ActorId
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.permissions import Permission, Role
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.factories.people import AT, SYSTEM, add_person, put_five_areas

HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def user(store: Store):
    with unit_of_work(SYSTEM, at=AT) as work:
        areas = put_five_areas(work)
        return add_person(work, Role.REGISTRAR, areas.dadu)


def attempt(email: str, address: str = HOME, at: dt.datetime = AT) -> sign_in.Attempt:
    with unit_of_work(SYSTEM, at=at) as work:
        return sign_in.begin_attempt(work, email, address)


def enter(user, address: str = HOME, at: dt.datetime = AT) -> str:
    tried = attempt(user.email, address, at)
    with unit_of_work(SYSTEM, at=at) as work:
        return sign_in.start_sign_in(work, tried, "Chrome, Android")


def found(token: str, at: dt.datetime = AT):
    with reading(SYSTEM, at=at) as work:
        return find_sign_in(work, token)


def test_a_sign_in_brings_the_person_with_their_grants(user):
    signed_in = found(enter(user))
    assert signed_in.actor.id == user.id
    assert signed_in.actor.has_role(Role.REGISTRAR)
    assert [area.code for area in signed_in.areas] == ["PK703"]


def test_the_database_holds_no_text_that_opens_a_sign_in(user):
    token = enter(user)
    with reading(SYSTEM) as work:
        row = work.session.scalars(select(SignInSession)).one()
    assert token.encode() not in row.token_hash
    assert found(row.token_hash.hex()) is None


def test_signing_in_is_on_record_without_the_address(user):
    enter(user)
    with reading(SYSTEM) as work:
        entry = work.session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject_id) == ("user.signed_in", str(user.id))
    assert user.email not in str(entry.detail)


def test_a_sign_in_unused_for_twelve_hours_is_over(user):
    token = enter(user)
    assert found(token, AT + rules.IDLE_LIMIT - MINUTE) is not None
    assert found(token, AT + rules.IDLE_LIMIT) is None


def test_a_sign_in_in_use_ends_after_seven_days(user):
    token = enter(user)
    session_id = found(token).session_id
    last = AT + rules.LONGEST_SIGN_IN - MINUTE
    with unit_of_work(SYSTEM, at=last) as work:
        sign_in.note_seen(work, session_id)
    assert found(token, last) is not None
    assert found(token, AT + rules.LONGEST_SIGN_IN) is None


def test_a_copied_cookie_is_dead_after_signing_out(user):
    token = enter(user)
    current = found(token)
    with unit_of_work(current.actor, at=AT) as work:
        sign_in.end_sign_in(work, current.session_id)
    assert found(token) is None


def test_nobody_ends_the_sign_in_of_another(user):
    session_id = found(enter(user)).session_id
    stranger = Actor(ActorId(user.id + 1), "Stranger")
    with pytest.raises(NotFound), unit_of_work(stranger, at=AT) as work:
        sign_in.end_sign_in(work, session_id)


def test_sign_ins_are_listed_while_they_last(user):
    enter(user)
    enter(user, ELSEWHERE, AT + MINUTE)
    with reading(SYSTEM, at=AT + MINUTE) as work:
        assert len(list_sessions(work, user.id)) == 2
    with reading(SYSTEM, at=AT + rules.IDLE_LIMIT) as work:
        assert len(list_sessions(work, user.id)) == 1


def test_guesses_wait_longer_and_longer_and_never_for_good(user):
    at = AT
    for _ in range(rules.FREE_FAILURES_OF_ACCOUNT):
        attempt(user.email, at=at)
    waits = []
    for _ in range(8):
        with pytest.raises(RuleViolation) as caught:
            attempt(user.email, at=at)
        assert caught.value.code == "sign_in.wait"
        waits.append(caught.value.params["seconds"])
        at += dt.timedelta(seconds=waits[-1])
        attempt(user.email, at=at)
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]


def test_an_attempt_that_has_to_wait_is_not_counted(user):
    for _ in range(rules.FREE_FAILURES_OF_ACCOUNT):
        attempt(user.email)
    for _ in range(20):
        with pytest.raises(RuleViolation) as caught:
            attempt(user.email)
        assert caught.value.params["seconds"] == 15


def test_the_right_password_takes_the_count_back(user):
    for _ in range(rules.FREE_FAILURES_OF_ACCOUNT - 1):
        attempt(user.email)
    enter(user)
    for _ in range(rules.FREE_FAILURES_OF_ACCOUNT - 1):
        attempt(user.email)
    enter(user)


def test_failures_are_forgotten_after_a_day(user):
    for _ in range(rules.FREE_FAILURES_OF_ACCOUNT):
        attempt(user.email)
    later = AT + rules.FAILURES_FORGOTTEN_AFTER
    for n in range(rules.FREE_FAILURES_OF_ACCOUNT):
        attempt(user.email, at=later + n * dt.timedelta(seconds=1))


def test_a_stranger_elsewhere_does_not_keep_a_person_out_of_a_known_place(user):
    enter(user, HOME)
    for _ in range(rules.FREE_FAILURES_OF_ACCOUNT):
        attempt(user.email, ELSEWHERE)
    with pytest.raises(RuleViolation):
        attempt(user.email, ELSEWHERE)
    enter(user, HOME)


def test_one_address_cannot_try_many_accounts(user):
    for n in range(rules.FREE_FAILURES_OF_ADDRESS):
        attempt(f"guess{n}@relief.example")
    with pytest.raises(RuleViolation):
        attempt(user.email)
    attempt(user.email, ELSEWHERE)


def test_an_unknown_address_is_counted_like_a_known_one(store: Store):
    for _ in range(rules.FREE_FAILURES_OF_ACCOUNT):
        assert attempt("nobody@relief.example").password_hash is None
    with pytest.raises(RuleViolation):
        attempt("NOBODY@relief.example ")


def test_a_disabled_account_gives_no_hash_to_check_against(user):
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.merge(user).disabled_at = AT
    assert attempt(user.email).password_hash is None


def test_the_throttle_keeps_no_address_in_plain(user):
    attempt(user.email)
    with reading(SYSTEM) as work:
        keys = work.session.scalars(select(SignInThrottle.key)).all()
    assert len(keys) == 2
    assert all(len(key) == 16 for key in keys)


def test_grants_are_looked_up_anew_after_the_stamp_changes(user):
    first = found(enter(user)).actor
    with unit_of_work(SYSTEM, at=AT) as work:
        held = work.session.merge(user)
        sign_in.end_all_sign_ins(work, held)
        work.session.query(RoleGrant).filter_by(user_id=user.id).update({"ended_at": AT})
    second = found(enter(user, at=AT + MINUTE), AT + MINUTE).actor
    assert first.may(Permission.FAMILY_REGISTER)
    assert not second.may(Permission.FAMILY_REGISTER)
