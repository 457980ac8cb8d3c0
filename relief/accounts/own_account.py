"""What people do with their own account: a new password, and how figures are written for them."""

from __future__ import annotations

from relief.accounts import passwords
from relief.accounts.model import User
from relief.accounts.sign_in import end_all_sign_ins
from relief.audit.trail import Deed, record
from relief.kernel.errors import RuleViolation
from relief.kernel.messages import N_
from relief.store.work import Work


def change_password(work: Work, new_password: str, *, session_id: int) -> None:
    """Set the actor's own new password and end the sign-ins elsewhere; the current one was checked before.

    Raises: InvalidInput "password.…", RuleViolation "password.same".
    """
    user = work.session.get_one(User, int(work.actor.id))
    passwords.check_password(new_password, user.email, user.name)
    if passwords.is_password(new_password, user.password_hash):
        raise RuleViolation("password.same", N_("The new password is the old one. Choose another."))
    user.password_hash, user.must_change_password = passwords.hash_password(new_password), False
    end_all_sign_ins(work, user, but_session_id=session_id)
    record(work, Deed("user.password_changed", "user", user.id, segment="accounts"))


def choose_figures(work: Work, *, counts_in_lakhs: bool) -> None:
    """Note whether the actor reads 1,370,000,000 or 1,37,00,00,000."""
    work.session.get_one(User, int(work.actor.id)).counts_in_lakhs = counts_in_lakhs
    work.session.flush()
