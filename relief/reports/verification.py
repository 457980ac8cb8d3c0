"""The proof that nobody edited the books: chains, sealed records, rows that belong to nothing, and sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from relief.audit.verification import Chains, Finding, Findings, SealedEntry
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.reports.comparing import differences_in
from relief.reports.differences import Difference
from relief.reports.scope import Scope
from relief.reports.seals import SEALS, seal_of
from relief.reports.tallies import Tally, latest_findings
from relief.store.statement import Statement
from relief.store.work import Work

# Rows that name as their source what nobody seals, or what is not there: no digest would miss them.
_STRAYS = {
    "journal_entry": (
        "SELECT e.id FROM journal_entry e WHERE e.source_kind NOT IN ('finance_desk', 'goods_note', 'hand_over')"
        " OR (e.source_kind = 'goods_note' AND NOT EXISTS (SELECT 1 FROM goods_note n WHERE CAST(n.id AS TEXT) = e.source_id))"
        " ORDER BY e.id"
    ),
    "movement": (
        "SELECT m.id FROM movement m WHERE m.source_kind NOT IN ('goods_note', 'hand_over')"
        " OR (m.source_kind = 'goods_note' AND NOT EXISTS (SELECT 1 FROM goods_note n WHERE CAST(n.id AS TEXT) = m.source_id))"
        " ORDER BY m.id"
    ),
    "posting": (
        "SELECT p.id FROM posting p LEFT JOIN journal_entry e ON e.id = p.entry_id WHERE e.id IS NULL ORDER BY p.id"
    ),
    "hand_over_line": (
        "SELECT l.hand_over_id FROM hand_over_line l LEFT JOIN hand_over h ON h.id = l.hand_over_id WHERE h.id IS NULL"
        " ORDER BY l.hand_over_id"
    ),
    "verdict": (
        "SELECT v.family_id FROM verdict v LEFT JOIN allocation a ON a.id = v.allocation_id WHERE a.id IS NULL"
        " ORDER BY v.family_id"
    ),
    "verdict_ground": (
        "SELECT g.ground_no FROM verdict_ground g LEFT JOIN allocation a ON a.id = g.allocation_id WHERE a.id IS NULL"
        " ORDER BY g.ground_no"
    ),
    "entitlement": (
        "SELECT e.id FROM entitlement e LEFT JOIN allocation a ON a.id = e.allocation_id AND a.campaign_id = e.campaign_id"
        " WHERE a.id IS NULL OR a.state <> 'approved' ORDER BY e.id"
    ),
}

Progress = Callable[[str], None]


@dataclass(slots=True)
class Verification:
    """What was looked at and what was found."""

    entries: int = 0
    chains: int = 0
    # How many records of each kind were worked out anew.
    records: dict[str, int] = field(default_factory=dict)
    # Entries that seal what is not kept.
    not_recomputed: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether nothing at all was found."""
        return self.findings.total == 0

    @property
    def first(self) -> Finding | None:
        """The first bad entry of the trail; where no entry is bad, the first of the rest."""
        named = [finding for finding in self.findings.listed if finding.entry_id is not None]
        if named:
            return min(named, key=lambda finding: finding.entry_id or 0)
        return self.findings.listed[0] if self.findings.listed else None


def verify(work: Work, progress: Progress = lambda _stage: None) -> Verification:
    """Work everything out anew and return what differs. Needs audit.read and fund.read over the whole country.

    Raises: Forbidden: a proof that leaves areas out would prove nothing.
    """
    for permission in (Permission.AUDIT_READ, Permission.FUND_READ, Permission.CAMPAIGN_READ):
        Scope.whole(work, permission)
    result = Verification()
    progress(N_("Recomputing the chains of the audit trail"))
    tallies, latest = _walk(work, result)
    for key, seal in SEALS.items():
        progress(seal.label)
        if seal.is_latest_only:
            latest_findings(latest[key], _counted(result, key, seal.digests(work)), seal.label, result.findings)
        else:
            _match(work, result, key, tallies[key])
    progress(N_("Looking for rows that belong to nothing"))
    for finding in _strays(work):
        result.findings.add(finding)
    progress(N_("Comparing the books event by event"))
    _compare_books(work, result)
    return result


def _walk(work: Work, result: Verification) -> tuple[dict[str, Tally], dict[str, dict[str, SealedEntry]]]:
    tallies = {key: Tally() for key in SEALS}
    latest: dict[str, dict[str, SealedEntry]] = {key: {} for key, seal in SEALS.items() if seal.is_latest_only}
    chains = Chains(result.findings)
    for entry in chains.walk(work):
        key = seal_of(entry)
        if key is None:
            result.not_recomputed[entry.action] += 1
        elif key in latest:
            latest[key][entry.subject_id] = entry
        else:
            tallies[key].add(entry.subject_id, entry.record_digest)
    result.entries, result.chains = chains.entries, chains.segments
    return tallies, latest


def _match(work: Work, result: Verification, key: str, tally: Tally) -> None:
    seal = SEALS[key]
    for subject_id, digest in _counted(result, key, seal.digests(work)):
        tally.take_off(subject_id, digest)
    if tally.is_even:
        return
    odd = tally.odd_ones()
    for entry in Chains(Findings()).walk(work):
        if seal_of(entry) == key:
            odd.add(entry)
    for subject_id, digest in seal.digests(work):
        odd.add_record(subject_id, digest)
    for finding in odd.findings(seal.label):
        result.findings.add(finding)


def _counted(result: Verification, key: str, digests: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    count = 0
    for pair in digests:
        count += 1
        yield pair
    result.records[key] = count


def _strays(work: Work) -> Iterator[Finding]:
    for table, sql in _STRAYS.items():
        for row in Statement(sql).stream(work, {}):
            message = N_("Row %(row)s of the table %(table)s belongs to nothing that was sealed.")
            yield Finding("seal.stray_row", message, {"table": table, "row": row[0]})


def _compare_books(work: Work, result: Verification) -> None:
    for difference in differences_in(work):
        message = N_("%(what)s (%(where)s): %(expected)s against %(found)s.")
        expected, found = difference.figures
        params = {"what": difference.kind.label, "where": difference.where, "expected": expected, "found": found}
        result.findings.add(Finding(f"books.{difference.kind}", message, params))
