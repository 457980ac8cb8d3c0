"""Approving and rejecting an allocation: by another person, whole or not at all, once."""

import threading
from collections.abc import Callable

import pytest
from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from relief.audit.model import AuditEntry
from relief.entitlements.allocation import DecideAllocation, decide_allocation
from relief.entitlements.model import Allocation, Entitlement
from relief.entitlements.queries import (
    committed_of,
    entitled_by_uc,
    get_allocation,
    no_longer_registered,
    outstanding_of,
)
from relief.entitlements.rules import AllocationState, refusal_to_decide, refusal_to_propose
from relief.entitlements.sealing import approval_digests
from relief.families.model import Family
from relief.families.rules import FamilyState
from relief.kernel.actor import Actor
from relief.kernel.errors import Forbidden, InvalidInput, NotFound, ReliefError, RuleViolation
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.ledger.queries import get_fund
from relief.ledger.rules import Cost
from relief.programmes.planning import BandPlan, amend_campaign
from relief.programmes.queries import get_campaign
from relief.programmes.rules import CampaignState
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.factories.campaigns import AT, SYSTEM, Land, add_families, approved, plan, planned, proposed
from tests.factories.finance import someone

FUND = 10_000_000


@pytest.fixture
def allocation_id(land: Land) -> int:
    """Four families proposed by the coordinator, at PKR 37,000 each."""
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {"uc": "PK70601U1"}, {"uc": "PK70301U1"}, {"uc": "PK70301U1"}, {"uc": "PK70301U2"})
    return proposed(land, planned(land))


def decide(actor: Actor, allocation_id: int, *, approve: bool = True, reason: str = "") -> int:
    with unit_of_work(actor, at=AT) as work:
        return decide_allocation(work, DecideAllocation(allocation_id, approve, reason))


def test_an_approval_entitles_the_families_and_promises_the_money(land: Land, allocation_id: int) -> None:
    assert decide(land.finance, allocation_id) == 4
    cost = Cost(Money.rupees(4 * 12_000), Money.rupees(4 * 25_000))
    with reading(land.finance) as work:
        allocation = get_allocation(work, allocation_id)
        assert (allocation.state, allocation.decided_by, allocation.decided_at) == (AllocationState.APPROVED, 12, AT)
        assert (allocation.families_entitled, allocation.cost) == (4, cost)
        assert get_campaign(work, allocation.campaign_id).state is CampaignState.ACTIVE
        figures = get_fund(work, land.fund_id).figures
        assert (figures.committed, figures.free) == (cost, Money.rupees(FUND) - cost.total)
        assert committed_of(work, allocation.campaign_id) == outstanding_of(work, allocation.campaign_id) == cost
        rows = work.session.execute(select(Entitlement.serial, Entitlement.uc_id).order_by(Entitlement.serial)).all()
        assert [serial for serial, _ in rows] == [1, 2, 3, 4]
        places = [uc_id for _, uc_id in rows]
        assert places == sorted(places)  # Families of one place stand together.
        entry = work.session.scalars(select(AuditEntry).filter_by(action="allocation.approved")).one()
        assert (entry.actor_id, entry.detail["families"], entry.detail["paisa"]) == (12, 4, cost.total.paisa)
        assert dict(approval_digests(work)) == {str(allocation_id): entry.record_digest}


def test_entitled_families_are_counted_within_the_readers_areas(land: Land, allocation_id: int) -> None:
    approved(land, allocation_id)
    with reading(land.person(Role.COORDINATOR, "PK703", number=5)) as work:
        campaign_id = get_allocation(work, allocation_id).campaign_id
        assert entitled_by_uc(work, campaign_id) == {land.area_ids["PK70301U1"]: 2, land.area_ids["PK70301U2"]: 1}


@pytest.mark.parametrize("approve", [True, False])
def test_who_proposed_never_decides(land: Land, allocation_id: int, approve: bool) -> None:
    both = Actor(land.coordinator.id, "both", (*land.coordinator.grants, *land.finance.grants))
    with pytest.raises(RuleViolation) as caught:
        decide(both, allocation_id, approve=approve, reason="Mine")
    assert caught.value.code == "allocation.own_proposal"


def test_the_database_too_refuses_the_proposers_decision(land: Land, allocation_id: int) -> None:
    with pytest.raises(IntegrityError, match="maker_is_not_checker"), unit_of_work(SYSTEM, at=AT) as work:
        work.session.execute(
            text("UPDATE allocation SET state = 'approved', decided_by = proposed_by WHERE id = :id"),
            {"id": allocation_id},
        )


def test_the_database_knows_no_decision_without_a_person(land: Land, allocation_id: int) -> None:
    with pytest.raises(IntegrityError, match="decided_by_somebody"), unit_of_work(SYSTEM, at=AT) as work:
        work.session.execute(text("UPDATE allocation SET state = 'approved' WHERE id = :id"), {"id": allocation_id})


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.FINANCE])
def test_only_finance_decides(land: Land, allocation_id: int, role: Role) -> None:
    with pytest.raises(Forbidden):
        decide(land.person(role, number=5), allocation_id)


def test_a_decision_needs_the_whole_area_and_a_person(land: Land, allocation_id: int) -> None:
    with pytest.raises(Forbidden):
        decide(land.person(Role.FINANCE, "PK703", number=5), allocation_id)
    with pytest.raises(NotFound):
        decide(someone(Role.FINANCE, "/98765/"), allocation_id)
    with pytest.raises(NotFound):
        decide(land.finance, 999)
    with pytest.raises(RuleViolation) as caught:
        decide(SYSTEM, allocation_id)
    assert caught.value.code == "allocation.needs_a_person"


def test_an_approval_is_refused_whole_when_the_fund_is_too_small(land: Land) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {}, {}, {})
    campaign_id = planned(land, bands=(BandPlan(1, 60, Money.rupees(FUND // 3) + Money(34)),))
    allocation_id = proposed(land, campaign_id)
    with pytest.raises(RuleViolation) as caught:
        approved(land, allocation_id)
    assert caught.value.code == "fund.too_little"
    with reading(land.finance) as work:
        assert get_allocation(work, allocation_id).state is AllocationState.PROPOSED
        assert get_campaign(work, campaign_id).state is CampaignState.PROPOSED
        assert work.session.query(Entitlement).count() == 0
        assert get_fund(work, land.fund_id).figures.committed == Cost()


def test_an_approval_may_use_the_fund_to_the_last_paisa(land: Land) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {}, {})
    approved(land, proposed(land, planned(land, bands=(BandPlan(1, 60, Money.rupees(FUND // 2)),))))
    with reading(land.finance) as work:
        assert get_fund(work, land.fund_id).figures.free == Money.ZERO


def test_a_rejection_says_why_and_makes_the_campaign_a_draft_again(land: Land, allocation_id: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        decide(land.finance, allocation_id, approve=False, reason=" ")
    assert caught.value.problems[0].code == "reason.missing"
    with pytest.raises(InvalidInput):
        decide(land.finance, allocation_id, approve=False, reason="x" * 501)
    assert decide(land.finance, allocation_id, approve=False, reason="Leave out the second district") == 0
    with reading(land.coordinator) as work:
        allocation = get_allocation(work, allocation_id)
        assert (allocation.state, allocation.decision_reason) == (
            AllocationState.REJECTED,
            "Leave out the second district",
        )
        assert get_campaign(work, allocation.campaign_id).state is CampaignState.DRAFT
        assert work.session.query(Entitlement).count() == 0
        assert work.session.scalars(select(AuditEntry).filter_by(action="allocation.rejected")).one().actor_id == 12
    with unit_of_work(land.coordinator, at=AT) as work:
        amend_campaign(work, allocation.campaign_id, plan(land, area_id=land.area_ids["PK703"]))
    assert approved(land, proposed(land, allocation.campaign_id)) == 3


def test_a_rejected_supplement_leaves_the_campaign_running(land: Land, allocation_id: int) -> None:
    approved(land, allocation_id)
    with unit_of_work(SYSTEM, at=AT) as work:
        add_families(work, land, {}, first_number=101)
        campaign_id = get_allocation(work, allocation_id).campaign_id
    second = proposed(land, campaign_id)
    decide(land.finance, second, approve=False, reason="Not now")
    with reading(land.finance) as work:
        assert get_campaign(work, campaign_id).state is CampaignState.ACTIVE


@pytest.mark.parametrize("first", [True, False])
def test_an_allocation_is_decided_once(land: Land, allocation_id: int, first: bool) -> None:
    decide(land.finance, allocation_id, approve=first, reason="So")
    for again in (True, False):
        with pytest.raises(RuleViolation) as caught:
            decide(land.finance, allocation_id, approve=again, reason="So")
        assert caught.value.code == "allocation.already_decided"


def test_families_excluded_since_the_proposal_are_left_out(land: Land, allocation_id: int) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.query(Family).filter_by(number=2).one().state = FamilyState.EXCLUDED
    with reading(land.finance) as work:
        assert no_longer_registered(work, allocation_id) == 1
    assert approved(land, allocation_id) == 3
    with reading(land.finance) as work:
        allocation = get_allocation(work, allocation_id)
        assert (allocation.families_in, allocation.families_entitled) == (4, 3)
        assert committed_of(work, allocation.campaign_id).total == Money.rupees(3 * 37_000)


def test_nothing_is_approved_when_nobody_is_left(land: Land, allocation_id: int) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.query(Family).update({Family.state: FamilyState.EXCLUDED})
    with pytest.raises(RuleViolation) as caught:
        approved(land, allocation_id)
    assert caught.value.code == "allocation.nobody"


def test_two_who_approve_at_once_entitle_once(land: Land, allocation_id: int, store: Store) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    barrier = threading.Barrier(2)
    outcomes: list[object] = []

    def approve(number: int) -> Callable[[], None]:
        def run() -> None:
            with app.app_context():
                barrier.wait()
                try:
                    outcomes.append(decide(land.person(Role.FINANCE, number=number), allocation_id))
                except ReliefError as error:
                    outcomes.append(error.code)

        return run

    threads = [threading.Thread(target=approve(number)) for number in (21, 22)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [4, "allocation.already_decided"]
    with reading(land.finance) as work:
        assert work.session.query(Entitlement).count() == 4
        assert get_fund(work, land.fund_id).figures.committed.total == Money.rupees(4 * 37_000)


def test_entitlements_cannot_be_changed(land: Land, allocation_id: int) -> None:
    approved(land, allocation_id)
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work(SYSTEM, at=AT) as work:
        work.session.execute(text("UPDATE entitlement SET band_no = 1"))


@pytest.mark.parametrize("state", list(AllocationState))
@pytest.mark.parametrize("decider", [0, 7, 8])
def test_the_rule_of_decisions(state: AllocationState, decider: int) -> None:
    actor = SYSTEM if decider == 0 else someone(Role.FINANCE, number=decider)
    refusal = refusal_to_decide(state, proposer_id=7, decider=actor)
    if decider == 0:
        expected = "allocation.needs_a_person"
    elif state is not AllocationState.PROPOSED:
        expected = "allocation.already_decided"
    else:
        expected = "allocation.own_proposal" if decider == 7 else None
    assert (refusal and refusal[0]) == expected


@pytest.mark.parametrize("state", list(CampaignState))
@pytest.mark.parametrize("is_system", [True, False])
@pytest.mark.parametrize("is_open", [True, False])
def test_the_rule_of_proposals(state: CampaignState, is_system: bool, is_open: bool) -> None:
    refusal = refusal_to_propose(state, is_system=is_system, is_open=is_open)
    if is_system:
        expected = "allocation.needs_a_person"
    elif is_open:
        expected = "allocation.already_proposed"
    else:
        expected = None if state in (CampaignState.DRAFT, CampaignState.ACTIVE) else "campaign.wrong_state"
    assert (refusal and refusal[0]) == expected


def test_allocation_rows_keep_their_figures(land: Land, allocation_id: int) -> None:
    with reading(land.finance) as work:
        row = work.session.get_one(Allocation, allocation_id)
        assert (row.cost_paisa, row.goods_paisa) == (14_800_000, 10_000_000)
