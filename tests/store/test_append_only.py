"""Rows written once: no statement of any kind changes or removes them."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from relief.store.append_only import guard_statements
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.store.scratch import SOMEBODY, Stone, scalar

EVERYWHERE = [
    "UPDATE scratch_stone SET name = 'other'",
    "UPDATE scratch_stone SET name = name",
    "UPDATE scratch_stone SET id = id + 100 WHERE id = 1",
    "DELETE FROM scratch_stone",
    "DELETE FROM scratch_stone WHERE id = 1",
    "INSERT INTO scratch_stone (id, name) VALUES (1, 'new') ON CONFLICT (id) DO UPDATE SET name = 'other'",
]
ON_ONE = {
    "postgresql": [
        "TRUNCATE scratch_stone",
        "TRUNCATE scratch_stone CASCADE",
        "TRUNCATE scratch_note, scratch_stone CASCADE",
    ],
    # Replacing is deleting, though SQLite tells no trigger of it unless asked to.
    "sqlite": [
        "INSERT OR REPLACE INTO scratch_stone (id, name) VALUES (1, 'other')",
        "REPLACE INTO scratch_stone (id, name) VALUES (1, 'other')",
        "UPDATE OR REPLACE scratch_stone SET id = 2 WHERE id = 1",
    ],
}
CASES = [(backend, deed) for backend, deeds in ON_ONE.items() for deed in (*EVERYWHERE, *deeds)]


@pytest.mark.parametrize(("backend", "deed"), CASES, indirect=["backend"])
def test_the_database_refuses_to_change_what_was_written(store: Store, deed: str):
    with unit_of_work(SOMEBODY) as work:
        work.session.add_all([Stone(id=1, name="one"), Stone(id=2, name="two")])
    with pytest.raises(DBAPIError, match="append-only table scratch_stone"), unit_of_work(SOMEBODY) as work:
        work.session.execute(text(deed))
    with reading(SOMEBODY) as work:
        assert [(row.id, row.name) for row in work.session.query(Stone).order_by(Stone.id)] == [(1, "one"), (2, "two")]


def test_a_stone_changed_through_the_session_is_refused_too(store: Store):
    with unit_of_work(SOMEBODY) as work:
        work.session.add(Stone(id=1, name="one"))
    with pytest.raises(DBAPIError, match="append-only table"), unit_of_work(SOMEBODY) as work:
        work.session.get(Stone, 1).name = "other"
    with pytest.raises(DBAPIError, match="append-only table"), unit_of_work(SOMEBODY) as work:
        work.session.delete(work.session.get(Stone, 1))


def test_appending_goes_on_after_a_refusal(store: Store):
    with unit_of_work(SOMEBODY) as work:
        work.session.add(Stone(name="one"))
    with pytest.raises(DBAPIError), unit_of_work(SOMEBODY) as work:
        work.session.execute(text("DELETE FROM scratch_stone"))
    with unit_of_work(SOMEBODY) as work:
        work.session.add(Stone(name="two"))
    with reading(SOMEBODY) as work:
        assert scalar(work, "SELECT count(*) FROM scratch_stone") == 2


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_guard_names_its_table(dialect: str):
    assert all("stone" in statement or "FUNCTION" in statement for statement in guard_statements("stone", dialect))
    assert Stone.__table__.info["append_only"]
