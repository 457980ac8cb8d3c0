"""Whatever phones do, and however what they send is cut, doubled and shuffled: delivered at most once, every event kept."""

import contextlib
import datetime as dt
import tempfile
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from relief.distributions.model import ConflictCase, HandOver, OwedLine
from relief.distributions.rules import HandOverKind
from relief.kernel.errors import RuleViolation
from relief.keys import Keyring
from relief.reports.comparing import differences_in
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from relief.sync.enrolment import revoke_device
from relief.sync.intake import receive_batch
from relief.sync.model import DeviceEvent, RejectedEvent
from relief.sync.rules import Answer
from tests.factories.devices import PHONE, enrolled_phone
from tests.factories.outbox import outbox_of
from tests.factories.world import AT, CASH, FROM_NOWHERE, SYSTEM, build_world
from tests.support.databases import Databases

FAMILIES, PHONES = 3, 3
families, phones = strategies.integers(0, FAMILIES - 1), strategies.integers(0, PHONES - 1)
GIVEN = {"all": None, "cash": {"1": CASH}, "one tent": {"2": 1}, "tents": {"2": 2}, "too much": {"1": 10 * CASH}}


class Queue(RuleBasedStateMachine):
    """Three phones at one point, three families that go from one to the other, and a signal that comes and goes."""

    databases: Databases
    backend: str
    folder: Path

    @initialize()
    def open(self):
        self.url = self.databases.migrated(self.backend)
        app = Flask("tests")
        self.store = Store(app, self.url, Keyring.create(Path(tempfile.mkdtemp(dir=self.folder))))
        self.context = app.app_context()
        self.context.push()
        self.world = build_world(families=FAMILIES)
        self.boxes = [
            outbox_of(self.world, enrolled_phone(self.world, self.world.staff, label=f"Phone {n}"))
            for n in range(PHONES)
        ]
        self.made = [[] for _ in range(PHONES)]  # Ids of the hand-overs of each phone.
        self.sent = [[] for _ in range(PHONES)]  # Envelopes that reached the server.
        self.answers = {}
        self.now = AT + dt.timedelta(hours=1)

    @rule(phone=phones, family=families, given=strategies.sampled_from(sorted(GIVEN)))
    def give(self, phone, family, given):
        self.made[phone].append(self.boxes[phone].hand_over(self.world.families[family], given=GIVEN[given]))

    @rule(phone=phones)
    def refuse(self, phone):
        self.boxes[phone].record("scan", other="ab" * 32, verdict="redemption.unreadable")

    @precondition(lambda self: any(self.made))
    @rule(phone=phones, choice=strategies.randoms(use_true_random=False))
    def undo(self, phone, choice):
        if self.made[phone]:
            self.boxes[phone].undo(choice.choice(self.made[phone]))

    @rule(phone=phones, hours=strategies.integers(-48, 48))
    def jump(self, phone, hours):
        self.boxes[phone].clock += dt.timedelta(hours=hours)

    @rule(phone=phones, count=strategies.integers(1, 4), is_answer_lost=strategies.booleans())
    def send(self, phone, count, is_answer_lost):
        box = self.boxes[phone]
        self._receive(phone, box.unsent[:count])
        if not is_answer_lost:
            del box.unsent[:count]

    @rule(phone=phones, choice=strategies.randoms(use_true_random=False))
    def send_shuffled_and_doubled(self, phone, choice):
        envelopes = self.boxes[phone].unsent * 2
        choice.shuffle(envelopes)
        self._receive(phone, envelopes)

    @precondition(lambda self: any(self.sent))
    @rule(phone=phones)
    def replay(self, phone):
        self._receive(phone, self.sent[phone][-4:])

    @precondition(lambda self: any(self.sent))
    @rule(phone=phones, other=phones)
    def replay_as_another_phone(self, phone, other):
        if phone != other:
            foreign = receive_batch(PHONE, self.boxes[other].batch(self.sent[phone][-2:]), at=self.now)
            assert {one.answer for one in foreign.answers} <= {Answer.REJECTED}

    @rule(phone=phones)
    def revoke(self, phone):
        # It may have been revoked before.
        with contextlib.suppress(RuleViolation), unit_of_work(self.world.coordinator, at=self.now) as work:
            revoke_device(work, self.boxes[phone].phone.id, "Lost")

    def _receive(self, phone, envelopes):
        self.now += dt.timedelta(seconds=10)
        answers = receive_batch(PHONE, self.boxes[phone].batch(envelopes), at=self.now).answers
        assert [one.event_id for one in answers] == [one.event_id for one in envelopes]
        for one in answers:
            # The first answer is the last word: later ones only say that it was given.
            assert one.answer is Answer.EXISTS if one.event_id in self.answers else one.answer is not Answer.REJECTED
            self.answers.setdefault(one.event_id, one.answer)
        self.sent[phone] += envelopes

    @invariant()
    def nobody_received_twice(self):
        with reading(SYSTEM) as work:
            stand = select(HandOver.entitlement_id, func.sum(HandOver.served)).group_by(HandOver.entitlement_id)
            assert {served for _id, served in work.session.execute(stand) if _id} <= {0, 1}
            assert work.session.scalar(select(func.count()).where(OwedLine.given > OwedLine.owed)) == 0

    @invariant()
    def every_event_is_kept_once(self):
        with reading(SYSTEM) as work:
            kept = work.session.scalars(select(DeviceEvent.event_id)).all()
            assert sorted(kept) == sorted(self.answers)
            given = {HandOverKind.OPENING, HandOverKind.COMPLETION, HandOverKind.VOID, HandOverKind.WITHDRAWAL}
            effects = {event.event_id: event.kind for event in work.session.scalars(select(HandOver))}
            assert {self.answers[event_id] for event_id, kind in effects.items() if kind in given} <= {Answer.CREATED}
            conflicts = [event_id for event_id, kind in effects.items() if kind is HandOverKind.CONFLICT]
            assert {self.answers[event_id] for event_id in conflicts} <= {Answer.CONFLICT}
            assert len(conflicts) == work.session.scalar(select(func.count()).select_from(ConflictCase))

    def teardown(self):
        if not hasattr(self, "boxes"):
            return
        for phone, box in enumerate(self.boxes):
            self._receive(phone, box.unsent)
        self.nobody_received_twice()
        self.every_event_is_kept_once()
        with reading(SYSTEM) as work:
            assert [one for one in differences_in(work) if one.kind not in FROM_NOWHERE] == []
            # Only what was replayed as another phone's stands among the rejected.
            ids = set(work.session.scalars(select(RejectedEvent.event_id)))
            assert ids <= set(self.answers)
        self.store.close()
        self.context.pop()
        self.databases.give_back(self.url)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_delivered_at_most_once_and_every_event_kept(databases: Databases, backend: str, tmp_path: Path):
    class Here(Queue):
        pass

    Here.databases, Here.backend, Here.folder = databases, backend, tmp_path
    tried = settings(
        max_examples=8,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Here, settings=tried)
