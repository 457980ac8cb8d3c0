"""The numbered migrations make, from nothing, exactly what the models say, and can be walked back."""

import importlib
import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from relief.store import migrations
from relief.store.db import Model, Store
from tests.architecture.source import PACKAGE, modules

for _name in modules():
    if _name.endswith(".model"):
        importlib.import_module(_name)

VERSIONS = sorted((PACKAGE / "migrations" / "versions").glob("[0-9]*.py"))
# What PostgreSQL knows of columns, constraints, indexes and triggers, in its own words.
POSTGRESQL_SHAPE = """
    SELECT 'column', table_name || '.' || column_name, data_type || ' ' || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'constraint', conname, conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"""


def test_migrations_are_numbered_and_named():
    names = [path.stem for path in VERSIONS]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert [name for name in names if not re.fullmatch(r"\d{4}_[a-z]+(_[a-z0-9]+)+", name)] == []


def test_migrations_make_what_the_models_say(empty_store: Store):
    migrations.upgrade(empty_store)
    with empty_store.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata) == []
        migrated = shape_of(connection)
    migrations.downgrade(empty_store, migrations.BASE)
    with empty_store.engine.begin() as connection:
        Model.metadata.create_all(connection)
        assert shape_of(connection) ^ migrated == set()


def test_migrations_walk_back_to_nothing_and_up_again(empty_store: Store):
    names = migrations.upgrade(empty_store)
    assert names == [path.stem for path in VERSIONS]
    migrations.downgrade(empty_store, migrations.BASE)
    assert inspect(empty_store.engine).get_table_names() == ["alembic_version"]
    assert migrations.pending(empty_store) == names
    assert migrations.upgrade(empty_store) == names
    assert migrations.upgrade(empty_store) == []


def shape_of(connection: Connection) -> set[tuple[str, ...]]:
    """Return all that a database says of its tables, but for Alembic's own."""
    if connection.dialect.name == "postgresql":
        rows = {tuple(map(str, row)) for row in connection.execute(text(POSTGRESQL_SHAPE))}
    else:
        kept = connection.execute(text("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        # One line a column or constraint: the order in which migrations added them is of no account.
        rows = {(kind, name, line.strip(" \t,")) for kind, name, _table, sql in kept for line in sql.splitlines()}
    return {row for row in rows if "alembic_version" not in " ".join(row)}
