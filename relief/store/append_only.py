"""Tables whose rows are written once: the database itself refuses to change or remove them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, event

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION relief_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = 'append-only table ' || TG_TABLE_NAME || ': a mistake is answered by a new row';
END $$
"""


class AppendOnly:
    """A model mixin: creating the table also creates the triggers that hold it to appending."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)  # SQLAlchemy makes the table here.
        table: Table = cls.__table__  # type: ignore[attr-defined]
        table.info["append_only"] = True
        event.listen(table, "after_create", _create_triggers)


def guard_statements(table: str, dialect: str) -> list[str]:
    """Return the SQL that makes a table append-only on "sqlite" or "postgresql"."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}: a mistake is answered by a new row'); END"
            for deed in ("UPDATE", "DELETE")
        ]
    trigger = f"CREATE TRIGGER {table}"
    refuse = "EXECUTE FUNCTION relief_refuse_change()"
    return [
        _POSTGRESQL_FUNCTION,
        f"{trigger}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}",
        f"{trigger}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    ]


def _create_triggers(table: Table, connection: Connection, **_options: Any) -> None:
    for statement in guard_statements(table.name, connection.dialect.name):
        connection.exec_driver_sql(statement)
