"""Creating and amending campaigns: who may, what is wrong with a plan, and when it is fixed."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from relief.audit.model import AuditEntry
from relief.kernel.dates import DateRange
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.kernel.quantity import Quantity
from relief.ledger.rules import Cost
from relief.programmes.criteria import EVERYONE, check_criteria
from relief.programmes.model import Campaign, PackageBand, PackageLine
from relief.programmes.planning import (
    BandPlan,
    ItemPlan,
    OpenProgramme,
    amend_campaign,
    create_campaign,
    open_programme,
)
from relief.programmes.queries import get_campaign, list_programmes, package_of, plan_digest
from relief.programmes.rules import CampaignState, LineKind, Proof, problems_of_bands
from relief.stock.model import Item
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import AT, Land, plan, planned


def problems_of(land: Land, **changes: object) -> set[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught, unit_of_work(land.coordinator, at=AT) as work:
        create_campaign(work, plan(land, **changes))
    return {(problem.field, problem.code) for problem in caught.value.problems}


def test_a_campaign_is_created_as_a_draft_with_its_package(land: Land) -> None:
    campaign_id = planned(land, code=" flood-1 ", instalments=2, proof_required=Proof.LAST_FOUR)
    with reading(land.coordinator) as work:
        campaign, bands = get_campaign(work, campaign_id), package_of(work, campaign_id)
        entry = work.session.scalars(select(AuditEntry).filter_by(action="campaign.created")).one()
        assert (campaign.code, campaign.number, campaign.state) == ("FLOOD-1", 1, CampaignState.DRAFT)
        assert (campaign.instalments, campaign.proof_required) == (2, Proof.LAST_FOUR)
        assert (campaign.area_path, campaign.programme_name) == (land.paths["PK7"], "Flood response 2022")
        assert campaign.criteria == check_criteria({"all": [{"test": "displaced"}]})
        assert campaign.days == DateRange(dt.date(2022, 9, 10), dt.date(2022, 12, 31))
        assert (entry.subject_id, entry.actor_id, entry.detail["number"]) == (str(campaign_id), 11, 1)
        assert entry.record_digest == plan_digest(work, campaign)
    assert [(band.band_no, band.size_from, band.size_to) for band in bands] == [(1, 1, 4), (2, 5, 60)]
    assert [(line.kind, line.quantity.count, line.cost) for line in bands[1].lines] == [
        (LineKind.CASH, 0, Money.rupees(12_000)),
        (LineKind.ITEM, 1, Money.rupees(25_000)),
    ]
    assert bands[1].cost == Cost(Money.rupees(12_000), Money.rupees(25_000))
    assert bands[1].lines[1].name_en == "Tent"


def test_numbers_follow_on_each_other_and_end(land: Land) -> None:
    planned(land)
    second = planned(land, code="FLOOD-2")
    with unit_of_work(land.coordinator, at=AT) as work:
        assert get_campaign(work, second).number == 2
        work.session.execute(update(Campaign).where(Campaign.id == second).values(number=65_535))
    with pytest.raises(Conflict) as caught:
        planned(land, code="FLOOD-3")
    assert caught.value.code == "campaign.numbers_used_up"


def test_a_code_is_taken_once(land: Land) -> None:
    planned(land)
    with pytest.raises(Conflict) as caught:
        planned(land, code="Flood-1")
    assert caught.value.code == "campaign.code_taken"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
def test_only_coordinators_plan(land: Land, role: Role) -> None:
    with pytest.raises(Forbidden), unit_of_work(land.person(role, number=5), at=AT) as work:
        create_campaign(work, plan(land))
    with pytest.raises(Forbidden), unit_of_work(land.person(role, number=5), at=AT) as work:
        open_programme(work, OpenProgramme("X-1", "Another"))


def test_a_district_coordinator_plans_for_the_district_alone(land: Land) -> None:
    coordinator = land.person(Role.COORDINATOR, "PK703", number=5)
    with pytest.raises(Forbidden), unit_of_work(coordinator, at=AT) as work:
        create_campaign(work, plan(land))
    with unit_of_work(coordinator, at=AT) as work:
        create_campaign(work, plan(land, area_id=land.area_ids["PK70301"]))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"area_id": 999}, "area.not_found"),
        ({"fund_id": 999}, "fund.not_found"),
        ({"programme_id": 999}, "programme.not_found"),
    ],
)
def test_unknown_objects_are_not_found(land: Land, changes: dict[str, object], code: str) -> None:
    with pytest.raises(NotFound) as caught, unit_of_work(land.coordinator, at=AT) as work:
        create_campaign(work, plan(land, **changes))
    assert caught.value.code == code


def test_all_that_is_wrong_comes_at_once(land: Land) -> None:
    problems = problems_of(
        land,
        code="?",
        name=" \u200b ",
        complaints_to="x" * 121,
        instalments=13,
        criteria={"all": [{"test": "no"}]},
        bands=(
            BandPlan(1, 4, Money.ZERO),
            BandPlan(6, 70, Money(-1), (ItemPlan(999, Quantity(1)), ItemPlan(land.item_ids["KIT"], Quantity(0)))),
        ),
    )
    assert problems == {
        ("code", "campaign.bad_code"),
        ("name", "field.missing"),
        ("complaints_to", "text.too_long"),
        ("instalments", "number.out_of_range"),
        ("criteria.all.1", "criteria.unknown_test"),
        ("band-1-cash", "campaign.empty_band"),
        ("band-2-size_from", "campaign.bands_gap"),
        ("band-2-size_to", "number.out_of_range"),
        ("band-2-cash", "money.negative"),
        ("band-2-item-1", "item.not_found"),
        ("band-2-quantity-2", "quantity.not_positive"),
    }


def test_an_item_stands_once_in_a_package(land: Land) -> None:
    tents = ItemPlan(land.item_ids["TENT"], Quantity(1))
    assert problems_of(land, bands=(BandPlan(1, 60, Money.ZERO, (tents, tents)),)) == {
        ("band-1-item-2", "campaign.item_twice")
    }


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        ([(1, 60)], []),
        ([(5, 60), (1, 4)], []),
        ([(1, 8)], []),
        ([], [("bands", "campaign.no_bands")]),
        ([(2, 60)], [("band-1-size_from", "campaign.bands_gap")]),
        ([(1, 4), (4, 60)], [("band-2-size_from", "campaign.bands_gap")]),
        ([(6, 60), (1, 4)], [("band-1-size_from", "campaign.bands_gap")]),
        ([(1, 0)], [("band-1-size_to", "number.out_of_range")]),
        ([(1, 61)], [("band-1-size_to", "number.out_of_range")]),
        ([(n, n) for n in range(1, 22)], [("bands", "campaign.too_many_bands")]),
    ],
)
def test_size_bands_follow_on_each_other(bands: list[tuple[int, int]], expected: list[tuple[str, str]]) -> None:
    assert [(problem.field, problem.code) for problem in problems_of_bands(bands)] == expected


def test_criteria_stay_within_the_campaign(land: Land) -> None:
    inside = {"any": [{"test": "area", "in": [land.area_ids["PK70301"], land.area_ids["PK703"]]}]}
    planned(land, area_id=land.area_ids["PK703"], criteria=inside)
    outside = {"any": [{"test": "area", "in": [land.area_ids["PK706"]]}]}
    assert problems_of(land, area_id=land.area_ids["PK703"], criteria=outside) == {
        ("criteria", "criteria.area_outside")
    }
    assert problems_of(land, criteria={"any": [{"test": "area", "in": [987]}]}) == {
        ("criteria", "criteria.area_outside")
    }


def test_a_draft_is_amended_whole(land: Land) -> None:
    campaign_id = planned(land)
    with unit_of_work(land.coordinator, at=AT) as work:
        tent = work.session.get_one(Item, land.item_ids["TENT"])
        tent.unit_cost_paisa = 2_700_000
    with reading(land.coordinator) as work:  # The cost stays what it was when the package was written.
        assert package_of(work, campaign_id)[1].cost.goods == Money.rupees(25_000)
    bands = (BandPlan(1, 60, Money.rupees(9_000), (ItemPlan(land.item_ids["TENT"], Quantity(2)),)),)
    changed = plan(land, name="Tents", criteria={"all": []}, bands=bands, area_id=land.area_ids["PK703"])
    with unit_of_work(land.coordinator, at=AT) as work:
        amend_campaign(work, campaign_id, changed)
    with reading(land.coordinator) as work:
        campaign, bands = get_campaign(work, campaign_id), package_of(work, campaign_id)
        assert (campaign.name, campaign.criteria, campaign.area_id) == ("Tents", EVERYONE, land.area_ids["PK703"])
        assert [band.cost for band in bands] == [Cost(Money.rupees(9_000), Money.rupees(54_000))]
        assert work.session.query(PackageBand).count() == 1
        assert work.session.query(PackageLine).count() == 2
        entry = work.session.scalars(select(AuditEntry).filter_by(action="campaign.amended")).one()
        assert entry.record_digest == plan_digest(work, campaign)


def test_a_campaign_keeps_its_own_code_when_amended(land: Land) -> None:
    campaign_id = planned(land)
    planned(land, code="FLOOD-2")
    with unit_of_work(land.coordinator, at=AT) as work:
        amend_campaign(work, campaign_id, plan(land))
    with pytest.raises(Conflict) as caught, unit_of_work(land.coordinator, at=AT) as work:
        amend_campaign(work, campaign_id, plan(land, code="FLOOD-2"))
    assert caught.value.code == "campaign.code_taken"


@pytest.mark.parametrize("state", [CampaignState.PROPOSED, CampaignState.ACTIVE, CampaignState.CLOSED])
def test_only_a_draft_is_amended(land: Land, state: CampaignState) -> None:
    campaign_id = planned(land)
    with pytest.raises(RuleViolation) as caught, unit_of_work(land.coordinator, at=AT) as work:
        work.session.get_one(Campaign, campaign_id).state = state
        work.session.flush()
        amend_campaign(work, campaign_id, plan(land))
    assert caught.value.code == "campaign.not_a_draft"


def test_a_plan_is_amended_only_where_one_may_plan(land: Land) -> None:
    campaign_id = planned(land)
    inside = plan(land, area_id=land.area_ids["PK703"])
    with pytest.raises(Forbidden), unit_of_work(land.person(Role.COORDINATOR, "PK703", number=5), at=AT) as work:
        amend_campaign(work, campaign_id, inside)
    with pytest.raises(NotFound), unit_of_work(land.coordinator, at=AT) as work:
        amend_campaign(work, 999, replace(inside, code="OTHER"))


def test_a_programme_is_opened_once(land: Land) -> None:
    with unit_of_work(land.coordinator, at=AT) as work:
        open_programme(work, OpenProgramme("drought", "Drought response"))
    with reading(land.coordinator) as work:
        assert [(row.code, row.name) for row in list_programmes(work)] == [
            ("DROUGHT", "Drought response"),
            ("FLOOD-2022", "Flood response 2022"),
        ]
    with pytest.raises(Conflict), unit_of_work(land.coordinator, at=AT) as work:
        open_programme(work, OpenProgramme("Drought", "Again"))
    with pytest.raises(InvalidInput), unit_of_work(land.coordinator, at=AT) as work:
        open_programme(work, OpenProgramme("", ""))
