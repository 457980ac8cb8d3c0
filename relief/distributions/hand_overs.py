"""Recording a hand-over: the one way in, for the desk, for late paper lists and for whatever comes later from afar."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relief.audit.trail import Deed, digest_of, record
from relief.distributions import effects
from relief.distributions.claims import Due, PackageLineOf, Table, package_of
from relief.distributions.deciding import Decision, HolderCheck, Presentation, decide
from relief.distributions.events import append_event
from relief.distributions.presenting import Presented
from relief.distributions.rules import Channel, HandOverKind, Refusal
from relief.store.columns import canonical_json, instant_text
from relief.store.statement import Statement
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class HandOver:
    """Record that goods or cash go, or went, over a table.

    `event_id` is made by the sender before the first try, so that a second try has no second effect. `given` maps package
    lines to amounts (units, or paisa of cash); None means all that is owed.
    """

    event_id: str
    channel: Channel
    table: Table
    presented: Presented
    check: HolderCheck
    given: Mapping[int, int] | None = None
    taken_by_proxy: str = ""
    operator_id: int | None = None

    @property
    def digest(self) -> bytes:
        """Tells a repetition of this command from another command under the same event id."""
        given = None if self.given is None else sorted(self.given.items())
        return digest_of(
            (
                self.channel.value,
                self.table.campaign_id,
                self.table.point_id,
                self.table.held_on,
                self.presented.digest,
            ),
            (canonical_json(given), self.check.proof.value, self.check.answer, self.taken_by_proxy),
        )


class OutcomeKind(enum.StrEnum):
    """How a recorded or refused hand-over ended."""

    GIVEN = "given"
    REFUSED = "refused"
    CONFLICT = "conflict"
    EXISTS_WITH_DIFFERENT_CONTENT = "exists_with_different_content"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sender is told. `hand_over_id` is None only where nothing was recorded."""

    kind: OutcomeKind
    hand_over_id: int | None
    refusal: Refusal | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class _Event:
    """The row of an event before its effects, with the figures that effects need."""

    kind: HandOverKind
    command: HandOver
    decision: Decision
    lines: list[tuple[PackageLineOf, int]]
    given_at: dt.datetime
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def uc_id(self) -> int:
        """Where the family lives; of an unknown token, where the point stands."""
        return self.decision.claim.uc_id if self.decision.claim else self.command.table.uc_id

    @property
    def cash_paisa(self) -> int:
        return sum(line.value_paisa(amount) for line, amount in self.lines if line.item_id is None)

    @property
    def goods_paisa(self) -> int:
        return sum(line.value_paisa(amount) for line, amount in self.lines if line.item_id is not None)


_FIND = Statement(
    "SELECT h.id, h.kind, h.content_digest, c.reason FROM hand_over h LEFT JOIN conflict_case c ON c.hand_over_id = h.id"
    " WHERE h.event_id = :event_id"
)
_CONFLICT = Statement(
    "INSERT INTO conflict_case (hand_over_id, reason, first_hand_over_id, presented_digest, state, decision)"
    " VALUES (:hand_over_id, :reason, :first_hand_over_id, :presented_digest, 'open', '')"
)
_FIRST = Statement(
    "SELECT MAX(id) FROM hand_over WHERE entitlement_id = :entitlement_id AND kind IN ('opening', 'completion')"
)


def record_hand_over(work: Work, command: HandOver) -> Outcome:
    """Record the hand-over once, with its stock, ledger and audit rows, and return how it ended.

    At the desk the goods still lie on the table, so a refusal is an answer. What already happened is never refused: where it
    breaks a rule it becomes a conflict, and waits for a coordinator.
    """
    decision = decide(work, command.table, Presentation(command.presented, command.check, command.given), lock=True)
    refusal = decision.refusal
    if refusal is None:
        assert decision.due is not None
        outcome = _give(work, command, decision, decision.due)
        if outcome is not None:
            return outcome
        # A unique index holds the place: of the event's id, or of the instalment.
        refusal = Refusal.ALREADY_GIVEN
    # Only now, since most events are new: a repetition finds its own earlier effect, which looks like a refusal.
    earlier = _find_earlier(work, command)
    if earlier is not None:
        return earlier
    if command.channel.asks_first:
        return Outcome(OutcomeKind.REFUSED, None, refusal)
    return _record_conflict(work, command, decision, refusal)


def _find_earlier(work: Work, command: HandOver) -> Outcome | None:
    row = _FIND.row(work, {"event_id": command.event_id})
    if row is None:
        return None
    hand_over_id, kind, digest, reason = row
    if bytes(digest) != command.digest:
        # Kept, since it is a fault of a device or an attempt: but it has no effect.
        record(work, Deed("redemption.exists_with_different_content", "hand_over", hand_over_id,
                          segment=f"point {command.table.point_id}"))  # fmt: skip
        return Outcome(OutcomeKind.EXISTS_WITH_DIFFERENT_CONTENT, hand_over_id)
    if kind == HandOverKind.CONFLICT:
        return Outcome(OutcomeKind.CONFLICT, hand_over_id, Refusal(reason), is_repeat=True)
    return Outcome(OutcomeKind.GIVEN, hand_over_id, is_repeat=True)


def _give(work: Work, command: HandOver, decision: Decision, due: Due) -> Outcome | None:
    amounts = dict(due.owed) if command.given is None else command.given
    lines = [(line, amounts[line.line_no]) for line in decision.package if amounts.get(line.line_no)]
    kind = HandOverKind.COMPLETION if due.opening_id is not None else HandOverKind.OPENING
    reopens_id = due.reopens_id if kind is HandOverKind.OPENING else None
    given_at = _moment_of(work, command)
    event = _Event(
        kind, command, decision, lines, given_at, {"reopens_id": reopens_id, "instalment_no": due.instalment_no}
    )
    row = _append(work, event)
    if row is None:
        return None
    claim = decision.claim
    assert claim is not None
    effects.settle_owed(work, claim.entitlement_id, due.instalment_no, decision.package, lines)
    source = effects.Source(row[0], event.uc_id, command.table.held_on)
    rows = [row, *effects.write_lines(work, source.hand_over_id, lines, sign=1)]
    rows += effects.hand_out(work, command.table, source, lines, may_exceed_books=not command.channel.asks_first)
    _seal(work, event, source, rows, "token.redeemed")
    return Outcome(OutcomeKind.GIVEN, source.hand_over_id)


def _record_conflict(work: Work, command: HandOver, decision: Decision, refusal: Refusal) -> Outcome:
    lines = _lines_of_conflict(work, command, decision)
    event = _Event(
        HandOverKind.CONFLICT, command, decision, lines, _moment_of(work, command), {"reason": refusal.value}
    )
    row = _append(work, event)
    if row is None:
        earlier = _find_earlier(work, command)
        assert earlier is not None, "only the event id of a conflict can collide"
        return earlier
    source = effects.Source(row[0], event.uc_id, command.table.held_on)
    rows = [row, *effects.write_lines(work, source.hand_over_id, lines, sign=1)]
    rows += effects.lose(work, command.table, source, lines)
    claim = decision.claim
    first = _FIRST.row(work, {"entitlement_id": claim.entitlement_id})[0] if claim else None
    case = {
        "hand_over_id": source.hand_over_id, "reason": refusal.value, "first_hand_over_id": first,
        "presented_digest": None if claim else command.presented.digest,
    }  # fmt: skip
    _CONFLICT.run(work, case)
    _seal(work, event, source, rows, "conflict.recorded")
    return Outcome(OutcomeKind.CONFLICT, source.hand_over_id, refusal)


def _lines_of_conflict(work: Work, command: HandOver, decision: Decision) -> list[tuple[PackageLineOf, int]]:
    """Return what left the table: as listed, else the whole package of the family, else of the campaign's first band."""
    package = decision.package or package_of(work, command.table.campaign_id, 1)
    if command.given is None:
        return [(line, line.owed) for line in package]
    return [(line, command.given[line.line_no]) for line in package if command.given.get(line.line_no, 0) > 0]


def _moment_of(work: Work, command: HandOver) -> dt.datetime:
    if command.channel.asks_first:
        return work.at
    # A paper list has a date and no hour: noon at the point stands for it.
    return dt.datetime.combine(command.table.held_on, dt.time(7, 0), tzinfo=dt.UTC)


def _append(work: Work, event: _Event) -> tuple[Any, ...] | None:
    command, table, claim = event.command, event.command.table, event.decision.claim
    is_conflict = event.kind is HandOverKind.CONFLICT
    values: dict[str, Any] = {
        "event_id": command.event_id, "kind": event.kind.value, "channel": command.channel.value,
        "campaign_id": table.campaign_id, "entitlement_id": claim.entitlement_id if claim else None,
        "token_id": claim.token_id if claim else None, "instalment_no": table.instalment_no, "point_id": table.point_id,
        "uc_id": event.uc_id, "given_on": table.held_on.isoformat(), "given_at": instant_text(event.given_at),
        "recorded_at": instant_text(work.at), "operator_id": command.operator_id or int(work.actor.id),
        "recorded_by": int(work.actor.id), "proof": command.check.proof.value, "taken_by_proxy": command.taken_by_proxy,
        "served": int(event.kind is HandOverKind.OPENING), "cash_paisa": 0 if is_conflict else event.cash_paisa,
        "goods_paisa": 0 if is_conflict else event.goods_paisa,
        "unexplained_paisa": event.cash_paisa + event.goods_paisa if is_conflict else 0, "voids_id": None,
        "reopens_id": None, "reason": "", "content_digest": command.digest, **event.extra,
    }  # fmt: skip
    return append_event(work, values)


def _seal(work: Work, event: _Event, source: effects.Source, rows: list[tuple[Any, ...]], action: str) -> None:
    detail = {"channel": event.command.channel.value, "event": event.command.event_id}
    if "reason" in event.extra:
        detail["reason"] = event.extra["reason"]
    segment = f"point {event.command.table.point_id}"
    record(work, Deed(action, "hand_over", source.hand_over_id, source.uc_id, detail, segment, digest_of(*rows)))
