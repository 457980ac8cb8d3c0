"""A phone and the real server: everything recorded arrives exactly once, whatever breaks on the way."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route

from relief.accounts.model import User
from relief.accounts.passwords import hash_password
from relief.store.work import unit_of_work
from relief.sync.enrolment import revoke_device
from tests.factories.world import SYSTEM, World, build_world
from tests.scan.conftest import open_phone
from tests.scan.field import PASSWORD, Field, day, give, judged, sync, unsent
from tests.scan.making import frames, today
from tests.support.serving import LiveServer, serving

BATCHES, MANIFEST = "**/api/v1/sync/batches", "**/api/v1/manifest"


@pytest.fixture
def world(app: Flask) -> World:
    """Six families, whose day is the browser's own."""
    with app.app_context():
        world = build_world(families=6, on=today())
        with unit_of_work(SYSTEM) as work:
            work.session.get_one(User, int(world.staff.id)).password_hash = hash_password(PASSWORD)
    return world


@pytest.fixture
def field(live_server: LiveServer, world: World, browser: Browser, bundle: Path) -> Iterator[Field]:
    """The server and its phones."""
    made = Field(live_server.app, live_server, world, browser, bundle)
    yield made
    for context in made.contexts:
        context.close()


def test_from_the_invitation_to_the_books(field: Field):
    page = field.phone()
    assert page.evaluate("() => [scan.phone.device.name, scan.phone.device.point.name]") == ["Phone 1", "School"]
    card = judged(page, field.text(0))
    assert card["state"] == "give" and card["row"]["familyCode"] == field.world.families[0].family_code
    assert {line["line"]: line["owed"] for line in card["due"]["lines"]} == {1: 1_250_000, 2: 2}
    typed = judged(page, field.world.families[1].code.grouped())
    assert typed["state"] == "give" and typed["row"]["familyCode"] == field.world.families[1].family_code
    give(page, field.text(0))
    give(page, field.world.families[1].code.digits)
    page.evaluate("text => scan.record('scan', text)", "WIFI:S:shop;;")
    assert judged(page, field.text(0))["state"] == "already_given"
    assert unsent(page) == 3
    status = sync(page)
    assert (status["unsent"], status["online"], status["problem"], status["sending"]) == (0, True, None, False)
    assert status["hasFamilies"] and status["rosterAge"] < 60_000 and abs(status["clockOffset"]) < 60_000
    assert field.kinds() == ["opening", "opening"] and field.counters() == [1, 2, 3]
    assert [event["answer"] for event in day(page)] == ["created"] * 3
    card = judged(page, field.text(0))
    assert (card["state"], card["first"]["by"]) == ("already_given", field.world.staff.name)


def test_a_later_manifest_sends_only_what_changed(field: Field):
    page = field.phone()
    counts: list[int] = []

    def count(route: Route) -> None:
        answer = route.fetch()
        counts.append(len(frames(answer.body())))
        route.fulfill(response=answer)

    page.route(MANIFEST, count)
    give(page, field.text(0))
    sync(page)
    sync(page)
    assert counts == [2, 1], "the header, and once the bitmap of what was given"
    assert judged(page, field.text(0))["state"] == "already_given" and judged(page, field.text(1))["state"] == "give"


def test_two_phones_and_one_token_make_a_conflict_that_says_who_was_first(field: Field):
    one, other = field.phone("Phone 1"), field.phone("Phone 2")
    assert judged(other, field.text(0))["state"] == "give"
    give(one, field.text(0))
    give(other, field.text(0))
    sync(one)
    sync(other)
    (event,) = day(other)
    assert (event["answer"], event["first"]["point"]) == ("conflict", "School")
    assert field.kinds() == ["opening", "conflict"]


def test_pages_between_phones_ask_the_supervisor(field: Field):
    one, other = field.phone("Phone 1"), field.phone("Phone 2")
    sync(one)
    give(one, field.text(0))
    (text,) = one.evaluate("() => scan.phone.pages.make()")
    read = "text => scan.rt1.parseText(text).then(({ bytes }) => scan.phone.pages.read(bytes))"
    assert other.evaluate(read, text) == {"name": "Phone 1", "page": 1, "pages": 1, "rows": 1, "isNew": True}
    card = judged(other, field.text(0))
    assert (card["state"], card["note"], card["first"]["by"]) == ("ask", "other_phone", "Phone 1")
    assert judged(other, field.text(1))["state"] == "give"


def test_a_dead_server_loses_nothing(field: Field):
    page = field.phone()
    page.context.set_offline(True)
    for number in range(3):
        give(page, field.text(number))
    status = sync(page)
    assert (status["online"], status["unsent"], status["problem"]) == (False, 3, "network.none")
    page.context.set_offline(False)
    assert sync(page)["unsent"] == 0
    assert field.kinds() == ["opening"] * 3 and field.counters() == [1, 2, 3]


def test_a_server_that_restarts_gets_everything_once(app: Flask, world: World, browser: Browser, bundle: Path):
    with serving(app) as server:
        field = Field(app, server, world, browser, bundle)
        page = field.phone()
        give(page, field.text(0))
    assert sync(page)["online"] is False and unsent(page) == 1
    with serving(app, urlsplit(server.url).port or 0):
        assert sync(page)["unsent"] == 0
    assert field.kinds() == ["opening"]
    page.context.close()


def test_an_answer_lost_after_the_commit_is_heard_the_second_time(field: Field):
    page = field.phone()
    give(page, field.text(0))

    def lose(route: Route) -> None:
        assert route.fetch().status == 200
        route.abort()

    page.route(BATCHES, lose)
    assert sync(page)["unsent"] == 1 and field.kinds() == ["opening"]
    page.unroute(BATCHES)
    give(page, field.text(1))
    assert sync(page)["unsent"] == 0
    assert [event["answer"] for event in day(page)] == ["exists", "created"]
    assert field.kinds() == ["opening", "opening"]


def test_two_pages_never_send_at_once(field: Field):
    page = field.phone()
    other = open_phone(page.context, field.server.url)
    for number in range(6):
        give(page, field.text(number))
    bodies: list[int] = []

    def slow(route: Route) -> None:
        bodies.append(len(json.loads(gzip.decompress(route.request.post_data_buffer or b""))["events"]))
        page.wait_for_timeout(300)
        route.continue_()

    page.context.route(BATCHES, slow)
    start = "() => { globalThis.sent = scan.phone.sync.run().then(() => null); }"
    page.evaluate(start)
    other.evaluate(start)
    page.evaluate("() => sent")
    other.evaluate("() => sent")
    assert bodies == [6] and unsent(other) == 0


def test_without_web_locks_a_lease_keeps_senders_apart(field: Field):
    page = field.phone()
    page.evaluate("() => Object.defineProperty(navigator, 'locks', { value: undefined })")
    give(page, field.text(0))
    take = "until => scan.phone.store.put('meta', { holder: 'another', until }, 'lease').then(() => null)"
    page.evaluate(take, page.evaluate("() => Date.now() + 60000"))
    assert sync(page)["unsent"] == 1
    page.evaluate(take, page.evaluate("() => Date.now() - 1"))
    assert sync(page)["unsent"] == 0
    assert page.evaluate("() => scan.phone.store.get('meta', 'lease').then((lease) => lease ?? null)") is None


def test_a_hotspots_page_is_no_answer(field: Field):
    page = field.phone()
    give(page, field.text(0))
    page.route(
        "**/api/v1/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Log in</h1>")
    )
    status = sync(page)
    assert (status["online"], status["problem"], status["unsent"]) == (False, "network.foreign", 1)
    page.unroute("**/api/v1/**")
    page.route(BATCHES, lambda route: route.fulfill(status=200, content_type="application/json", body='{"ok": true}'))
    assert sync(page)["unsent"] == 1
    page.unroute(BATCHES)
    page.route(
        BATCHES, lambda route: route.fulfill(status=200, content_type="application/json", body='{"results": [{"')
    )
    assert sync(page)["unsent"] == 1
    page.unroute(BATCHES)
    assert sync(page)["unsent"] == 0


@pytest.mark.parametrize("status", [401, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_other_answer_takes_an_event_out_of_the_outbox(field: Field, status: int):
    page = field.phone()
    give(page, field.text(0))
    problem = json.dumps({"status": status, "code": "request.refused", "title": "No", "detail": "No."})
    page.route(
        BATCHES, lambda route: route.fulfill(status=status, content_type="application/problem+json", body=problem)
    )
    said = sync(page)
    assert (said["unsent"], said["problem"], said["online"]) == (1, "request.refused", True)
    page.unroute(BATCHES)
    assert sync(page)["unsent"] == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_one_event_that_the_server_cannot_take_keeps_no_other_back(field: Field):
    page = field.phone()
    ids = [give(page, field.text(number)) for number in range(6)]
    sizes: list[int] = []

    def picky(route: Route) -> None:
        held = [each["id"] for each in json.loads(gzip.decompress(route.request.post_data_buffer or b""))["events"]]
        sizes.append(len(held))
        if ids[2] in held:
            route.fulfill(status=413, content_type="application/problem+json", body='{"code": "request.too_large"}')
        else:
            route.continue_()

    page.route(BATCHES, picky)
    assert sync(page)["unsent"] == 1
    assert [event["answer"] for event in day(page)] == ["created", "created", None, "created", "created", "created"]
    assert sizes == [6, 3, 1, 3, 1, 1, 5] or sum(sizes) < 30
    page.unroute(BATCHES)
    assert sync(page)["unsent"] == 0 and field.counters() == [1, 2, 3, 4, 5, 6]


def test_an_event_without_an_answer_stays(field: Field):
    page = field.phone()
    ids = [give(page, field.text(number)) for number in range(2)]

    def forgetful(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        said["results"] = [one for one in said["results"] if one["id"] != ids[0]] + [
            {"id": ids[0], "answer": "perhaps"}
        ]
        route.fulfill(response=answer, json=said)

    page.route(BATCHES, forgetful)
    assert sync(page)["unsent"] == 1
    page.unroute(BATCHES)
    assert sync(page)["unsent"] == 0
    assert [event["answer"] for event in day(page)] == ["exists", "created"]


def test_a_batch_holds_at_most_500_events(field: Field):
    page = field.phone()
    many = """async (text) => {
        for (let n = 0; n < 70; n++) await Promise.all(Array.from({ length: 10 }, () => scan.record("scan", text)));
    }"""
    page.evaluate(many, field.text(0))
    sizes: list[int] = []
    page.on(
        "request", lambda asked: sizes.append(asked.post_data_buffer is not None) if "batches" in asked.url else None
    )
    assert sync(page)["unsent"] == 0
    assert len(sizes) == 2 and field.counters() == list(range(1, 701))


def test_a_revoked_phone_loses_its_roster_and_sends_what_it_holds(field: Field):
    page = field.phone()
    give(page, field.text(0))
    with field.app.app_context(), unit_of_work(field.world.coordinator) as work:
        (number,) = field.rows("SELECT id FROM device")[0]
        revoke_device(work, number, "Lost in the bazaar")
    status = sync(page)
    assert (status["unsent"], status["isRevoked"], status["hasFamilies"]) == (0, True, False)
    assert page.evaluate("() => scan.disk()")["shards"] == {}
    assert [event["answer"] for event in day(page)] == ["conflict"]
    assert judged(page, field.text(1))["refusal"] == "redemption.device_not_trusted"


def test_a_locked_phone_sends_and_asks_for_no_roster(field: Field):
    page = field.phone()
    give(page, field.text(0))
    page.evaluate("() => scan.phone.operators.lock()")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    assert sync(page)["unsent"] == 0
    assert asked == ["/api/v1/sync/batches"]


def test_the_worker_tells_the_browser_to_come_back(field: Field):
    page = field.phone()
    give(page, field.text(0))
    background = "() => scan.problemOf(() => scan.phone.sync.inBackground())"
    page.context.set_offline(True)
    assert page.evaluate(background)["code"] == "network.none"
    page.context.set_offline(False)
    assert page.evaluate(background) is None and unsent(page) == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_waiting_grows_with_each_failure_and_begins_anew_with_a_network(field: Field):
    page = field.phone()
    give(page, field.text(0))
    page.context.set_offline(True)
    watch = """() => {
        globalThis.waits = [];
        const native = globalThis.setTimeout;
        globalThis.setTimeout = (work, wait, ...more) => {
            if (wait > 1000) waits.push(wait);
            return native(work, wait, ...more);
        };
    }"""
    page.evaluate(watch)
    page.evaluate(
        "async () => { for (let n = 0; n < 12; n++) await scan.phone.sync.onTimer(); await scan.phone.sync.onOnline(); }"
    )
    waits = [wait for wait in page.evaluate("() => waits") if wait not in (120_000, 30_000)]
    assert len(waits) == 13
    for failure, wait in enumerate(waits[:12]):
        longest = min(900_000, 5_000 * 2**failure)
        assert longest / 2 <= wait <= longest
    assert waits[12] <= 5_000


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_enrolment_survives_a_lost_answer(field: Field):
    page = open_phone(field.context(), field.server.url)
    code = field.code("Phone 1")
    enrol = "code => scan.problemOf(() => scan.phone.enrol(code, 'Chrome'))"

    def lose(route: Route) -> None:
        assert route.fetch().status == 201
        route.abort()

    page.route("**/api/v1/devices", lose)
    assert page.evaluate(enrol, code) == {"code": "network.none", "details": {}}
    page.unroute("**/api/v1/devices")
    page.reload()
    page.wait_for_function("() => globalThis.scan")
    page.evaluate("() => scan.open().then(() => null)")
    assert page.evaluate(enrol, code) is None
    assert page.evaluate("() => scan.phone.device.isEnrolled") is True
    assert page.evaluate(enrol, field.code("Phone 2"))["code"] == "device.already_enrolled"
    other = open_phone(field.context(), field.server.url)
    assert other.evaluate(enrol, code)["code"] == "device.code_used"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_wrong_password_is_told_as_the_server_tells_it(field: Field):
    page = field.phone()
    sign_in = "password => scan.problemOf(() => scan.phone.signInOperator('nobody@relief.test', password, '493817'))"
    said = page.evaluate(sign_in, "wrong wrong wrong")
    assert (said["code"], said["details"]["status"]) == ("sign_in.wrong", 401)
    short = "() => scan.problemOf(() => scan.phone.signInOperator('nobody@relief.test', 'x', '123'))"
    assert page.evaluate(short)["code"] == "pin.too_short"


def test_a_phone_forgets_only_when_nothing_is_left_to_send(field: Field):
    page = field.phone()
    give(page, field.text(0))
    forget = "() => scan.problemOf(() => scan.phone.forget())"
    assert page.evaluate(forget)["code"] == "device.has_unsent"
    sync(page)
    assert page.evaluate(forget) is None
    page.reload()
    page.wait_for_function("() => globalThis.scan")
    assert page.evaluate("() => scan.open().then(({ device }) => device.isEnrolled)") is False
    assert (
        page.evaluate("code => scan.problemOf(() => scan.phone.enrol(code, 'Chrome'))", field.code("Phone 1 again"))
        is None
    )
