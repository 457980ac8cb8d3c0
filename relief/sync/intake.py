"""Takes in what phones recorded: each event once, in the order in which it comes, and nothing that happened is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relief.accounts.devices import unseal_credential
from relief.accounts.rules import DeviceState
from relief.audit.trail import Deed, digest_of, record
from relief.distributions.deciding import HolderCheck
from relief.distributions.hand_overs import HandOver, OutcomeKind, record_hand_overs
from relief.distributions.rules import Channel, Refusal
from relief.distributions.voiding import UndoneAtTable, record_undone
from relief.kernel.actor import Actor
from relief.kernel.dates import local_day
from relief.kernel.errors import RuleViolation
from relief.store.columns import as_instant
from relief.store.statement import Lookup, Statement
from relief.store.work import Work, reading, unit_of_work
from relief.sync.envelopes import Batch, Opened, Opener, Refused
from relief.sync.records import Known, Rows, Taken, find_known, write_events, write_rejected
from relief.sync.requests import KnownDevice, find_enrolled, unknown
from relief.sync.rules import Answer, EventKind, Rejection, Undoing, set_right
from relief.sync.sealing import batch_name
from relief.sync.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class First:
    """Where and when a family had received before."""

    point: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """The last word on one event. `reason` is a code, "" where nothing is wrong; `message` its sentence, a msgid."""

    event_id: str
    answer: Answer
    reason: str = ""
    message: str = ""
    first: First | None = None


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """The answers to a batch, in its order."""

    server_time: dt.datetime
    answers: list[EventAnswer]


_CREDENTIALS = Statement("SELECT user_id, credential_sealed FROM device_operator WHERE device_id = :device_id")
_LOCK = Statement("SELECT state FROM device WHERE id = :device_id {for_update}")
_FIRSTS = Lookup(
    ("hand_over_id",),
    "SELECT {n}, c.hand_over_id, p.name, h.given_at FROM {wanted} conflict_case c"
    " JOIN hand_over h ON h.id = c.first_hand_over_id JOIN point p ON p.id = h.point_id"
    " WHERE c.hand_over_id = {w}hand_over_id",
)


def receive_batch(sender: Actor, batch: Batch, *, at: dt.datetime | None = None) -> BatchAnswer:
    """Take a batch in and answer each of its events; all of it is durable when this returns.

    Seals and signatures are looked at before the unit that writes: nobody else waits for them.
    Raises: NotAuthentic "device.unknown".
    """
    with reading(sender, at=at) as work:
        found = find_enrolled(work, batch.device)
        if found is None:
            raise unknown()
        device = found[0]
        credentials: dict[int, list[bytes]] = {}
        for user_id, sealed in _CREDENTIALS.rows(work, {"device_id": device.id}):
            credentials.setdefault(user_id, []).append(unseal_credential(work.keys, bytes(sealed)))
        opener = Opener(work.keys, device.uuid, device.public_key, credentials)
    opened = opener.open_all(batch)
    with unit_of_work(sender, at=at) as work:
        # One batch of a phone at a time: its page and its background worker may both send.
        state = _LOCK.row(work, {"device_id": device.id})[0]
        around = Surroundings(work, device, is_revoked=state == DeviceState.REVOKED)
        return BatchAnswer(work.at, _Intake(work, device, around, batch.sent_at - work.at).take_in(opened))


class _Intake:
    """One batch on its way in."""

    def __init__(self, work: Work, device: KnownDevice, around: Surroundings, offset: dt.timedelta) -> None:
        self._work = work
        self._device = device
        self._around = around
        # By how much the phone's clock was ahead when it sent.
        self._offset = offset
        self._taken: dict[str, Taken] = {}
        self._refused: list[Refused] = []

    def take_in(self, opened: Sequence[Opened | Refused]) -> list[EventAnswer]:
        """Record what is new, and return an answer for each event in the order given."""
        known = find_known(self._work, [one.event_id for one in opened])
        fresh: dict[str, Opened] = {}
        at_once: list[EventAnswer | None] = []
        for one in opened:
            at_once.append(self._reject(one) if isinstance(one, Refused) else self._repeat(one, known, fresh))
            if isinstance(one, Opened) and at_once[-1] is None:
                fresh[one.event_id] = one
        self._take(list(fresh.values()), known)
        rows = write_events(self._work, self._device, list(self._taken.values()), offset=self._offset)
        rows += write_rejected(self._work, self._device, self._refused)
        self._seal(rows)
        firsts = self._firsts()
        return [
            answer or self._answer(self._taken[one.event_id], firsts)
            for one, answer in zip(opened, at_once, strict=True)
        ]

    # --- What has no effect -----------------------------------------------------------------------------------------

    def _reject(self, refused: Refused) -> EventAnswer:
        self._refused.append(refused)
        rejection = refused.rejection
        return EventAnswer(refused.event_id, Answer.REJECTED, rejection.value, rejection.message)

    def _repeat(self, one: Opened, known: Mapping[str, Known], fresh: Mapping[str, Opened]) -> EventAnswer | None:
        """Return the answer to what came before, or lies nowhere on the map; None for what is new."""
        earlier, twin = known.get(one.event_id), fresh.get(one.event_id)
        if earlier is None and twin is None:
            is_placed = self._around.point(one.payload.point) is not None and (
                one.payload.kind is not EventKind.HAND_OVER
                or self._around.campaign_id(one.payload.campaign) is not None
            )
            return None if is_placed else self._reject(Refused(one.envelope, Rejection.UNKNOWN_POINT))
        hashes = [(self._device.id, twin.hash)] if twin else []
        hashes += [(earlier.device_id, earlier.event_hash)] if earlier else []
        if (self._device.id, one.hash) in hashes:
            return EventAnswer(one.event_id, Answer.EXISTS)
        # Kept in the trail, since it is a fault of a phone or an attempt: but it has no effect.
        self._record("device.event_differs", {"event": one.event_id})
        return EventAnswer(one.event_id, Answer.EXISTS_WITH_DIFFERENT_CONTENT)

    # --- What has ---------------------------------------------------------------------------------------------------

    def _take(self, fresh: Sequence[Opened], known: Mapping[str, Known]) -> None:
        """Record events one after another; hand-overs between two undoings go together."""
        run: list[Opened] = []
        for one in fresh:
            if one.payload.kind is EventKind.HAND_OVER:
                run.append(one)
                continue
            if one.payload.kind is EventKind.UNDO:
                self._hand_over(run)
                run = []
                self._undo(one)
            else:
                self._keep(one, Answer.CREATED)
        self._hand_over(run)

    def _hand_over(self, run: Sequence[Opened]) -> None:
        outcomes = record_hand_overs(self._work, [self._command(one) for one in run])
        for one, outcome in zip(run, outcomes, strict=True):
            self._keep(one, _ANSWERS[outcome.kind], outcome.refusal, outcome.hand_over_id)

    def _command(self, one: Opened) -> HandOver:
        payload = one.payload
        happened_at = self._happened_at(one)
        table = self._around.table(one, local_day(happened_at))
        return HandOver(
            one.event_id, Channel.DEVICE, table, one.presented, HolderCheck(payload.proof, payload.answer),
            payload.given, payload.taken_by_proxy, payload.operator, happened_at,
            self._around.is_assigned(one, table), self._around.is_trusted(one, table),
        )  # fmt: skip

    def _undo(self, one: Opened) -> None:
        """Undo a hand-over of the same phone. What cannot be undone is kept as a conflict of words, for a coordinator."""
        target = one.payload.undoes
        assert target is not None, "an undo names what it undoes"
        here = self._taken.get(target)
        earlier = None if here else find_known(self._work, [target]).get(target)
        hand_over_id = here.hand_over_id if here else earlier.hand_over_id if earlier else None
        if hand_over_id is None or (earlier is not None and earlier.device_id != self._device.id):
            self._keep(one, Answer.CONFLICT, Undoing.NOTHING_TO_UNDO)
            return
        command = UndoneAtTable(
            one.event_id, hand_over_id, one.payload.reason, one.payload.operator, self._happened_at(one)
        )
        try:
            number = record_undone(self._work, command)
        except RuleViolation as error:
            self._keep(one, Answer.CONFLICT, Undoing(error.code))
            return
        self._keep(one, Answer.CREATED, hand_over_id=number)

    def _keep(
        self, one: Opened, answer: Answer, reason: Refusal | Undoing | None = None, hand_over_id: int | None = None
    ) -> None:
        point = self._around.point(one.payload.point)
        assert point is not None, "what names no point was rejected"
        self._taken[one.event_id] = Taken(one, point, self._happened_at(one), answer, reason, hand_over_id)

    def _happened_at(self, one: Opened) -> dt.datetime:
        return set_right(one.payload.at, offset=self._offset, now=self._work.at)

    # --- Words ------------------------------------------------------------------------------------------------------

    def _seal(self, rows: Rows) -> None:
        """Write down in the trail that these events came, sealed with all that was kept of them."""
        if rows:
            device, count = self._device, {"events": len(self._taken), "rejected": len(self._refused)}
            name = batch_name(device.id, self._work.at)
            detail, segment = {"device": device.uuid, **count}, f"device {device.id}"
            deed = Deed(
                "device.batch_received", "device_batch", name, device.point.uc_id, detail, segment, digest_of(*rows)
            )
            record(self._work, deed)

    def _record(self, action: str, detail: Mapping[str, object]) -> None:
        device, segment = self._device, f"device {self._device.id}"
        record(
            self._work,
            Deed(action, "device", device.id, device.point.uc_id, {"device": device.uuid, **detail}, segment),
        )

    def _firsts(self) -> dict[int, First]:
        """Return for each conflict of this batch where and when the family had received before."""
        wanted = [
            {"hand_over_id": each.hand_over_id}
            for each in self._taken.values()
            if each.answer is Answer.CONFLICT and each.hand_over_id is not None
        ]
        rows = _FIRSTS.rows(self._work, wanted) if wanted else ()
        return {number: First(name, as_instant(at)) for _n, number, name, at in rows}

    def _answer(self, taken: Taken, firsts: Mapping[int, First]) -> EventAnswer:
        first = None if taken.hand_over_id is None else firsts.get(taken.hand_over_id)
        reason, message = ("", "") if taken.reason is None else (taken.reason.value, taken.reason.message)
        return EventAnswer(taken.opened.event_id, taken.answer, reason, message, first)


_ANSWERS = {
    OutcomeKind.GIVEN: Answer.CREATED,
    OutcomeKind.CONFLICT: Answer.CONFLICT,
    OutcomeKind.EXISTS_WITH_DIFFERENT_CONTENT: Answer.EXISTS_WITH_DIFFERENT_CONTENT,
}
