"""`relief db`: bringing the database up to date, and saying whether it is."""

from __future__ import annotations

import click

from relief.cli.console import in_any_instance, json_option, report
from relief.kernel.errors import Conflict
from relief.kernel.messages import N_
from relief.store import migrations
from relief.store.db import store


@click.group()
def group() -> None:
    """Bring the database up to date, or check it."""


@group.command()
@json_option
@in_any_instance
def upgrade(*, as_json: bool) -> None:
    """Run the migrations that the database lacks; nothing runs twice."""
    ran = migrations.upgrade(store())
    text = "\n".join(f"Ran {name}." for name in ran) or "The database is up to date."
    report({"ran": ran}, as_json, text)


@group.command()
@json_option
@in_any_instance
def check(*, as_json: bool) -> None:
    """Say whether the database is up to date; exit with 1 if not."""
    lacking = migrations.pending(store())
    text = "The database is up to date." if not lacking else "The database lacks: " + ", ".join(lacking)
    report({"is_up_to_date": not lacking, "pending": lacking}, as_json, text)
    if lacking:
        raise Conflict("database.behind", N_("The database is not up to date. Run `relief db upgrade`."))
