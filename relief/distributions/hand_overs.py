"""Recording a hand-over: the one way in, for the desk, for late paper lists and for whatever comes later from afar."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from relief.audit.trail import Deed, digest_of, record, record_many
from relief.distributions import effects
from relief.distributions.claims import PackageLineOf, Table, package_of
from relief.distributions.deciding import Decision, HolderCheck, Presentation, decide_many
from relief.distributions.events import append_events
from relief.distributions.presenting import Presented
from relief.distributions.rules import Channel, HandOverKind, Refusal
from relief.store.columns import canonical_json, instant_text
from relief.store.statement import Lookup, Statement
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
    # When it happened, of what comes in afterwards and knows the hour.
    happened_at: dt.datetime | None = None
    is_operator_assigned: bool = True
    is_device_trusted: bool = True

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

    @property
    def presentation(self) -> Presentation:
        """What the rules are asked about."""
        return Presentation(
            self.table, self.presented, self.check, self.given, self.is_operator_assigned, self.is_device_trusted
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


@dataclass(frozen=True, slots=True)
class _Written:
    """An event with its row as the database holds it, the id first."""

    event: _Event
    row: tuple[Any, ...]

    @property
    def id(self) -> int:
        return int(self.row[0])

    @property
    def leaving(self) -> effects.Leaving:
        table = self.event.command.table
        return effects.Leaving(table, effects.Source(self.id, self.event.uc_id, table.held_on), self.event.lines)

    @property
    def settlement(self) -> effects.Settlement:
        claim, due = self.event.decision.claim, self.event.decision.due
        assert claim is not None and due is not None
        return effects.Settlement(
            claim.entitlement_id, due.instalment_no, self.event.decision.package, self.event.lines
        )


_FIND = Lookup(
    ("event_id",),
    "SELECT {n}, h.id, h.kind, h.content_digest, c.reason FROM {wanted} hand_over h"
    " LEFT JOIN conflict_case c ON c.hand_over_id = h.id WHERE h.event_id = {w}event_id",
)
_CONFLICT = Statement(
    "INSERT INTO conflict_case (hand_over_id, reason, first_hand_over_id, presented_digest, state, decision)"
    " VALUES (:hand_over_id, :reason, :first_hand_over_id, :presented_digest, 'open', '')"
)
_FIRST = Lookup(
    ("entitlement_id",),
    "SELECT {n}, h.id FROM {wanted} hand_over h WHERE h.entitlement_id = {w}entitlement_id"
    " AND h.kind IN ('opening', 'completion')",
)


def record_hand_over(work: Work, command: HandOver) -> Outcome:
    """Record the hand-over once, with its stock, ledger and audit rows, and return how it ended.

    At the desk the goods still lie on the table, so a refusal is an answer. What already happened is never refused: where it
    breaks a rule it becomes a conflict, and waits for a coordinator.
    """
    with work.scope.pipelined():
        return record_hand_overs(work, [command])[0]


def record_hand_overs(work: Work, commands: Sequence[HandOver]) -> list[Outcome]:
    """Record hand-overs that came in together by one channel, and return how each ended, as if they had come one after another.

    Set by set, not row by row: five hundred from a phone take a hundredth of a second of each table.
    """
    outcomes: dict[int, Outcome] = {}
    waiting = list(range(len(commands)))
    while waiting:
        decisions = decide_many(work, [commands[place].presentation for place in waiting], lock=True)
        now, later = _first_of_each(waiting, decisions)
        answered = _record_set(work, [_Asked(commands[place], decision) for place, decision in now])
        outcomes |= {place: outcome for (place, _decision), outcome in zip(now, answered, strict=True)}
        # Of an entitlement that came twice, the later one is decided on again: the earlier has changed what is owed.
        waiting = later
    return [outcomes[place] for place in range(len(commands))]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A command and what the rules said of it."""

    command: HandOver
    decision: Decision


def _first_of_each(waiting: list[int], decisions: list[Decision]) -> tuple[list[tuple[int, Decision]], list[int]]:
    seen: set[int] = set()
    now, later = [], []
    for place, decision in zip(waiting, decisions, strict=True):
        if decision.claim is not None and decision.claim.entitlement_id in seen:
            later.append(place)
            continue
        if decision.claim is not None:
            seen.add(decision.claim.entitlement_id)
        now.append((place, decision))
    return now, later


def _record_set(work: Work, asked: list[_Asked]) -> list[Outcome]:
    outcomes = _give(work, asked)
    # Only now, since most events are new: a repetition finds its own earlier effect, which looks like a refusal.
    left = [place for place, outcome in enumerate(outcomes) if outcome is None]
    earlier = _find_earlier(work, [asked[place].command for place in left])
    conflicts = []
    for place, found in zip(left, earlier, strict=True):
        outcomes[place] = found
        if found is None and asked[place].command.channel.asks_first:
            outcomes[place] = Outcome(OutcomeKind.REFUSED, None, _reason_of(asked[place]))
        elif found is None:
            conflicts.append(place)
    for place, outcome in zip(conflicts, _record_conflicts(work, [asked[place] for place in conflicts]), strict=True):
        outcomes[place] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def _reason_of(asked: _Asked) -> Refusal:
    # Where the rules found none, a unique index held the place: of the event's id, or of the instalment.
    return asked.decision.refusal or Refusal.ALREADY_GIVEN


def _find_earlier(work: Work, commands: Sequence[HandOver]) -> list[Outcome | None]:
    outcomes: list[Outcome | None] = [None] * len(commands)
    for place, *row in _FIND.rows(work, [{"event_id": command.event_id} for command in commands]) if commands else ():
        outcomes[place] = _earlier(work, commands[place], row)
    return outcomes


def _earlier(work: Work, command: HandOver, row: Sequence[Any]) -> Outcome:
    hand_over_id, kind, digest, reason = row
    if bytes(digest) != command.digest:
        # Kept, since it is a fault of a device or an attempt: but it has no effect.
        record(work, Deed("redemption.exists_with_different_content", "hand_over", hand_over_id,
                          segment=f"point {command.table.point_id}"))  # fmt: skip
        return Outcome(OutcomeKind.EXISTS_WITH_DIFFERENT_CONTENT, hand_over_id)
    if kind == HandOverKind.CONFLICT:
        return Outcome(OutcomeKind.CONFLICT, hand_over_id, Refusal(reason), is_repeat=True)
    return Outcome(OutcomeKind.GIVEN, hand_over_id, is_repeat=True)


def _give(work: Work, asked: Sequence[_Asked]) -> list[Outcome | None]:
    """Record those that the rules let through, with all that follows; None for each other one."""
    outcomes: list[Outcome | None] = [None] * len(asked)
    places = [place for place, each in enumerate(asked) if each.decision.refusal is None]
    events = [_event_of_gift(work, asked[place]) for place in places]
    rows = append_events(work, [_values(work, event) for event in events])
    written = [(place, _Written(event, row)) for place, event, row in zip(places, events, rows, strict=True) if row]
    if not written:
        return outcomes
    done = [each for _place, each in written]
    effects.settle_owed(work, [each.settlement for each in done])
    lines = effects.write_lines(work, [(each.id, each.event.lines) for each in done], sign=1)
    asks_first = done[0].event.command.channel.asks_first
    moved = effects.hand_out(work, [each.leaving for each in done], may_exceed_books=not asks_first)
    _seal(work, done, zip(lines, moved, strict=True), "token.redeemed")
    for place, each in written:
        outcomes[place] = Outcome(OutcomeKind.GIVEN, each.id)
    return outcomes


def _event_of_gift(work: Work, asked: _Asked) -> _Event:
    command, decision, due = asked.command, asked.decision, asked.decision.due
    assert due is not None, "the rules let nothing through of which nothing is owed"
    amounts = due.owed if command.given is None else command.given
    lines = [(line, amounts[line.line_no]) for line in decision.package if amounts.get(line.line_no)]
    kind = HandOverKind.COMPLETION if due.opening_id is not None else HandOverKind.OPENING
    reopens_id = due.reopens_id if kind is HandOverKind.OPENING else None
    extra = {"reopens_id": reopens_id, "instalment_no": due.instalment_no}
    return _Event(kind, command, decision, lines, _moment_of(work, command), extra)


def _record_conflicts(work: Work, asked: Sequence[_Asked]) -> list[Outcome]:
    if not asked:
        return []
    events = [
        _Event(
            HandOverKind.CONFLICT, each.command, each.decision, _lines_of_conflict(work, each.command, each.decision),
            _moment_of(work, each.command), {"reason": _reason_of(each).value},
        )
        for each in asked
    ]  # fmt: skip
    rows = append_events(work, [_values(work, event) for event in events])
    done = [_Written(event, row) for event, row in zip(events, rows, strict=True) if row]
    lines = effects.write_lines(work, [(each.id, each.event.lines) for each in done], sign=1)
    moved = effects.lose(work, [each.leaving for each in done])
    _CONFLICT.run_many(work, _cases(work, done))
    _seal(work, done, zip(lines, moved, strict=True), "conflict.recorded")
    recorded = {each.event.command.event_id: each.id for each in done}
    missing = [each.command for each in asked if each.command.event_id not in recorded]
    # Somebody else sent the same event meanwhile and was first.
    meanwhile = dict(zip((command.event_id for command in missing), _find_earlier(work, missing), strict=True))
    outcomes = [
        Outcome(OutcomeKind.CONFLICT, recorded[each.command.event_id], _reason_of(each))
        if each.command.event_id in recorded
        else meanwhile[each.command.event_id]
        for each in asked
    ]
    return [outcome for outcome in outcomes if outcome is not None]


def _cases(work: Work, conflicts: Sequence[_Written]) -> list[dict[str, Any]]:
    claims = [each.event.decision.claim for each in conflicts]
    known = [{"entitlement_id": claim.entitlement_id} for claim in claims if claim]
    first: dict[int, int] = {}
    for place, hand_over_id in _FIRST.rows(work, known) if known else ():
        of = known[place]["entitlement_id"]
        first[of] = max(hand_over_id, first.get(of, 0))
    return [
        {
            "hand_over_id": each.id, "reason": each.event.extra["reason"],
            "first_hand_over_id": first.get(claim.entitlement_id) if claim else None,
            "presented_digest": None if claim else each.event.command.presented.digest,
        }
        for each, claim in zip(conflicts, claims, strict=True)
    ]  # fmt: skip


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
    return command.happened_at or dt.datetime.combine(command.table.held_on, dt.time(7, 0), tzinfo=dt.UTC)


def _values(work: Work, event: _Event) -> dict[str, Any]:
    command, table, claim = event.command, event.command.table, event.decision.claim
    is_conflict = event.kind is HandOverKind.CONFLICT
    return {
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


def _seal(
    work: Work, written: Sequence[_Written], rows: Iterable[tuple[effects.Rows, effects.Rows]], action: str
) -> None:
    deeds = []
    for each, (lines, moved) in zip(written, rows, strict=True):
        command = each.event.command
        detail = {"channel": command.channel.value, "event": command.event_id}
        if "reason" in each.event.extra:
            detail["reason"] = each.event.extra["reason"]
        digest = digest_of(each.row, *lines, *moved)
        segment = f"point {command.table.point_id}"
        deeds.append(Deed(action, "hand_over", each.id, each.event.uc_id, detail, segment, digest))
    record_many(work, deeds)
