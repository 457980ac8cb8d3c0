"""Bringing a database up to date: whole or not at all, once, and never by a program older than the data."""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from relief.kernel.errors import Conflict
from relief.store import migrations
from relief.store.db import Store
from tests.store.crowd import until

# Processes, not threads: Alembic keeps what it is at in globals of its module.
SERVER = """
import sys
from pathlib import Path
from flask import Flask
from relief.keys import Keyring
from relief.store import migrations
from relief.store.db import Store

store = Store(Flask("tests"), sys.argv[1], Keyring.open(Path(sys.argv[2])))
print("ready", flush=True)
print(*migrations.upgrade(store))
"""
WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(empty_store: Store):
    names = migrations.pending(empty_store)
    with empty_store.writing_connection() as connection, connection.begin():
        connection.execute(text("CREATE TABLE hand_over (id INTEGER)"))
    with pytest.raises(DBAPIError, match="hand_over"):
        migrations.upgrade(empty_store)
    assert inspect(empty_store.engine).get_table_names() == ["hand_over"]
    with empty_store.writing_connection() as connection, connection.begin():
        connection.execute(text("DROP TABLE hand_over"))
    assert migrations.upgrade(empty_store) == names


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)  # SQLite is served by one process.
def test_of_two_servers_that_start_at_once_one_upgrades(empty_store: Store, tmp_path: Path):
    first, *others = migrations.pending(empty_store)
    migrations.upgrade(empty_store, first)
    url = empty_store.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", SERVER, url, str(tmp_path / "keys")]
    with contextlib.ExitStack() as servers_end:
        servers = [
            servers_end.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) for _ in range(2)
        ]
        for server in servers:
            servers_end.callback(server.kill)
        with empty_store.writing_connection() as connection, connection.begin():
            connection.execute(text("LOCK TABLE alembic_version IN SHARE MODE"))
            for server in servers:
                assert server.stdout.readline() == "ready\n"
            until(lambda: waiting(empty_store) == 2)
        assert sorted([server.communicate(timeout=30)[0].split() for server in servers], key=len) == [[], others]


def waiting(store: Store) -> int:
    """Return how many sessions wait for a lock."""
    with store.engine.connect() as connection:
        return connection.execute(text(WAITING)).scalar()


def test_an_upgrade_goes_on_from_where_the_last_one_stopped(empty_store: Store):
    first, *others = migrations.pending(empty_store)
    assert migrations.upgrade(empty_store, first) == [first]
    assert migrations.pending(empty_store) == others
    assert migrations.upgrade(empty_store) == others
    assert migrations.downgrade(empty_store, first) == others[::-1]


def test_a_database_of_a_newer_program_is_left_alone(store: Store):
    with store.writing_connection() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
    for deed in (migrations.upgrade, migrations.pending, lambda held: migrations.downgrade(held, migrations.BASE)):
        with pytest.raises(Conflict, match="9999_from_the_future") as refusal:
            deed(store)
        assert refusal.value.code == "database.newer"
    assert "hand_over" in inspect(store.engine).get_table_names()
