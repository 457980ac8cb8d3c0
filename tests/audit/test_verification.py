"""Whatever is done to the chains behind the program's back is found, and the first bad entry is named."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from relief.audit.trail import Deed, entry_hash, record
from relief.audit.verification import MOST_LISTED, Chains, Findings, _hash_of
from relief.kernel.actor import Actor
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.support.tampering import without_guards

SOMEBODY = Actor.system("tests")
AT = dt.datetime(2022, 9, 5, 6, 30, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture
def trail(store: Store) -> Store:
    """Three chains of four entries, written in turn."""
    for number in range(12):
        with unit_of_work(SOMEBODY, at=AT) as work:
            sealed = bytes([number] * 32) if number % 2 else None
            record(
                work,
                Deed(
                    "thing.done",
                    "thing",
                    number,
                    detail={"سنڌ": number},
                    segment=f"s{number % 3}",
                    record_digest=sealed,
                ),
            )
    return store


def verify() -> tuple[Findings, Chains, list]:
    findings = Findings()
    chains = Chains(findings)
    with reading(SOMEBODY) as work:
        sealed = list(chains.walk(work))
    return findings, chains, sealed


def found() -> list[tuple[str, str | None, int | None]]:
    return [(one.code, one.segment, one.position) for one in verify()[0].listed]


def test_an_untouched_trail_is_whole(trail: Store):
    findings, chains, sealed = verify()
    assert (findings.total, chains.entries, chains.segments) == (0, 12, 3)
    assert [(entry.subject_id, entry.record_digest) for entry in sealed] == [
        (str(number), bytes([number] * 32)) for number in range(1, 12, 2)
    ]


@pytest.mark.parametrize(
    "change",
    [
        "action = 'thing.undone'", "actor_id = 8", "subject_id = '77'", "subject_kind = 'other'", "area_id = 3",
        "detail = '{}'", "record_digest = NULL", "at = '2022-09-06T06:30:00.123456Z'", "previous_hash = entry_hash",
    ],
)  # fmt: skip
def test_an_edited_entry_is_named(trail: Store, change: str):
    with without_guards(trail, "audit_entry") as connection:
        connection.execute(text(f"UPDATE audit_entry SET {change} WHERE segment = 's1' AND position = 3"))
    assert found()[0] == ("audit.edited", "s1", 3)


def test_an_entry_edited_with_its_hash_breaks_the_next_link(trail: Store):
    with without_guards(trail, "audit_entry") as connection:
        connection.execute(
            text("UPDATE audit_entry SET entry_hash = previous_hash WHERE segment = 's1' AND position = 2")
        )
    assert found() == [("audit.edited", "s1", 2), ("audit.broken_link", "s1", 3)]


@pytest.mark.parametrize(("position", "expected"), [(1, ("audit.out_of_order", "s2", 2)), (4, ("audit.head", "s2", 4))])
def test_a_removed_entry_is_named_by_the_one_after_it_or_by_the_head(trail: Store, position: int, expected: tuple):
    with without_guards(trail, "audit_entry") as connection:
        connection.execute(text(f"DELETE FROM audit_entry WHERE segment = 's2' AND position = {position}"))
    assert found() == [expected]


def test_a_chain_removed_whole_is_missed(trail: Store):
    with without_guards(trail, "audit_entry") as connection:
        connection.execute(text("DELETE FROM audit_entry WHERE segment = 's2'"))
    assert found() == [("audit.head", "s2", 4)]


def test_an_inserted_entry_is_named(trail: Store):
    with without_guards(trail, "audit_entry") as connection:
        columns = (
            "at, actor_id, action, subject_kind, subject_id, area_id, detail, record_digest, previous_hash, entry_hash"
        )
        connection.execute(
            text(
                f"INSERT INTO audit_entry (segment, position, {columns}) SELECT segment, 9, {columns} FROM audit_entry"
                " WHERE segment = 's0' AND position = 2"
            )
        )
    assert found()[:2] == [("audit.edited", "s0", 9), ("audit.out_of_order", "s0", 9)]


def test_reordered_entries_are_named(trail: Store):
    with without_guards(trail, "audit_entry") as connection:
        for before, after in ((2, 99), (3, 2), (99, 3)):
            connection.execute(
                text(f"UPDATE audit_entry SET position = {after} WHERE segment = 's0' AND position = {before}")
            )
    assert ("audit.out_of_order", "s0", 3) in found()


def test_swapped_row_numbers_are_named(trail: Store):
    with without_guards(trail, "audit_entry") as connection:
        for before, after in ((4, 99), (7, 4), (99, 7)):
            connection.execute(text(f"UPDATE audit_entry SET id = {after} WHERE id = {before}"))
    assert found()[0] == ("audit.out_of_order", "s0", 3)


@pytest.mark.parametrize("deed", ["UPDATE audit_head SET position = 3", "DELETE FROM audit_head"])
def test_a_moved_or_lost_head_is_named(trail: Store, deed: str):
    with trail.engine.begin() as connection:
        connection.execute(text(f"{deed} WHERE segment = 's1'"))
    assert found() == [("audit.head", "s1", 4)]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", ["position = 'three'", "detail = x'00'", "previous_hash = 7", "at = 5"])
def test_values_of_another_kind_are_an_edit(trail: Store, change: str):
    with without_guards(trail, "audit_entry") as connection:
        connection.execute(text(f"UPDATE audit_entry SET {change} WHERE segment = 's1' AND position = 3"))
    assert found()[0][0] == "audit.edited"


def test_many_findings_are_counted_and_the_first_listed(trail: Store):
    findings = Findings()
    with without_guards(trail, "audit_entry") as connection:
        connection.execute(text("UPDATE audit_entry SET actor_id = 9"))
    findings, _, _ = verify()
    assert findings.total == 12 and str(findings.listed[0]) == (
        "s0 / 1: The entry was edited: its content does not give its hash."
    )
    for _ in range(MOST_LISTED):
        findings.add(findings.listed[0])
    assert (findings.total, len(findings.listed)) == (12 + MOST_LISTED, MOST_LISTED)


TEXTS = st.text(max_size=20)
DIGESTS = st.binary(min_size=32, max_size=32)
ENTRIES = st.fixed_dictionaries(
    {
        "segment": TEXTS, "position": st.integers(1, 10**9), "at": st.just("2022-09-05T06:30:00.000000Z"),
        "actor_id": st.integers(0, 10**9), "action": TEXTS, "subject_kind": TEXTS, "subject_id": TEXTS,
        "area_id": st.none() | st.integers(1, 10**6), "detail": TEXTS, "record_digest": st.none() | DIGESTS,
        "previous_hash": DIGESTS,
    }
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ENTRIES)
def test_the_fast_hash_is_the_hash_of_the_trail(entry: dict):
    columns = (
        "segment", "position", "at", "actor_id", "action", "subject_kind", "subject_id", "area_id", "detail", "record_digest",
        "previous_hash",
    )  # fmt: skip
    assert _hash_of((1, *(entry[column] for column in columns), b"")) == entry_hash(entry)
