"""Late paper lists: never refused; what breaks a rule becomes a conflict."""

import datetime as dt
import uuid

import pytest
from sqlalchemy import func, select

from relief.distributions.conflicts import decide_conflict
from relief.distributions.deciding import HolderCheck
from relief.distributions.desk import DeskHandOver, hand_over_at_desk
from relief.distributions.hand_overs import OutcomeKind
from relief.distributions.late_list import LateList, LateRow, parse_row, record_late_list
from relief.distributions.model import ConflictCase, HandOver
from relief.distributions.rules import ConflictState, Refusal
from relief.entitlements.model import Token
from relief.entitlements.rules import TokenState
from relief.kernel.errors import InvalidInput, NotFound, RuleViolation
from relief.ledger.model import Posting
from relief.programmes.rules import Proof
from relief.stock.model import StockOnHand
from relief.store.work import reading, unit_of_work
from tests.factories.world import AT, CASH, SYSTEM, TENT_COST, TODAY, build_world, new_event

LATER = AT + dt.timedelta(days=3)


def record(world, rows, *, held_on=TODAY, list_id=None, actor=None, **more):
    rows = [row if isinstance(row, LateRow) else LateRow(row) for row in rows]
    with unit_of_work(actor or world.coordinator, at=LATER) as work:
        command = LateList(list_id or str(uuid.uuid4()), world.campaign_id, world.point_id, held_on, rows, **more)
        return record_late_list(work, command)


def give(world, holder):
    with unit_of_work(world.staff, at=AT) as work:
        return hand_over_at_desk(work, DeskHandOver(new_event(), world.day_id, holder.text, HolderCheck(Proof.NONE)))


def test_rows_by_typed_code_token_or_family_code_are_recorded(store):
    world = build_world(families=3)
    first, second, third = world.families
    outcomes = record(world, [first.code.grouped(), second.text, third.family_code])
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.GIVEN] * 3
    with reading(SYSTEM) as work:
        events = work.session.scalars(select(HandOver)).all()
        assert {event.given_on for event in events} == {TODAY}
        assert {event.recorded_at for event in events} == {LATER}


def test_what_breaks_a_rule_is_kept_as_a_conflict_with_its_loss(store):
    world = build_world(families=3)
    used, revoked, fine = world.families
    first = give(world, used)
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Token, revoked.token_id).state = TokenState.REVOKED
    outcomes = record(
        world, [used.code.grouped(), revoked.code.grouped(), "0000 0000 0098", "scribble", fine.code.grouped()]
    )
    assert [outcome.refusal for outcome in outcomes] == [
        Refusal.ALREADY_GIVEN, Refusal.TOKEN_REVOKED, Refusal.UNKNOWN, Refusal.UNREADABLE, None,
    ]  # fmt: skip
    loss = CASH + 2 * TENT_COST
    with reading(SYSTEM) as work:
        cases = work.session.scalars(select(ConflictCase).order_by(ConflictCase.hand_over_id)).all()
        assert cases[0].first_hand_over_id == first.hand_over_id
        assert [case.presented_digest is None for case in cases] == [True, True, False, False]
        totals = work.session.execute(
            select(func.sum(HandOver.served), func.sum(HandOver.cash_paisa), func.sum(HandOver.unexplained_paisa))
        ).one()
        assert tuple(totals) == (2, 2 * CASH, 4 * loss)
        unexplained = select(func.sum(Posting.amount_paisa)).where(Posting.debit == "1900")
        assert work.session.scalar(unexplained) == 4 * loss
        assert work.session.scalar(select(StockOnHand.quantity)) == 100 - 6 * 2


@pytest.mark.parametrize("days", [-1, 1])
def test_a_list_of_a_day_without_distribution_is_recorded_as_conflicts(store, days):
    world = build_world()
    outcomes = record(world, [world.families[0].code.grouped()], held_on=TODAY + dt.timedelta(days=days))
    assert outcomes[0].refusal is Refusal.NOT_ON_THIS_DAY


def test_goods_beyond_the_books_are_recorded_as_not_booked_in(store):
    world = build_world(tents=1)
    outcomes = record(world, [world.families[0].code.grouped()])
    assert outcomes[0].kind is OutcomeKind.GIVEN
    with reading(SYSTEM) as work:
        assert work.session.scalar(select(StockOnHand.quantity)) == 0
        sums = dict(work.session.execute(select(Posting.credit, Posting.amount_paisa)).all())
        assert sums == {"1000": CASH, "1200": TENT_COST, "2900": TENT_COST}


def test_the_same_list_sent_twice_changes_nothing(store):
    world = build_world(families=2)
    rows = [world.families[0].code.grouped(), world.families[0].code.grouped(), world.families[1].code.grouped()]
    list_id = str(uuid.uuid4())
    once, twice = record(world, rows, list_id=list_id), record(world, rows, list_id=list_id)
    assert [o.hand_over_id for o in once] == [o.hand_over_id for o in twice]
    assert all(outcome.is_repeat for outcome in twice)
    assert [o.kind for o in once] == [OutcomeKind.GIVEN, OutcomeKind.CONFLICT, OutcomeKind.GIVEN]


def test_what_was_given_in_part_leaves_the_rest_owed(store):
    world = build_world()
    code = world.families[0].code.grouped()
    assert record(world, [parse_row(f"{code} TENT=1 CASH=12,500")])[0].kind is OutcomeKind.GIVEN
    assert record(world, [parse_row(f"{code} tent=2")])[0].refusal is Refusal.MORE_THAN_OWED
    assert record(world, [parse_row(f"{code} TENT=1")])[0].kind is OutcomeKind.GIVEN
    with pytest.raises(RuleViolation, match="BOAT is not in this campaign's package"):
        record(world, [parse_row(f"{code} BOAT=1")])
    with pytest.raises(InvalidInput):
        parse_row(f"{code} TENT=many")


def test_a_token_with_spaces_of_its_own_stays_whole_beside_amounts():
    row = parse_row("R1:AB  C9 D KIT=2  CASH=1,000.50 \n")
    assert (row.text, row.given) == ("R1:AB  C9 D", {"KIT": 2, "CASH": 100_050})


@pytest.mark.parametrize("who", ["staff", "stranger"])
def test_only_a_coordinator_of_the_area_records_late_lists(store, who):
    world = build_world()
    with pytest.raises(NotFound):
        record(world, [world.families[0].code.grouped()], actor=getattr(world, who))


@pytest.mark.parametrize(
    ("rows", "held_on", "code"),
    [
        ([], TODAY, "late_list.empty"),
        (["1"] * 501, TODAY, "late_list.too_long"),
        (["1"], dt.date(2030, 1, 1), "late_list.in_future"),
    ],
)
def test_a_list_that_cannot_be_one_is_refused_whole(store, rows, held_on, code):
    world = build_world()
    with pytest.raises(RuleViolation) as refused:
        record(world, rows, held_on=held_on)
    assert refused.value.code == code


def test_a_coordinator_decides_on_a_conflict_once_and_not_on_own_hand_overs(store):
    world = build_world()
    give(world, world.families[0])
    conflict = record(world, [world.families[0].code.grouped()])[0].hand_over_id

    def decide(actor, text="The family had shared its tent; noted and warned."):
        with unit_of_work(actor, at=LATER) as work:
            decide_conflict(work, conflict, text)

    with pytest.raises(NotFound):
        decide(world.stranger)
    with pytest.raises(RuleViolation) as own:
        decide(world.coordinator)
    assert own.value.code == "conflict.own"
    other = SYSTEM
    with pytest.raises(RuleViolation) as empty:
        decide(other, "ok")
    assert empty.value.code == "conflict.decision_missing"
    decide(other)
    with pytest.raises(RuleViolation) as again:
        decide(other)
    assert again.value.code == "conflict.decided"
    with reading(SYSTEM) as work:
        assert work.session.get_one(ConflictCase, conflict).state is ConflictState.DECIDED


def test_a_proof_noted_on_paper_counts_though_nobody_can_compare_its_digits_again(store):
    world = build_world(families=2, proof_required=Proof.LAST_FOUR)
    told, untold = (holder.code.grouped() for holder in world.families)
    assert record(world, [told], proof=Proof.LAST_FOUR)[0].kind is OutcomeKind.GIVEN
    assert record(world, [untold])[0].refusal is Refusal.PROOF_MISSING


def test_a_list_names_point_staff_of_the_area_or_nobody(store):
    world = build_world(families=2)
    first, second = (holder.code.grouped() for holder in world.families)
    outcome = record(world, [first], operator_id=int(world.staff.id))[0]
    with reading(SYSTEM) as work:
        event = work.session.get_one(HandOver, outcome.hand_over_id)
        assert (event.operator_id, event.recorded_by) == (world.staff.id, world.coordinator.id)
    for nobody in (int(world.stranger.id), 10**6):
        with pytest.raises(RuleViolation) as refused:
            record(world, [second], operator_id=nobody)
        assert refused.value.code == "late_list.not_point_staff"
