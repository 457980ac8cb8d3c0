"""What phones recorded arrives exactly once, and nothing that happened is refused."""

import dataclasses
import datetime as dt
import threading

import pytest
from flask import current_app
from sqlalchemy import func, select

from relief.distributions.deciding import HolderCheck
from relief.distributions.desk import DeskHandOver, hand_over_at_desk
from relief.distributions.model import ConflictCase, HandOver
from relief.distributions.rules import Channel, ConflictState, HandOverKind, Refusal
from relief.kernel.errors import NotAuthentic
from relief.ledger.model import Posting
from relief.programmes.rules import Proof
from relief.stock.model import StockOnHand
from relief.store.work import reading, unit_of_work
from relief.sync.enrolment import revoke_device
from relief.sync.intake import receive_batch
from relief.sync.model import DeviceEvent, RejectedEvent
from relief.sync.rules import Answer
from tests.factories.devices import PHONE, enrolled_phone
from tests.factories.outbox import outbox_of
from tests.factories.world import AT, CASH, SYSTEM, TENT_COST, books_agree, build_world, new_event

LATER = AT + dt.timedelta(hours=2)


@pytest.fixture
def world(store):
    return build_world(families=4)


@pytest.fixture
def outbox(world):
    return outbox_of(world, enrolled_phone(world, world.staff))


def send(outbox, envelopes=None, *, at=LATER, clock=None):
    outbox.clock = clock or at
    answer = receive_batch(PHONE, outbox.batch(envelopes), at=at)
    return [(one.answer, one.reason) for one in answer.answers]


def rows(model, *conditions):
    with reading(SYSTEM) as work:
        return work.session.scalars(select(model).where(*conditions).order_by(model.id)).all()


def kinds():
    return [event.kind.value for event in rows(HandOver)]


def tents_left(world):
    with reading(SYSTEM) as work:
        return work.session.scalar(select(StockOnHand.quantity).where(StockOnHand.location_id == world.location_id))


def unexplained():
    with reading(SYSTEM) as work:
        into = func.sum(Posting.amount_paisa).filter(Posting.debit == "1900")
        out = func.sum(Posting.amount_paisa).filter(Posting.credit == "1900")
        found = work.session.execute(select(func.coalesce(into, 0) - func.coalesce(out, 0))).scalar_one()
    return int(found)


def test_hand_overs_of_a_phone_are_given_with_all_their_effects(world, outbox):
    ids = [outbox.hand_over(holder) for holder in world.families[:3]]
    assert send(outbox) == [(Answer.CREATED, "")] * 3
    events = rows(HandOver)
    assert [event.event_id for event in events] == ids
    assert {(event.kind, event.channel, event.operator_id) for event in events} == {
        (HandOverKind.OPENING, Channel.DEVICE, int(world.staff.id))
    }
    assert [event.given_at for event in events] == [AT] * 3 and events[0].recorded_at == LATER
    assert tents_left(world) == 94 and books_agree()
    kept = rows(DeviceEvent)
    assert [(event.counter, event.answer, event.hand_over_id) for event in kept] == [
        (n, Answer.CREATED, event.id) for n, event in enumerate(events, 1)
    ]
    assert kept[1].previous_hash == kept[0].event_hash


def test_a_batch_sent_again_has_the_same_answers_and_no_second_effect(world, outbox):
    outbox.hand_over(world.families[0])
    outbox.record("scan", other="ab" * 32, verdict=Refusal.UNREADABLE.value)
    assert send(outbox) == [(Answer.CREATED, "")] * 2
    assert send(outbox) == [(Answer.EXISTS, "")] * 2
    assert kinds() == ["opening"] and len(rows(DeviceEvent)) == 2


def test_two_phones_that_served_one_token_are_found_out(world, outbox):
    other = outbox_of(world, enrolled_phone(world, world.staff, label="Phone 2"))
    outbox.hand_over(world.families[0])
    other.hand_over(world.families[0])
    send(outbox)
    batch = other.batch()
    [answer] = receive_batch(PHONE, batch, at=LATER).answers
    assert (answer.answer, answer.reason) == (Answer.CONFLICT, Refusal.ALREADY_GIVEN.value)
    assert answer.first is not None and (answer.first.point, answer.first.at) == ("School", AT)
    assert kinds() == ["opening", "conflict"] and unexplained() == CASH + 2 * TENT_COST
    assert tents_left(world) == 96 and books_agree()
    assert receive_batch(PHONE, batch, at=LATER).answers[0].answer is Answer.EXISTS


def test_one_token_twice_in_one_batch_is_given_once(world, outbox):
    outbox.hand_over(world.families[0])
    outbox.hand_over(world.families[0], token=None, code=world.families[0].code.digits)
    outbox.hand_over(world.families[1])
    assert send(outbox) == [(Answer.CREATED, ""), (Answer.CONFLICT, Refusal.ALREADY_GIVEN.value), (Answer.CREATED, "")]
    assert sorted(kinds()) == ["conflict", "opening", "opening"] and books_agree()


def test_what_the_desk_gave_before_makes_a_phones_hand_over_a_conflict(world, outbox):
    with unit_of_work(world.staff, at=AT) as work:
        command = DeskHandOver(new_event(), world.day_id, world.families[0].text, HolderCheck(Proof.NONE))
        hand_over_at_desk(work, command)
    outbox.hand_over(world.families[0])
    assert send(outbox) == [(Answer.CONFLICT, Refusal.ALREADY_GIVEN.value)]


def test_the_rest_of_a_partial_hand_over_is_given_later(world, outbox):
    outbox.hand_over(world.families[0], given={"1": CASH, "2": 1})
    outbox.hand_over(world.families[0], given={"2": 1})
    outbox.hand_over(world.families[0], given={"2": 1})
    answers = send(outbox)
    assert answers == [(Answer.CREATED, "")] * 2 + [(Answer.CONFLICT, Refusal.ALREADY_GIVEN.value)]
    assert kinds() == ["opening", "completion", "conflict"] and books_agree()


def test_an_undone_hand_over_is_owed_again(world, outbox):
    event_id = outbox.hand_over(world.families[0])
    outbox.undo(event_id)
    outbox.hand_over(world.families[0])
    assert send(outbox) == [(Answer.CREATED, "")] * 3
    assert kinds() == ["opening", "void", "opening"] and tents_left(world) == 98 and books_agree()
    assert rows(HandOver)[1].operator_id == world.staff.id


def test_an_undo_may_come_in_a_later_batch_and_once_only(world, outbox):
    event_id = outbox.hand_over(world.families[0])
    send(outbox)
    outbox.unsent.clear()
    outbox.undo(event_id)
    outbox.undo(event_id)
    assert send(outbox) == [(Answer.CREATED, ""), (Answer.CONFLICT, "void.already_undone")]
    assert kinds() == ["opening", "void"] and books_agree()


def test_a_conflict_whose_goods_never_left_is_withdrawn(world, outbox):
    with unit_of_work(world.staff, at=AT) as work:
        command = DeskHandOver(new_event(), world.day_id, world.families[0].text, HolderCheck(Proof.NONE))
        hand_over_at_desk(work, command)
    outbox.undo(outbox.hand_over(world.families[0]))
    assert [answer for answer, _reason in send(outbox)] == [Answer.CONFLICT, Answer.CREATED]
    assert kinds() == ["opening", "conflict", "withdrawal"]
    assert unexplained() == 0 and tents_left(world) == 98 and books_agree()
    with reading(SYSTEM) as work:
        [case] = work.session.scalars(select(ConflictCase))
        assert (case.state, case.decision) == (ConflictState.DECIDED, "Came back at once")


def test_a_conflict_over_an_unknown_token_is_withdrawn_too(world, outbox):
    event_id = outbox.hand_over(world.families[0], token=None, other="cd" * 32, given={"1": CASH})
    outbox.undo(event_id)
    assert [answer for answer, _reason in send(outbox)] == [Answer.CONFLICT, Answer.CREATED]
    assert unexplained() == 0 and books_agree()


def test_an_undo_of_nothing_is_kept_and_told(world, outbox):
    outbox.undo(new_event())
    scan = outbox.record("scan", other="ab" * 32)
    outbox.undo(scan)
    answers = send(outbox)
    assert answers[0] == answers[2] == (Answer.CONFLICT, "void.nothing_to_undo")
    assert len(rows(DeviceEvent)) == 3 and kinds() == []


def test_another_phones_hand_over_is_not_undone(world, outbox):
    event_id = outbox.hand_over(world.families[0])
    send(outbox)
    other = outbox_of(world, enrolled_phone(world, world.staff, label="Phone 2"))
    other.undo(event_id)
    assert send(other) == [(Answer.CONFLICT, "void.nothing_to_undo")]
    assert kinds() == ["opening"]


def test_the_same_id_with_other_content_has_no_effect_and_is_in_the_trail(world, outbox):
    outbox.hand_over(world.families[0])
    send(outbox)
    first = outbox.unsent.pop()
    outbox.hand_over(world.families[1], id=first.event_id)
    assert send(outbox) == [(Answer.EXISTS_WITH_DIFFERENT_CONTENT, "")]
    assert kinds() == ["opening"]


def test_a_revoked_phone_gives_conflicts_only(world, outbox):
    outbox.hand_over(world.families[0])
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_device(work, outbox.phone.id, "Lost on the way")
    assert send(outbox) == [(Answer.CONFLICT, Refusal.DEVICE_NOT_TRUSTED.value)]
    assert unexplained() == CASH + 2 * TENT_COST and books_agree()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"operator": 999}, Refusal.NOT_ASSIGNED),
        ({"token": None, "other": "ab" * 32}, Refusal.UNREADABLE),
        ({"given": {"1": CASH * 2}}, Refusal.MORE_THAN_OWED),
        ({"given": {"7": 1}}, Refusal.MORE_THAN_OWED),
        ({"at": "2022-09-25T06:00:00.000Z"}, Refusal.NOT_ON_THIS_DAY),
    ],
)
def test_what_breaks_a_rule_becomes_a_conflict(world, outbox, changed, reason):
    outbox.hand_over(world.families[0], **changed)
    assert send(outbox, at=AT + dt.timedelta(days=10)) == [(Answer.CONFLICT, reason.value)]
    assert books_agree()


def test_whose_mark_is_wrong_is_not_trusted(world, outbox):
    outbox.phone.credentials[int(world.staff.id)] = bytes(32)
    outbox.hand_over(world.families[0])
    assert send(outbox) == [(Answer.CONFLICT, Refusal.DEVICE_NOT_TRUSTED.value)]


def test_a_fast_clock_is_set_right_by_what_it_said_when_it_sent(world, outbox):
    ahead = dt.timedelta(days=400)
    outbox.clock = AT + ahead
    outbox.hand_over(world.families[0])
    assert send(outbox, clock=LATER + ahead) == [(Answer.CREATED, "")]
    [event] = rows(DeviceEvent)
    assert (event.happened_at, event.device_at, event.clock_offset_s) == (AT, AT + ahead, 400 * 86_400)
    assert rows(HandOver)[0].given_on == AT.date()


def test_gps_is_measured_against_the_point(world, outbox):
    outbox.record("scan", other="ab" * 32, gps={"lon": 67.0, "lat": 26.0, "accuracy_m": 12})
    send(outbox)
    [event] = rows(DeviceEvent)
    assert (event.lon, event.lat, event.accuracy_m, event.distance_m) == (67.0, 26.0, 12, None)


def test_a_bad_event_never_blocks_the_rest(world, outbox):
    outbox.hand_over(world.families[0])
    good = outbox.unsent[0]
    stranger = enrolled_phone(world, world.staff, label="Phone 2")
    foreign = outbox_of(world, stranger)
    foreign.content_key = outbox.content_key
    foreign.hand_over(world.families[1])
    replayed = foreign.unsent[0]
    bad = [
        dataclasses.replace(good, event_id=new_event()),
        dataclasses.replace(good, sealed=good.sealed[:-1]),
        dataclasses.replace(good, key="k9"),
        dataclasses.replace(good, counter=7),
        replayed,
    ]
    answers = send(outbox, [*bad, good])
    assert [answer for answer, _reason in answers] == [Answer.REJECTED] * 5 + [Answer.CREATED]
    assert [reason for _answer, reason in answers[:5]] == [
        "event.cannot_be_opened", "event.cannot_be_opened", "event.cannot_be_opened", "event.other_id",
        "event.bad_signature",
    ]  # fmt: skip
    assert kinds() == ["opening"]
    with reading(SYSTEM) as work:
        # Two of them hold the same sealed bytes under the same id: they are one.
        assert work.session.scalar(select(func.count()).select_from(RejectedEvent)) == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2}, {"counter": 0}, {"kind": "gift"}, {"at": "yesterday"}, {"at": "2022-09-20T06:00:00"}, {"proof": "a wink"},
        {"verdict": "perhaps"}, {"given": {"1": -5}}, {"given": {"1": 10**19}}, {"given": [1]}, {"more": 1}, {"operator": "5"},
        {"campaign": None}, {"gps": {"lon": 500, "lat": 0, "accuracy_m": 1}}, {"reason": "x" * 301},
        {"photo": "ab" * 32},
    ],
)  # fmt: skip
def test_what_phones_never_write_is_rejected_and_kept(world, outbox, changed):
    outbox.hand_over(world.families[0], **changed)
    [(answer, reason)] = send(outbox)
    assert answer is Answer.REJECTED and reason in ("event.malformed", "event.other_id")
    assert kinds() == []


def test_a_token_of_eighty_bytes_or_of_a_newer_kind_is_a_conflict_not_a_crash(world, outbox):
    outbox.hand_over(world.families[0], token="AgAA")
    assert send(outbox) == [(Answer.CONFLICT, Refusal.UNREADABLE.value)]


def test_ten_phones_at_once_lose_and_double_nothing(world):
    boxes = [outbox_of(world, enrolled_phone(world, world.staff, label=f"Phone {n}")) for n in range(10)]
    for box in boxes:
        for holder in world.families:
            box.hand_over(holder)
    app, failures = current_app._get_current_object(), []

    def go(box):
        try:
            with app.app_context():
                for _again in range(2):
                    receive_batch(PHONE, box.batch(), at=LATER)
        except Exception as error:  # noqa: BLE001 - shown below, in the thread that asks
            failures.append(error)

    threads = [threading.Thread(target=go, args=(box,)) for box in boxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    counted = {kind: kinds().count(kind) for kind in ("opening", "conflict")}
    assert counted == {"opening": 4, "conflict": 36} and len(rows(DeviceEvent)) == 40 and books_agree()


def test_a_batch_of_an_unknown_phone_is_refused(world, outbox):
    batch = dataclasses.replace(outbox.batch(), device=new_event())
    with pytest.raises(NotAuthentic):
        receive_batch(PHONE, batch, at=LATER)
