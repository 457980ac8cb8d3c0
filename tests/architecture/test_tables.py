"""Tables: foreign keys point down the floors, each column says how private it is, what must only grow only grows."""

import importlib

import pytest
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError

from relief.store.columns import DataClass
from relief.store.db import Model, Store
from tests.architecture.source import floor_of, modules, part_of

for _name in modules():
    if _name.endswith(".model"):
        importlib.import_module(_name)

OWNERS = {mapper.local_table.name: part_of(mapper.class_.__module__) for mapper in Model.registry.mappers}
TABLES = {table.name: table for table in Model.metadata.tables.values()}
# What happened is never rewritten: a mistake is answered by a new row.
MUST_ONLY_GROW = {"audit_entry", "journal_entry", "posting", "movement", "hand_over", "hand_over_line"}
APPEND_ONLY = sorted(name for name, table in TABLES.items() if table.info.get("append_only"))
# Names that give away a column about a person; whoever declares one public or internal must say so here.
PERSONAL_WORDS = ("cnic", "phone", "head_name", "father_name", "full_name", "birth", "email", "psc_score")


def test_every_table_belongs_to_a_package():
    assert set(TABLES) == set(OWNERS)


def test_foreign_keys_point_down():
    climbing = [
        f"{table.name}.{key.parent.name} -> {key.target_fullname}"
        for table in TABLES.values()
        for key in table.foreign_keys
        if OWNERS[table.name] != (target := OWNERS[key.column.table.name])
        and floor_of(target) >= floor_of(OWNERS[table.name])
    ]
    assert climbing == []


def test_every_column_declares_its_data_class():
    silent = [str(column) for table in TABLES.values() for column in table.columns if "data_class" not in column.info]
    assert silent == []


def test_columns_about_persons_are_personal_or_sensitive():
    careless = [
        str(column)
        for table in TABLES.values()
        for column in table.columns
        if any(word in column.name for word in PERSONAL_WORDS)
        and column.info["data_class"] not in (DataClass.PERSONAL, DataClass.SENSITIVE)
    ]
    assert careless == []


def test_what_must_only_grow_is_append_only():
    assert set(APPEND_ONLY) >= MUST_ONLY_GROW


@pytest.mark.parametrize("name", APPEND_ONLY)
def test_the_database_refuses_to_change_what_only_grows(store: Store, name: str):
    with store.engine.connect() as connection:
        if not store.is_sqlite:
            connection.begin()
        insert_anything(connection, TABLES[name])
        column = next(iter(TABLES[name].columns)).name
        for deed in (f"UPDATE {name} SET {column} = {column}", f"DELETE FROM {name}"):
            savepoint = connection.begin_nested()
            with pytest.raises(DBAPIError, match=f"append-only table {name}"):
                connection.execute(text(deed))
            savepoint.rollback()
        assert connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() == 1
        connection.rollback()


def insert_anything(connection: Connection, table: Table) -> None:
    """Insert a row of arbitrary values, with every other guard of the table put aside."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.dbapi_connection
        connection.rollback()
        for pragma in ("foreign_keys=OFF", "ignore_check_constraints=ON"):
            driver.execute(f"PRAGMA {pragma}")
    else:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        checks = "SELECT conname FROM pg_constraint WHERE conrelid = CAST(:name AS regclass) AND contype = 'c'"
        for (constraint,) in connection.execute(text(checks), {"name": table.name}).all():
            connection.execute(text(f"ALTER TABLE {table.name} DROP CONSTRAINT {constraint}"))
    values = {column.name: anything_for(str(column.type.compile(connection.dialect))) for column in table.columns}
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({marks})"), values)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = origin"))


def anything_for(kind: str) -> object:
    """Return a value that a column of this SQL type takes."""
    if kind.startswith(("BLOB", "BYTEA")):
        return b"x"
    if kind.startswith(("DATE", "TIMESTAMP")):
        return "2022-09-05"
    if kind.startswith("BOOL"):
        return True
    return 1 if kind.startswith(("INT", "BIGINT", "SMALLINT", "FLOAT", "DOUBLE", "NUMERIC", "REAL")) else "x"
