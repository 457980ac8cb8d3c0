"""`relief demo`: an invented flood response to try everything on."""

from __future__ import annotations

import datetime as dt
import functools
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import click

from relief.accounts.queries import is_any_user
from relief.audit.queries import is_demonstration
from relief.cli.console import COMMAND_LINE, in_any_instance, json_option, report
from relief.cli.demonstration.people import ACCOUNTS, PASSWORD, Account
from relief.cli.demonstration.response import Played, play_response
from relief.cli.demonstration.script import Play
from relief.families.queries import is_any_family
from relief.kernel.dates import local_day
from relief.kernel.errors import Conflict
from relief.kernel.messages import N_
from relief.store.db import store
from relief.store.migrations import upgrade
from relief.store.work import reading

DEFAULT_FAMILIES, DEFAULT_SEED = 5_000, 1
FEWEST_FAMILIES, MOST_FAMILIES = 50, 1_000_000


@click.command("demo")
@click.option(
    "--families",
    type=click.IntRange(FEWEST_FAMILIES, MOST_FAMILIES),
    default=DEFAULT_FAMILIES,
    show_default=True,
    help="How many families register; 186331 plays SRSO's response of 2022.",
)
@click.option("--seed", type=int, default=DEFAULT_SEED, show_default=True, help="Another number, another play.")
@click.option(
    "--ending",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day on which the play stands still, with one table open. [default: today]",
)
@json_option
@in_any_instance
def demo(*, families: int, seed: int, ending: dt.datetime | None, as_json: bool) -> None:
    """Fill an empty database with an invented flood response in 15 districts of Sindh.

    Families, a campaign of cash and goods, approvals, tokens, three weeks of hand-overs and a few conflicts: all made by
    the same use cases as real ones, always the same for a seed and a last day.
    """
    upgrade(store())
    ending_on = ending.date() if ending else local_day(dt.datetime.now(dt.UTC))
    play = Play(families, seed, ending_on)
    played = load_demonstration(play)
    data = {
        "families": families, "seed": seed, "ending_on": ending_on.isoformat(), "fund_paisa": play.fund.paisa,
        "registered": played.registered, "entitled": played.entitled, "tokens": played.tokens,
        "handed_over": played.handed_over, "voids": played.voids, "conflicts": played.conflicts,
        "accounts": [account.email for account in ACCOUNTS], "password": PASSWORD,
    }  # fmt: skip
    report(data, as_json, _as_text(play, played))


def load_demonstration(play: Play | None = None) -> Played:
    """Play into the database of the instance; without a play, the one that a new user meets first.

    Raises: Conflict "demo.not_empty" where anybody already works in it.
    """
    play = play or Play(DEFAULT_FAMILIES, DEFAULT_SEED, local_day(dt.datetime.now(dt.UTC)))
    with reading(COMMAND_LINE) as work:
        if is_any_user(work) or is_any_family(work):
            raise Conflict(
                "demo.not_empty",
                N_(
                    "The demonstration fills an empty database only. Use another instance: RELIEF_INSTANCE=demo relief demo."
                ),
            )
    with ExitStack() as bars:
        return play_response(play, functools.partial(_begin_bar, bars))


def demonstration_accounts() -> tuple[Account, ...]:
    """Return the accounts to sign in with, none where the database is no demonstration."""
    with reading(COMMAND_LINE) as work:
        return ACCOUNTS if is_demonstration(work) else ()


def _begin_bar(bars: ExitStack, label: str, parts: int) -> Callable[[int], None]:
    """End the progress bar before and begin the next, on standard error; silent where no person watches."""
    bars.close()
    bar: Any = click.progressbar(length=max(parts, 1), label=f"{label:<12}", file=sys.stderr)
    bars.enter_context(bar)
    told: Callable[[int], None] = bar.update
    return told


def _as_text(play: Play, played: Played) -> str:
    accounts = "\n".join(f"  {account.email:<34} {account.role.label}" for account in ACCOUNTS)
    return (
        f"{played.registered:,} families registered, {played.entitled:,} entitled, {played.tokens:,} tokens issued;"
        f" {played.handed_over:,} hand-overs, {played.voids:,} of them undone, {played.conflicts:,} conflicts."
        f" The fund received {play.fund}."
        f"\nEverything in it is invented. Sign in with the password {PASSWORD} as\n{accounts}"
    )
