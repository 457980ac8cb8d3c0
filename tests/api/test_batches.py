"""A phone sends what it recorded, as often as it must, and hears a last word on each event."""

import dataclasses
import uuid
from typing import Any

import pytest
from flask import Flask

from relief.store.work import unit_of_work
from relief.sync.enrolment import revoke_device
from tests.api.conftest import Ask, problem
from tests.factories.devices import Phone, enrolled_phone
from tests.factories.outbox import Outbox, outbox_of, wire
from tests.factories.world import World

BATCHES = "/api/v1/sync/batches"


@pytest.fixture
def outbox(app: Flask, world: World, phone: Phone) -> Outbox:
    """What the phone recorded."""
    with app.app_context():
        return outbox_of(world, phone)


def answers(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert answer.json["received"] == len(answer.json["results"])
    return [one["answer"] for one in answer.json["results"]]


def test_what_was_recorded_arrives_once(ask: Ask, outbox: Outbox, world: World):
    ids = [outbox.hand_over(holder) for holder in world.families]
    sent = wire(outbox.batch())
    first = ask(BATCHES, sent, packed=True)
    assert answers(first) == ["created"] * 5
    assert [one["id"] for one in first.json["results"]] == ids
    assert answers(ask(BATCHES, sent)) == ["exists"] * 5


def test_a_second_phone_hears_who_was_first(app: Flask, ask: Ask, outbox: Outbox, world: World):
    outbox.hand_over(world.families[0])
    ask(BATCHES, wire(outbox.batch()))
    with app.app_context():
        late = outbox_of(world, enrolled_phone(world, world.staff, label="Phone 2"))
    late.hand_over(world.families[0])
    answer = ask(BATCHES, wire(late.batch()), by=late.phone, headers={"Accept-Language": "ur"})
    assert answers(answer) == ["conflict"]
    (result,) = answer.json["results"]
    assert result["reason"] == "redemption.already_given" and result["first"]["point"] and result["first"]["at"]


def test_a_bad_event_never_blocks_the_rest(ask: Ask, outbox: Outbox, world: World):
    for holder in world.families:
        outbox.hand_over(holder)
    sent = wire(outbox.batch())
    one, two, three, four, _good = sent["events"]
    one["sealed"] = "not base64!"
    two["sealed"] = two["sealed"][:-8]
    three["key"] = "k9"
    four["iv"] = ""
    assert answers(ask(BATCHES, sent)) == ["rejected"] * 4 + ["created"]


def test_a_content_key_that_is_none_rejects_its_events_only(ask: Ask, outbox: Outbox, world: World):
    for holder in world.families[:2]:
        outbox.hand_over(holder)
    sent = wire(outbox.batch())
    sent["keys"]["k2"] = "AAAA"
    sent["events"][0]["key"] = "k2"
    assert answers(ask(BATCHES, sent)) == ["rejected", "created"]


def test_other_content_under_the_same_id_is_told(ask: Ask, outbox: Outbox, world: World):
    event_id = outbox.hand_over(world.families[0])
    ask(BATCHES, wire(outbox.batch()))
    outbox.counter, outbox.unsent = 0, []
    outbox.hand_over(world.families[1], id=event_id)
    assert answers(ask(BATCHES, wire(outbox.batch()))) == ["exists_with_different_content"]


def test_another_phone_may_bring_them(app: Flask, ask: Ask, outbox: Outbox, world: World):
    outbox.hand_over(world.families[0])
    with app.app_context():
        carrier = enrolled_phone(world, label="Phone 2")
    assert answers(ask(BATCHES, wire(outbox.batch()), by=carrier)) == ["created"]


def test_a_revoked_phone_may_still_send(app: Flask, ask: Ask, outbox: Outbox, phone: Phone, world: World):
    outbox.hand_over(world.families[0])
    with app.app_context(), unit_of_work(world.coordinator) as work:
        revoke_device(work, phone.id, "lost")
    assert answers(ask(BATCHES, wire(outbox.batch()))) == ["conflict"]


def test_the_answer_names_the_newest_manifest(ask: Ask, outbox: Outbox):
    assert ask(BATCHES, wire(outbox.batch())).json["sequence"] == 0
    ask("/api/v1/manifest", {"have": []})
    assert ask(BATCHES, wire(outbox.batch())).json["sequence"] == 1


def test_a_batch_of_nobody_is_refused(ask: Ask, outbox: Outbox):
    sent = wire(dataclasses.replace(outbox.batch(), device=str(uuid.uuid4())))
    problem(ask(BATCHES, sent), 401, "device.unknown")


def test_500_events_are_a_batch_and_501_are_not(ask: Ask, outbox: Outbox):
    event = {"counter": 1, "key": "k1", "iv": "AAAA", "sealed": "AAAA"}
    sent = {**wire(outbox.batch()), "events": [{**event, "id": str(uuid.uuid4())} for _number in range(501)]}
    held = problem(ask(BATCHES, sent, packed=True), 400, "input.invalid")
    assert [(wrong["field"], wrong["code"]) for wrong in held["errors"]] == [("events", "field.too_much")]
    sent["events"].pop()
    assert answers(ask(BATCHES, sent, packed=True)) == ["rejected"] * 500


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z"])
def test_a_clock_that_was_never_set_takes_nothing_away(ask: Ask, outbox: Outbox, world: World, sent_at: str):
    outbox.hand_over(world.families[0])
    assert answers(ask(BATCHES, {**wire(outbox.batch()), "sent_at": sent_at}))[0] in ("created", "conflict")


@pytest.mark.parametrize(
    "wrong",
    [
        {"device": "phone"}, {"sent_at": "today"}, {"sent_at": "2022-09-20T06:00:00"}, {"keys": []}, {"keys": {"k": 1}},
        {"events": {}}, {"events": [7]}, {"events": [{}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_batch_of_the_wrong_form_changes_nothing(ask: Ask, outbox: Outbox, wrong: dict[str, Any]):
    problem(ask(BATCHES, {**wire(outbox.batch()), **wrong}), 400, "input.invalid")
