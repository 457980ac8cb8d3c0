"""Undoing a hand-over: nothing is deleted, a void answers it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

from relief.audit.trail import Deed, digest_of, record
from relief.distributions import effects
from relief.distributions.claims import PackageLineOf, Table, as_day, package_of, table_at
from relief.distributions.events import append_event
from relief.distributions.rules import Channel, HandOverKind
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.ledger.commitments import release_commitment
from relief.ledger.rules import Cost
from relief.programmes.rules import CampaignState, Proof
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


class _Undone(NamedTuple):
    """The event to be undone; of an unknown token it has no entitlement, and the campaign's first package stands for one."""

    id: int
    kind: str
    campaign_id: int
    entitlement_id: int | None
    token_id: int | None
    instalment_no: int
    point_id: int
    uc_id: int
    given_on: dt.date | str
    cash_paisa: int
    goods_paisa: int
    unexplained_paisa: int
    operator_id: int
    channel: str
    band_no: int

    @property
    def is_conflict(self) -> bool:
        return self.kind == HandOverKind.CONFLICT


@dataclass(frozen=True, slots=True)
class UndoneAtTable:
    """A hand-over was undone on the phone that recorded it, before its goods left the table."""

    event_id: str
    hand_over_id: int
    reason: str
    operator_id: int
    happened_at: dt.datetime


_EVENT = Statement(
    "SELECT h.id, h.kind, h.campaign_id, h.entitlement_id, h.token_id, h.instalment_no, h.point_id, h.uc_id, h.given_on,"
    " h.cash_paisa, h.goods_paisa, h.unexplained_paisa, h.operator_id, h.channel, COALESCE(e.band_no, 1)"
    " FROM hand_over h LEFT JOIN entitlement e ON e.id = h.entitlement_id WHERE h.id = :id"
)
# One void or hand-over at a time decides on an entitlement. An outer join cannot lock it.
_LOCK = Statement("SELECT 1 FROM entitlement WHERE id = :entitlement_id {for_update}")
_WITHDRAW = Statement(
    "UPDATE conflict_case SET state = 'decided', decision = :decision, decided_at = :decided_at, decided_by = :decided_by"
    " WHERE hand_over_id = :hand_over_id AND state = 'open'"
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
    event = _lock_event(work, command.hand_over_id)
    table = table_at(work, campaign_id=event.campaign_id, point_id=event.point_id, held_on=as_day(event.given_on))
    _check_may_void(work, event, table)
    _check_nothing_later(work, event)
    return _undo(work, table, event, _Void(command.event_id, reason, int(work.actor.id), work.at, event.channel))


def record_undone(work: Work, command: UndoneAtTable) -> int:
    """Record what was undone where it was given, and return the void's id: nobody is asked any more, its goods never left.

    Of a conflict the goods and cash come back out of what is unexplained, and its case is closed.
    Raises: NotFound "hand_over.not_found"; RuleViolation "void.already_undone", "void.later_first".
    """
    event = _lock_event(work, command.hand_over_id)
    table = table_at(work, campaign_id=event.campaign_id, point_id=event.point_id, held_on=as_day(event.given_on))
    _check_nothing_later(work, event)
    void = _Void(
        command.event_id, clean(command.reason), command.operator_id, command.happened_at, Channel.DEVICE.value
    )
    if event.is_conflict:
        decision = {"decision": void.reason, "decided_at": instant_text(work.at), "decided_by": command.operator_id}
        _WITHDRAW.run(work, {"hand_over_id": event.id, **decision})
    return _undo(work, table, event, void)


@dataclass(frozen=True, slots=True)
class _Void:
    """Who undid an event, when and why."""

    event_id: str
    reason: str
    operator_id: int
    at: dt.datetime
    channel: str


def _lock_event(work: Work, hand_over_id: int) -> _Undone:
    found = _EVENT.row(work, {"id": hand_over_id})
    if found is None:
        raise NotFound("hand_over.not_found", N_("There is no such hand-over."))
    event = _Undone(*found)
    if event.entitlement_id is not None:
        _LOCK.row(work, {"entitlement_id": event.entitlement_id})
    return event


def _undo(work: Work, table: Table, event: _Undone, void: _Void) -> int:
    lines = _lines_given(work, event.id, package_of(work, event.campaign_id, event.band_no))
    row = append_event(work, _values(work, event, void))
    if row is None:
        raise _undone_before()
    source = effects.Source(row[0], event.uc_id, local_day(work.at))
    if event.entitlement_id is not None and not event.is_conflict:
        effects.unsettle_owed(work, event.entitlement_id, event.instalment_no, lines)
    rows = [row, *effects.write_lines(work, [(source.hand_over_id, lines)], sign=-1)[0]]
    booked = {item_id: int(count) for item_id, count in _BOOKED.rows(work, {"source_id": str(event.id)})}
    in_books = {line.item_id: booked.get(line.item_id, 0) for line, _ in lines if line.item_id}
    rows += effects.take_back(work, table, source, effects.Returned(lines, in_books, event.is_conflict))
    if table.campaign_state is CampaignState.CLOSED and not event.is_conflict:
        # Closing has released what was not handed over; what comes back afterwards follows it into the fund's free money.
        cost = Cost(Money(event.cash_paisa), Money(event.goods_paisa))
        release_commitment(work, table.fund_id, cost, "void", str(source.hand_over_id))
    action = "conflict.withdrawn" if event.is_conflict else "redemption.voided"
    detail = {"undoes": event.id, "was": event.kind, "event": void.event_id}
    segment = f"point {event.point_id}"
    record(work, Deed(action, "hand_over", source.hand_over_id, event.uc_id, detail, segment, digest_of(*rows)))
    return source.hand_over_id


def _check_may_void(work: Work, event: _Undone, table: Table) -> None:
    if not work.actor.may(Permission.HAND_OVER_VOID, table.area_path):
        raise NotFound("hand_over.not_found", N_("There is no such hand-over."))
    if event.kind not in (HandOverKind.OPENING, HandOverKind.COMPLETION):
        raise RuleViolation(
            "void.not_a_hand_over", N_("Only a hand-over can be undone; a conflict is decided on its desk.")
        )
    is_coordinator = work.actor.may(Permission.HAND_OVER_RECORD_LATE, table.area_path)
    is_own_today = event.operator_id == work.actor.id and as_day(event.given_on) == local_day(work.at)
    if not (is_coordinator or is_own_today):
        raise RuleViolation(
            "void.too_late",
            N_("You can undo your own hand-overs of today. For any other, call the district coordinator."),
        )


def _check_nothing_later(work: Work, event: _Undone) -> None:
    if _IS_VOIDED.row(work, {"id": event.id}) is not None:
        raise _undone_before()
    later = {"entitlement_id": event.entitlement_id, "instalment_no": event.instalment_no, "id": event.id}
    if event.kind == HandOverKind.OPENING and _LATER.row(work, later)[0]:
        raise RuleViolation("void.later_first", N_("The rest was handed over later. Undo that first."))


def _undone_before() -> RuleViolation:
    return RuleViolation("void.already_undone", N_("This hand-over was undone before."))


def _lines_given(work: Work, hand_over_id: int, package: list[PackageLineOf]) -> list[tuple[PackageLineOf, int]]:
    amounts = {line_no: quantity or paisa for line_no, quantity, paisa in _LINES.rows(work, {"id": hand_over_id})}
    return [(line, amounts[line.line_no]) for line in package if line.line_no in amounts]


def _values(work: Work, event: _Undone, void: _Void) -> dict[str, Any]:
    return {
        "event_id": void.event_id,
        "kind": (HandOverKind.WITHDRAWAL if event.is_conflict else HandOverKind.VOID).value, "channel": void.channel,
        "campaign_id": event.campaign_id, "entitlement_id": event.entitlement_id, "token_id": event.token_id,
        "instalment_no": event.instalment_no, "point_id": event.point_id, "uc_id": event.uc_id,
        # The void belongs to the day on which it is made: the day that it undoes may be closed in the books.
        "given_on": local_day(work.at).isoformat(), "given_at": instant_text(void.at),
        "recorded_at": instant_text(work.at), "operator_id": void.operator_id, "recorded_by": int(work.actor.id),
        "proof": Proof.NONE.value, "taken_by_proxy": "", "served": -1 if event.kind == HandOverKind.OPENING else 0,
        "cash_paisa": -event.cash_paisa, "goods_paisa": -event.goods_paisa,
        "unexplained_paisa": -event.unexplained_paisa, "voids_id": event.id, "reopens_id": None, "reason": void.reason,
        "content_digest": digest_of((event.id, void.reason)),
    }  # fmt: skip
