"""The desk of a distribution day: who stands there, what they may receive, and the record that they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relief.distributions.claims import Claim, Due, PackageLineOf, Table, table_of_day
from relief.distributions.deciding import HolderCheck, Presentation, decide
from relief.distributions.hand_overs import HandOver, Outcome, record_hand_over
from relief.distributions.presenting import Presented
from relief.distributions.rules import Channel, Refusal
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.programmes.rules import Proof
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class Card:
    """What the desk shows for one token: GIVE with its lines, or the reason not to."""

    table: Table
    refusal: Refusal | None
    claim: Claim | None
    due: Due | None
    lines: list[tuple[PackageLineOf, int]]
    needs_proof: bool


@dataclass(frozen=True, slots=True)
class DeskHandOver:
    """Give to the holder of what was presented; `given` None gives all that is owed."""

    event_id: str
    day_id: int
    text: str
    check: HolderCheck
    given: Mapping[int, int] | None = None
    taken_by_proxy: str = ""


def staffed_table(work: Work, day_id: int) -> Table:
    """Return the day's table for a person assigned to it. Raises: NotFound for anybody else."""
    table = table_of_day(work, day_id)
    actor = work.actor
    if not (actor.is_system or table.is_staffed_by_actor) or not actor.may(Permission.HAND_OVER, table.area_path):
        raise NotFound("day.not_found", N_("There is no such distribution day."))
    return table


def look_up(work: Work, day_id: int, text: str) -> Card:
    """Return what to show for a scanned text or typed code, before any proof of the holder was made."""
    table = staffed_table(work, day_id)
    decision = decide(work, Presentation(table, Presented.read(text), HolderCheck(Proof.NONE)))
    lines = [
        (line, decision.due.owed[line.line_no])
        for line in decision.package
        if decision.due is not None and decision.due.owed.get(line.line_no)
    ]
    # The proof is asked for on the card itself: at this step its absence is no reason to refuse.
    needs_proof = decision.refusal is Refusal.PROOF_MISSING
    refusal = None if needs_proof else decision.refusal
    return Card(table, refusal, decision.claim, decision.due, lines, needs_proof)


def hand_over_at_desk(work: Work, command: DeskHandOver) -> Outcome:
    """Record the hand-over once, or say why not to give.

    Raises: RuleViolation "desk.not_today", "stock.short".
    """
    table = staffed_table(work, command.day_id)
    if table.held_on != local_day(work.at):
        raise RuleViolation(
            "desk.not_today",
            N_("This distribution day is not today. What was given on another day goes in by a late paper list."),
        )
    presented = Presented.read(command.text)
    return record_hand_over(
        work,
        HandOver(
            command.event_id,
            Channel.DESK,
            table,
            presented,
            command.check,
            command.given,
            command.taken_by_proxy,
        ),
    )
