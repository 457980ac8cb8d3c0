"""The server is killed while a batch comes in, and after it was written but not answered: nothing lost, nothing twice."""

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from relief.config import Settings
from relief.distributions.model import HandOver
from relief.distributions.rules import HandOverKind
from relief.stock.model import StockOnHand
from relief.store.db import Store
from relief.store.work import reading
from relief.sync.model import DeviceEvent, RejectedEvent
from tests.factories.devices import enrolled_phone
from tests.factories.outbox import Outbox, outbox_of, wire
from tests.factories.world import SYSTEM, Holder, books_agree, build_world
from tests.support.killing import Mortal, mortal

BATCHES = "/api/v1/sync/batches"
FAMILIES, EVENTS, TENTS = 125, 500, 1_000
KILLS = 2  # Each at another stage of a batch; one more when it is written.


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """The outbox of a phone at a point with many families."""
    world = build_world(families=FAMILIES, tents=TENTS)
    return outbox_of(world, enrolled_phone(world, world.staff))


@pytest.fixture
def server(outbox: Outbox, settings: Settings) -> Iterator[Mortal]:
    """A server process over the instance of the outbox's world."""
    with mortal(settings) as started:
        yield started


def send(server: Mortal, outbox: Outbox, body: bytes) -> http.client.HTTPConnection:
    """Send a batch and return the connection on which its answer would come."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Content-Type": "application/json"} | outbox.phone.headers(BATCHES, body)
    connection.request("POST", BATCHES, body, headers)
    return connection


def answers(server: Mortal, outbox: Outbox, body: bytes) -> Counter[str]:
    """Send a batch and hear what becomes of its events."""
    connection = send(server, outbox, body)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, said
    return Counter(one["answer"] for one in said["results"])


def received() -> int:
    with reading(SYSTEM) as work:
        return work.session.scalar(select(func.count()).select_from(DeviceEvent)) or 0


class Day:
    """What the phone records: each batch takes back what a family has, gives it, takes it back and gives it again."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.given: list[str] = []
        self.held: dict[Holder, str] = {}

    def batch(self) -> bytes:
        """The next batch, as it goes over the wire."""
        for holder in self.outbox.world.families:
            if holder in self.held:
                self.outbox.undo(self.held[holder])
            else:
                self.outbox.record("scan", other="ab" * 32)
            first = self.outbox.hand_over(holder)
            self.outbox.undo(first)
            self.held[holder] = self.outbox.hand_over(holder)
            self.given += [first, self.held[holder]]
        body = json.dumps(wire(self.outbox.batch())).encode()
        self.outbox.unsent.clear()
        return body


def test_a_server_killed_at_any_moment_loses_and_doubles_nothing(outbox: Outbox, server: Mortal):
    day, chance = Day(outbox), random.Random(3)
    first, start = day.batch(), time.perf_counter()
    assert answers(server, outbox, first) == {"created": EVENTS}
    took = time.perf_counter() - start
    for stage in range(KILLS):
        body, done = day.batch(), received()
        connection = send(server, outbox, body)
        time.sleep(took * chance.uniform(stage, stage + 1) / KILLS)
        server.kill()
        connection.close()
        server.start()
        kept = received() - done
        assert kept in (0, EVENTS), "a batch is there as a whole or not at all"
        assert answers(server, outbox, body) == {"exists" if kept else "created": EVENTS}

    body, done = day.batch(), received()
    connection = send(server, outbox, body)
    wait_for(lambda: received() > done)
    connection.close()  # Unread.
    server.kill()
    server.start()
    assert answers(server, outbox, body) == {"exists": EVENTS}
    assert_once(day, batches=KILLS + 2)


def wait_for(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.001)


def assert_once(day: Day, *, batches: int) -> None:
    """Every event stands once, in the phone's own order; every hand-over, too; and each family holds one package."""
    world = day.outbox.world
    with reading(SYSTEM) as work:
        events = work.session.scalars(select(DeviceEvent).order_by(DeviceEvent.counter)).all()
        kinds = Counter(kind.value for kind in work.session.scalars(select(HandOver.kind)))
        opened = work.session.scalars(select(HandOver.event_id).where(HandOver.kind == HandOverKind.OPENING)).all()
        tents = work.session.scalar(select(StockOnHand.quantity).where(StockOnHand.location_id == world.location_id))
        assert work.session.scalar(select(func.count()).select_from(RejectedEvent)) == 0
    assert [event.counter for event in events] == list(range(1, batches * EVENTS + 1))
    assert len({event.event_id for event in events}) == batches * EVENTS
    assert [event.previous_hash for event in events[1:]] == [event.event_hash for event in events[:-1]]
    assert sorted(opened) == sorted(day.given)
    assert kinds == {"opening": len(day.given), "void": len(day.given) - FAMILIES}
    assert tents == TENTS - 2 * FAMILIES and books_agree()
