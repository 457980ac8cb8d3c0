"""The trail of deeds: chains without a gap, each link a hash, the same bytes on either database."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from relief.audit.model import AuditEntry, AuditHead
from relief.audit.trail import GENESIS, Deed, digest_of, entry_hash, record
from relief.audit.verification import Chains, Findings
from relief.kernel.actor import Actor, ActorId
from relief.store.columns import canonical_json, instant_text
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.store.crowd import all_at_once

SOMEBODY = Actor.system("tests")
AT = dt.datetime(2022, 9, 5, 11, 30, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=5)))


@pytest.mark.parametrize(
    ("of_postgresql", "of_sqlite"),
    [
        ((True, False, 1, 0), (1, 0, 1, 0)),
        ((AT, AT.date()), ("2022-09-05T06:30:00.000005Z", "2022-09-05")),
        ((memoryview(b"\x00\xff"), b"\x01"), ("00ff", "01")),
        (('سنڌ "x"\n', None, 1.5), ('سنڌ "x"\n', None, 1.5)),
    ],
)  # fmt: skip
def test_both_databases_seal_a_row_alike(of_postgresql: tuple, of_sqlite: tuple):
    assert digest_of(of_postgresql, (1,)) == digest_of(of_sqlite, (1,))
    canonical = json.dumps([of_sqlite, (1,)], ensure_ascii=False, separators=(",", ":")).encode()
    assert digest_of(of_sqlite, (1,)) == hashlib.sha256(canonical).digest()


@pytest.mark.parametrize("other", [((1, "2"),), ((1, 2), ()), ((2, 1),), ((1,), (2,)), ((1, None),), ()])
def test_other_rows_have_another_digest(other: tuple):
    assert digest_of((1, 2)) != digest_of(*other)


@pytest.fixture
def chain(store: Store) -> list[dict[str, Any]]:
    """The entries of one segment of five deeds, two of them sealing rows, with another segment's between them."""
    for number in range(5):
        with unit_of_work(SOMEBODY, at=AT) as work:
            record(
                work,
                Deed(
                    "thing.done",
                    "thing",
                    number,
                    7,
                    {"n": number},
                    "hall",
                    bytes([number] * 32) if number % 2 else None,
                ),
            )
            record(work, Deed("other.done", "other", "A-1"))
    return entries("hall")


def entries(segment: str) -> list[dict[str, Any]]:
    """Return the entries of a segment as the hash takes them."""
    with reading(SOMEBODY) as work:
        rows = work.session.query(AuditEntry).where(AuditEntry.segment == segment).order_by(AuditEntry.position)
        return [
            {column.name: getattr(row, column.name) for column in AuditEntry.__table__.columns}
            | {"at": instant_text(row.at), "detail": canonical_json(row.detail)}
            for row in rows
        ]


def is_whole(chain: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether each entry gives its own hash and continues the one before it."""
    previous = [GENESIS, *(entry["entry_hash"] for entry in chain)]
    return all(
        entry["position"] == place
        and entry["previous_hash"] == previous[place - 1]
        and entry["entry_hash"] == entry_hash(entry)
        for place, entry in enumerate(chain, 1)
    )


def head_of(segment: str) -> tuple[int, bytes]:
    with reading(SOMEBODY) as work:
        head = work.session.get(AuditHead, segment)
        return head.position, head.entry_hash


def test_a_deed_is_recorded_with_who_when_and_where(store: Store):
    actor = Actor(ActorId(42), "Ayesha Soomro")
    with unit_of_work(actor, at=AT) as work:
        record(
            work,
            Deed("family.registered", "family", 7, 203, {"code": "F-1", "سنڌ": [1, None]}, "families", b"\x01" * 32),
        )
    with reading(SOMEBODY) as work:
        entry = work.session.query(AuditEntry).one()
    assert (entry.action, entry.subject_kind, entry.subject_id, entry.area_id) == (
        "family.registered",
        "family",
        "7",
        203,
    )
    assert (entry.actor_id, entry.at, entry.segment, entry.position) == (42, AT, "families", 1)
    assert (entry.detail, entry.record_digest) == ({"code": "F-1", "سنڌ": [1, None]}, b"\x01" * 32)
    assert entry.previous_hash == GENESIS and head_of("families") == (1, entry.entry_hash)


def test_each_segment_is_a_chain_of_its_own(chain: list[dict[str, Any]]):
    assert [entry["position"] for entry in chain] == [1, 2, 3, 4, 5] and is_whole(chain)
    assert head_of("hall") == (5, chain[-1]["entry_hash"])
    office = entries("office")
    assert len(office) == 5 and is_whole(office)


def test_every_edit_breaks_the_hashes(chain: list[dict[str, Any]]):
    edits = {
        "segment": "office", "position": 9, "at": instant_text(AT + dt.timedelta(microseconds=1)), "actor_id": 1,
        "action": "thing.undone", "subject_kind": "things", "subject_id": "77", "area_id": None, "detail": "{}",
        "record_digest": b"\x09" * 32, "previous_hash": b"\x09" * 32, "entry_hash": b"\x09" * 32,
    }  # fmt: skip
    assert set(edits) | {"id"} == set(chain[0])
    for place in range(len(chain)):
        for column, value in edits.items():
            edited = [dict(entry) for entry in chain]
            edited[place][column] = value
            assert not is_whole(edited), (place, column)
            # An attacker who makes the hash anew breaks the next link; the last entry's hash is in the head.
            edited[place]["entry_hash"] = entry_hash(edited[place])
            assert edited[place]["entry_hash"] == chain[place]["entry_hash"] or (
                not is_whole(edited) or edited[-1]["entry_hash"] != head_of("hall")[1]
            )


@given(order=st.permutations(range(5)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_every_other_order_breaks_the_hashes(chain: list[dict[str, Any]], order: list[int]):
    moved = [chain[place] for place in order]
    assert is_whole(moved) == (order == [0, 1, 2, 3, 4])
    renumbered = [entry | {"position": place} for place, entry in enumerate(moved, 1)]
    assert is_whole(renumbered) == (order == [0, 1, 2, 3, 4])


def test_every_removal_breaks_the_hashes_or_leaves_the_head(chain: list[dict[str, Any]]):
    for place in range(5):
        left = chain[:place] + chain[place + 1 :]
        assert not is_whole(left) or left[-1]["entry_hash"] != head_of("hall")[1]


def test_an_edit_in_the_database_is_refused(store: Store, chain: list[dict[str, Any]]):
    for deed in ("UPDATE audit_entry SET actor_id = 1", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work(SOMEBODY) as work:
            work.session.execute(text(deed))
    assert entries("hall") == chain


def test_a_unit_that_fails_leaves_no_entry_and_no_gap(store: Store, chain: list[dict[str, Any]]):
    for segment in ("hall", "new"):
        with pytest.raises(ZeroDivisionError), unit_of_work(SOMEBODY) as work:
            record(work, Deed("thing.failed", "thing", 1, segment=segment))
            raise ZeroDivisionError
        with unit_of_work(SOMEBODY) as work:
            record(work, Deed("thing.done", "thing", 1, segment=segment))
    assert is_whole(entries("hall")) and len(entries("hall")) == 6
    assert is_whole(entries("new")) and len(entries("new")) == 1


def test_chains_written_by_many_at_once_have_no_gap(store: Store):
    def deeds(thread: int) -> None:
        for number in range(12):
            try:
                with unit_of_work(SOMEBODY) as work:
                    record(work, Deed("thing.done", "thing", f"{thread}-{number}", segment=f"s{number % 2}"))
                    if number % 4 == 3:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue

    assert all_at_once(deeds) == [None] * 8
    first, second = entries("s0"), entries("s1")
    assert is_whole(first) and is_whole(second)
    subjects = [entry["subject_id"] for entry in (*first, *second)]
    assert sorted(subjects) == sorted(
        f"{thread}-{number}" for thread in range(8) for number in range(12) if number % 4 != 3
    )
    assert head_of("s0") == (len(first), first[-1]["entry_hash"])
    with reading(SOMEBODY) as work:
        list(Chains(findings := Findings()).walk(work))
    assert findings.total == 0


def test_both_databases_give_one_deed_one_hash(store: Store):
    with unit_of_work(Actor(ActorId(42), "Ayesha Soomro"), at=AT) as work:
        record(work, Deed("family.registered", "family", 7, 203, {"b": 1, "a": "سنڌ"}, "families", bytes(32)))
    (entry,) = entries("families")
    fields = [
        "families", 1, "2022-09-05T06:30:00.000005Z", 42, "family.registered", "family", "7", 203, '{"a":"سنڌ","b":1}',
        "00" * 32, "00" * 32,
    ]  # fmt: skip
    spelled = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    assert entry["entry_hash"] == hashlib.sha256(spelled.encode()).digest()
