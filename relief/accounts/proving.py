"""Whether a password is right: counted as failed, looked at, then noted, with no unit of work open while it is hashed."""

from __future__ import annotations

from relief.accounts import passwords, sign_in
from relief.accounts.sign_in import Attempt
from relief.kernel.actor import Actor
from relief.store.work import unit_of_work

_SYSTEM = Actor.system("sign-in")


def prove_password(email: str, password: str, address: str) -> Attempt | None:
    """Return the attempt if the password is right, None if not; the attempt is counted either way before it is looked at.

    It opens units of work of its own. Raises: RuleViolation "sign_in.wait".
    """
    with unit_of_work(_SYSTEM) as work:
        attempt = sign_in.begin_attempt(work, email, address)
    if passwords.is_password(password, attempt.password_hash):
        return attempt
    with unit_of_work(_SYSTEM) as work:
        sign_in.refuse_attempt(work, attempt)
    return None
