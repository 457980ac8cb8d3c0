"""Campaigns as pages: planned, tried out, proposed, decided by another person, with keys and tokens; and who is kept out."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from relief.geography.queries import get_area
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.programmes.criteria import check_criteria
from relief.programmes.planning import BandPlan
from relief.programmes.queries import get_campaign, list_campaigns, package_of
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import (
    SYSTEM,
    Land,
    approved,
    planned,
    proposed,
    running,
    with_tokens,
)
from tests.factories.people import PASSWORD, add_person
from tests.support.axe import barriers_on
from tests.web.conftest import Visit

PLAN = {
    "name": "Cash and tents", "code": "flood-9", "area": "PK7", "starts_on": "2022-09-10", "ends_on": "31/12/2022",
    "instalments": "۲", "proof_required": "last_four", "complaints_to": "0800-11111",
    "band-1-size_from": "1", "band-1-size_to": "4", "band-1-cash": "10,000",
    "band-3-size_from": "5", "band-3-cash": "12000", "band-3-item-2": "1", "band-3-quantity-2": "2",
    "group-1-join": "all", "group-1-facts": ["displaced"],
    "group-2-join": "any", "group-2-facts": ["woman_headed", "disability"], "group-2-damage": ["full"], "group-2-psc_high": "18",
    "group-2-size_low": "7", "group-2-areas": "PK703\npk70601", "join": "all",
}  # fmt: skip
CRITERIA = {
    "all": [
        {"all": [{"test": "displaced"}]},
        {
            "any": [
                {"test": "area", "in": []}, {"test": "house_damage", "in": ["full"]}, {"test": "woman_headed"},
                {"test": "disability"}, {"test": "psc_score", "between": [0, 18]}, {"test": "family_size", "between": [7, 60]},
            ]
        },
    ]
}  # fmt: skip


def plan_for(land: Land, **changes: object) -> dict[str, object]:
    return (
        PLAN | {"programme": land.programme_id, "fund": land.fund_id, "band-3-item-2": land.item_ids["TENT"]} | changes
    )


# --- Planning ------------------------------------------------------------------------------------------------------------


def test_a_campaign_is_planned_by_the_form(app: Flask, land: Land, visit: Visit) -> None:
    page = visit(Role.COORDINATOR).post("/campaigns/new", data=plan_for(land), follow_redirects=True)
    assert "The campaign is planned." in page.text
    for words in ("At least one of these", "Displaced by the flood", "7 members or more", "Poverty score from 0 to 18"):
        assert words in page.text
    with app.app_context(), reading(land.coordinator) as work:
        (campaign,) = list_campaigns(work)
        wanted = CRITERIA["all"][1]["any"]  # type: ignore[index]
        wanted[0]["in"] = sorted([land.area_ids["PK703"], land.area_ids["PK70601"]])
        assert campaign.criteria == check_criteria(CRITERIA)
        assert (campaign.code, campaign.instalments, campaign.days.last_on.isoformat()) == ("FLOOD-9", 2, "2022-12-31")
        bands = package_of(work, campaign.id)
        assert [(band.size_from, band.size_to, len(band.lines)) for band in bands] == [(1, 4, 1), (5, 60, 2)]


def test_rows_are_added_without_script_and_nothing_typed_is_lost(land: Land, visit: Visit) -> None:
    client = visit(Role.COORDINATOR)
    page = client.post("/campaigns/new", data=plan_for(land, add="band", **{"band-3-size_to": "8"}))
    assert page.status_code == 200
    assert 'name="band-3-size_from" type="text" value="9"' in page.text  # It follows on the last package,
    assert re.search(r'name="band-3-quantity-1" type="text" value="2"', page.text)  # with the same goods.
    assert 'name="band-4-size_from"' not in page.text
    page = client.post("/campaigns/new", data=plan_for(land, add="group"))
    assert 'name="group-3-areas"' in page.text and 'name="group-4-areas"' not in page.text
    page = client.post("/campaigns/new", data=plan_for(land, add="goods"))
    assert 'name="band-2-item-2"' in page.text and 'name="band-2-item-3"' not in page.text
    assert 'value="Cash and tents"' in page.text and "pk70601" in page.text
    assert "There is a problem" not in page.text


def test_an_empty_form_says_all_that_is_missing(land: Land, visit: Visit) -> None:
    page = visit(Role.COORDINATOR).post("/campaigns/new", data={})
    assert page.status_code == 400
    for name in ("name", "code", "programme", "fund", "area", "starts_on", "ends_on", "instalments", "complaints_to"):
        assert f'id="form-{name}-error"' in page.text, name


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ends_on": "2022-09-01"}, "ends_on"),
        ({"band-1-size_to": "5"}, "band-2-size_from"),
        ({"band-1-cash": "plenty"}, "band-1-cash"),
        ({"band-1-cash": ""}, "band-1-cash"),
        ({"band-3-quantity-2": "0"}, "band-2-quantity-1"),
        ({"group-2-psc_low": "40"}, "group-2-psc_high"),
        ({"group-2-areas": "Atlantis"}, "group-2-areas"),
        ({"group-2-size_low": "x"}, "group-2-size_low"),
        ({"code": "?"}, "code"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_mistake_stands_at_its_field(land: Land, visit: Visit, changes: dict[str, str], field: str) -> None:
    page = visit(Role.COORDINATOR).post("/campaigns/new", data=plan_for(land, **changes))
    assert page.status_code == 400
    assert f'id="form-{field}-error"' in page.text


def test_hostile_names_are_text(land: Land, visit: Visit) -> None:
    data = plan_for(land, name="<script>alert(1)</script>", complaints_to="${7*7}{{ 7*7 }}")
    page = visit(Role.COORDINATOR).post("/campaigns/new", data=data, follow_redirects=True)
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text and "{{ 7*7 }}" in page.text


def test_a_draft_is_amended_from_what_the_form_shows(app: Flask, land: Land, visit: Visit) -> None:
    client = visit(Role.COORDINATOR)
    client.post("/campaigns/new", data=plan_for(land))
    page = client.get("/campaigns/1/edit").text
    inputs = r'<input id="form-[^"]+" name="([^"]+)" type="(?:text|date)" value="([^"]*)"'
    areas = r'<textarea id="form-[^"]+" name="([^"]+)".*?>(.*?)</textarea>'
    shown: dict[str, object] = dict(re.findall(inputs, page) + re.findall(areas, page, re.DOTALL))
    for name, body in re.findall(r'<select id="form-[^"]+" name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
        shown[name] = next(iter(re.findall(r'value="([^"]*)" selected', body)), "")
    for name, value in re.findall(r'<input type="checkbox" name="([^"]+)" value="([^"]+)" checked', page):
        shown.setdefault(name, []).append(value)  # type: ignore[attr-defined]
    with app.app_context(), reading(land.coordinator) as work:
        before, bands = get_campaign(work, 1), package_of(work, 1)
    saved = client.post("/campaigns/1/edit", data=shown, follow_redirects=True)
    assert "The campaign is amended." in saved.text
    with app.app_context(), reading(land.coordinator) as work:
        assert get_campaign(work, 1) == before
        assert package_of(work, 1) == bands


def test_criteria_too_intricate_for_the_form_are_kept(app: Flask, land: Land, visit: Visit) -> None:
    intricate = {"any": [{"test": "displaced"}, {"all": [{"test": "disability"}, {"any": [{"test": "woman_headed"}]}]}]}
    with app.app_context():
        planned(land, criteria=intricate)
    client = visit(Role.COORDINATOR)
    assert "too intricate for this form" in client.get("/campaigns/1/edit").text
    simple = {name: value for name, value in plan_for(land).items() if not name.startswith("group")}
    client.post("/campaigns/1/edit", data=simple | {"keep_criteria": "yes"})
    with app.app_context(), reading(land.coordinator) as work:
        assert get_campaign(work, 1).criteria == check_criteria(intricate)
    client.post("/campaigns/1/edit", data=simple)
    with app.app_context(), reading(land.coordinator) as work:
        assert get_campaign(work, 1).criteria.parts == ()


def test_sizes_are_said_in_words(app: Flask, land: Land, visit: Visit) -> None:
    bands = (BandPlan(1, 1, Money.rupees(1)), BandPlan(2, 4, Money.rupees(2)), BandPlan(5, 60, Money.rupees(3)))
    with app.app_context():
        planned(land, bands=bands, criteria={"all": [{"test": "house_damage", "in": ["partial", "full"]}]})
    page = visit(Role.COORDINATOR).get("/campaigns/1").text
    for words in ("1 member<", "2 to 4 members", "5 members or more", "partly damaged or fully damaged"):
        assert words in page


def test_a_programme_is_opened(land: Land, visit: Visit) -> None:
    client = visit(Role.COORDINATOR)
    page = client.post("/campaigns/programmes/new", data={"name": "Drought", "code": "drought"}, follow_redirects=True)
    assert "The programme is opened." in page.text and "Drought" in page.text
    again = client.post("/campaigns/programmes/new", data={"name": "Drought", "code": "drought"})
    assert again.status_code == 409 and "already" in again.text


# --- Seeing --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_campaigns_of_its_areas_alone(app: Flask, land: Land, visit: Visit, role: Role) -> None:
    with app.app_context():
        planned(land, area_id=land.area_ids["PK703"])
        planned(land, code="FLOOD-2", name="Elsewhere", area_id=land.area_ids["PK706"])
    client = visit(role, "PK703")
    page = client.get("/campaigns/").text
    assert "FLOOD-1" in page and "Elsewhere" not in page
    assert client.get("/campaigns/1").status_code == 200
    for path in ("/campaigns/2", "/campaigns/2/edit", "/campaigns/2/dry-run", "/campaigns/2/tokens", "/campaigns/99"):
        assert client.get(path).status_code in (403, 404), path
    assert client.get("/campaigns/2").status_code == 404


def test_the_next_step_is_the_first_thing_on_the_page(app: Flask, land: Land, visit: Visit) -> None:
    coordinator, finance, administrator = (visit(r) for r in (Role.COORDINATOR, Role.FINANCE, Role.ADMINISTRATOR))
    with app.app_context():
        campaign_id = planned(land)
    assert "See who would be in" in coordinator.get("/campaigns/1").text
    assert "The coordinator prepares this campaign." in finance.get("/campaigns/1").text
    with app.app_context():
        allocation_id = proposed(land, campaign_id)
    assert "Look and decide" in finance.get("/campaigns/1").text
    assert "wait for approval" in coordinator.get("/campaigns/1").text
    with app.app_context():
        approved(land, allocation_id)
    assert "Make the key" in administrator.get("/campaigns/1").text
    assert "an administrator makes it" in coordinator.get("/campaigns/1").text
    with app.app_context():
        with_tokens(land, campaign_id, at_most=1)
    assert "2\u2069 entitled families have no token yet" in coordinator.get("/campaigns/1").text


def test_a_district_sees_its_own_families_and_no_money(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        running(land)
    page = visit(Role.COORDINATOR, "PK706").get("/campaigns/1").text
    assert re.search(r'class="value">1</bdi><span class="what">Families entitled', page)
    assert "Promised to families" not in page
    assert "Promised to families" in visit(Role.COORDINATOR).get("/campaigns/1").text


def test_lists_say_what_to_do_first(app: Flask, land: Land, visit: Visit) -> None:
    assert "Plan the first one" in visit(Role.COORDINATOR).get("/campaigns/").text
    assert "No campaign in your areas" in visit(Role.AUDITOR).get("/campaigns/").text
    with app.app_context():
        planned(land)
    client = visit(Role.COORDINATOR)
    assert "No campaign is in this state" in client.get("/campaigns/?state=closed").text
    assert "FLOOD-1" in client.get("/campaigns/?state=draft").text
    assert "FLOOD-1" in client.get("/campaigns/?state=nonsense").text


def test_home_tells_what_waits(app: Flask, land: Land, visit: Visit) -> None:
    assert "Plan a campaign" in visit(Role.COORDINATOR).get("/").text
    with app.app_context():
        campaign_id = planned(land)
    assert "Campaigns being prepared" in visit(Role.COORDINATOR).get("/").text
    with app.app_context():
        allocation_id = proposed(land, campaign_id)
    assert "Families to approve" in visit(Role.FINANCE).get("/").text
    assert "Families to approve" not in visit(Role.FINANCE, "PK703").get("/").text
    with app.app_context():
        approved(land, allocation_id)
    assert "Campaign without a signing key" in visit(Role.ADMINISTRATOR).get("/").text


# --- Closing ---


def test_a_campaign_is_closed_with_a_reason(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        running(land)
    assert visit(Role.AUDITOR).post("/campaigns/1/close", data={"reason": "x"}).status_code == 403
    client = visit(Role.FINANCE)
    missing = client.post("/campaigns/1/close", data={"reason": ""})
    assert missing.status_code == 400 and '<details class="dangerous no-print" open>' in missing.text
    page = client.post("/campaigns/1/close", data={"reason": "The round is over"}, follow_redirects=True)
    assert "PKR 84,000 went back to the fund" in page.text and "The round is over" in page.text
    assert "Close the campaign" not in page.text


def test_the_addresses_of_forms_lead_back(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        running(land)
    client = visit(Role.COORDINATOR)
    assert client.get("/campaigns/1/close").location == "/campaigns/1"
    assert client.get("/campaigns/1/propose").location == "/campaigns/1/dry-run"


# --- In a browser ---


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_campaign_is_planned_in_a_browser(app: Flask, land: Land, page: Page) -> None:
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, Role.COORDINATOR, get_area(work, land.area_ids["PK7"]))
    page.goto("/sign-in")
    page.fill("[name=email]", user.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main [type=submit]")
    page.goto("/campaigns/new")
    page.fill("[name=name]", "Second round")
    page.fill("[name=code]", "flood-2")
    page.select_option("[name=programme]", index=1)
    page.select_option("[name=fund]", index=1)
    page.select_option("[name=area]", "PK7")
    page.fill("[name=starts_on]", "2022-09-10")
    page.fill("[name=ends_on]", "2022-12-31")
    page.fill("[name=complaints_to]", "0800-11111")
    page.fill("[name='band-1-size_to']", "4")
    page.fill("[name='band-1-cash']", "5000")
    page.get_by_role("button", name="Add a package").click()
    expect(page.locator("[name='band-2-size_from']")).to_have_value("5")
    page.fill("[name='band-2-cash']", "7000")
    page.get_by_label("Displaced by the flood").check()
    assert barriers_on(page) == []
    page.fill("[name='band-2-cash']", "7000")
    page.press("[name='band-2-cash']", "Enter")  # Saves, and does not add goods.
    expect(page.get_by_role("heading", level=1)).to_have_text("Second round")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/campaigns/1?lang=ur")
    assert barriers_on(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
