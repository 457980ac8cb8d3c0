"""Reading accounts: the sign-in behind a cookie, people and their grants within the reader's areas."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, exists, false, func, or_, select

from relief.accounts.model import RoleGrant, SignInSession, User
from relief.accounts.rules import is_over
from relief.geography.model import Area
from relief.kernel.actor import Actor, ActorId, Grant
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission, Role
from relief.store.columns import Instant
from relief.store.statement import Statement
from relief.store.work import Work

_INSTANT = Instant()
_SIGN_IN = Statement(
    "SELECT s.id, s.seen_at, s.expires_at, u.id, u.name, u.stamp, u.must_change_password, u.counts_in_lakhs"
    " FROM sign_in_session s JOIN user_account u ON u.id = s.user_id"
    " WHERE s.token_hash = :token_hash AND s.ended_at IS NULL AND u.disabled_at IS NULL"
)

# What is granted to a person changes seldom and is asked for in every request. The stamp is random: one process may serve
# several databases, and an actor of an older stamp is never looked up again.
_standings: dict[tuple[int, str], Standing] = {}
_MOST_STANDINGS = 10_000


@dataclass(frozen=True, slots=True)
class AreaNames:
    """An area as the header names it."""

    code: str
    name_en: str
    name_ur: str | None
    name_sd: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as an actor, with the names of the areas granted."""

    actor: Actor
    areas: tuple[AreaNames, ...]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A valid sign-in: who it is, and what a page needs to know of them."""

    session_id: int
    actor: Actor
    areas: tuple[AreaNames, ...]
    seen_at: dt.datetime
    must_change_password: bool
    counts_in_lakhs: bool


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant with its area."""

    id: int
    user_id: int
    role: Role
    area: Area
    granted_at: dt.datetime
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class UserRow:
    """One person in a list, with the open grants."""

    user: User
    grants: tuple[GrantRow, ...]


def hash_of_token(token: str) -> bytes:
    """Return the SHA-256 under which the random text of a cookie is kept."""
    return hashlib.sha256(token.encode()).digest()


def find_sign_in(work: Work, token: str) -> SignIn | None:
    """Return the sign-in of a cookie; None if it ended, lay unused too long, or the account is disabled."""
    row = _SIGN_IN.row(work, {"token_hash": hash_of_token(token)})
    if row is None:
        return None
    session_id, seen, expires, user_id, name, stamp, must_change, in_lakhs = row
    seen_at, expires_at = (_INSTANT.process_result_value(at, work.scope.connection.dialect) for at in (seen, expires))
    assert seen_at is not None
    assert expires_at is not None
    if is_over(seen_at, expires_at, work.at):
        return None
    standing = _standing_of(work, user_id, name, stamp)
    return SignIn(session_id, standing.actor, standing.areas, seen_at, bool(must_change), bool(in_lakhs))


def actor_of(work: Work, user_id: int) -> Actor:
    """Return a person as an actor, for a command that runs in their name. Raises: NotFound "user.not_found"."""
    user = work.session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        raise _not_found()
    return _standing_of(work, user.id, user.name, user.stamp).actor


def find_user_by_email(work: Work, email: str) -> User | None:
    """Return the account of an address, however it is capitalised."""
    return work.session.scalar(select(User).where(User.email == email.strip().lower()))


def get_user(work: Work, user_id: int) -> User:
    """Return a person who has, or last had, a grant within the reader's areas. Raises: NotFound "user.not_found"."""
    user = work.session.get(User, user_id)
    if user is None or (user.id != work.actor.id and not _is_visible(work, user.id)):
        raise _not_found()
    return user


def list_users(work: Work, *, matching: str = "", limit: int = 50, offset: int = 0) -> tuple[list[UserRow], int]:
    """Return people within the reader's areas whose name or address holds the text, by name, and how many there are."""
    condition = _in_scope(work)
    if matching:
        like = f"%{_escape_like(matching.lower())}%"
        condition &= or_(func.lower(User.name).like(like, escape="\\"), User.email.like(like, escape="\\"))
    total = work.session.scalar(select(func.count()).select_from(User).where(condition)) or 0
    users = work.session.scalars(
        select(User)
        .where(condition)
        .order_by(User.disabled_at.is_not(None), func.lower(User.name), User.id)
        .limit(limit)
        .offset(offset)
    ).all()
    grants = list_grants(work, [user.id for user in users])
    return [UserRow(user, tuple(g for g in grants if g.user_id == user.id)) for user in users], total


def count_users(work: Work) -> tuple[int, int]:
    """Return how many people within the reader's areas have an open account, and how many of them never signed in."""
    awaited = func.sum(case((User.must_change_password.is_(True), 1), else_=0))
    row = work.session.execute(
        select(func.count(), awaited).select_from(User).where(_in_scope(work), User.disabled_at.is_(None))
    ).one()
    return int(row[0]), int(row[1] or 0)


def list_grants(work: Work, user_ids: Sequence[int], *, with_ended: bool = False) -> list[GrantRow]:
    """Return the grants of people, open ones first, then the latest."""
    query = select(RoleGrant, Area).join(Area, Area.id == RoleGrant.area_id).where(RoleGrant.user_id.in_(user_ids))
    if not with_ended:
        query = query.where(RoleGrant.ended_at.is_(None))
    query = query.order_by(RoleGrant.ended_at.is_not(None), RoleGrant.granted_at.desc(), RoleGrant.id)
    return [
        GrantRow(grant.id, grant.user_id, grant.role, area, grant.granted_at, grant.ended_at)
        for grant, area in work.session.execute(query)
    ]


def list_sessions(work: Work, user_id: int) -> list[SignInSession]:
    """Return where a person is signed in now, the latest seen first."""
    rows = work.session.scalars(
        select(SignInSession)
        .where(SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
        .order_by(SignInSession.seen_at.desc())
    )
    return [row for row in rows if not is_over(row.seen_at, row.expires_at, work.at)]


def people_with_role(work: Work, role: Role, area_path: str) -> list[tuple[int, str]]:
    """Return (id, name) of the people who hold the role over the area and are not disabled, by name."""
    grants = work.session.execute(_holders_of(role))
    found = {user_id: name for user_id, name, path in grants if area_path.startswith(path)}
    return sorted(found.items(), key=lambda person: person[1])


def people_within(work: Work, role: Role, permission: Permission) -> list[tuple[int, str]]:
    """Return (id, name) of the people who hold the role over any area that touches those of the actor's permission, by name."""
    paths = work.actor.paths(permission)
    grants = work.session.execute(_holders_of(role))
    found = {
        user_id: name
        for user_id, name, path in grants
        if any(path.startswith(own) or own.startswith(path) for own in paths)
    }
    return sorted(found.items(), key=lambda person: person[1])


def is_any_user(work: Work) -> bool:
    """Return whether there is an account at all."""
    return work.session.scalar(select(User.id).limit(1)) is not None


def _holders_of(role: Role) -> Any:
    return (
        select(User.id, User.name, Area.path)
        .join(RoleGrant, (RoleGrant.user_id == User.id) & RoleGrant.ended_at.is_(None))
        .join(Area, Area.id == RoleGrant.area_id)
        .where(User.disabled_at.is_(None), RoleGrant.role == role)
    )


def _standing_of(work: Work, user_id: int, name: str, stamp: str) -> Standing:
    standing = _standings.get((user_id, stamp))
    if standing is None:
        rows = list_grants(work, [user_id])
        grants = tuple(Grant(row.role, row.area.id, row.area.path) for row in rows)
        areas = {row.area.path: row.area for row in rows}
        outer = [a for path, a in sorted(areas.items()) if not any(path != p and path.startswith(p) for p in areas)]
        names = tuple(AreaNames(a.code, a.name_en, a.name_ur, a.name_sd) for a in outer)
        standing = Standing(Actor(ActorId(user_id), name, grants), names)
        if len(_standings) >= _MOST_STANDINGS:
            _standings.clear()
        _standings[user_id, stamp] = standing
    return standing


def _in_scope(work: Work) -> ColumnElement[bool]:
    """Return the condition that a person has a grant inside the reader's areas; an ended one counts where none is open."""
    paths = {*work.actor.paths(Permission.ACCOUNT_READ), *work.actor.paths(Permission.ACCOUNT_MANAGE)}
    inside = or_(*(Area.path.startswith(path, autoescape=True) for path in sorted(paths)), false())
    of_user = select(RoleGrant.id).join(Area, Area.id == RoleGrant.area_id).where(RoleGrant.user_id == User.id)
    open_grant = select(RoleGrant.id).where(RoleGrant.user_id == User.id, RoleGrant.ended_at.is_(None))
    return or_(
        exists(of_user.where(RoleGrant.ended_at.is_(None), inside).correlate(User)),
        exists(of_user.where(inside).correlate(User)) & ~exists(open_grant.correlate(User)),
    )


def _is_visible(work: Work, user_id: int) -> bool:
    return work.session.scalar(select(User.id).where(User.id == user_id, _in_scope(work))) is not None


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _not_found() -> NotFound:
    return NotFound("user.not_found", N_("There is no such account within your areas."))
