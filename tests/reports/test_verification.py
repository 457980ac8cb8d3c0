"""One row changed, removed, inserted or moved in any append-only table is found, and the entry that sealed it is named."""

import datetime as dt
import importlib

import pytest
from sqlalchemy import Column, Connection, Table, func, select, text

from relief.kernel.actor import Actor, ActorId, Grant
from relief.kernel.errors import Forbidden
from relief.kernel.permissions import Role
from relief.reports.verification import Verification, verify
from relief.store.db import Model, Store
from relief.store.scope import Scope
from relief.store.work import Work, reading
from tests.architecture.source import modules
from tests.factories.books import AT, SYSTEM
from tests.support.tampering import without_guards

for _name in modules():
    if _name.endswith(".model"):
        importlib.import_module(_name)

TABLES = {name: table for name, table in Model.metadata.tables.items() if table.info.get("append_only")}
# A row put somewhere else: which value two rows exchange.
PLACES = {
    "audit_entry": "position", "commitment": "id", "entitlement": "serial", "family_change": "id", "goods_note": "id",
    "hand_over": "id", "hand_over_line": "line_no", "journal_entry": "id", "movement": "source_id", "posting": "line_no",
    "verdict": "family_id", "verdict_ground": "ground_no", "device_event": "counter", "device_picture": "event_id",
    "rejected_event": "event_id",
}  # fmt: skip
# What a copy of a row must have of its own.
UNIQUE = {
    "audit_entry": ("position",), "commitment": ("source_id",), "entitlement": ("serial", "family_id"),
    "goods_note": ("form_key", "reverses_id"), "hand_over": ("event_id", "entitlement_id", "reopens_id", "voids_id"),
    "hand_over_line": ("line_no",), "journal_entry": ("source_id", "reverses_id"), "posting": ("line_no",),
    "verdict": ("family_id",), "verdict_ground": ("ground_no",), "device_event": ("event_id",),
    "device_picture": ("event_id",), "rejected_event": ("digest",),
}  # fmt: skip
# Numbers of rows to which nothing refers and by which nothing is ordered beyond its event.
MEANINGLESS = {
    ("movement", "id"), ("posting", "id"), ("device_event", "id"), ("device_picture", "id"), ("rejected_event", "id"),
}  # fmt: skip


def verified(connection: Connection, store: Store) -> Verification:
    """What the verification says of the database as this connection sees it."""
    return verify(Work(Scope(connection, "create_savepoint"), SYSTEM, AT, store.keys))


def names_an_entry(found: Verification) -> bool:
    return found.first is not None and found.first.segment is not None and found.first.position is not None


def test_an_untouched_response_is_sound(store: Store):
    with reading(SYSTEM) as work:
        found = verify(work)
    assert [str(finding) for finding in found.findings.listed] == []
    assert found.is_sound and found.first is None
    assert found.records["hand_over"] > 50 and found.records["journal_entry"] == 5 and found.entries > 300
    assert not found.not_recomputed


def test_every_append_only_table_is_tried():
    assert set(PLACES) == set(TABLES)


def test_a_change_of_any_value_is_found(store: Store):
    missed = []
    for name, table in TABLES.items():
        with without_guards(store, name, keep=False) as connection:
            for column in table.columns:
                if (name, column.name) in MEANINGLESS:
                    continue
                connection.execute(text("SAVEPOINT before"))
                change(connection, table, column)
                found = verified(connection, store)
                if found.is_sound or not names_an_entry(found):
                    missed.append(f"{name}.{column.name}: {found.first}")
                connection.execute(text("ROLLBACK TO SAVEPOINT before"))
    assert missed == []


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_removed_row_is_found(store: Store, name: str):
    with without_guards(store, name, keep=False) as connection:
        connection.execute(
            text(f"DELETE FROM {name} WHERE {key_of(connection, TABLES[name], last=name == 'audit_entry')}")
        )
        found = verified(connection, store)
    assert names_an_entry(found), found.first


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_inserted_row_is_found(store: Store, name: str):
    table = TABLES[name]
    with without_guards(store, name, keep=False) as connection:
        row = dict(connection.execute(select(table).order_by(*table.primary_key).limit(1)).mappings().one())
        if "id" in row:
            row["id"] = connection.execute(select(func.max(table.c.id))).scalar() + 1
        row |= {column: other(table.c[column], row[column]) for column in UNIQUE.get(name, ())}
        connection.execute(table.insert().values(row))
        found = verified(connection, store)
    assert not found.is_sound


@pytest.mark.parametrize("name", sorted(TABLES))
def test_reordered_rows_are_found(store: Store, name: str):
    table, place = TABLES[name], PLACES[name]
    with without_guards(store, name, keep=False) as connection:
        swap(connection, table, table.c[place])
        found = verified(connection, store)
    assert names_an_entry(found), found.first


@pytest.mark.parametrize(
    ("table", "change_to", "code"),
    [
        ("fund_balance", "received_paisa = received_paisa + 100", "books.fund"),
        ("fund_balance", "purchased_paisa = purchased_paisa - 100", "books.fund"),
        ("stock_on_hand", "quantity = quantity + 1", "books.on_hand"),
        ("owed_line", "given = given - 1", "books.given"),
        ("owed_line", "owed = owed + 1", "books.owed"),
        ("package_line", "amount_paisa = amount_paisa + 100", "seal.changed"),
    ],
)
def test_figures_that_only_sum_up_are_compared_with_what_they_sum_up(
    store: Store, table: str, change_to: str, code: str
):
    with without_guards(store, table, keep=False) as connection:
        connection.execute(text(f"UPDATE {table} SET {change_to}"))
        found = verified(connection, store)
    assert code in {finding.code for finding in found.findings.listed}


def test_a_token_that_is_valid_again_by_hand_is_found(store: Store):
    with without_guards(store, "token", keep=False) as connection:
        connection.execute(text("UPDATE token SET state = 'revoked' WHERE id = (SELECT MIN(id) FROM token)"))
        found = verified(connection, store)
    assert [finding.code for finding in found.findings.listed] == ["seal.inserted"]


def test_rows_that_name_a_source_that_nobody_seals_are_found(store: Store):
    strays = {
        "journal_entry": "INSERT INTO journal_entry (kind, posted_on, posted_at, actor_id, memo, source_kind, source_id)"
        " VALUES ('receipt', '2022-09-05', '2022-09-05T06:00:00.000000Z', 0, '', '{kind}', '{number}')",
        "movement": "INSERT INTO movement (kind, item_id, fund_id, quantity, unit_cost_paisa, moved_on, at, actor_id, source_kind,"
        " source_id) VALUES ('receipt', 1, 1, 5, 0, '2022-09-05', '2022-09-05T06:00:00.000000Z', 0, '{kind}', '{number}')",
    }  # fmt: skip
    sources = (
        ("nothing", "1"),
        ("goods_note", "999"),
        ("goods_note", "x"),
        ("hand_over", "9999999"),
        ("hand_over", "1x"),
    )
    for table, sql in strays.items():
        for kind, number in sources:
            with without_guards(store, table, keep=False) as connection:
                connection.execute(text(sql.format(kind=kind, number=number)))
                assert not verified(connection, store).is_sound, (table, kind, number)


@pytest.mark.parametrize("role", [Role.FINANCE, Role.AUDITOR, Role.COORDINATOR])
def test_a_part_of_the_country_cannot_be_proved(store: Store, role: Role):
    part = Actor(ActorId(7), "part", (Grant(role, 1, "/1/2/"),))
    with reading(part) as work, pytest.raises(Forbidden):
        verify(work)


def key_of(connection: Connection, table: Table, *, last: bool = False) -> str:
    """A condition that one row of the table meets: the first, or the last."""
    keys = [column.desc() if last else column for column in table.primary_key]
    row = connection.execute(select(*table.primary_key).order_by(*keys).limit(1)).one()
    return " AND ".join(f"{column.name} = {value}" for column, value in zip(table.primary_key, row, strict=True))


def change(connection: Connection, table: Table, column: Column) -> None:
    """Give one row another value in one column."""
    where = key_of(connection, table)
    now = connection.execute(select(column).where(text(where))).scalar()
    value = other(column, now)
    connection.execute(table.update().where(text(where)).values({column.name: value}))


def other(column: Column, now: object) -> object:
    """A value that the column takes, other than the one it has."""
    kind = column.type.python_type if not hasattr(column.type, "kind") else column.type.kind
    if hasattr(column.type, "kind"):
        return next(member for member in kind if member != now)
    match now:
        case None:
            return {int: 99_001, float: 1.5, str: "x", bytes: b"x"}[kind]
        case bool():
            return not now
        case int() | float():
            return now + 99_000
        case str():
            return f"{now}9"
        case bytes():
            return b"\x01" + now[1:]
        case dt.datetime():
            return now + dt.timedelta(seconds=1)
        case dt.date():
            return now + dt.timedelta(days=1)
        case _:
            return [*now, "x"] if isinstance(now, list) else {**now, "x": 1}


def swap(connection: Connection, table: Table, place: Column) -> None:
    """Let two rows that differ in more than their place exchange it."""
    rows = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
    keys = [column.name for column in table.primary_key]
    apart = [name for name in keys if name != place.name] if len(keys) > 1 or table.name == "audit_entry" else []
    apart = ["entry_id"] if table.name == "posting" else ["segment"] if table.name == "audit_entry" else apart
    for row in rows:
        for partner in rows:
            content = {name for name in row if row[name] != partner[name]} - {place.name, *keys}
            if row[place.name] != partner[place.name] and content and all(row[name] == partner[name] for name in apart):
                _exchange(connection, table, place, (row, partner))
                return
    message = f"no two rows of {table.name} can be swapped"
    raise AssertionError(message)


def _exchange(connection: Connection, table: Table, place: Column, rows: tuple) -> None:
    spare = "999999" if isinstance(rows[0][place.name], str) else 999_999
    keys = list(table.primary_key)
    for row, value in ((rows[0], spare), (rows[1], rows[0][place.name]), (rows[0], rows[1][place.name])):
        held = spare if value == rows[1][place.name] and place.primary_key else row[place.name]
        where = [column == (held if column is place else row[column.name]) for column in keys]
        connection.execute(table.update().where(*where).values({place.name: value}))
