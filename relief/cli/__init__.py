"""The command line: one group a part of the program, each loaded only when it is called."""

from __future__ import annotations

import click

from relief.cli.console import LazyGroup

# Name -> (where it is, what it does). Maps and tables take a second to import: asking for help must not wait for them.
COMMANDS = {
    "run": ("relief.cli.server:run", "Serve Relief, with a demonstration the first time."),
    "audit": ("relief.cli.audit:group", "The trail of deeds, and the proof that nobody edited the books."),
    "campaign": ("relief.cli.campaigns:group", "Plan campaigns, allocate them to families, approve the money."),
    "coverage": ("relief.cli.coverage:command", "How many families a campaign has reached, by area."),
    "db": ("relief.cli.database:group", "Bring the database up to date, or check it."),
    "demo": ("relief.cli.demo:demo", "Fill an empty database with an invented flood response."),
    "devices": ("relief.cli.devices:group", "Phones that work without a signal: enrol, list, revoke."),
    "distribution": ("relief.cli.distribution:group", "Points, days, hand-overs, late lists and conflicts."),
    "families": ("relief.cli.families:group", "Import, find, register and amend families."),
    "finance": ("relief.cli.finance:group", "Funds, totals, postings by hand, and the reconciliation."),
    "geography": ("relief.cli.geography:group", "Areas, their other names and their boundaries."),
    "stock": ("relief.cli.stock:group", "Items, goods notes, and what lies where."),
    "tokens": ("relief.cli.tokens:group", "Make keys, issue, print, revoke and verify tokens."),
    "user": ("relief.cli.users:group", "Add people, grant roles, disable accounts."),
}


@click.group(cls=LazyGroup, targets=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="relief", prog_name="relief")
def commands() -> None:
    """Relief: who received what, where and when.

    The instance folder is RELIEF_INSTANCE (default: instance/), the database RELIEF_DATABASE_URL (default:
    relief.sqlite3 in that folder).
    """
