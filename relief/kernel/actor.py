"""Who acts: a person or the system, with the roles granted to them over areas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from relief.kernel.errors import Forbidden
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission, Role, permissions_of

ActorId = NewType("ActorId", int)

# The system acts where no person does: the command line, a job. No account ever gets this number.
SYSTEM_ID = ActorId(0)

# An area path names the areas from the top down to the area itself, "/1/17/203/": ids never change, so paths do not either.
EVERYWHERE = "/"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over one area and all that lies in it."""

    role: Role
    area_id: int
    area_path: str


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or the system) with what was granted to them; immutable, made anew when a grant changes."""

    id: ActorId
    name: str
    grants: tuple[Grant, ...] = ()

    @classmethod
    def system(cls, name: str) -> Actor:
        """Return the system under the name of the part that acts; it may do everything everywhere."""
        return cls(SYSTEM_ID, name, tuple(Grant(role, 0, EVERYWHERE) for role in Role))

    @property
    def is_system(self) -> bool:
        """Whether no person stands behind the deed."""
        return self.id == SYSTEM_ID

    def has_role(self, role: Role) -> bool:
        """Return whether the role is granted over any area."""
        return any(grant.role is role for grant in self.grants)

    def paths(self, permission: Permission) -> tuple[str, ...]:
        """Return the outermost area paths within which the actor has the permission; none inside another."""
        paths = sorted({grant.area_path for grant in self.grants if permission in permissions_of(grant.role)})
        return tuple(p for p in paths if not any(p != outer and p.startswith(outer) for outer in paths))

    def may(self, permission: Permission, area_path: str | None = None) -> bool:
        """Return whether the actor has the permission over the area, or over any area if none is named."""
        paths = self.paths(permission)
        return bool(paths) if area_path is None else any(area_path.startswith(path) for path in paths)

    def require(self, permission: Permission, area_path: str | None = None) -> None:
        """Refuse unless the actor has the permission there. Raises: Forbidden "access.forbidden"."""
        if not self.may(permission, area_path):
            raise Forbidden("access.forbidden", N_("Your role does not allow this here. Ask your coordinator."))
