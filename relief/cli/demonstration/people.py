"""The people of the demonstration, added by the same use case as everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relief.accounts.administration import AddUser, add_user
from relief.accounts.queries import actor_of
from relief.cli.demonstration.script import HOME_DISTRICT, PROVINCE
from relief.geography.queries import AreaRecord
from relief.kernel.actor import Actor
from relief.kernel.names import PersonName
from relief.kernel.permissions import Role
from relief.store.work import Work

# Printed by the command and known to everybody: these accounts exist in a demonstration only.
PASSWORD = "indus-delta-2022-demo"
DOMAIN = "relief.example"


@dataclass(frozen=True, slots=True)
class Account:
    """One account that a visitor can sign in with."""

    email: str
    name: str
    role: Role
    is_provincial: bool
    password: str = PASSWORD

    @property
    def area(self) -> str:
        """The name of the area over which the role is granted."""
        return PROVINCE if self.is_provincial else HOME_DISTRICT


ACCOUNTS = (
    Account(f"administrator@{DOMAIN}", "Ayesha Memon", Role.ADMINISTRATOR, is_provincial=True),
    Account(f"registrar@{DOMAIN}", "Bilal Soomro", Role.REGISTRAR, is_provincial=True),
    Account(f"staff@{DOMAIN}", "Dua Chandio", Role.POINT_STAFF, is_provincial=False),
    Account(f"coordinator@{DOMAIN}", "Farhan Junejo", Role.COORDINATOR, is_provincial=False),
    Account(f"lead@{DOMAIN}", "Gulnaz Abro", Role.COORDINATOR, is_provincial=True),
    Account(f"finance@{DOMAIN}", "Hina Qureshi", Role.FINANCE, is_provincial=True),
    Account(f"auditor@{DOMAIN}", "Irfan Shah", Role.AUDITOR, is_provincial=True),
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the play; point staff by the id of their district."""

    administrator: Actor
    registrar: Actor
    visitor_staff: Actor
    coordinator: Actor
    lead: Actor
    finance: Actor
    staff: Mapping[int, Actor]


def add_cast(work: Work, *, province: AreaRecord, home: AreaRecord, districts: list[AreaRecord]) -> Cast:
    """Add the accounts, one person of point staff in every district, and return them all as actors."""
    named = {
        account.email.partition("@")[0]: _add(work, account, province if account.is_provincial else home)
        for account in ACCOUNTS
    }
    staff = {
        district.id: _add(
            work,
            Account(f"staff.{district.code}@{DOMAIN}", f"Table {district.name_en}", Role.POINT_STAFF, False),
            district,
        )
        for district in districts
    }
    return Cast(
        named["administrator"],
        named["registrar"],
        named["staff"],
        named["coordinator"],
        named["lead"],
        named["finance"],
        staff,
    )


def _add(work: Work, account: Account, area: AreaRecord) -> Actor:
    added = add_user(work, AddUser(account.email, PersonName.parse(account.name), account.role, area.id, PASSWORD))
    return actor_of(work, added.user_id)
