"""`relief audit`: the trail, and the proof that nobody edited the books."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import click

from relief.audit.verification import Finding
from relief.cli.aligned import align
from relief.cli.console import COMMAND_LINE, actor_named, as_option, in_instance, json_option, note, report
from relief.geography.queries import find_area_by_code
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.reports.seals import SEALS
from relief.reports.trail import TrailFilter, TrailRow, list_deeds
from relief.reports.verification import Verification, verify
from relief.store.work import Work, reading

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def group() -> None:
    """The trail of deeds, and the proof that nobody edited the books."""


@group.command("verify")
@json_option
@in_instance
def verify_books(*, as_json: bool) -> None:
    """Work out anew every chain, every sealed record and every sum.

    Names the first bad entry and what differs. The exit status is 1 if anything was edited, removed, inserted or moved.
    """
    started_at = dt.datetime.now(dt.UTC)
    with reading(COMMAND_LINE) as work:
        result = verify(work, lambda stage: note(f"{stage} ..."))
    seconds = (dt.datetime.now(dt.UTC) - started_at).total_seconds()
    report(_data(result, seconds), as_json, _text(result))
    if not result.is_sound:
        sys.exit(1)


@group.command("list")
@click.option("--action", help='Only these deeds: "token.redeemed", or "token." for all about tokens.')
@click.option("--subject", metavar="KIND", help="Only about this kind of thing: hand_over, journal_entry, family.")
@click.option("--number", metavar="ID", help="Only about the one with this number.")
@click.option("--segment", help="Only of this chain.")
@click.option("--area", metavar="CODE", help="Only within this area.")
@click.option("--since", type=_DAY, help="From this day on.")
@click.option("--until", type=_DAY, help="Up to this day.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many at most, latest first."
)
@as_option
@json_option
@in_instance
def list_trail(*, limit: int, email: str | None, as_json: bool, **asked: Any) -> None:
    """List who did what, the latest first."""
    with reading(actor_named(email)) as work:
        rows, total = list_deeds(work, _filter(work, **asked), limit=limit, offset=0)
    header = ("chain", "no", "at", "who", "deed", "about", "area")
    cells = [
        (row.segment, row.position, row.at.isoformat(timespec="seconds"), row.actor or "system", row.action,
         f"{row.subject_kind} {row.subject_id}", row.place.name_en if row.place else "")
        for row in rows
    ]  # fmt: skip
    text = align(header, cells) + f"\n{len(rows):,} of {total:,}"
    report({"total": total, "rows": [_row_data(row) for row in rows]}, as_json, text)


def _filter(
    work: Work, *, area: str | None, since: dt.datetime | None, until: dt.datetime | None, **same: Any
) -> TrailFilter:
    found = find_area_by_code(work, area) if area else None
    if area and found is None:
        raise NotFound("area.not_found", N_("There is no area with the code %(code)s."), code=area)
    return TrailFilter(
        action=same["action"], subject_kind=same["subject"], subject_id=same["number"], segment=same["segment"],
        area_id=found.id if found else None, from_on=since.date() if since else None, to_on=until.date() if until else None,
    )  # fmt: skip


def _text(result: Verification) -> str:
    records = [(SEALS[key].label, count) for key, count in result.records.items() if count]
    lines = [f"{result.entries:,} entries in {result.chains:,} chains.", align(("worked out anew", "records"), records)]
    if result.first is None:
        return "\n".join([*lines, "Nobody edited the books."])
    lines.append("THE BOOKS WERE CHANGED.")
    named = result.first
    place = f"number {named.position:,} of the chain {named.segment!r}" if named.segment else "no entry of the trail"
    lines.append(f"First bad entry: {place}.")
    lines += [str(finding) for finding in result.findings.listed]
    if result.findings.total > len(result.findings.listed):
        lines.append(f"... and {result.findings.total - len(result.findings.listed):,} more.")
    return "\n".join(lines)


def _data(result: Verification, seconds: float) -> dict[str, Any]:
    return {
        "sound": result.is_sound, "entries": result.entries, "chains": result.chains, "records": result.records,
        "findings": result.findings.total, "first": _finding_data(result.first) if result.first else None,
        "listed": [_finding_data(finding) for finding in result.findings.listed], "seconds": round(seconds, 3),
    }  # fmt: skip


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code, "text": str(finding), "segment": finding.segment, "position": finding.position,
        "entry_id": finding.entry_id,
    }  # fmt: skip


def _row_data(row: TrailRow) -> dict[str, Any]:
    return {
        "id": row.id, "segment": row.segment, "position": row.position, "at": row.at.isoformat(), "actor_id": row.actor_id,
        "actor": row.actor, "action": row.action, "subject": row.subject_kind, "subject_id": row.subject_id,
        "area": row.place.code if row.place else None, "detail": row.detail,
        "record_digest": row.record_digest.hex() if row.record_digest else None, "entry_hash": row.entry_hash.hex(),
    }  # fmt: skip
