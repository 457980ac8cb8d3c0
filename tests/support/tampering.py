"""An attacker at the database itself: the guards of a table put aside, and rows changed by hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from relief.store.db import Store


@contextmanager
def without_guards(store: Store, *tables: str) -> Iterator[Connection]:
    """Open a connection for which append-only triggers and foreign keys do not exist; what it writes stays."""
    if store.is_sqlite:
        with store.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            driver.execute("PRAGMA foreign_keys=OFF")
            connection.begin()
            for table in tables:
                for deed in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{deed}"))
            yield connection
            connection.commit()
            driver.execute("PRAGMA foreign_keys=ON")
        return
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection
