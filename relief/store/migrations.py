"""Bringing a database up to date: numbered Alembic migrations, run inside one transaction."""

from __future__ import annotations

from importlib.resources import files

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from relief.kernel.errors import Conflict
from relief.kernel.messages import N_
from relief.store.db import Store
from relief.store.locks import wait_for_turn

HEAD, BASE = "head", "base"


def upgrade(store: Store, target: str = HEAD) -> list[str]:
    """Bring the database to the target and return the names of the migrations that ran; nothing runs twice.

    Raises: Conflict "database.newer" for a database that a newer program has already moved on.
    """
    return _move(store, target, down=False)


def downgrade(store: Store, target: str) -> list[str]:
    """Take the database back to the target, BASE for empty; data in dropped tables is lost."""
    return _move(store, target, down=True)


def pending(store: Store) -> list[str]:
    """Return the names of the migrations that the database still lacks, oldest first. Raises: Conflict "database.newer"."""
    script = _script()
    current = _current(store, script)
    return [revision.revision for revision in reversed([*script.iterate_revisions(HEAD, current or BASE)])]


def _move(store: Store, target: str, *, down: bool) -> list[str]:
    script, ran = _script(), list[str]()
    _current(store, script)

    def steps(current: tuple[str, ...], _context: MigrationContext) -> object:
        revision = current[0] if current else BASE
        found = script._downgrade_revs(target, revision) if down else script._upgrade_revs(target, revision)  # noqa: SLF001
        ran.extend(step.revision.revision for step in found)
        return found

    with (
        EnvironmentContext(Config(), script, fn=steps) as environment,
        store.writing_connection() as connection,
        connection.begin(),
    ):
        if not store.is_sqlite:  # Of two servers that start at once, the second finds all done.
            wait_for_turn(connection, "migrations")
        environment.configure(connection=connection, transactional_ddl=False)
        environment.run_migrations()
    return ran


def _current(store: Store, script: ScriptDirectory) -> str | None:
    with store.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise Conflict(
            "database.newer",
            N_(
                "The database is at migration %(name)s, which this program does not know. Install the newer program again."
            ),
            name=current,
        )
    return current


def _script() -> ScriptDirectory:
    # The migrations stand on the top floor, since they know every table: they are found by name, not imported.
    return ScriptDirectory(str(files("relief") / "migrations"))
