"""What a phone kept of a hand-over is found beside it; a look at a picture leaves a trace."""

import datetime as dt
import hashlib

import pytest
from flask import Flask

from relief.audit.model import AuditEntry
from relief.distributions.model import HandOver
from relief.store.work import reading
from relief.sync.intake import receive_batch
from relief.sync.wire import b64
from tests.factories.devices import PHONE, enrolled_phone
from tests.factories.outbox import outbox_of
from tests.factories.people import sign_in
from tests.factories.world import AT, SYSTEM, build_world

PICTURE = b"\xff\xd8\xff\xe0 a face"
LATER = AT + dt.timedelta(hours=2)


@pytest.fixture
def hand_over(app: Flask):
    """The id of a hand-over of a phone that took a photo, with the world it happened in."""
    with app.app_context():
        world = build_world()
        outbox = outbox_of(world, enrolled_phone(world, world.staff))
        outbox.hand_over(world.families[0], photo=hashlib.sha256(PICTURE).hexdigest(), pictures={"photo": b64(PICTURE)})
        receive_batch(PHONE, outbox.batch(), at=LATER)
        with reading(SYSTEM) as work:
            return world, work.session.query(HandOver.id).scalar()


def browser_of(app: Flask, actor):
    client = app.test_client()
    sign_in(client, actor)
    return client


def test_the_page_of_a_hand_over_tells_what_the_phone_said(app: Flask, hand_over):
    world, number = hand_over
    page = browser_of(app, world.coordinator).get(f"/distribution/hand-overs/{number}").text
    assert "Phone 1" in page and "Photo of the holder" in page


def test_a_picture_is_shown_to_few_and_every_look_is_recorded(app: Flask, hand_over):
    world, number = hand_over
    address = f"/distribution/hand-overs/{number}/pictures/photo"
    with browser_of(app, world.coordinator).get(address) as shown:
        assert shown.data == PICTURE and shown.mimetype == "image/jpeg"
        assert shown.headers["Cache-Control"] == "no-store"
    assert browser_of(app, world.stranger).get(address).status_code == 404
    assert browser_of(app, world.staff).get(address).status_code == 403
    assert browser_of(app, world.coordinator).get(address.replace("photo", "face")).status_code == 404
    assert browser_of(app, world.coordinator).get(address.replace("photo", "signature")).status_code == 404
    with app.app_context(), reading(SYSTEM) as work:
        looks = work.session.query(AuditEntry.actor_id).filter_by(action="device.picture_seen").all()
    assert looks == [(int(world.coordinator.id),)]
