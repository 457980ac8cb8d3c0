"""Recomputing the chains of the audit trail: an edited, removed, inserted, reordered or cut entry is found and named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from json.encoder import encode_basestring as _quoted
from typing import Any, NamedTuple

from relief.audit.trail import GENESIS
from relief.kernel.messages import N_
from relief.store.statement import Statement
from relief.store.work import Work

# What is found is listed up to here and counted beyond: one edited table can break every row.
MOST_LISTED = 200

_ENTRIES = (
    "SELECT id, segment, position, {at}, actor_id, action, subject_kind, subject_id, area_id, detail, record_digest,"
    " previous_hash, entry_hash FROM audit_entry ORDER BY id"
)
# PostgreSQL spells the instants out itself: reading them as Python's and writing them out again would take longer than hashing.
_ENTRIES_OF = {
    "sqlite": Statement(_ENTRIES.format(at="at")),
    "postgresql": Statement(_ENTRIES.format(at="""to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""")),
}
_HEADS = Statement("SELECT segment, position, entry_hash FROM audit_head ORDER BY segment")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree. `segment` and `position` name the entry of the trail, if it is about one."""

    code: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)
    entry_id: int | None = None
    segment: str | None = None
    position: int | None = None

    def __str__(self) -> str:
        text = self.message % self.params if self.params else self.message
        return text if self.segment is None else f"{self.segment} / {self.position}: {text}"


@dataclass(slots=True)
class Findings:
    """What was found so far, the first of it in full."""

    listed: list[Finding] = field(default_factory=list)
    total: int = 0

    def add(self, finding: Finding) -> None:
        """Count the finding, and keep it if there is room."""
        self.total += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(finding)


class SealedEntry(NamedTuple):
    """An entry of the trail that seals rows elsewhere."""

    id: int
    segment: str
    position: int
    action: str
    subject_kind: str
    subject_id: str
    detail: str
    record_digest: bytes


class _End(NamedTuple):
    position: int
    entry_hash: bytes


class Chains:
    """One walk over all chains, in the order in which the entries were written."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._ends: dict[str, _End] = {}
        self.entries = 0

    @property
    def segments(self) -> int:
        """How many chains were met."""
        return len(self._ends)

    def walk(self, work: Work) -> Iterator[SealedEntry]:
        """Check every entry and, at the end, every head; yield the entries that seal rows on the way."""
        for row in _ENTRIES_OF[work.dialect].stream(work, {}):
            self.entries += 1
            entry_hash = _hash_of(row)
            if entry_hash != row[-1]:
                self._note(row, "audit.edited", N_("The entry was edited: its content does not give its hash."))
            if entry_hash is None:
                continue
            self._check_place(row)
            number, segment, position, _at, _actor, action, kind, subject, _area, detail, sealed, _previous, stored = (
                row
            )
            self._ends[segment] = _End(position, bytes(stored))
            if sealed is not None:
                yield SealedEntry(number, segment, position, action, kind, subject, detail, bytes(sealed))
        self._check_heads(work)

    def _check_place(self, row: Any) -> None:
        segment, position, previous = row[1], row[2], row[11]
        end = self._ends.get(segment, _End(0, GENESIS))
        if position != end.position + 1:
            self._note(
                row, "audit.out_of_order",
                N_("Entries before this one were removed, inserted or reordered: number %(expected)s should stand here."),
                expected=end.position + 1,
            )  # fmt: skip
        elif previous != end.entry_hash:
            self._note(row, "audit.broken_link", N_("The entry does not continue the one before it."))

    def _check_heads(self, work: Work) -> None:
        heads = {segment: _End(position, bytes(entry_hash)) for segment, position, entry_hash in _HEADS.rows(work, {})}
        for segment in sorted(heads.keys() | self._ends.keys()):
            end, head = self._ends.get(segment, _End(0, GENESIS)), heads.get(segment, _End(0, GENESIS))
            if end != head:
                message = N_(
                    "The chain ends at entry %(end)s, and its head stands at %(head)s: the end was cut or added to."
                )
                params = {"end": end.position, "head": head.position}
                self._findings.add(
                    Finding("audit.head", message, params, None, segment, max(end.position, head.position))
                )

    def _note(self, row: Any, code: str, message: str, **params: object) -> None:
        self._findings.add(Finding(code, message, params, row[0], row[1], row[2]))


def _hash_of(row: Any) -> bytes | None:
    """Return what `trail.entry_hash` returns, written out for a raw row: a million entries take seconds, not half a minute.

    None for a row whose values are not even of their kind: SQLite lets an attacker store a text as a number.
    """
    _id, segment, position, at, actor, action, kind, subject, area, detail, sealed, previous, _hash = row
    try:
        text = (
            f"[{_quoted(segment)},{position:d},{_quoted(at)},{actor:d},"
            f"{_quoted(action)},{_quoted(kind)},{_quoted(subject)},{'null' if area is None else area},{_quoted(detail)},"
            f'"{"" if sealed is None else sealed.hex()}","{previous.hex()}"]'
        )
    except (TypeError, ValueError, AttributeError):
        return None
    return hashlib.sha256(text.encode()).digest()
