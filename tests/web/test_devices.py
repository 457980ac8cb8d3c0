"""Phones on pages: enrolled by a code shown once, looked after, revoked; nobody outside their areas sees them."""

import io
import json
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.distributions.points import AddPoint, add_point
from relief.geography.queries import find_area_by_code
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from relief.sync.device_queries import get_device
from relief.sync.model import DeviceEvent
from relief.sync.rules import Answer, EventKind
from tests.factories.books import browser_of, status_of
from tests.factories.devices import Phone
from tests.factories.people import AT, SYSTEM, put_five_areas

ON_ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
READERS = {Role.ADMINISTRATOR, Role.COORDINATOR, Role.AUDITOR}
MANAGERS = {Role.ADMINISTRATOR, Role.COORDINATOR}
CODE = re.compile(r"http://localhost/scan#enrol=([A-Za-z0-9_-]{43})")


@pytest.fixture
def point_id(app: Flask) -> int:
    """A point in Dadu."""
    with app.app_context(), unit_of_work(SYSTEM, at=AT) as work:
        put_five_areas(work)
        uc = find_area_by_code(work, "PK70304U14")
        assert uc is not None
        return add_point(work, AddPoint("SCHOOL", "Girls' school", uc.id))


@pytest.fixture
def coordinator(app: Flask, point_id: int) -> FlaskClient:
    return browser_of(app, Role.COORDINATOR, "PK703")


def asked(point_id: int, **changes: object) -> dict[str, object]:
    return {"label": "Phone 12", "point": point_id, "first_on": "2022-09-20", "last_on": "25/09/2022", **changes}


def enrolled(app: Flask, page: str) -> Phone:
    """The phone that scanned the code of the page."""
    found = CODE.search(unescape(page))
    assert found is not None
    phone = Phone()
    with app.app_context(), unit_of_work(SYSTEM) as work:
        at = work.at
    with app.app_context():
        phone.enrol(found[1], at=at)
    return phone


def test_a_phone_is_enrolled_by_a_code_that_is_shown_once(app: Flask, coordinator: FlaskClient, point_id: int):
    assert "No phone is enrolled here" in coordinator.get("/devices").text
    page = coordinator.post("/devices/new", data=asked(point_id))
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="qr"' in page.text and "Choose a PIN" in page.text
    phone = enrolled(app, page.text)
    shown = coordinator.get(f"/devices/{phone.id}").text
    assert "In use" in shown and "Phone 12" in shown and "Chrome, Android" in shown and not CODE.search(unescape(shown))
    assert "Phone 12" in coordinator.get("/devices?state=active").text
    assert "Phone 12" not in coordinator.get("/devices?state=revoked").text


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label": " "}, "This is missing."), ({"point": ""}, "This is missing."), ({"last_on": "2022-09-19"}, "before the first"),
        ({"first_on": "soon"}, "Write a day as"), ({"last_on": "2023-09-19"}, "at most 92 days"),
    ],
)  # fmt: skip
def test_what_cannot_be_enrolled_says_why(
    coordinator: FlaskClient, point_id: int, changes: dict[str, object], said: str
):
    page = coordinator.post("/devices/new", data=asked(point_id, **changes))
    assert page.status_code == 400 and said in page.text
    if changes.get("label") is None:
        assert 'value="Phone 12"' in page.text


@ON_ONE_DATABASE
def test_a_phone_that_did_not_come_gets_a_new_code(app: Flask, coordinator: FlaskClient, point_id: int):
    first = CODE.search(unescape(coordinator.post("/devices/new", data=asked(point_id)).text))
    again = coordinator.post("/devices/1/code")
    second = CODE.search(unescape(again.text))
    assert first and second and first[1] != second[1]
    enrolled(app, again.text)
    refused = coordinator.post("/devices/1/code")
    assert refused.status_code == 422 and "Enrol it as a new one" in refused.text


@ON_ONE_DATABASE
def test_days_are_changed_and_a_phone_is_revoked_with_a_reason(app: Flask, coordinator: FlaskClient, point_id: int):
    phone = enrolled(app, coordinator.post("/devices/new", data=asked(point_id)).text)
    changed = coordinator.post(
        f"/devices/{phone.id}/days", data={"first_on": "2022-09-21", "last_on": "2022-09-22"}, follow_redirects=True
    )
    assert "The days are changed." in changed.text
    bad = coordinator.post(f"/devices/{phone.id}/days", data={"first_on": "2022-09-21", "last_on": "2022-09-20"})
    assert bad.status_code == 400 and "before the first" in bad.text
    silent = coordinator.post(f"/devices/{phone.id}/revoke", data={"reason": ""})
    assert silent.status_code == 400 and "This is missing." in silent.text
    gone = coordinator.post(
        f"/devices/{phone.id}/revoke", data={"reason": "Lost <at> the bridge"}, follow_redirects=True
    )
    assert "The phone is revoked." in gone.text and "Lost &lt;at&gt; the bridge" in gone.text
    assert "Revoke the phone" not in gone.text
    with app.app_context(), reading(SYSTEM) as work:
        assert str(get_device(work, phone.id).days.first_on) == "2022-09-21"


@ON_ONE_DATABASE
def test_what_there_is_to_look_at_leads_to_its_events(app: Flask, coordinator: FlaskClient, point_id: int):
    phone = enrolled(app, coordinator.post("/devices/new", data=asked(point_id)).text)
    assert "Nothing came in" in coordinator.get(f"/devices/{phone.id}/events").text
    with app.app_context(), unit_of_work(SYSTEM) as work:
        for counter, distance in ((1, 10), (4, 7_777)):
            work.session.add(
                DeviceEvent(
                    event_id=f"e{counter}", device_id=phone.id, counter=counter, operator_id=99, sent_by=0, kind=EventKind.SCAN,
                    point_id=point_id, device_at=AT, happened_at=AT, received_at=work.at, clock_offset_s=0, distance_m=distance,
                    verdict="give", answer=Answer.CREATED, reason="", previous_hash=b"x", event_hash=b"y", content_sealed=b"z",
                )
            )  # fmt: skip
    page = coordinator.get(f"/devices/{phone.id}").text
    assert "Numbers are missing before it" in page and "More than 5 km from the point" in page
    links = [unescape(link) for link in re.findall(r'href="(/devices/\d+/events\?[^"]+)"', page)]
    assert len(links) == 2
    for link in links:
        listed = coordinator.get(link)
        assert listed.status_code == 200 and "7,777" in listed.text
    assert "Something" in coordinator.get("/devices").text
    home = coordinator.get("/").text
    assert re.search(r">1<.{0,60}phones with something to look at", home, re.DOTALL)
    assert coordinator.get(f"/devices/{phone.id}/events?concern=nonsense").status_code == 200


@ON_ONE_DATABASE
@pytest.mark.parametrize("role", list(Role))
def test_who_sees_and_who_manages_phones(app: Flask, coordinator: FlaskClient, point_id: int, role: Role):
    phone = enrolled(app, coordinator.post("/devices/new", data=asked(point_id)).text)
    somebody = browser_of(app, role, "PK703")
    for address in ("/devices", f"/devices/{phone.id}", f"/devices/{phone.id}/events"):
        assert status_of(somebody, address) == (200 if role in READERS else 403), address
    assert status_of(somebody, "/devices/new") == (200 if role in MANAGERS else 403)
    revoked = somebody.post(f"/devices/{phone.id}/revoke", data={"reason": "lost"})
    assert revoked.status_code == (302 if role in MANAGERS else 403)
    assert ("/devices" in somebody.get("/").text) == (role in READERS)


@ON_ONE_DATABASE
def test_phones_of_another_district_are_not_there(app: Flask, coordinator: FlaskClient, point_id: int):
    phone = enrolled(app, coordinator.post("/devices/new", data=asked(point_id)).text)
    stranger = browser_of(app, Role.COORDINATOR, "PK712")
    assert "Phone 12" not in stranger.get("/devices").text
    for address in (f"/devices/{phone.id}", f"/devices/{phone.id}/events"):
        assert status_of(stranger, address) == 404
    for deed, data in (
        ("code", {}),
        ("revoke", {"reason": "x"}),
        ("days", {"first_on": "2022-09-21", "last_on": "2022-09-22"}),
    ):
        assert stranger.post(f"/devices/{phone.id}/{deed}", data=data).status_code == 404
    assert stranger.post("/devices/new", data=asked(point_id)).status_code == 404


@ON_ONE_DATABASE
def test_the_file_of_a_phone_is_brought_in(app: Flask, coordinator: FlaskClient, point_id: int):
    phone = enrolled(app, coordinator.post("/devices/new", data=asked(point_id)).text)
    address = f"/devices/{phone.id}/outbox"
    assert "Choose a file." in coordinator.post(address, data={}).text
    wrong = coordinator.post(address, data={"file": (io.BytesIO(b"{}"), "outbox.json")})
    assert wrong.status_code == 400 and "not a file that the scan app exported" in wrong.text
    event = {"id": "5c0f8e9e-0000-4000-8000-000000000001", "counter": 1, "key": "k", "iv": "AAAA", "sealed": "AAAA"}
    batch = {"device": phone.uuid, "sent_at": "2022-09-20T06:00:00.000Z", "keys": {}, "events": [event]}
    file = json.dumps({"format": "relief outbox 1", "batches": [batch]}).encode()
    page = coordinator.post(address, data={"file": (io.BytesIO(file), "outbox.json")})
    assert page.status_code == 200 and "Not from this phone" in page.text and "cannot be opened" in page.text
    assert "1 records came under the name of this phone" in coordinator.get(f"/devices/{phone.id}").text
