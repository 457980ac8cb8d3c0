"""An attacker at the database itself: the guards of tables put aside, and rows changed by hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from relief.store.db import Store

_CHECKS = "SELECT conname FROM pg_constraint WHERE conrelid = CAST(:name AS regclass) AND contype = 'c'"


@contextmanager
def without_guards(store: Store, *tables: str, keep: bool = True) -> Iterator[Connection]:
    """Open a connection for which triggers, checks and foreign keys of the tables do not exist.

    What it writes stays, guards and all; or, with `keep=False`, is seen on this connection alone and is gone afterwards.
    """
    with store.engine.connect() as connection:
        if store.is_sqlite:
            driver = connection.connection.dbapi_connection
            for pragma in ("foreign_keys=OFF", "ignore_check_constraints=ON"):
                driver.execute(f"PRAGMA {pragma}")
        connection.begin()
        for table in tables:
            _put_guards_aside(connection, table)
        try:
            yield connection
        finally:
            connection.commit() if keep else connection.rollback()
            if store.is_sqlite:
                for pragma in ("foreign_keys=ON", "ignore_check_constraints=OFF"):
                    driver.execute(f"PRAGMA {pragma}")


def _put_guards_aside(connection: Connection, table: str) -> None:
    if connection.dialect.name == "sqlite":
        for deed in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{deed}"))
        return
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for (constraint,) in connection.execute(text(_CHECKS), {"name": table}).all():
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"))
