"""Undoing a hand-over: nothing is deleted, a void answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relief.audit.trail import Deed, digest_of, record
from relief.distributions import effects
from relief.distributions.claims import PackageLineOf, Table, as_day, package_of, table_at
from relief.distributions.events import append_event
from relief.distributions.rules import HandOverKind
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.programmes.rules import Proof
from relief.store.columns import instant_text
from relief.store.statement import Statement
from relief.store.work import Work

SHORTEST_REASON = 5


@dataclass(frozen=True, slots=True)
class VoidHandOver:
    """Undo the hand-over, because its goods came back or never left; `event_id` as for a hand-over."""

    event_id: str
    hand_over_id: int
    reason: str


_EVENT = Statement(
    "SELECT h.id, h.kind, h.campaign_id, h.entitlement_id, h.token_id, h.instalment_no, h.point_id, h.uc_id, h.given_on,"
    " h.cash_paisa, h.goods_paisa, h.operator_id, e.band_no, h.channel"
    " FROM hand_over h JOIN entitlement e ON e.id = h.entitlement_id WHERE h.id = :id {for_update of e}"
)
_LATER = Statement(
    "SELECT COUNT(*) FROM hand_over c LEFT JOIN hand_over v ON v.voids_id = c.id WHERE c.entitlement_id = :entitlement_id"
    " AND c.instalment_no = :instalment_no AND c.kind = 'completion' AND c.id > :id AND v.id IS NULL"
)
_IS_VOIDED = Statement("SELECT id FROM hand_over WHERE voids_id = :id")
_SAME_EVENT = Statement("SELECT id, voids_id FROM hand_over WHERE event_id = :event_id")
_LINES = Statement(
    "SELECT line_no, quantity, amount_paisa FROM hand_over_line WHERE hand_over_id = :id ORDER BY line_no"
)
_BOOKED = Statement(
    "SELECT item_id, SUM(quantity) FROM movement WHERE source_kind = 'hand_over' AND source_id = :source_id"
    " AND from_location_id IS NOT NULL GROUP BY item_id"
)


def void_hand_over(work: Work, command: VoidHandOver) -> int:
    """Append the void, put its goods back, post the reversal, and return the void's id; what was given is owed again.

    Point staff undo their own hand-overs on the same day; a coordinator any in the area.
    Raises: NotFound "hand_over.not_found"; RuleViolation "void.reason_missing", "void.not_a_hand_over",
    "void.already_undone", "void.later_first", "void.too_late".
    """
    reason = clean(command.reason)
    if len(reason) < SHORTEST_REASON:
        raise RuleViolation("void.reason_missing", N_("Say why the hand-over is undone, in a few words."))
    same = _SAME_EVENT.row(work, {"event_id": command.event_id})
    if same is not None and same[1] == command.hand_over_id:
        return int(same[0])
    event = _EVENT.row(work, {"id": command.hand_over_id})
    if event is None:
        raise NotFound("hand_over.not_found", N_("There is no such hand-over."))
    (_, kind, campaign_id, entitlement_id, _, instalment_no, point_id, uc_id, given_on, *_, band_no, _) = event
    table = table_at(work, campaign_id=campaign_id, point_id=point_id, held_on=as_day(given_on))
    _check_may_void(work, event, table)
    lines = _lines_given(work, command.hand_over_id, package_of(work, campaign_id, band_no))
    row = append_event(work, _values(work, command, event, reason))
    if row is None:
        raise RuleViolation("void.already_undone", N_("This hand-over was undone before."))
    source = effects.Source(row[0], uc_id, local_day(work.at))
    effects.unsettle_owed(work, entitlement_id, instalment_no, lines)
    rows = [row, *effects.write_lines(work, source.hand_over_id, lines, sign=-1)]
    booked = {item_id: int(count) for item_id, count in _BOOKED.rows(work, {"source_id": str(command.hand_over_id)})}
    returned = effects.Returned(lines, {line.item_id: booked.get(line.item_id, 0) for line, _ in lines if line.item_id})
    rows += effects.take_back(work, table, source, returned)
    detail = {"undoes": command.hand_over_id, "was": kind, "event": command.event_id}
    segment = f"point {point_id}"
    record(work, Deed("redemption.voided", "hand_over", source.hand_over_id, uc_id, detail, segment, digest_of(*rows)))
    return source.hand_over_id


def _check_may_void(work: Work, event: Any, table: Table) -> None:
    hand_over_id, kind, entitlement_id, instalment_no = event[0], event[1], event[3], event[5]
    if not work.actor.may(Permission.HAND_OVER_VOID, table.area_path):
        raise NotFound("hand_over.not_found", N_("There is no such hand-over."))
    if kind not in (HandOverKind.OPENING, HandOverKind.COMPLETION):
        raise RuleViolation(
            "void.not_a_hand_over", N_("Only a hand-over can be undone; a conflict is decided on its desk.")
        )
    if _IS_VOIDED.row(work, {"id": hand_over_id}) is not None:
        raise RuleViolation("void.already_undone", N_("This hand-over was undone before."))
    later = {"entitlement_id": entitlement_id, "instalment_no": instalment_no, "id": hand_over_id}
    if kind == HandOverKind.OPENING and _LATER.row(work, later)[0]:
        raise RuleViolation("void.later_first", N_("The rest was handed over later. Undo that first."))
    is_coordinator = work.actor.may(Permission.HAND_OVER_RECORD_LATE, table.area_path)
    is_own_today = event[11] == work.actor.id and as_day(event[8]) == local_day(work.at)
    if not (is_coordinator or is_own_today):
        raise RuleViolation(
            "void.too_late",
            N_("You can undo your own hand-overs of today. For any other, call the district coordinator."),
        )


def _lines_given(work: Work, hand_over_id: int, package: list[PackageLineOf]) -> list[tuple[PackageLineOf, int]]:
    amounts = {line_no: quantity or paisa for line_no, quantity, paisa in _LINES.rows(work, {"id": hand_over_id})}
    return [(line, amounts[line.line_no]) for line in package if line.line_no in amounts]


def _values(work: Work, command: VoidHandOver, event: Any, reason: str) -> dict[str, Any]:
    (_, kind, campaign_id, entitlement_id, token_id, instalment_no, point_id, uc_id, _, cash, goods, *_) = event
    now, who = instant_text(work.at), int(work.actor.id)
    return {
        "event_id": command.event_id, "kind": HandOverKind.VOID.value, "channel": event[13], "campaign_id": campaign_id,
        "entitlement_id": entitlement_id, "token_id": token_id, "instalment_no": instalment_no, "point_id": point_id,
        # The void belongs to the day on which it is made: the day that it undoes may be closed in the books.
        "uc_id": uc_id, "given_on": local_day(work.at).isoformat(), "given_at": now, "recorded_at": now,
        "operator_id": who, "recorded_by": who, "proof": Proof.NONE.value, "taken_by_proxy": "",
        "served": -1 if kind == HandOverKind.OPENING else 0, "cash_paisa": -cash, "goods_paisa": -goods,
        "unexplained_paisa": 0, "voids_id": command.hand_over_id, "reopens_id": None, "reason": reason,
        "content_digest": digest_of((command.hand_over_id, reason)),
    }  # fmt: skip
