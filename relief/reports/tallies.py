"""Matches sealed entries with the rows they seal, one to one, in bounded memory."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from relief.audit.verification import Finding, Findings, SealedEntry
from relief.kernel.messages import N_

_BUCKETS = 1024
# Somebody may have changed every row of a table: so many buckets are looked into, which names the first of it all the same.
_MOST_BUCKETS = 128


class Tally:
    """Tells whether two streams hold the same (subject, digest) pairs, each as often, whatever their order.

    Pairs are hashed under a secret of this run and the hashes are added up in one stream and taken off in the other: only a
    bucket that holds the same pairs comes out at zero. 64 bits a pair, which nobody can aim at without the secret.
    """

    def __init__(self) -> None:
        self._secret = os.urandom(16)
        self._sums = [0] * _BUCKETS

    def add(self, subject_id: str, digest: bytes) -> None:
        """Count a sealed entry."""
        mark = hash(self._secret + subject_id.encode() + digest)
        self._sums[mark % _BUCKETS] += mark

    def take_off(self, subject_id: str, digest: bytes) -> None:
        """Count the record that an entry should seal."""
        mark = hash(self._secret + subject_id.encode() + digest)
        self._sums[mark % _BUCKETS] -= mark

    @property
    def is_even(self) -> bool:
        """Whether both streams held the same."""
        return not any(self._sums)

    def odd_ones(self) -> OddOnes:
        """Return a sieve for a second reading, which lets only pairs of buckets through that differ."""
        odd = [number for number, total in enumerate(self._sums) if total]
        return OddOnes(self._secret, frozenset(odd[:_MOST_BUCKETS]))


@dataclass(slots=True)
class OddOnes:
    """Collects what differs, on a second reading of both streams."""

    secret: bytes
    buckets: frozenset[int]
    _entries: list[SealedEntry] = field(default_factory=list)
    _records: Counter[tuple[str, bytes]] = field(default_factory=Counter)

    def add(self, entry: SealedEntry) -> None:
        """Keep an entry that may be one that differs."""
        if self._is_odd(entry.subject_id, entry.record_digest):
            self._entries.append(entry)

    def add_record(self, subject_id: str, digest: bytes) -> None:
        """Keep a record that may be one that differs."""
        if self._is_odd(subject_id, digest):
            self._records[subject_id, digest] += 1

    def findings(self, label: str) -> Iterator[Finding]:
        """Yield what differs: entries in their order, then records that no entry seals."""
        left = Counter(self._records)
        unmatched: list[SealedEntry] = []
        for entry in self._entries:
            pair = (entry.subject_id, entry.record_digest)
            if left[pair] > 0:
                left[pair] -= 1
            else:
                unmatched.append(entry)
        by_subject: dict[str, int] = defaultdict(int)
        for (subject_id, _), count in left.items():
            by_subject[subject_id] += count
        for entry in unmatched:
            is_there = by_subject[entry.subject_id] > 0
            by_subject[entry.subject_id] -= is_there
            yield changed(entry, label) if is_there else removed(entry, label)
        for subject_id in sorted((s for s, count in by_subject.items() if count > 0), key=lambda s: (len(s), s)):
            yield inserted(subject_id, label)

    def _is_odd(self, subject_id: str, digest: bytes) -> bool:
        return hash(self.secret + subject_id.encode() + digest) % _BUCKETS in self.buckets


def latest_findings(
    entries: dict[str, SealedEntry], records: Iterable[tuple[str, bytes]], label: str, findings: Findings
) -> None:
    """Compare records that may change with the latest entry about each."""
    left = dict(entries)
    for subject_id, digest in records:
        entry = left.pop(subject_id, None)
        if entry is None:
            findings.add(inserted(subject_id, label))
        elif entry.record_digest != digest:
            findings.add(changed(entry, label))
    for entry in left.values():
        findings.add(removed(entry, label))


def changed(entry: SealedEntry, label: str) -> Finding:
    """A record is another than the one that was sealed."""
    message = N_("%(what)s %(subject)s was changed after it was sealed here.")
    return _about(entry, "seal.changed", message, label)


def removed(entry: SealedEntry, label: str) -> Finding:
    """A record that was sealed is not there any more, or is sealed a second time."""
    message = N_("%(what)s %(subject)s was sealed here and is not there, or not a second time.")
    return _about(entry, "seal.removed", message, label)


def inserted(subject_id: str, label: str) -> Finding:
    """A record is there that no entry seals."""
    message = N_("%(what)s %(subject)s is in no entry of the trail: it was inserted.")
    return Finding("seal.inserted", message, {"what": label, "subject": subject_id})


def _about(entry: SealedEntry, code: str, message: str, label: str) -> Finding:
    params = {"what": label, "subject": entry.subject_id}
    return Finding(code, message, params, entry.id, entry.segment, entry.position)
