"""Who may do what: the roles and the permissions that each brings within the areas granted."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from relief.kernel.messages import N_


class Role(enum.StrEnum):
    """A set of permissions, granted to a person over an area."""

    ADMINISTRATOR = "administrator"
    REGISTRAR = "registrar"
    POINT_STAFF = "point_staff"
    COORDINATOR = "coordinator"
    FINANCE = "finance"
    AUDITOR = "auditor"

    @property
    def label(self) -> str:
        """The role's name, a msgid."""
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.ADMINISTRATOR: N_("Administrator"), Role.REGISTRAR: N_("Registrar"), Role.POINT_STAFF: N_("Point staff"),
    Role.COORDINATOR: N_("District coordinator"), Role.FINANCE: N_("Finance"), Role.AUDITOR: N_("Auditor"),
}  # fmt: skip


class Permission(enum.StrEnum):
    """One thing that a person may do. Read permissions decide what is seen and counted."""

    ACCOUNT_MANAGE = "account.manage"
    ACCOUNT_READ = "account.read"
    KEY_MANAGE = "key.manage"
    BOUNDARY_MANAGE = "boundary.manage"
    FAMILY_READ = "family.read"
    FAMILY_REGISTER = "family.register"
    FAMILY_AMEND = "family.amend"
    FAMILY_READ_IDENTITY = "family.read_identity"
    FAMILY_DECIDE_DUPLICATE = "family.decide_duplicate"
    CAMPAIGN_READ = "campaign.read"
    CAMPAIGN_PROPOSE = "campaign.propose"
    CAMPAIGN_APPROVE = "campaign.approve"
    TOKEN_READ = "token.read"
    TOKEN_PRINT = "token.print"
    TOKEN_REVOKE = "token.revoke"
    POINT_MANAGE = "point.manage"
    POINT_READ = "point.read"
    DEVICE_MANAGE = "device.manage"
    DEVICE_READ = "device.read"
    HAND_OVER = "hand_over.record"
    HAND_OVER_VOID = "hand_over.void"
    HAND_OVER_RECORD_LATE = "hand_over.record_late"
    HAND_OVER_READ = "hand_over.read"
    CONFLICT_READ = "conflict.read"
    CONFLICT_DECIDE = "conflict.decide"
    STOCK_READ = "stock.read"
    STOCK_MANAGE = "stock.manage"
    COVERAGE_READ = "coverage.read"
    FUND_READ = "fund.read"
    LEDGER_POST = "ledger.post"
    AUDIT_READ = "audit.read"
    EXPORT = "export.make"


_P = Permission
_SEES_WORK = {
    _P.FAMILY_READ, _P.CAMPAIGN_READ, _P.TOKEN_READ, _P.POINT_READ, _P.HAND_OVER_READ, _P.CONFLICT_READ, _P.STOCK_READ,
    _P.COVERAGE_READ,
}  # fmt: skip

# DESIGN of the roles: a role may be narrowed by its area, never widened. Maker and checker are told apart by person.
_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(
        {
            _P.ACCOUNT_MANAGE, _P.ACCOUNT_READ, _P.KEY_MANAGE, _P.BOUNDARY_MANAGE, _P.CAMPAIGN_READ, _P.POINT_READ,
            _P.DEVICE_MANAGE, _P.DEVICE_READ, _P.COVERAGE_READ,
        }
    ),
    Role.REGISTRAR: frozenset(
        {_P.FAMILY_READ, _P.FAMILY_REGISTER, _P.FAMILY_AMEND, _P.CAMPAIGN_READ, _P.COVERAGE_READ, _P.CONFLICT_READ}
    ),
    Role.POINT_STAFF: frozenset({_P.CAMPAIGN_READ, _P.POINT_READ, _P.HAND_OVER, _P.HAND_OVER_VOID, _P.STOCK_READ}),
    Role.COORDINATOR: frozenset(
        _SEES_WORK
        | {
            _P.FAMILY_READ_IDENTITY, _P.FAMILY_AMEND, _P.FAMILY_DECIDE_DUPLICATE, _P.CAMPAIGN_PROPOSE, _P.TOKEN_PRINT,
            _P.TOKEN_REVOKE, _P.POINT_MANAGE, _P.HAND_OVER_VOID, _P.HAND_OVER_RECORD_LATE, _P.CONFLICT_DECIDE, _P.STOCK_MANAGE,
            _P.DEVICE_MANAGE, _P.DEVICE_READ, _P.FUND_READ, _P.AUDIT_READ, _P.EXPORT,
        }
    ),
    Role.FINANCE: frozenset(
        {_P.CAMPAIGN_READ, _P.CAMPAIGN_APPROVE, _P.POINT_READ, _P.COVERAGE_READ, _P.FUND_READ, _P.LEDGER_POST, _P.STOCK_READ,
         _P.AUDIT_READ, _P.EXPORT}
    ),
    Role.AUDITOR: frozenset(_SEES_WORK | {_P.ACCOUNT_READ, _P.DEVICE_READ, _P.FUND_READ, _P.AUDIT_READ, _P.EXPORT}),
}  # fmt: skip


def permissions_of(role: Role) -> frozenset[Permission]:
    """Return what the role may do within its area."""
    return _PERMISSIONS[role]
