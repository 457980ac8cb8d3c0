"""`relief user`: the first administrator, and accounts where no page is at hand."""

from __future__ import annotations

import sys
from typing import Any

import click

from relief.accounts import administration, grants, queries
from relief.accounts.administration import AddUser
from relief.accounts.grants import GrantRole
from relief.cli.console import COMMAND_LINE, in_instance, is_terminal, json_option, report, user_id_of
from relief.geography.queries import AreaRecord, find_area_by_code
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.names import PersonName
from relief.kernel.permissions import Role
from relief.store.work import Work, reading, unit_of_work

_ROLES = click.Choice([role.value for role in Role])
role_option = click.option("--role", type=_ROLES, required=True, help="What the person does.")
area_option = click.option(
    "--area", "area_code", metavar="CODE", required=True, help="Where: PK7 is Sindh, PK703 Dadu."
)


@click.group()
def group() -> None:
    """Add people, grant roles, disable accounts."""


@group.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name, in any script.")
@role_option
@area_option
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
@in_instance
def add(*, email: str, name: str, role: str, area_code: str, password_stdin: bool, as_json: bool) -> None:
    """Add a person. Without a password one is made and printed once."""
    password = _ask_password(password_stdin)
    with unit_of_work(COMMAND_LINE) as work:
        area = area_of_code(work, area_code)
        added = administration.add_user(work, AddUser(email, PersonName.parse(name), Role(role), area.id, password))
    lines = [f"{email} is {role.replace('_', ' ')} of {area.name_en}."]
    if added.made_password:
        lines.append(f"Password, shown only now: {added.made_password}")
    report({"id": added.user_id, "email": email, "password": added.made_password}, as_json, "\n".join(lines))


@group.command("list")
@json_option
@in_instance
def list_people(*, as_json: bool) -> None:
    """List everybody with their roles."""
    with reading(COMMAND_LINE) as work:
        rows, total = queries.list_users(work, limit=100_000)
        people = [_described(row) for row in rows]
    lines = [f"{p['email']}\t{p['name']}\t{p['state']}\t{', '.join(p['roles'])}" for p in people]
    report({"total": total, "users": people}, as_json, "\n".join(lines) or "There is nobody yet: relief user add")


@group.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why; it stays on record.")
@json_option
@in_instance
def disable(*, email: str, reason: str, as_json: bool) -> None:
    """Shut an account and sign it out everywhere."""
    with unit_of_work(COMMAND_LINE) as work:
        administration.disable_user(work, user_id_of(work, email), reason)
    report({"email": email, "state": "disabled"}, as_json, f"{email} is disabled.")


@group.command()
@click.argument("email")
@json_option
@in_instance
def enable(*, email: str, as_json: bool) -> None:
    """Open a shut account again."""
    with unit_of_work(COMMAND_LINE) as work:
        administration.enable_user(work, user_id_of(work, email))
    report({"email": email, "state": "active"}, as_json, f"{email} is open again.")


@group.command()
@click.argument("email")
@role_option
@area_option
@json_option
@in_instance
def grant(*, email: str, role: str, area_code: str, as_json: bool) -> None:
    """Grant one more role."""
    with unit_of_work(COMMAND_LINE) as work:
        area = area_of_code(work, area_code)
        grants.grant_role(work, GrantRole(user_id_of(work, email), Role(role), area.id))
    report(
        {"email": email, "role": role, "area": area.code},
        as_json,
        f"{email} is {role.replace('_', ' ')} of {area.name_en}.",
    )


@group.command()
@click.argument("email")
@role_option
@area_option
@json_option
@in_instance
def revoke(*, email: str, role: str, area_code: str, as_json: bool) -> None:
    """End a role."""
    with unit_of_work(COMMAND_LINE) as work:
        area = area_of_code(work, area_code)
        found = [
            row
            for row in queries.list_grants(work, [user_id_of(work, email)])
            if (row.role, row.area.id) == (role, area.id)
        ]
        if not found:
            raise NotFound("grant.not_found", N_("%(email)s does not have that role over that area."), email=email)
        grants.end_grant(work, found[0].id)
    report({"email": email, "role": role, "area": area.code, "state": "ended"}, as_json, "The role is ended.")


@group.command()
@click.argument("email")
@json_option
@in_instance
def password(*, email: str, as_json: bool) -> None:
    """Make a new password for somebody who lost theirs, and print it once."""
    with unit_of_work(COMMAND_LINE) as work:
        made = administration.reset_password(work, user_id_of(work, email))
    report({"email": email, "password": made}, as_json, f"Password, shown only now: {made}")


def area_of_code(work: Work, code: str) -> AreaRecord:
    """Return the area. Raises: NotFound "area.unknown_code"."""
    area = find_area_by_code(work, code)
    if area is None:
        raise NotFound(
            "area.unknown_code", N_("There is no area %(code)s. `relief geography list` names them."), code=code
        )
    return area


def _ask_password(from_stdin: bool) -> str | None:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not is_terminal():
        return None
    typed: str = click.prompt(
        "Password (empty: one is made)",
        default="",
        hide_input=True,
        confirmation_prompt=True,
        show_default=False,
        err=True,
    )
    return typed or None


def _described(row: queries.UserRow) -> dict[str, Any]:
    return {
        "id": row.user.id,
        "email": row.user.email,
        "name": row.user.name,
        "state": "disabled" if row.user.disabled_at else "active",
        "roles": [f"{grant.role.value} {grant.area.code}" for grant in row.grants],
    }
