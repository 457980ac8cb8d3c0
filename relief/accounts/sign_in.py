"""Signing in and out: attempts counted before a password is looked at, sign-ins started, seen and ended."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, text, update

from relief.accounts import rules
from relief.accounts.model import SignInSession, SignInThrottle, User
from relief.accounts.queries import find_user_by_email, hash_of_token
from relief.audit.trail import Deed, record
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.store.columns import Instant
from relief.store.work import Work

_NEW_COUNTER = text(
    "INSERT INTO sign_in_throttle (key, failures, failed_at, closed_until) VALUES (:key, 0, :at, :at)"
    " ON CONFLICT (key) DO NOTHING"
).bindparams(bindparam("at", type_=Instant()))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a password, already counted as failed; the password is checked between two units of work."""

    user_id: int | None
    password_hash: str | None
    account_key: bytes
    address_index: bytes


def begin_attempt(work: Work, email: str, address: str) -> Attempt:
    """Count the attempt against the account and the network address, and return what is needed to judge it.

    It is counted before the password is looked at: a hundred guesses sent at once are a hundred failures.
    Raises: RuleViolation "sign_in.wait" while the account or the address has to wait; then nothing is counted.
    """
    user = find_user_by_email(work, email)
    address_index = work.keys.index(address, "sign-in address")
    # A stranger's guesses elsewhere must not keep a person out of the places they always come from.
    known = user is not None and _came_before(work, user.id, address_index)
    place = address if known else ""
    account_key = work.keys.index(f"{email.strip().lower()} {place}", "sign-in account")
    counters = [
        (_counter(work, account_key), rules.FREE_FAILURES_OF_ACCOUNT),
        (_counter(work, address_index), rules.FREE_FAILURES_OF_ADDRESS),
    ]
    wait = max(counter.closed_until for counter, _free in counters) - work.at
    if wait > dt.timedelta(0):
        raise RuleViolation(
            "sign_in.wait",
            N_("Too many attempts failed. Wait %(minutes)s min and try again; the account is not locked."),
            minutes=max(1, -(-wait // dt.timedelta(minutes=1))),
            seconds=-(-wait // dt.timedelta(seconds=1)),
        )
    for counter, free in counters:
        _count(work, counter, free)
    usable = user is not None and user.disabled_at is None
    return Attempt(
        user.id if user else None, user.password_hash if user and usable else None, account_key, address_index
    )


def start_sign_in(work: Work, attempt: Attempt, device: str) -> str:
    """Start a sign-in after the right password; return the random text for the cookie, which is kept nowhere else."""
    assert attempt.user_id is not None
    forgive(work, attempt)
    _forget_old(work, attempt.user_id)
    token = secrets.token_urlsafe(32)
    work.session.add(
        SignInSession(
            token_hash=hash_of_token(token), user_id=attempt.user_id, started_at=work.at, seen_at=work.at,
            expires_at=work.at + rules.LONGEST_SIGN_IN, ended_at=None, device=device[:80],
            address_index=attempt.address_index,
        )
    )  # fmt: skip
    work.session.flush()
    record(work, Deed("user.signed_in", "user", attempt.user_id, segment="accounts"))
    return token


def refuse_attempt(work: Work, attempt: Attempt) -> None:
    """Leave a mark in the trail of a wrong password for an account that exists."""
    if attempt.user_id is not None:
        record(work, Deed("user.sign_in_failed", "user", attempt.user_id, segment="accounts"))


def forgive(work: Work, attempt: Attempt) -> None:
    """Take back the count after the right password; guesses from the same address at other accounts stay counted."""
    work.session.execute(delete(SignInThrottle).where(SignInThrottle.key == attempt.account_key))
    counter = work.session.get(SignInThrottle, attempt.address_index)
    if counter is not None:
        counter.failures = max(0, counter.failures - 1)
        counter.closed_until = work.at
    work.session.flush()


def note_seen(work: Work, session_id: int) -> None:
    """Note that a sign-in is in use."""
    work.session.execute(update(SignInSession).where(SignInSession.id == session_id).values(seen_at=work.at))


def end_sign_in(work: Work, session_id: int) -> None:
    """End one of the actor's own sign-ins. Raises: NotFound "sign_in.not_found"."""
    ended = work.session.scalar(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.user_id == work.actor.id, SignInSession.ended_at.is_(None))
        .values(ended_at=work.at)
        .returning(SignInSession.id)
    )
    if ended is None:
        raise NotFound("sign_in.not_found", N_("This sign-in has already ended."))
    record(work, Deed("user.signed_out", "user", int(work.actor.id), segment="accounts"))


def end_all_sign_ins(work: Work, user: User, *, but_session_id: int | None = None) -> None:
    """End a person's sign-ins everywhere, and make what was remembered of their grants worthless."""
    user.stamp = new_stamp()
    ending = update(SignInSession).where(SignInSession.user_id == user.id, SignInSession.ended_at.is_(None))
    if but_session_id is not None:
        ending = ending.where(SignInSession.id != but_session_id)
    work.session.execute(ending.values(ended_at=work.at))
    work.session.flush()


def new_stamp() -> str:
    """Return a stamp that no account had before."""
    return secrets.token_hex(16)


def _came_before(work: Work, user_id: int, address_index: bytes) -> bool:
    return (
        work.session.scalar(
            select(SignInSession.id)
            .where(
                SignInSession.user_id == user_id,
                SignInSession.address_index == address_index,
                SignInSession.started_at > work.at - rules.KNOWN_ADDRESS_FOR,
            )
            .limit(1)
        )
        is not None
    )


def _counter(work: Work, key: bytes) -> SignInThrottle:
    work.session.execute(_NEW_COUNTER, {"key": key, "at": work.at})
    return work.session.scalars(select(SignInThrottle).where(SignInThrottle.key == key).with_for_update()).one()


def _count(work: Work, counter: SignInThrottle, free: int) -> None:
    if work.at - counter.failed_at >= rules.FAILURES_FORGOTTEN_AFTER:
        counter.failures = 0
    counter.failures += 1
    counter.failed_at = work.at
    counter.closed_until = work.at + rules.wait_after(counter.failures, free)
    work.session.flush()


def _forget_old(work: Work, user_id: int) -> None:
    old = work.at - rules.KNOWN_ADDRESS_FOR
    work.session.execute(delete(SignInSession).where(SignInSession.user_id == user_id, SignInSession.expires_at < old))
    work.session.execute(
        delete(SignInThrottle).where(SignInThrottle.failed_at < work.at - rules.FAILURES_FORGOTTEN_AFTER)
    )
