"""Late paper lists: hand-overs that already happened, recorded by a coordinator afterwards and never refused."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relief.distributions.claims import table_at
from relief.distributions.deciding import HolderCheck
from relief.distributions.hand_overs import HandOver, Outcome, record_hand_over
from relief.distributions.presenting import Presented
from relief.distributions.rules import Channel
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.programmes.rules import Proof
from relief.store.work import Work

MOST_ROWS = 500

_NAMESPACE = uuid.UUID("0d4b3a52-6a56-4a6e-9a8f-2b3f0b5d7c11")


@dataclass(frozen=True, slots=True)
class LateRow:
    """One line of the paper: what it names the family by, and what was given (None: the whole package)."""

    text: str
    given: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class LateList:
    """A paper list of one point on one date. `list_id` is made once by whoever types it in, so that sending twice is harmless."""

    list_id: str
    campaign_id: int
    point_id: int
    held_on: dt.date
    rows: Sequence[LateRow]
    proof: Proof = Proof.NONE
    operator_id: int | None = None


def record_late_list(work: Work, command: LateList) -> list[Outcome]:
    """Record every row, in the order of the paper, and return how each ended: given, or a conflict with its reason.

    Raises: NotFound; RuleViolation "late_list.in_future", "late_list.empty", "late_list.too_long": the list as a whole, before
    any row was recorded.
    """
    table = table_at(work, campaign_id=command.campaign_id, point_id=command.point_id, held_on=command.held_on)
    if not work.actor.may(Permission.HAND_OVER_RECORD_LATE, table.area_path):
        raise NotFound("point.not_found", N_("There is no such point or campaign."))
    if command.held_on > local_day(work.at):
        raise RuleViolation(
            "late_list.in_future", N_("This date lies in the future; a late list tells what has happened.")
        )
    if not command.rows:
        raise RuleViolation("late_list.empty", N_("The list has no rows. Type one code a line."))
    if len(command.rows) > MOST_ROWS:
        raise RuleViolation("late_list.too_long", N_("Send at most %(count)s rows at a time."), count=MOST_ROWS)
    check = HolderCheck(command.proof)
    return [
        record_hand_over(
            work,
            HandOver(
                str(uuid.uuid5(_NAMESPACE, f"{command.list_id} {number}")),
                Channel.LATE_LIST,
                table,
                Presented.read(row.text, allow_family_code=True),
                check,
                row.given,
                operator_id=command.operator_id,
            ),
        )
        for number, row in enumerate(command.rows, 1)
    ]
