"""The desk in the hands of point staff: GIVE or DO NOT GIVE, once, by scan or typed code."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from relief.accounts.model import User
from relief.distributions.model import HandOver
from relief.kernel.dates import local_day
from relief.programmes.rules import Proof
from relief.store.work import reading, unit_of_work
from tests.factories.people import sign_in
from tests.factories.world import SYSTEM, World, add_family, build_world


def user_of(app: Flask, actor) -> User:
    with app.app_context(), reading(SYSTEM) as work:
        return work.session.get_one(User, int(actor.id))


def today() -> dt.date:
    return local_day(dt.datetime.now(dt.UTC))


@pytest.fixture
def world(app: Flask) -> World:
    with app.app_context():
        return build_world(families=3, on=today())


@pytest.fixture
def desk(app: Flask, client: FlaskClient, world: World) -> FlaskClient:
    sign_in(client, user_of(app, world.staff))
    return client


def card(desk: FlaskClient, world: World, text: str) -> str:
    return desk.post(f"/desk/{world.day_id}", data={"text": text}).text


def form_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(text|event_id)" value="([^"]*)"', page)) | {"proof": "none"}


def given(app: Flask) -> int:
    with app.app_context(), reading(SYSTEM) as work:
        return work.session.scalar(select(func.count()).select_from(HandOver))


@pytest.mark.parametrize("way", ["text", "typed"])
def test_a_family_receives_once_by_scan_or_typed_code(app: Flask, desk: FlaskClient, world: World, way: str):
    holder = world.families[0]
    page = card(desk, world, holder.text if way == "text" else holder.code.grouped())
    assert "GIVE" in page
    assert "PKR 12,500" in page
    assert "DO NOT GIVE" not in page
    answer = desk.post(f"/desk/{world.day_id}/give", data=form_of(page), follow_redirects=True)
    assert "Recorded. The next family, please." in answer.text
    again = card(desk, world, holder.text)
    assert "DO NOT GIVE" in again
    assert "Given on" in again
    assert given(app) == 1


def test_a_double_click_records_once(app: Flask, desk: FlaskClient, world: World):
    form = form_of(card(desk, world, world.families[0].text))
    answers = [desk.post(f"/desk/{world.day_id}/give", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert given(app) == 1


def test_a_token_whose_text_has_two_spaces_in_a_row_is_read_whole(app: Flask, desk: FlaskClient, world: World):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        holder = next(one for one in iter(lambda: add_family(work, world), None) if "  " in one.text)
    page = card(desk, world, holder.text)
    answer = desk.post(f"/desk/{world.day_id}/give", data={**form_of(page), "text": holder.text})
    assert answer.status_code == 302


def test_what_is_short_stays_owed(app: Flask, desk: FlaskClient, world: World):
    holder = world.families[0]
    form = form_of(card(desk, world, holder.text))
    form |= {"line-1": "12,500", "kind-line-1": "cash", "line-2": "۱", "kind-line-2": "item", "proxy": "Son, Ali"}
    assert desk.post(f"/desk/{world.day_id}/give", data=form).status_code == 302
    rest = card(desk, world, holder.text)
    assert "This is the rest of what was handed over before." in rest
    assert "PKR 12,500" not in rest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"line-2": "3"}, "This is more than the family is owed."),
        ({"line-2": "some"}, "Write a whole number"),
        ({"proof": "magic"}, "Choose one of the answers shown."),
        ({"event_id": "no-uuid"}, "problem"),
    ],
)
def test_a_form_that_cannot_be_right_says_so_and_records_nothing(app, desk, world, change, said):
    form = form_of(card(desk, world, world.families[0].text))
    form |= {"line-1": "12500", "kind-line-1": "cash", "line-2": "2", "kind-line-2": "item"} | change
    answer = desk.post(f"/desk/{world.day_id}/give", data=form)
    assert answer.status_code in (400, 422)
    assert said in answer.text
    assert given(app) == 0


@pytest.mark.parametrize(
    "text", ["", "https://bank.example/pay", "R1:BROKEN", "123456789012", "<script>alert(1)</script>"]
)
def test_hostile_and_tired_texts_get_a_clear_answer(desk: FlaskClient, world: World, text: str):
    answer = desk.post(f"/desk/{world.day_id}", data={"text": text})
    assert "DO NOT GIVE" in answer.text if text else answer.status_code == 400
    assert "<script>alert" not in answer.text


def test_the_proof_that_the_campaign_asks_for_is_asked_for_on_the_card(app: Flask, client: FlaskClient):
    with app.app_context():
        world = build_world(on=today(), proof_required=Proof.LAST_FOUR)
    sign_in(client, user_of(app, world.staff))
    holder = world.families[0]
    page = card(client, world, holder.text)
    assert "This campaign asks for: Last four digits of the CNIC told" in page
    form = form_of(page)
    wrong = client.post(f"/desk/{world.day_id}/give", data=form | {"proof": "last_four", "answer": "0000"})
    assert "does not match this token" in wrong.text
    right = form | {"proof": "last_four", "answer": holder.cnic.last_four}
    assert client.post(f"/desk/{world.day_id}/give", data=right).status_code == 302


def test_an_own_hand_over_is_undone_from_its_page(app: Flask, desk: FlaskClient, world: World):
    form = form_of(card(desk, world, world.families[0].text))
    done = desk.post(f"/desk/{world.day_id}/give", data=form)
    number = re.search(r"done=(\d+)", done.location)[1]
    page = desk.get(f"/distribution/hand-overs/{number}").text
    event_id = re.search(r'name="event_id" value="([^"]+)"', page)[1]
    answer = desk.post(
        f"/distribution/hand-overs/{number}/void", data={"event_id": event_id, "reason": "Wrong family was called"},
        follow_redirects=True,
    )  # fmt: skip
    assert "The hand-over is undone" in answer.text
    assert "DO NOT GIVE" not in card(desk, world, world.families[0].text)


def test_the_desk_of_another_day_or_person_is_not_there(app: Flask, client: FlaskClient, world: World):
    sign_in(client, user_of(app, world.coordinator))
    assert client.get(f"/desk/{world.day_id}").status_code == 403
    assert client.get(f"/distribution/days/{world.day_id}").status_code == 200
    other = app.test_client()
    sign_in(other, user_of(app, world.stranger))
    for path in (
        f"/distribution/days/{world.day_id}",
        f"/distribution/points/{world.point_id}",
        "/distribution/hand-overs/1",
    ):
        assert other.get(path).status_code == 404


def test_a_token_never_stands_in_an_address(desk: FlaskClient, world: World):
    assert desk.get(f"/desk/{world.day_id}?text={world.families[0].text}").text.count(world.families[0].text) == 0
    answer = desk.post(f"/desk/{world.day_id}", data={"text": world.families[0].text})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
