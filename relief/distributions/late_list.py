"""Late paper lists: hand-overs that already happened, recorded by a coordinator afterwards and never refused."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relief.accounts.queries import people_with_role
from relief.distributions.claims import Table, find_claims, package_of, table_at
from relief.distributions.deciding import HolderCheck
from relief.distributions.hand_overs import HandOver, Outcome, record_hand_overs
from relief.distributions.presenting import Presented
from relief.distributions.rules import Channel
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission, Role
from relief.kernel.quantity import Quantity
from relief.programmes.rules import Proof
from relief.store.statement import Statement
from relief.store.work import Work

MOST_ROWS = 500

CASH = "CASH"
_ITEM_CODES = Statement("SELECT id, code FROM item")
# A compact token may hold spaces of its own, two in a row, too, but never "=".
_ROW = re.compile(r"(.*?)((?:\s+[\w-]+=\S+)*)\s*", re.DOTALL)
_AMOUNT = re.compile(r"([\w-]+)=(\S+)")
_NAMESPACE = uuid.UUID("0d4b3a52-6a56-4a6e-9a8f-2b3f0b5d7c11")


@dataclass(frozen=True, slots=True)
class LateRow:
    """One line of the paper: what it names the family by, and what was given.

    `given` maps codes of items to units, and "CASH" to paisa; None means all that is owed.
    """

    text: str
    given: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class LateList:
    """A paper list of one point on one date. `list_id` is made once by whoever types it in, so that sending twice is harmless.

    `operator_id` is who stood at the table, None where the paper does not say.
    """

    list_id: str
    campaign_id: int
    point_id: int
    held_on: dt.date
    rows: Sequence[LateRow]
    proof: Proof = Proof.NONE
    operator_id: int | None = None


def record_late_list(work: Work, command: LateList) -> list[Outcome]:
    """Record every row, in the order of the paper, and return how each ended: given, or a conflict with its reason.

    Raises: NotFound; RuleViolation "late_list.in_future", "late_list.empty", "late_list.too_long",
    "late_list.not_point_staff", "late_list.not_in_package": the list as a whole, nothing of it is recorded.
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
    staff = people_with_role(work, Role.POINT_STAFF, table.area_path)
    if command.operator_id is not None and command.operator_id not in {user_id for user_id, _name in staff}:
        # Else a list could put what happened to anybody's name.
        raise RuleViolation(
            "late_list.not_point_staff", N_("Only point staff of this point's area can have handed over.")
        )
    return record_hand_overs(work, [_as_hand_over(work, command, table, number) for number in range(len(command.rows))])


def parse_row(line: str) -> LateRow:
    """Return the row of a typed line: a code, then if not all was given what was: "1234 5678 9012 TENT=1 CASH=12500".

    Raises: InvalidInput "late_list.bad_amount".
    """
    match = _ROW.fullmatch(line)
    assert match is not None, "the pattern takes any line"
    given: dict[str, int] = {}
    for code, amount in _AMOUNT.findall(match[2].upper()):
        given[code] = Money.parse(amount).paisa if code == CASH else Quantity.parse(amount).count
    return LateRow(match[1], given or None)


def _as_hand_over(work: Work, command: LateList, table: Table, index: int) -> HandOver:
    row = command.rows[index]
    presented = Presented.read(row.text, allow_family_code=True)
    return HandOver(
        str(uuid.uuid5(_NAMESPACE, f"{command.list_id} {index + 1}")),
        Channel.LATE_LIST,
        table,
        presented,
        HolderCheck(command.proof, None),
        None if row.given is None else _by_line(work, table, presented, row.given),
        operator_id=command.operator_id,
    )


def _by_line(work: Work, table: Table, presented: Presented, given: Mapping[str, int]) -> dict[int, int]:
    """Return amounts by package line; an item that is not in the package is refused before anything is recorded."""
    [claim] = find_claims(work, [(presented, table.campaign_id)], lock=False)
    package = package_of(work, table.campaign_id, claim.band_no if claim else 1)
    codes = dict(_ITEM_CODES.rows(work, {}))
    line_of = {CASH if line.item_id is None else codes[line.item_id]: line.line_no for line in package}
    unknown = sorted(set(given) - set(line_of))
    if unknown:
        raise RuleViolation(
            "late_list.not_in_package",
            N_("%(item)s is not in this campaign's package, which has: %(known)s."),
            item=unknown[0],
            known=", ".join(sorted(line_of)),
        )
    return {line_of[code]: amount for code, amount in given.items()}
