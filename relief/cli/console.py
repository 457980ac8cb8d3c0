"""What all commands share: the instance they work on, in whose name, how they report and how they fail."""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import click
from flask import Flask

from relief.accounts import queries
from relief.kernel.actor import Actor
from relief.kernel.errors import Conflict, InvalidInput, NotFound, ReliefError
from relief.kernel.messages import N_
from relief.store import migrations
from relief.store.db import store
from relief.store.work import Work, reading

P = ParamSpec("P")
R = TypeVar("R")

COMMAND_LINE = Actor.system("command line")

json_option = click.option("--json", "as_json", is_flag=True, help="Print a report that a program reads.")
as_option = click.option("--as", "email", metavar="EMAIL", help="The person in whose name this is done.")


class LazyGroup(click.Group):
    """A group that knows its commands by name, and imports one only when it is called."""

    def __init__(self, *args: Any, targets: Mapping[str, tuple[str, str]] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._targets = dict(targets or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in order."""
        return sorted(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        if cmd_name not in self._targets:
            return None
        command = load(self._targets[cmd_name][0])
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what there is, without importing it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._targets[name][1]) for name in self.list_commands(ctx)])


def load(target: str) -> Any:
    """Return what "package.module:name" names."""
    module, _colon, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def in_instance(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command inside the application of the instance. Raises: Conflict "database.behind" before `relief db upgrade`."""

    @functools.wraps(command)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with open_instance().app_context():
            if migrations.pending(store()):
                raise Conflict("database.behind", N_("The database is not up to date. Run `relief db upgrade`."))
            return command(*args, **kwargs)

    return inside


def in_any_instance(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command inside the application of the instance, which may be without its tables yet."""

    @functools.wraps(command)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with open_instance().app_context():
            return command(*args, **kwargs)

    return inside


def open_instance() -> Flask:
    """Return the application of the instance, made by what `relief.__main__` or a test put into click's context."""
    make_app = click.get_current_context().obj
    app = make_app()
    assert isinstance(app, Flask)
    return app


def actor_named(email: str | None) -> Actor:
    """Return the person of `--as EMAIL`; without it the command line itself. Raises: NotFound "user.not_found"."""
    if email is None:
        return COMMAND_LINE
    with reading(COMMAND_LINE) as work:
        return queries.actor_of(work, user_id_of(work, email))


def user_id_of(work: Work, email: str) -> int:
    """Return the account of an address. Raises: NotFound "user.not_found"."""
    user = queries.find_user_by_email(work, email)
    if user is None:
        raise NotFound("user.not_found", N_("There is no account with the address %(email)s."), email=email)
    return user.id


def report(data: Any, as_json: bool, text: str) -> None:
    """Print a result on standard output, as JSON or as text."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str) if as_json else text)


def note(text: str) -> None:
    """Tell a person something that is no result."""
    click.echo(text, err=True)


def fail(error: ReliefError) -> int:
    """Print a refusal on standard error; return the exit status."""
    click.echo(f"relief: {error}", err=True)
    if isinstance(error, InvalidInput):
        for problem in error.problems:
            click.echo(f"  {problem.field}: {problem}" if problem.field else f"  {problem}", err=True)
    return 1


def is_terminal() -> bool:
    """Return whether a person sits at standard input."""
    return sys.stdin.isatty()
