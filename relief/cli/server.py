"""`relief run`: from an empty folder to a server with something to see."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from relief.accounts.queries import is_any_user
from relief.cli import demo
from relief.cli.console import COMMAND_LINE, note, open_instance
from relief.config import GEODATA
from relief.geography.facts import read_facts
from relief.geography.layering import build
from relief.geography.queries import list_areas
from relief.kernel.errors import Conflict, InvalidInput
from relief.kernel.messages import N_
from relief.store import migrations
from relief.store.db import store
from relief.store.work import reading, unit_of_work

# On SQLite one process has one writer with group commit: more processes only make each other wait.
_THREADS = 16


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for other machines, too.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-demo", is_flag=True, help="Begin empty: no invented families, no accounts.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; PostgreSQL only.")
@click.option("--certificate", type=click.Path(exists=True, path_type=Path), help="TLS certificate, with --key.")
@click.option("--key", type=click.Path(exists=True, path_type=Path), help="TLS key.")
def run(*, host: str, port: int, no_demo: bool, workers: int, certificate: Path | None, key: Path | None) -> None:
    """Serve Relief; the first time also make the instance, its database, the map and a demonstration."""
    _check_port(host, port)
    if (certificate is None) is not (key is None):
        raise InvalidInput("run.half_tls", N_("--certificate and --key belong together."))
    prepare(with_demonstration=not no_demo, workers=workers)
    scheme = "https" if certificate else "http"
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - what was asked for, not what is bound
    note(f"\nRelief answers on  {scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}   (Ctrl+C stops it)\n")
    serve("relief.app:create_served_app", host=host, port=port, workers=workers, ssl_cert=certificate, ssl_key=key)


def serve(factory: str, *, host: str, port: int, workers: int, **options: Any) -> None:
    """Serve what the factory makes, until told to stop."""
    Granian(
        factory, factory=True, address=host, port=port, interface=Interfaces.WSGI, workers=workers,
        blocking_threads=_THREADS, backpressure=512, log_level=LogLevels.error, respawn_failed_workers=True,
        workers_kill_timeout=10, **options,
    ).serve()  # fmt: skip


def prepare(*, with_demonstration: bool, workers: int = 1) -> None:
    """Make or update what the server stands on, and say whom one can sign in as."""
    app = open_instance()
    with app.app_context():
        if store().is_sqlite and workers > 1:
            raise Conflict("run.one_process", N_("SQLite is served by one process. For more, use PostgreSQL."))
        for name in migrations.upgrade(store()):
            note(f"Database: {name}")
        with unit_of_work(COMMAND_LINE) as work:
            if not list_areas(work):
                note("Geography: building the schematic layer")
                build(work, read_facts(GEODATA))
        with reading(COMMAND_LINE) as work:
            is_empty = not is_any_user(work)
        if is_empty and with_demonstration:
            demo.load_demonstration()
        _tell_accounts()
        store().close()


def _tell_accounts() -> None:
    accounts = demo.demonstration_accounts()
    if accounts:
        note("\nThis is a demonstration: every family in it is invented. Sign in as")
        for account in accounts:
            note(f"  {account.email:<34} {account.password:<26} {account.role.replace('_', ' ')}, {account.area}")
        return
    with reading(COMMAND_LINE) as work:
        if not is_any_user(work):
            note('\nNobody can sign in yet:  relief user add EMAIL --name "NAME" --role administrator --area PK7')


def _check_port(host: str, port: int) -> None:
    """Refuse before any work is done. Raises: Conflict "run.port_taken", InvalidInput "run.bad_host"."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                "run.port_taken", N_("Port %(port)s is in use. Choose another: relief run --port %(other)s"),
                port=port, other=port + 1,
            ) from None  # fmt: skip
        raise InvalidInput(
            "run.bad_host", N_("Relief cannot listen on %(host)s port %(port)s: %(reason)s"),
            host=host, port=port, reason=error.strerror or str(error),
        ) from None  # fmt: skip
