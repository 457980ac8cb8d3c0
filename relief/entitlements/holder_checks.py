"""Whether who asks about a token is its holder: throttled by token and by network address, and on record."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import bindparam, delete, select, text

from relief.audit.trail import Deed, record
from relief.entitlements.model import HolderCheckThrottle
from relief.entitlements.rules import OF_ONE_ADDRESS, OF_ONE_TOKEN, Throttle
from relief.entitlements.signing import body_of
from relief.entitlements.token_queries import TokenRow, find_token, find_token_by_code
from relief.entitlements.verifying import verify_text
from relief.families.identity import matches_last_four
from relief.kernel.codes import TokenCode
from relief.kernel.errors import InvalidInput, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.text import clean, fold_digits
from relief.papers.rt1 import TokenBody
from relief.store.columns import Instant
from relief.store.work import Work

SEGMENT = "public"
_NEW_COUNTER = text(
    "INSERT INTO holder_check_throttle (key, failures, failed_at, closed_until) VALUES (:key, 0, :at, :at)"
    " ON CONFLICT (key) DO NOTHING"
).bindparams(bindparam("at", type_=Instant()))
_MARKS = re.compile(r"[\s\-–—.]")


@dataclass(frozen=True, slots=True, repr=False)
class HolderAnswer:
    """What a holder knows of a token: the last four digits of the family's CNIC, or the code under the QR code."""

    last_four: str | None = None
    code: TokenCode | None = None

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Return the answer that a person typed, in any digits.

        Raises: InvalidInput "holder_check.unreadable", "token_code.check_failed".
        """
        digits = _MARKS.sub("", fold_digits(clean(typed)))
        if re.fullmatch(r"[0-9]{4}", digits):
            return cls(last_four=digits)
        if re.fullmatch(r"[0-9]{12}", digits):
            return cls(code=TokenCode.parse(digits))
        raise InvalidInput(
            "holder_check.unreadable",
            N_("Write the last four digits of the CNIC, or all 12 digits of the code under the square code."),
        )


@dataclass(frozen=True, slots=True, repr=False)
class CheckHolder:
    """An answer about the token whose text was read, or about the one that its typed code names; and where it came from."""

    answer: HolderAnswer
    address: str
    text: str | None = None


def check_holder(work: Work, command: CheckHolder) -> TokenRow | None:
    """Return the token if the answer is its holder's; None if not, or if there is no such token: nobody learns which.

    The answer is counted as wrong before it is looked at: a hundred guesses sent at once are a hundred wrong answers.
    Raises: RuleViolation "holder_check.wait" while token or address have to wait; InvalidInput as `verify_text`.
    """
    body = _genuine_body(work, command.text) if command.text is not None else None
    counters = _count(work, _keys(work, command, body))
    token = _read_token(work, body) if command.text is not None else _typed_token(work, command.answer)
    matches = token is not None and _is_holder(work, token, command.answer)
    if matches:
        _forgive(work, counters)
    detail = {"matches": matches, "by": "code" if command.answer.code else "last_four"}
    area_id = token.uc_id if token else None
    record(work, Deed("token.holder_checked", "token", token.id if token else 0, area_id, detail, SEGMENT))
    return token if matches else None


def _genuine_body(work: Work, read: str) -> TokenBody | None:
    verification = verify_text(work, read)
    return verification.body if verification.is_genuine else None


def _read_token(work: Work, body: TokenBody | None) -> TokenRow | None:
    if body is None:
        return None
    token = find_token(work, campaign_number=body.campaign, serial=body.serial, reissue=body.reissue)
    return token if token is not None and body_of(token) == body else None


def _typed_token(work: Work, answer: HolderAnswer) -> TokenRow | None:
    return find_token_by_code(work, answer.code) if answer.code is not None else None


def _is_holder(work: Work, token: TokenRow, answer: HolderAnswer) -> bool:
    if answer.code is not None:
        named = _typed_token(work, answer)
        return named is not None and named.id == token.id
    return answer.last_four is not None and matches_last_four(work, token.family_id, answer.last_four)


def _keys(work: Work, command: CheckHolder, body: TokenBody | None) -> list[tuple[bytes, Throttle]]:
    """Return under which keys the answer is counted: those of a token exist whether or not the token does."""
    address = work.keys.index(_network_of(command.address), "holder check address")
    keys = [(address, OF_ONE_ADDRESS)]
    if body is not None:
        # A replacement is no fresh set of guesses: it has the serial of the paper before it.
        keys.append((work.keys.index(f"{body.campaign} {body.serial}", "holder check token"), OF_ONE_TOKEN))
    return keys


def _network_of(address: str) -> str:
    """Return what one person can hold of addresses: all 2^64 of an IPv6 network are one."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address


def _count(work: Work, keys: Sequence[tuple[bytes, Throttle]]) -> list[HolderCheckThrottle]:
    forgotten = work.at - max(throttle.forgotten_after for throttle in (OF_ONE_TOKEN, OF_ONE_ADDRESS))
    work.session.execute(delete(HolderCheckThrottle).where(HolderCheckThrottle.failed_at < forgotten))
    counters = [_counter(work, key) for key, _throttle in keys]
    wait = max(counter.closed_until for counter in counters) - work.at
    if wait > dt.timedelta(0):
        raise RuleViolation(
            "holder_check.wait",
            N_("Too many answers were wrong. Wait %(minutes)s min and try again."),
            minutes=-(-wait // dt.timedelta(minutes=1)),
        )
    for counter, (_key, throttle) in zip(counters, keys, strict=True):
        if work.at - counter.failed_at >= throttle.forgotten_after:
            counter.failures = 0
        counter.failures += 1
        counter.failed_at = work.at
        counter.closed_until = work.at + throttle.wait_after(counter.failures)
    work.session.flush()
    return counters


def _counter(work: Work, key: bytes) -> HolderCheckThrottle:
    work.session.execute(_NEW_COUNTER, {"key": key, "at": work.at})
    return work.session.scalars(
        select(HolderCheckThrottle).where(HolderCheckThrottle.key == key).with_for_update()
    ).one()


def _forgive(work: Work, counters: Sequence[HolderCheckThrottle]) -> None:
    """Take back the count after the right answer; wrong ones from the same address about other tokens stay counted."""
    of_address, *of_token = counters
    of_address.failures -= 1
    of_address.closed_until = work.at
    for counter in of_token:
        work.session.delete(counter)
    work.session.flush()
