"""Allocations as pages: tried out, proposed, decided by another person; verdicts listed and taken out; who is kept out."""

import pytest
from flask import Flask

from relief.accounts.model import RoleGrant
from relief.entitlements.queries import entitled_by_uc, list_allocations
from relief.entitlements.rules import AllocationState
from relief.families.model import Family
from relief.families.rules import FamilyState
from relief.geography.queries import get_area
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.programmes.planning import BandPlan
from relief.programmes.queries import get_campaign
from relief.programmes.rules import CampaignState
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import (
    AT,
    SYSTEM,
    Land,
    planned,
    proposed,
    running,
)
from tests.factories.people import add_person, sign_in
from tests.web.conftest import Visit


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
