"""Points, days, late lists and conflicts as a coordinator works with them."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.dates import local_day
from tests.factories.people import sign_in
from tests.factories.world import World, build_world
from tests.web.test_desk import user_of


@pytest.fixture
def world(app: Flask) -> World:
    with app.app_context():
        return build_world(families=3, on=local_day(dt.datetime.now(dt.UTC)))


@pytest.fixture
def browser(app: Flask, client: FlaskClient, world: World) -> FlaskClient:
    sign_in(client, user_of(app, world.coordinator))
    return client


def test_a_point_is_added_its_areas_set_and_a_day_planned(browser: FlaskClient, world: World):
    new = {"name": "Govt School", "code": "mehar-2", "uc": world.uc.code, "lat": "27.18", "lon": "67.82"}
    page = browser.post("/distribution/points/new", data=new, follow_redirects=True)
    assert "MEHAR-2" in page.text
    point_id = int(re.search(r"/points/(\d+)", page.request.path)[1])
    areas = {"campaign": world.campaign_id, "areas": f"{world.uc.code.lower()}\n"}
    assert "The areas that receive here are set." in browser.post(
        f"/distribution/points/{point_id}/areas", data=areas, follow_redirects=True
    ).text  # fmt: skip
    day = {"campaign": world.campaign_id, "held_on": local_day(dt.datetime.now(dt.UTC)).isoformat(), "instalment": "1",
           "staff": str(int(world.staff.id))}  # fmt: skip
    planned = browser.post(f"/distribution/points/{point_id}/days", data=day, follow_redirects=True)
    assert "The day is planned." in planned.text
    assert world.staff.name in planned.text
    again = browser.post(f"/distribution/points/{point_id}/days", data=day)
    assert again.status_code == 409
    assert "This day is planned at this point already." in again.text


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        ("days", {"held_on": "2001-01-01", "instalment": "1"}, "The campaign runs from"),
        ("days", {"held_on": "31/02/2026", "instalment": "1"}, "problem"),
        ("days", {"instalment": "9"}, "The campaign has 1 instalments."),
        ("areas", {"areas": "PK999"}, "There is no Union Council with the code PK999."),
    ],
)
def test_a_plan_that_cannot_be_says_why(browser: FlaskClient, world: World, path: str, data: dict, said: str):
    today = local_day(dt.datetime.now(dt.UTC)).isoformat()
    answer = browser.post(
        f"/distribution/points/{world.point_id}/{path}", data={"campaign": world.campaign_id, "held_on": today} | data
    )
    assert answer.status_code in (400, 422)
    assert said in answer.text


def test_a_late_list_tells_of_each_row_and_leads_to_the_conflict_desk(browser: FlaskClient, world: World):
    today = local_day(dt.datetime.now(dt.UTC)).isoformat()
    page = browser.get("/late-lists/new").text
    list_id = re.search(r'name="list_id" value="([^"]+)"', page)[1]
    code = world.families[0].code.grouped()
    form = {"list_id": list_id, "campaign": world.campaign_id, "point": world.point_id, "held_on": today, "proof": "witness",
            "rows": f"{code}\n{code}\n{world.families[1].family_code} TENT=1\nnonsense\n"}  # fmt: skip
    recorded = browser.post("/late-lists/new", data=form).text
    assert recorded.count("Recorded</") >= 2
    assert "already received" in recorded
    assert "not a relief token" in recorded
    assert "Recorded before" in browser.post("/late-lists/new", data=form).text
    conflicts = browser.get("/conflicts/").text
    numbers = re.findall(r'href="/conflicts/(\d+)"', conflicts)
    assert len(numbers) == 2
    shown = {number: browser.get(f"/conflicts/{number}").text for number in numbers}
    [twice] = [number for number, text in shown.items() if "What came first" in text]
    refused = browser.post(f"/conflicts/{twice}", data={"decision": "Sharing between sisters was found."})
    assert refused.status_code == 422
    assert "another coordinator decides" in refused.text


def test_lists_filter_by_what_stands_in_the_address(browser: FlaskClient, world: World):
    everything = browser.get("/distribution/hand-overs").text
    assert "No hand-over is found" in everything
    assert (
        browser.get(
            f"/distribution/hand-overs?campaign={world.campaign_id}&kind=void&area=pk703&on=2022-01-01"
        ).status_code
        == 200
    )
    assert browser.get("/distribution/?since=zzz&campaign=zz").status_code == 200
