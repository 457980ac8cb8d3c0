"""What an actor may do where, from the roles granted over areas."""

import pytest

from relief.kernel.actor import EVERYWHERE, Actor, ActorId, Grant
from relief.kernel.errors import Forbidden
from relief.kernel.permissions import Permission, Role, permissions_of

SINDH, DADU, MEHAR, KHAIRPUR, AREA_30 = "/1/", "/1/3/", "/1/3/9/", "/1/4/", "/1/30/"


def somebody(*grants: tuple[Role, str]) -> Actor:
    return Actor(ActorId(7), "Ayesha Soomro", tuple(Grant(role, 1, path) for role, path in grants))


@pytest.mark.parametrize("role", list(Role))
def test_a_role_lets_in_where_it_is_granted_and_nowhere_else(role: Role):
    actor = somebody((role, DADU))
    for permission in Permission:
        brings = permission in permissions_of(role)
        for path, lies_within in ((DADU, True), (MEHAR, True), (SINDH, False), (KHAIRPUR, False), (AREA_30, False)):
            assert actor.may(permission, path) == (brings and lies_within)
        assert actor.may(permission) == brings


def test_a_deed_is_refused_where_it_is_not_allowed():
    actor = somebody((Role.REGISTRAR, DADU))
    actor.require(Permission.FAMILY_REGISTER, MEHAR)
    actor.require(Permission.FAMILY_REGISTER)
    for permission, path in (
        (Permission.FAMILY_REGISTER, KHAIRPUR),
        (Permission.LEDGER_POST, MEHAR),
        (Permission.EXPORT, None),
    ):
        with pytest.raises(Forbidden) as refusal:
            actor.require(permission, path)
        assert refusal.value.code == "access.forbidden"


def test_somebody_without_a_grant_may_nothing():
    assert not any(somebody().may(permission) for permission in Permission)
    assert somebody().paths(Permission.FAMILY_READ) == ()


def test_the_system_may_everything_everywhere():
    system = Actor.system("command line")
    assert system.is_system
    for permission in Permission:
        assert system.may(permission, KHAIRPUR) and system.paths(permission) == (EVERYWHERE,)


def test_a_person_is_not_the_system():
    assert not somebody((Role.ADMINISTRATOR, EVERYWHERE)).is_system


@pytest.mark.parametrize(
    ("granted", "paths"),
    [
        ((DADU,), (DADU,)),
        ((MEHAR, DADU), (DADU,)),
        ((DADU, DADU), (DADU,)),
        ((KHAIRPUR, MEHAR), (MEHAR, KHAIRPUR)),
        ((DADU, AREA_30), (DADU, AREA_30)),
        ((MEHAR, KHAIRPUR, SINDH), (SINDH,)),
        ((EVERYWHERE, DADU), (EVERYWHERE,)),
    ],
)
def test_only_the_outermost_areas_are_named(granted: tuple[str, ...], paths: tuple[str, ...]):
    actor = somebody(*((Role.COORDINATOR, path) for path in granted))
    assert set(actor.paths(Permission.FAMILY_READ)) == set(paths) and len(actor.paths(Permission.FAMILY_READ)) == len(
        paths
    )


def test_each_role_counts_over_its_own_areas_only():
    actor = somebody((Role.REGISTRAR, DADU), (Role.FINANCE, KHAIRPUR))
    assert actor.has_role(Role.FINANCE) and not actor.has_role(Role.AUDITOR)
    assert actor.may(Permission.FAMILY_REGISTER, DADU) and not actor.may(Permission.FAMILY_REGISTER, KHAIRPUR)
    assert actor.may(Permission.LEDGER_POST, KHAIRPUR) and not actor.may(Permission.LEDGER_POST, DADU)


def test_nobody_both_proposes_and_approves_by_role():
    assert not any({Permission.CAMPAIGN_PROPOSE, Permission.CAMPAIGN_APPROVE} <= permissions_of(role) for role in Role)


def test_every_role_has_a_name_and_every_permission_a_holder():
    assert all(role.label for role in Role)
    assert set().union(*map(permissions_of, Role)) == set(Permission)
