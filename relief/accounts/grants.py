"""Granting roles over areas, narrowing and ending them: never one's own, never beyond one's own areas."""

from __future__ import annotations

from dataclasses import dataclass

from relief.accounts.administration import area_within, refuse_if_last
from relief.accounts.devices import end_credentials
from relief.accounts.model import RoleGrant, User
from relief.accounts.queries import GrantRow, get_user, list_grants
from relief.accounts.sign_in import end_all_sign_ins
from relief.audit.trail import Deed, record
from relief.geography.model import Area
from relief.kernel.errors import Conflict, NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission, Role, permissions_of
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class GrantRole:
    """A role for a person over an area."""

    user_id: int
    role: Role
    area_id: int


def grant_role(work: Work, command: GrantRole) -> int:
    """Grant the role; return the grant's id. Raises: NotFound, RuleViolation "user.own_account", Conflict "grant.exists"."""
    area = area_within(work, command.area_id)
    user = _other_person(work, command.user_id)
    for row in list_grants(work, [user.id]):
        if row.role is command.role and area.path.startswith(row.area.path):
            raise Conflict("grant.exists", N_("This person already has the role there."))
    return _grant(work, user, command.role, area)


def end_grant(work: Work, grant_id: int) -> None:
    """End a grant and the person's sign-ins. Raises: NotFound "grant.not_found", RuleViolation "user.last_administrator"."""
    grant = get_open_grant(work, grant_id)
    user = _other_person(work, grant.user_id)
    refuse_if_last(work, [grant])
    _end(work, grant, user)


def narrow_grant(work: Work, grant_id: int, area_id: int) -> int:
    """Put a grant over a smaller area inside its own; return the new grant's id. Raises: RuleViolation "grant.wider"."""
    grant = get_open_grant(work, grant_id)
    user = _other_person(work, grant.user_id)
    area = area_within(work, area_id)
    if area.id == grant.area.id or not area.path.startswith(grant.area.path):
        raise RuleViolation(
            "grant.wider", N_("A role is only ever narrowed to an area inside its own. For more, grant it anew.")
        )
    refuse_if_last(work, [grant])
    _end(work, grant, user)
    return _grant(work, user, grant.role, area)


def get_open_grant(work: Work, grant_id: int) -> GrantRow:
    """Return a grant that the actor may end or narrow. Raises: NotFound "grant.not_found"."""
    grant = work.session.get(RoleGrant, grant_id)
    area = work.session.get(Area, grant.area_id) if grant else None
    if grant is None or area is None or grant.ended_at is not None or not _may_manage(work, area):
        raise NotFound("grant.not_found", N_("There is no such role within your areas; perhaps it was ended already."))
    return GrantRow(grant.id, grant.user_id, grant.role, area, grant.granted_at, None)


def _may_manage(work: Work, area: Area) -> bool:
    return work.actor.may(Permission.ACCOUNT_MANAGE, area.path)


def _other_person(work: Work, user_id: int) -> User:
    user = get_user(work, user_id)
    if user.id == work.actor.id:
        raise RuleViolation("user.own_account", N_("Nobody changes their own account here. Ask another administrator."))
    return user


def _grant(work: Work, user: User, role: Role, area: Area) -> int:
    grant = RoleGrant(user_id=user.id, role=role, area_id=area.id, granted_by=int(work.actor.id), granted_at=work.at)
    work.session.add(grant)
    end_all_sign_ins(work, user)
    detail = {"role": role.value, "area": area.code}
    record(work, Deed("role.granted", "user", user.id, area.id, detail, segment="accounts"))
    return grant.id


def _end(work: Work, grant: GrantRow, user: User) -> None:
    row = work.session.get_one(RoleGrant, grant.id)
    row.ended_at, row.ended_by = work.at, int(work.actor.id)
    end_all_sign_ins(work, user)
    if Permission.HAND_OVER in permissions_of(grant.role):
        end_credentials(work, user.id)
    detail = {"role": grant.role.value, "area": grant.area.code}
    record(work, Deed("role.ended", "user", user.id, grant.area.id, detail, segment="accounts"))
