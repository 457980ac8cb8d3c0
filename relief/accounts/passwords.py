"""Passwords: Argon2id hashes, and which passwords are good enough."""

from __future__ import annotations

import secrets
import threading

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_

SHORTEST, LONGEST = 10, 128

# zxcvbn's score of 3: more than 10^8 guesses. "Pakistan2022" takes 10^7.
_LOWEST_SCORE = 3
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

# RFC 9106's second choice, 64 MiB: what a laptop can spend on each of a few sign-ins at the same time.
_HASHER = argon2.PasswordHasher()
# More at once would only share the same cores, and each takes its memory.
_AT_ONCE = threading.BoundedSemaphore(4)
# Checked when there is no such account, so that the time of the answer does not tell which addresses exist.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


def check_password(password: str, *about: str) -> None:
    """Refuse a password that is short, common, or made of what is known about the person.

    Raises: InvalidInput "password.too_short", "password.too_long", "password.easy".
    """
    if len(password) < SHORTEST:
        raise InvalidInput("password.too_short", N_("Use at least %(count)s characters."), count=SHORTEST)
    if len(password) > LONGEST:
        raise InvalidInput("password.too_long", N_("Use at most %(count)s characters."), count=LONGEST)
    known = ["relief", *(part for text in about for part in text.replace("@", " ").replace(".", " ").split())]
    if zxcvbn(password[:72], user_inputs=known)["score"] < _LOWEST_SCORE:
        raise InvalidInput(
            "password.easy",
            N_("This password is easy to guess. Four words that do not belong together are hard to guess."),
        )


def hash_password(password: str) -> str:
    """Return the Argon2id hash with its salt and costs."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Return whether it is the password of the hash; None stands for nobody and takes as long."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def make_password() -> str:
    """Return a random password of four groups, 79 bits, without letters that look alike on paper."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
