"""Dry run and proposal: who is in and why, what it costs, and that every verdict is kept."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from relief.audit.model import AuditEntry
from relief.entitlements.allocation import dry_run, propose_allocation
from relief.entitlements.model import Allocation, Entitlement, Verdict
from relief.entitlements.queries import get_allocation, list_allocations
from relief.entitlements.rules import AllocationState
from relief.entitlements.sealing import proposal_digests
from relief.entitlements.verdict_queries import Page, VerdictFilter, list_verdicts, tally_of
from relief.families.model import Family
from relief.families.rules import FamilyState, Gender, HouseDamage
from relief.kernel.errors import Forbidden, NotFound, RuleViolation
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.ledger.rules import Cost
from relief.programmes.criteria import DAMAGES
from relief.programmes.eligibility import Reason
from relief.programmes.model import Campaign
from relief.programmes.planning import BandPlan
from relief.programmes.queries import get_campaign
from relief.programmes.rules import CampaignState
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import AT, SYSTEM, Land, add_families, approved, planned, proposed, running
from tests.factories.finance import someone

FIRST = Page(sort="code", descending=False, limit=50, offset=0)
# Six families of three Union Councils: two are out, one of them for good; the state of the last keeps it from being asked.
PEOPLE = (
    {"uc": "PK70301U1", "size": 3},
    {"uc": "PK70301U1", "size": 5},
    {"uc": "PK70301U2", "is_displaced": False},
    {"uc": "PK70601U1", "size": 12},
    {"uc": "PK70601U1", "is_displaced": False},
    {"uc": "PK70601U1", "state": FamilyState.EXCLUDED},
)


@pytest.fixture
def families(land: Land) -> None:
    """The six."""
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, *PEOPLE)


pytestmark = pytest.mark.usefixtures("families")


def test_the_dry_run_says_who_and_why_and_what_it_costs(land: Land) -> None:
    campaign_id = planned(land, instalments=2)
    told: list[int] = []
    with reading(land.coordinator) as work:
        run = dry_run(work, campaign_id, told.append)
        assert work.session.scalar(select(func.count()).select_from(Verdict)) == 0
    assert (run.tally.families_in, run.tally.families_out, run.held, run.entitled) == (3, 2, 0, 0)
    assert run.tally.reasons_in == {Reason.DISPLACED_MET: 3}
    assert run.tally.reasons_out == {Reason.DISPLACED_NOT_MET: 2}
    assert run.tally.cost == Cost(Money.rupees(2 * (10_000 + 12_000 + 12_000)), Money.rupees(2 * 2 * 25_000))
    places = {uc_id: (place.families_in, place.families_out, place.cost) for uc_id, place in run.tally.places.items()}
    assert places == {
        land.area_ids["PK70301U1"]: (2, 0, Money.rupees(2 * (10_000 + 37_000))),
        land.area_ids["PK70301U2"]: (0, 1, Money.ZERO),
        land.area_ids["PK70601U1"]: (1, 1, Money.rupees(2 * 37_000)),
    }
    assert run.fund_suffices
    assert sum(told) == 5
    district = dict.fromkeys([land.area_ids["PK70301U1"], land.area_ids["PK70301U2"]], land.area_ids["PK703"])
    rolled = run.tally.rolled_up(district | {land.area_ids["PK70601U1"]: land.area_ids["PK706"]})
    assert rolled[land.area_ids["PK703"]].families_in == 2
    assert sum((place.cost for place in rolled.values()), start=Money.ZERO) == run.tally.cost.total


def test_the_dry_run_says_when_the_fund_is_too_small(land: Land) -> None:
    campaign_id = planned(land, bands=(BandPlan(1, 60, Money.rupees(4_000_000)),))
    with reading(land.finance) as work:
        assert not dry_run(work, campaign_id).fund_suffices


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.POINT_STAFF, Role.AUDITOR, Role.ADMINISTRATOR])
def test_only_who_proposes_or_approves_runs_dry(land: Land, role: Role) -> None:
    campaign_id = planned(land)
    with pytest.raises(Forbidden), reading(land.person(role, number=5)) as work:
        dry_run(work, campaign_id)


def test_a_dry_run_needs_the_whole_area(land: Land) -> None:
    campaign_id = planned(land)
    with pytest.raises(Forbidden), reading(land.person(Role.COORDINATOR, "PK703", number=5)) as work:
        dry_run(work, campaign_id)


def test_a_proposal_keeps_every_verdict_with_its_reasons(land: Land) -> None:
    campaign_id = planned(land)
    allocation_id = proposed(land, campaign_id)
    with reading(land.coordinator) as work:
        allocation = get_allocation(work, allocation_id)
        assert (allocation.families_in, allocation.families_out, allocation.families_entitled) == (3, 2, 0)
        assert allocation.cost == Cost(Money.rupees(34_000), Money.rupees(50_000))
        assert (allocation.state, allocation.proposed_by) == (AllocationState.PROPOSED, 11)
        rows, total = list_verdicts(work, VerdictFilter(allocation_id), FIRST)
        assert total == 5
        assert [(row.head_name, row.is_eligible, row.band_no, row.reasons) for row in rows] == [
            ("Head 1", True, 1, (Reason.DISPLACED_MET,)),
            ("Head 2", True, 2, (Reason.DISPLACED_MET,)),
            ("Head 3", False, 0, (Reason.DISPLACED_NOT_MET,)),
            ("Head 4", True, 2, (Reason.DISPLACED_MET,)),
            ("Head 5", False, 0, (Reason.DISPLACED_NOT_MET,)),
        ]
        assert get_campaign(work, campaign_id).state is CampaignState.PROPOSED
        entry = work.session.scalars(select(AuditEntry).filter_by(action="allocation.proposed")).one()
        assert (entry.subject_id, entry.detail["in"], entry.detail["paisa"]) == (str(allocation_id), 3, 8_400_000)
        assert dict(proposal_digests(work)) == {str(allocation_id): entry.record_digest}
        assert work.session.scalar(select(func.count()).select_from(Entitlement)) == 0


def test_families_of_other_districts_are_not_asked(land: Land) -> None:
    campaign_id = planned(land, area_id=land.area_ids["PK706"])
    with reading(land.coordinator) as work:
        tally = dry_run(work, campaign_id).tally
    assert (tally.families_in, tally.families_out) == (1, 1)


@pytest.mark.parametrize(
    ("special", "test"),
    [
        ({"gender": Gender.FEMALE}, {"test": "woman_headed"}),
        ({"disabled": 1}, {"test": "disability"}),
        ({"pregnant_lactating": 2}, {"test": "pregnant_lactating"}),
        ({"psc_score": 3}, {"test": "psc_score", "between": [0, 11]}),
        ({"house_damage": HouseDamage.PARTIAL}, {"test": "house_damage", "in": ["partial"]}),
        ({"size": 9}, {"test": "family_size", "between": [9, 9]}),
    ],
)
def test_each_fact_of_the_registration_reaches_the_criteria(
    land: Land, special: dict[str, object], test: dict[str, object]
) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, special, {"psc_score": None, "gender": Gender.TRANSGENDER}, first_number=101)
    allocation_id = proposed(land, planned(land, criteria={"all": [test]}))
    with reading(land.coordinator) as work:
        rows, _ = list_verdicts(work, VerdictFilter(allocation_id, is_eligible=True), FIRST)
        assert [row.head_name for row in rows] == ["Head 101"]


def test_an_area_of_the_criteria_holds_all_below_it(land: Land) -> None:
    allocation_id = proposed(land, planned(land, criteria={"all": [{"test": "area", "in": [land.area_ids["PK706"]]}]}))
    with reading(land.coordinator) as work:
        rows, _ = list_verdicts(work, VerdictFilter(allocation_id, is_eligible=True), FIRST)
        assert [row.head_name for row in rows] == ["Head 4", "Head 5"]


def test_a_family_for_whom_there_is_no_package_is_out(land: Land) -> None:
    campaign_id = planned(land, bands=(BandPlan(1, 8, Money.rupees(1_000)),))
    allocation_id = proposed(land, campaign_id)
    with reading(land.coordinator) as work:
        tally = tally_of(work, allocation_id)
    assert tally.families_in == 2
    assert tally.reasons_out == {Reason.DISPLACED_NOT_MET: 2, Reason.NO_PACKAGE: 1}


def test_the_last_package_is_for_larger_families_too(land: Land) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {"size": 75}, first_number=101)
    campaign_id = planned(land)
    with reading(land.coordinator) as work:
        assert dry_run(work, campaign_id).tally.families_in == 4


def test_figures_and_lists_stay_within_the_areas_of_the_reader(land: Land) -> None:
    allocation_id = proposed(land, planned(land))
    with reading(land.person(Role.COORDINATOR, "PK703", number=5)) as work:
        tally = tally_of(work, allocation_id)
        assert (tally.families_in, tally.families_out) == (2, 1)
        assert set(tally.places) == {land.area_ids["PK70301U1"], land.area_ids["PK70301U2"]}
        rows, total = list_verdicts(work, VerdictFilter(allocation_id), FIRST)
        assert total == 3 and {row.uc_code[:5] for row in rows} == {"PK703"}
    with reading(land.finance) as work:  # Finance sees figures, and no family.
        assert tally_of(work, allocation_id).families_in == 3
        assert list_verdicts(work, VerdictFilter(allocation_id), FIRST) == ([], 0)


def test_an_allocation_of_another_district_is_not_found(land: Land) -> None:
    allocation_id = proposed(land, planned(land, area_id=land.area_ids["PK706"]))
    with reading(land.person(Role.COORDINATOR, "PK703", number=5)) as work:
        assert list_allocations(work) == []
        for ask in (
            lambda: get_allocation(work, allocation_id),
            lambda: tally_of(work, allocation_id),
            lambda: list_verdicts(work, VerdictFilter(allocation_id), FIRST),
        ):
            with pytest.raises(NotFound):
                ask()


def test_verdicts_are_filtered_sorted_and_paged(land: Land) -> None:
    allocation_id = proposed(land, planned(land))
    with reading(land.coordinator) as work:

        def heads(wanted: VerdictFilter, page: Page = FIRST) -> list[str]:
            return [row.head_name for row in list_verdicts(work, wanted, page)[0]]

        assert heads(VerdictFilter(allocation_id, is_eligible=False)) == ["Head 3", "Head 5"]
        assert heads(VerdictFilter(allocation_id, reason=Reason.DISPLACED_MET)) == ["Head 1", "Head 2", "Head 4"]
        assert heads(VerdictFilter(allocation_id, reason=Reason.PSC_SCORE_MET)) == []
        assert heads(VerdictFilter(allocation_id, area_path=land.paths["PK706"])) == ["Head 4", "Head 5"]
        assert heads(VerdictFilter(allocation_id), Page("size", descending=True, limit=1, offset=0)) == ["Head 4"]
        assert heads(VerdictFilter(allocation_id), Page("code", descending=False, limit=2, offset=4)) == ["Head 5"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
def test_only_coordinators_propose(land: Land, role: Role) -> None:
    campaign_id = planned(land)
    with pytest.raises(Forbidden), unit_of_work(land.person(role, number=5), at=AT) as work:
        propose_allocation(work, campaign_id)


def test_a_proposal_needs_the_whole_area_and_a_person(land: Land) -> None:
    campaign_id = planned(land)
    with pytest.raises(Forbidden), unit_of_work(land.person(Role.COORDINATOR, "PK703", number=5), at=AT) as work:
        propose_allocation(work, campaign_id)
    with pytest.raises(RuleViolation) as caught, unit_of_work(SYSTEM, at=AT) as work:
        propose_allocation(work, campaign_id)
    assert caught.value.code == "allocation.needs_a_person"
    with pytest.raises(NotFound), unit_of_work(someone(Role.COORDINATOR, "/98765/"), at=AT) as work:
        propose_allocation(work, campaign_id)


def test_one_proposal_waits_at_a_time(land: Land) -> None:
    campaign_id = planned(land)
    proposed(land, campaign_id)
    with pytest.raises(RuleViolation) as caught:
        proposed(land, campaign_id)
    assert caught.value.code == "allocation.already_proposed"
    with pytest.raises(IntegrityError), unit_of_work(SYSTEM, at=AT) as work:  # Held by the database too.
        values = {"families_in": 0, "families_out": 0, "cost_paisa": 0, "proposed_at": AT, "decision_reason": ""}
        work.session.add(Allocation(campaign_id=campaign_id, state=AllocationState.PROPOSED, proposed_by=11, **values))
        work.session.flush()


def test_a_closed_campaign_takes_no_proposal(land: Land) -> None:
    campaign_id = planned(land)
    with pytest.raises(RuleViolation) as caught, unit_of_work(land.coordinator, at=AT) as work:
        work.session.get_one(Campaign, campaign_id).state = CampaignState.CLOSED
        work.session.flush()
        propose_allocation(work, campaign_id)
    assert caught.value.code == "campaign.wrong_state"


def test_nobody_is_proposed_when_nobody_fits(land: Land) -> None:
    campaign_id = planned(land, criteria={"all": [{"test": "disability"}]})
    with pytest.raises(RuleViolation) as caught:
        proposed(land, campaign_id)
    assert caught.value.code == "allocation.nobody"
    with reading(land.coordinator) as work:
        assert list_allocations(work, campaign_id) == []
        assert get_campaign(work, campaign_id).state is CampaignState.DRAFT


def test_families_registered_later_are_added_and_nobody_twice(land: Land) -> None:
    campaign_id = running(land)
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {}, {"is_displaced": False}, first_number=101)
        moved = work.session.query(Family).filter_by(number=3).one()
        moved.is_displaced = True  # Out before, in now.
    with reading(land.coordinator) as work:
        run = dry_run(work, campaign_id)
        assert (run.entitled, run.tally.families_in, run.tally.families_out) == (3, 2, 2)
    allocation_id = proposed(land, campaign_id)
    with reading(land.coordinator) as work:
        assert get_campaign(work, campaign_id).state is CampaignState.ACTIVE
    assert approved(land, allocation_id) == 2
    with reading(land.coordinator) as work:
        rows = work.session.execute(
            select(Entitlement.serial, Entitlement.family_id).order_by(Entitlement.serial)
        ).all()
        assert [serial for serial, _ in rows] == [1, 2, 3, 4, 5]
        assert len({family_id for _, family_id in rows}) == 5


def test_verdicts_cannot_be_changed(land: Land) -> None:
    proposed(land, planned(land))
    for statement in ("UPDATE verdict SET band_no = 9", "DELETE FROM verdict_ground", "DELETE FROM verdict"):
        with pytest.raises(DBAPIError, match="append-only"), unit_of_work(SYSTEM, at=AT) as work:
            work.session.execute(text(statement))


def test_the_kinds_of_damage_are_those_of_the_registration() -> None:
    assert tuple(HouseDamage) == DAMAGES
