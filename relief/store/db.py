"""The one database of an instance: Flask-SQLAlchemy with the settings that make each engine keep its promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, MetaData, event, make_url
from sqlalchemy.orm import DeclarativeBase

from relief.keys import Keyring
from relief.store.group_commit import GroupCommit

# Named constraints: a migration can drop what it can name, and an error tells which promise was about to break.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class _Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=_Base, disable_autonaming=True)

if TYPE_CHECKING:

    class Model(DeclarativeBase):
        """The base of every table; a name that type checkers follow, unlike `db.Model`."""

else:
    Model = db.Model

_SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # An answer given is on the disk: NORMAL may lose the last commits at a power cut.
    "foreign_keys=ON",
    "recursive_triggers=ON",  # Else INSERT OR REPLACE removes a row of an append-only table without its trigger.
    "busy_timeout=60000",
    # A hand-over writes some twenty pages, most of them again and again: copied back every 32 MB, not every 4.
    "wal_autocheckpoint=8000",
    "cache_size=-65536",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
)
_WRITING = "relief_writing"


class Store:
    """What one application holds of its database: the engine, the keyring, and on SQLite the shared writer."""

    def __init__(self, app: Flask, url: str, keys: Keyring) -> None:
        self.keys = keys
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        app.config["SQLALCHEMY_DATABASE_URI"] = url
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(url)
        app.extensions["relief.store"] = self
        db.init_app(app)
        with app.app_context():
            self.engine: Engine = db.engine
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self.threads_writing: set[int] = set()
        self.writer = GroupCommit(self.writing_connection) if self.is_sqlite else None

    def writing_connection(self) -> Connection:
        """Return a connection whose transactions take the write lock when they begin."""
        return self.engine.connect().execution_options(**{_WRITING: True})

    def close(self) -> None:
        """Give back every connection; the next use opens new ones."""
        if self.writer is not None:
            self.writer.close()
        self.engine.dispose()


def store() -> Store:
    """Return the store of the application in hand."""
    held = current_app.extensions["relief.store"]
    assert isinstance(held, Store)
    return held


def _engine_options(url: str) -> dict[str, Any]:
    # The text of a failed statement goes into the log; the values, names among them, do not.
    pool = {"pool_size": 20, "max_overflow": 20, "hide_parameters": True}
    if url.startswith("sqlite"):
        database = make_url(url).database
        assert database not in (None, "", ":memory:"), "a database in memory would be another for each connection"
        assert database is not None
        Path(database).parent.mkdir(parents=True, exist_ok=True)
        return {**pool, "connect_args": {"check_same_thread": False}}
    return {**pool, "pool_pre_ping": False, "pool_recycle": 1800}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling committed released savepoints in spite of an outer rollback: it is switched off.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A deferred BEGIN that writes later fails at once when another has written meanwhile, busy_timeout or not.
    writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
