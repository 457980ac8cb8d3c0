"""Campaigns as pages: planned, tried out, proposed, decided by another person, with keys and tokens; and who is kept out."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from relief.accounts.model import RoleGrant
from relief.entitlements.queries import entitled_by_uc, list_allocations
from relief.entitlements.rules import AllocationState
from relief.entitlements.token_queries import count_tokens, list_keys
from relief.families.model import Family
from relief.families.rules import FamilyState
from relief.geography.queries import get_area
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.programmes.criteria import check_criteria
from relief.programmes.planning import BandPlan
from relief.programmes.queries import get_campaign, list_campaigns, package_of
from relief.programmes.rules import CampaignState
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import (
    AT,
    SYSTEM,
    Land,
    add_families,
    approved,
    build_land,
    planned,
    proposed,
    running,
    with_tokens,
)
from tests.factories.people import PASSWORD, add_person, sign_in
from tests.support.axe import barriers_on

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

Visit = Callable[..., FlaskClient]


@pytest.fixture
def land(app: Flask) -> Land:
    """Three displaced families in two districts and one that is not; a fund of ten million rupees."""
    with app.app_context():
        made = build_land()
        with unit_of_work(SYSTEM, at=AT) as work:
            add_families(
                work, made, {"uc": "PK70301U1"}, {"uc": "PK70301U2", "size": 3}, {"uc": "PK70601U1"},
                {"uc": "PK70601U1", "is_displaced": False},
            )  # fmt: skip
        return made


@pytest.fixture
def visit(app: Flask, land: Land) -> Visit:
    """A browser in which somebody with a role is signed in."""

    def signed_in(role: Role, area: str = "PK7") -> FlaskClient:
        with app.app_context(), unit_of_work(SYSTEM) as work:
            user = add_person(work, role, get_area(work, land.area_ids[area]), name=f"{role.value} of {area}")
        client = app.test_client()
        sign_in(client, user)
        return client

    return signed_in


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


# --- Allocating ----------------------------------------------------------------------------------------------------------


def test_families_are_tried_out_proposed_and_approved(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        planned(land)
    coordinator, finance = visit(Role.COORDINATOR), visit(Role.FINANCE)
    trial = coordinator.get("/campaigns/1/dry-run")
    assert "The fund has \u2068PKR 10,000,000\u2069 free and pays for this" in trial.text
    assert "PKR 84,000" in trial.text and "Not displaced" in trial.text and "Area PK703" in trial.text
    assert "Area PK70601U1" in coordinator.get("/campaigns/1/dry-run?level=uc&sort=cost&down=1").text
    page = coordinator.post("/campaigns/1/propose", follow_redirects=True)
    assert "The families are proposed." in page.text
    assert "You proposed this allocation" not in page.text  # The coordinator has no say in it at all.
    assert coordinator.post("/campaigns/allocations/1", data={"deed": "approve"}).status_code == 403
    assert "An approval entitles \u20683\u2069 families" in finance.get("/campaigns/allocations/1").text
    done = finance.post("/campaigns/allocations/1", data={"deed": "approve"}, follow_redirects=True)
    assert "Approved: 3 families are entitled." in done.text
    again = finance.post("/campaigns/allocations/1", data={"deed": "reject", "reason": "Late"})
    assert again.status_code == 422 and "was decided before" in again.text
    with app.app_context(), reading(land.coordinator) as work:
        assert sum(entitled_by_uc(work, 1).values()) == 3


def test_who_proposed_sees_no_button_to_approve(app: Flask, land: Land) -> None:
    with app.app_context(), unit_of_work(SYSTEM) as work:
        area = get_area(work, land.area_ids["PK7"])
        both = add_person(work, Role.COORDINATOR, area)
        work.session.add(RoleGrant(user_id=both.id, role=Role.FINANCE, area_id=area.id, granted_by=0, granted_at=AT))
    with app.app_context():
        planned(land)
    client = app.test_client()
    sign_in(client, both)
    client.post("/campaigns/1/propose")
    page = client.get("/campaigns/allocations/1").text
    assert "You proposed this allocation. Another person must approve or reject it." in page
    assert 'value="approve"' not in page
    refused = client.post("/campaigns/allocations/1", data={"deed": "approve"})
    assert refused.status_code == 422 and "Another person must approve" in refused.text


def test_a_rejection_needs_a_reason(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        proposed(land, planned(land))
    finance = visit(Role.FINANCE)
    refused = finance.post("/campaigns/allocations/1", data={"deed": "reject", "reason": " "})
    assert refused.status_code == 400 and "Say why" in refused.text
    page = finance.post(
        "/campaigns/allocations/1", data={"deed": "reject", "reason": "Too dear"}, follow_redirects=True
    )
    assert "The allocation is rejected" in page.text and "Too dear" in page.text
    with app.app_context(), reading(land.finance) as work:
        assert list_allocations(work)[0].state is AllocationState.REJECTED
        assert get_campaign(work, 1).state is CampaignState.DRAFT


def test_a_fund_that_is_too_small_says_so_and_refuses_whole(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        planned(land, bands=(BandPlan(1, 60, Money.rupees(4_000_000)),))
    assert "It would be refused whole" in visit(Role.COORDINATOR).get("/campaigns/1/dry-run").text
    with app.app_context():
        proposed(land, 1)
    refused = visit(Role.FINANCE).post("/campaigns/allocations/1", data={"deed": "approve"})
    assert refused.status_code == 422 and "PKR 10,000,000" in refused.text


def test_what_changed_since_the_proposal_is_shown(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        proposed(land, planned(land))
        with unit_of_work(SYSTEM, at=AT) as work:
            work.session.query(Family).filter_by(number=1).one().state = FamilyState.EXCLUDED
    assert "1\u2069 families were excluded since" in visit(Role.FINANCE).get("/campaigns/allocations/1").text


PATHS = ("1/dry-run", "allocations/1", "allocations/1/verdicts", "allocations/1/verdicts.csv")


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        (Role.COORDINATOR, (200, 200, 200, 200)),
        (Role.FINANCE, (200, 200, 403, 403)),
        (Role.AUDITOR, (403, 200, 200, 200)),
        (Role.REGISTRAR, (403, 403, 200, 403)),
        (Role.POINT_STAFF, (403, 403, 403, 403)),
        (Role.ADMINISTRATOR, (403, 403, 403, 403)),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_sees_allocations(app: Flask, land: Land, visit: Visit, role: Role, answers: tuple[int, ...]) -> None:
    with app.app_context():
        proposed(land, planned(land))
    client = visit(role)
    assert tuple(client.get(f"/campaigns/{path}", buffered=True).status_code for path in PATHS) == answers
    assert client.get("/campaigns/allocations/99").status_code in (403, 404)


def test_verdicts_are_listed_filtered_and_taken_out(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        proposed(land, planned(land))
    client = visit(Role.AUDITOR)
    page = client.get("/campaigns/allocations/1/verdicts").text
    assert page.count('<bdi class="code">F-') == 4
    page = client.get("/campaigns/allocations/1/verdicts?verdict=out&area=PK706&reason=displaced.not_met").text
    assert page.count('<bdi class="code">F-') == 1 and "Head 4" in page
    assert "No family fits" in client.get("/campaigns/allocations/1/verdicts?verdict=out&area=PK703").text
    assert "no area with this code" in client.get("/campaigns/allocations/1/verdicts?area=PK999").text
    taken = client.get("/campaigns/allocations/1/verdicts.csv?verdict=in", buffered=True)
    assert taken.mimetype == "text/csv"
    lines = taken.text.lstrip("\ufeff").splitlines()
    assert lines[0].split(",")[:5] == ["family", "uc_code", "uc", "members", "verdict"]
    assert len(lines) == 4 and "Head" not in taken.text
    places = client.get("/campaigns/allocations/1/areas.csv", buffered=True).text
    assert "PK70301U1,Area PK70301U1,1,0,37000" in places
    assert client.get("/campaigns/allocations/1/areas.xlsx", buffered=True).data[:2] == b"PK"
    assert client.get("/campaigns/allocations/1/areas.doc", buffered=True).status_code == 404
    own = visit(Role.AUDITOR, "PK706").get("/campaigns/allocations/1/verdicts.csv", buffered=True).text
    assert "PK706" in own and "PK703" not in own


def test_a_familys_page_shows_the_verdicts_on_it(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        running(land)
    page = visit(Role.AUDITOR).get("/families/4").text
    assert "In campaigns" in page and "Not displaced" in page and "Approved" in page


# --- Keys, tokens, closing -----------------------------------------------------------------------------------------------


def test_a_key_is_made_and_tokens_are_issued(app: Flask, land: Land, visit: Visit) -> None:
    with app.app_context():
        running(land)
    coordinator, administrator = visit(Role.COORDINATOR), visit(Role.ADMINISTRATOR)
    assert coordinator.post("/campaigns/1/tokens", data={"deed": "key"}).status_code == 403
    assert (
        "Key 1 is made" in administrator.post("/campaigns/1/tokens", data={"deed": "key"}, follow_redirects=True).text
    )
    issue = {"deed": "issue", "expires_on": "2022-12-31"}
    assert administrator.post("/campaigns/1/tokens", data=issue).status_code == 403
    part = coordinator.post("/campaigns/1/tokens", data=issue | {"area": "PK70301U1"}, follow_redirects=True)
    assert "1 tokens are issued." in part.text
    assert "2 tokens are issued." in coordinator.post("/campaigns/1/tokens", data=issue, follow_redirects=True).text
    early = coordinator.post("/campaigns/1/tokens", data=issue | {"expires_on": "2020-01-01"})
    assert early.status_code == 400 and "cannot expire before" in early.text
    assert coordinator.post("/campaigns/1/tokens", data={"deed": "nonsense"}).status_code == 400
    revoked = administrator.post("/campaigns/1/tokens", data={"deed": "revoke_key", "key": "1"}, follow_redirects=True)
    assert "Key 1 is revoked." in revoked.text
    with app.app_context(), reading(land.coordinator) as work:
        assert [key.state.value for key in list_keys(work, 1)] == ["revoked"]
        assert sum(counts.missing for counts in count_tokens(work, 1).values()) == 3


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.POINT_STAFF, Role.FINANCE])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_is_kept_from_keys_and_tokens(app: Flask, land: Land, visit: Visit, role: Role) -> None:
    with app.app_context():
        running(land)
    assert visit(role).get("/campaigns/1/tokens").status_code == 403


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


# --- In a browser --------------------------------------------------------------------------------------------------------


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
