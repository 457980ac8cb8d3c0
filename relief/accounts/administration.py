"""What administrators do with accounts: add, amend, disable, enable, reset a password. Each inside their own areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from relief.accounts import passwords, rules
from relief.accounts.devices import end_credentials
from relief.accounts.model import RoleGrant, User
from relief.accounts.queries import GrantRow, find_user_by_email, get_user, list_grants
from relief.accounts.sign_in import end_all_sign_ins, new_stamp
from relief.audit.trail import Deed, record
from relief.geography.model import Area
from relief.kernel.actor import Grant
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.names import PersonName
from relief.kernel.permissions import Permission, Role
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class AddUser:
    """A new account with its first role. Without a password one is made, and must be changed at the first sign-in."""

    email: str
    name: PersonName
    role: Role
    area_id: int
    password: str | None = None


@dataclass(frozen=True, slots=True)
class AddedUser:
    """The account and, where it was made, its password: the one time that it is shown."""

    user_id: int
    made_password: str | None


def parse_email(text: str) -> str:
    """Return the address in the one spelling that counts. Raises: InvalidInput "email.bad"."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise InvalidInput("email.bad", N_("Write an e-mail address such as name@example.org.")) from None


def add_user(work: Work, command: AddUser) -> AddedUser:
    """Add an account with its first role. Raises: Forbidden, NotFound "area.not_found", Conflict "user.email_taken"."""
    area = area_within(work, command.area_id)
    email = parse_email(command.email)
    if command.password is not None:
        passwords.check_password(command.password, email, command.name.text)
    made = passwords.make_password() if command.password is None else None
    user = User(
        email=email, name=command.name.text, password_hash=passwords.hash_password(made or command.password or ""),
        must_change_password=made is not None, stamp=new_stamp(), counts_in_lakhs=False, added_at=work.at,
        added_by=int(work.actor.id), disabled_at=None, disabled_reason=None,
    )  # fmt: skip
    _insert(work, user)
    work.session.add(
        RoleGrant(
            user_id=user.id, role=command.role, area_id=area.id, granted_by=int(work.actor.id), granted_at=work.at
        )
    )
    work.session.flush()
    detail = {"role": command.role.value, "area": area.code}
    record(work, Deed("user.added", "user", user.id, area.id, detail, segment="accounts"))
    return AddedUser(user.id, made)


def amend_user(work: Work, user_id: int, *, email: str, name: PersonName) -> None:
    """Correct a person's name and address. Raises: Conflict "user.email_taken"."""
    user = managed_user(work, user_id)
    email = parse_email(email)
    owner = find_user_by_email(work, email)
    if owner is not None and owner.id != user.id:
        raise _email_taken()
    changed = [what for what, differs in (("email", user.email != email), ("name", user.name != name.text)) if differs]
    user.email, user.name, user.stamp = email, name.text, new_stamp()
    work.session.flush()
    record(work, Deed("user.amended", "user", user.id, detail={"changed": changed}, segment="accounts"))


def disable_user(work: Work, user_id: int, reason: str) -> None:
    """Shut an account and end its sign-ins, on phones too. Raises: RuleViolation "user.own_account", "user.last_administrator"."""
    user = managed_user(work, user_id)
    refuse_if_last(work, list_grants(work, [user.id]))
    user.disabled_at, user.disabled_reason = work.at, reason
    end_all_sign_ins(work, user)
    end_credentials(work, user.id)
    record(work, Deed("user.disabled", "user", user.id, segment="accounts"))


def enable_user(work: Work, user_id: int) -> None:
    """Open a shut account again, with the grants it still has."""
    user = managed_user(work, user_id)
    user.disabled_at = user.disabled_reason = None
    user.stamp = new_stamp()
    work.session.flush()
    record(work, Deed("user.enabled", "user", user.id, segment="accounts"))


def reset_password(work: Work, user_id: int) -> str:
    """Return a new password for somebody who lost theirs; it must be changed at the next sign-in."""
    user = managed_user(work, user_id)
    made = passwords.make_password()
    user.password_hash, user.must_change_password = passwords.hash_password(made), True
    end_all_sign_ins(work, user)
    record(work, Deed("user.password_reset", "user", user.id, segment="accounts"))
    return made


def area_within(work: Work, area_id: int) -> Area:
    """Return an area inside those whose accounts the actor manages; another one looks as if there were none."""
    work.actor.require(Permission.ACCOUNT_MANAGE)
    area = work.session.get(Area, area_id)
    if area is None or not work.actor.may(Permission.ACCOUNT_MANAGE, area.path):
        raise NotFound("area.not_found", N_("There is no such area within your areas."))
    return area


def managed_user(work: Work, user_id: int) -> User:
    """Return a person all of whose grants lie in the actor's areas, and who is not the actor.

    Whoever also works elsewhere is managed by an administrator of the wider area: else one district could lock
    another's people out, or take their place with a new password.
    """
    work.actor.require(Permission.ACCOUNT_MANAGE)
    user = get_user(work, user_id)
    if user.id == work.actor.id:
        raise RuleViolation("user.own_account", N_("Nobody changes their own account here. Ask another administrator."))
    if any(not work.actor.may(Permission.ACCOUNT_MANAGE, row.area.path) for row in list_grants(work, [user.id])):
        raise Forbidden(
            "user.wider_grants",
            N_("This person also works outside your areas. Ask an administrator of the wider area."),
        )
    return user


def refuse_if_last(work: Work, removed: Sequence[GrantRow]) -> None:
    """Refuse to leave an area without an administrator. Raises: RuleViolation "user.last_administrator"."""
    # The rows are locked: two administrators who end each other at the same moment are taken one after the other.
    others = work.session.execute(
        select(RoleGrant.id, RoleGrant.role, RoleGrant.area_id, Area.path)
        .join(User, User.id == RoleGrant.user_id)
        .join(Area, Area.id == RoleGrant.area_id)
        .where(RoleGrant.role == Role.ADMINISTRATOR, RoleGrant.ended_at.is_(None), User.disabled_at.is_(None))
        .order_by(RoleGrant.id)
        .with_for_update(of=RoleGrant)
    ).all()
    gone = {row.id for row in removed}
    taken = [Grant(role, area_id, path) for grant_id, role, area_id, path in others if grant_id in gone]
    remaining = [Grant(role, area_id, path) for grant_id, role, area_id, path in others if grant_id not in gone]
    if rules.leaves_nobody(taken, remaining):
        raise RuleViolation(
            "user.last_administrator",
            N_("This is the last administrator of the area. Grant the role to somebody else first."),
        )


def _insert(work: Work, user: User) -> None:
    if find_user_by_email(work, user.email) is not None:
        raise _email_taken()
    work.session.add(user)
    try:
        work.session.flush()
    except IntegrityError:
        raise _email_taken() from None  # Somebody else added the same person a moment before.


def _email_taken() -> Conflict:
    return Conflict(
        "user.email_taken",
        N_("This address already has an account, and one person has one. Open it and grant the role there."),
    )
