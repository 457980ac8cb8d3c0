"""Hand-overs at the desk: once, whole, and with all their effects."""

import threading
import time

import pytest
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from relief.audit.model import AuditEntry
from relief.distributions.deciding import HolderCheck
from relief.distributions.desk import DeskHandOver, hand_over_at_desk, look_up
from relief.distributions.hand_overs import OutcomeKind
from relief.distributions.model import HandOver, HandOverLine, OwedLine
from relief.distributions.rules import HandOverKind, Refusal
from relief.distributions.voiding import VoidHandOver, void_hand_over
from relief.entitlements.model import Token
from relief.entitlements.rules import TokenState
from relief.kernel.errors import NotFound, RuleViolation
from relief.ledger.model import FundBalance, Posting
from relief.programmes.model import Campaign
from relief.programmes.rules import CampaignState, Proof
from relief.stock.model import Movement, StockOnHand
from relief.store.work import reading, unit_of_work
from tests.factories.world import AT, CASH, SYSTEM, TENT_COST, build_world, new_event

NO_PROOF = HolderCheck(Proof.NONE)


def give(world, holder, *, event_id=None, given=None, check=NO_PROOF, text=None, actor=None):
    with unit_of_work(actor or world.staff, at=AT) as work:
        command = DeskHandOver(event_id or new_event(), world.day_id, text or holder.text, check, given)
        return hand_over_at_desk(work, command)


def count(work, model, *conditions):
    return work.session.scalar(select(func.count()).select_from(model).where(*conditions))


def tents_left(work, world):
    return work.session.scalar(select(StockOnHand.quantity).where(StockOnHand.location_id == world.location_id))


def test_a_hand_over_writes_event_lines_stock_ledger_and_audit_once(store):
    world = build_world()
    outcome = give(world, world.families[0])
    assert outcome.kind is OutcomeKind.GIVEN
    with reading(SYSTEM) as work:
        event = work.session.get_one(HandOver, outcome.hand_over_id)
        assert (event.kind, event.served, event.cash_paisa, event.goods_paisa) == ("opening", 1, CASH, 2 * TENT_COST)
        assert event.operator_id == world.staff.id
        lines = work.session.scalars(select(HandOverLine).order_by(HandOverLine.line_no)).all()
        assert [(line.quantity, line.amount_paisa) for line in lines] == [(0, CASH), (2, 0)]
        assert tents_left(work, world) == 98
        postings = work.session.execute(select(Posting.debit, Posting.credit, Posting.amount_paisa)).all()
        assert sorted(postings) == [("5100", "1000", CASH), ("5200", "1200", 2 * TENT_COST)]
        assert work.session.scalars(select(AuditEntry.action)).all() == ["token.redeemed"]


def test_second_scan_of_a_token_is_refused(store):
    world = build_world()
    give(world, world.families[0])
    outcome = give(world, world.families[0])
    assert (outcome.kind, outcome.refusal) == (OutcomeKind.REFUSED, Refusal.ALREADY_GIVEN)
    with reading(SYSTEM) as work:
        assert count(work, HandOver) == 1


def test_the_same_event_sent_again_has_the_same_answer_and_no_second_effect(store):
    world = build_world()
    event_id = new_event()
    first = give(world, world.families[0], event_id=event_id)
    again = give(world, world.families[0], event_id=event_id)
    assert (again.kind, again.hand_over_id, again.is_repeat) == (OutcomeKind.GIVEN, first.hand_over_id, True)
    with reading(SYSTEM) as work:
        assert (count(work, HandOver), tents_left(work, world)) == (1, 98)


def test_the_same_event_with_other_content_is_refused_and_logged(store):
    world = build_world(families=2)
    event_id = new_event()
    give(world, world.families[0], event_id=event_id)
    outcome = give(world, world.families[1], event_id=event_id)
    assert outcome.kind is OutcomeKind.EXISTS_WITH_DIFFERENT_CONTENT
    with reading(SYSTEM) as work:
        assert count(work, HandOver) == 1
        assert count(work, AuditEntry, AuditEntry.action == "redemption.exists_with_different_content") == 1


def test_the_typed_code_counts_as_much_as_the_scan(store):
    world = build_world()
    assert give(world, world.families[0], text=world.families[0].code.grouped()).kind is OutcomeKind.GIVEN
    assert give(world, world.families[0]).refusal is Refusal.ALREADY_GIVEN


def test_eight_tables_redeeming_one_token_at_once_give_once(store):
    world = build_world()
    app = current_app._get_current_object()
    outcomes, failures, gate = [], [], threading.Barrier(8)

    def redeem():
        with app.app_context():
            gate.wait()
            try:
                outcomes.append(give(world, world.families[0]))
            except Exception as failure:  # noqa: BLE001 - shown by the assertion below
                failures.append(failure)

    tables = [threading.Thread(target=redeem) for _ in range(8)]
    for table in tables:
        table.start()
    for table in tables:
        table.join()
    assert not failures
    assert sorted(outcome.kind for outcome in outcomes) == ["given", *["refused"] * 7]
    with reading(SYSTEM) as work:
        assert (count(work, HandOver), tents_left(work, world), count(work, Posting)) == (1, 98, 2)


def test_one_event_sent_eight_times_at_once_is_recorded_once(store):
    world = build_world()
    app = current_app._get_current_object()
    event_id, outcomes, gate = new_event(), [], threading.Barrier(8)

    def send():
        with app.app_context():
            gate.wait()
            outcomes.append(give(world, world.families[0], event_id=event_id))

    senders = [threading.Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.GIVEN] * 8
    assert len({outcome.hand_over_id for outcome in outcomes}) == 1


def test_a_partial_hand_over_leaves_the_rest_owed_and_a_completion_gives_it(store):
    world = build_world()
    holder = world.families[0]
    give(world, holder, given={1: CASH, 2: 1})
    with reading(world.staff) as work:
        card = look_up(work, world.day_id, holder.text)
        assert [(line.line_no, amount) for line, amount in card.lines] == [(2, 1)]
    second = give(world, holder)
    with reading(SYSTEM) as work:
        event = work.session.get_one(HandOver, second.hand_over_id)
        assert (event.kind, event.served, event.goods_paisa) == (HandOverKind.COMPLETION, 0, TENT_COST)
        owed = work.session.execute(select(OwedLine.owed, OwedLine.given)).all()
        assert sorted(owed) == [(2, 2), (CASH, CASH)]
    assert give(world, holder).refusal is Refusal.ALREADY_GIVEN


@pytest.mark.parametrize("given", [{1: CASH + 1}, {2: 3}, {9: 1}, {1: 0, 2: 0}, {1: -1}])
def test_more_or_less_than_can_be_given_is_refused(store, given):
    world = build_world()
    assert give(world, world.families[0], given=given).refusal is Refusal.MORE_THAN_OWED


def test_the_database_itself_caps_a_line_at_what_is_owed(store):
    world = build_world()
    give(world, world.families[0])
    with pytest.raises(DBAPIError, match="within_owed"), unit_of_work(SYSTEM) as work:
        for line in work.session.scalars(select(OwedLine)):
            line.given = line.owed + 1


def test_the_database_itself_lets_one_opening_through(store):
    world = build_world()
    outcome = give(world, world.families[0])
    with (
        pytest.raises(DBAPIError, match=r"uq_hand_over_opening|hand_over\.entitlement_id"),
        unit_of_work(SYSTEM) as work,
    ):
        first = work.session.get_one(HandOver, outcome.hand_over_id)
        columns = {c.name: getattr(first, c.name) for c in HandOver.__table__.c if c.name not in ("id", "event_id")}
        work.session.add(HandOver(event_id=new_event(), **columns))


def test_short_stock_is_refused_with_the_item_and_what_is_left_and_nothing_is_half_done(store):
    world = build_world(tents=1)
    with pytest.raises(RuleViolation, match="Tent: 1 left") as refused:
        give(world, world.families[0])
    assert refused.value.code == "stock.short"
    with reading(SYSTEM) as work:
        assert [count(work, model) for model in (HandOver, OwedLine, Movement, Posting, AuditEntry)] == [0] * 5
    assert give(world, world.families[0], given={1: CASH, 2: 1}).kind is OutcomeKind.GIVEN


@pytest.mark.parametrize(
    ("state", "refusal"), [(TokenState.REVOKED, Refusal.TOKEN_REVOKED), (TokenState.REPLACED, Refusal.TOKEN_REPLACED)]
)
def test_a_token_that_no_longer_holds_is_refused(store, state, refusal):
    world = build_world()
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Token, world.families[0].token_id).state = state
    assert give(world, world.families[0]).refusal is refusal


def test_foreign_texts_unknown_codes_and_forged_tokens_are_told_apart(store):
    world = build_world()
    text = world.families[0].text
    forged = text[:-1] + ("0" if text[-1] != "0" else "1")
    assert give(world, None, text="https://bank.example/pay?id=1").refusal is Refusal.UNREADABLE
    assert give(world, None, text="0000 0000 0098").refusal is Refusal.UNKNOWN
    assert give(world, None, text=forged).refusal in (Refusal.NOT_GENUINE, Refusal.UNREADABLE)


def test_a_closed_campaign_gives_nothing(store):
    world = build_world()
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Campaign, world.campaign_id).state = CampaignState.CLOSED
    assert give(world, world.families[0]).refusal is Refusal.CAMPAIGN_NOT_RUNNING


def test_a_campaign_that_asks_for_a_proof_gets_one(store):
    world = build_world(families=5, proof_required=Proof.LAST_FOUR)
    holder, without_card = world.families[0], world.families[4]
    assert give(world, holder).refusal is Refusal.PROOF_MISSING
    wrong = give(world, holder, check=HolderCheck(Proof.LAST_FOUR, "0000"))
    assert wrong.refusal is Refusal.HOLDER_DOES_NOT_MATCH
    assert give(world, holder, check=HolderCheck(Proof.LAST_FOUR, holder.cnic.last_four)).kind is OutcomeKind.GIVEN
    assert give(world, without_card, check=HolderCheck(Proof.WITNESS)).kind is OutcomeKind.GIVEN
    assert give(world, world.families[1], check=HolderCheck(Proof.WITNESS)).refusal is Refusal.PROOF_MISSING
    with reading(world.staff) as work:
        assert look_up(work, world.day_id, world.families[2].text).needs_proof


def test_instalments_are_given_in_order_up_to_the_day_s(store):
    world = build_world(instalments=2)
    holder = world.families[0]
    outcomes = [give(world, holder) for _ in range(3)]
    assert [outcome.refusal for outcome in outcomes] == [None, None, Refusal.ALREADY_GIVEN]
    with reading(SYSTEM) as work:
        numbers = work.session.scalars(select(HandOver.instalment_no).order_by(HandOver.id)).all()
        assert numbers == [1, 2]


def test_only_people_assigned_to_the_day_stand_at_its_table(store):
    world = build_world()
    for actor in (world.coordinator, world.stranger):
        with pytest.raises(NotFound):
            give(world, world.families[0], actor=actor)


def test_a_void_puts_goods_money_and_claim_back_and_the_family_can_receive_again(store):
    world = build_world()
    holder = world.families[0]
    given = give(world, holder)
    with unit_of_work(world.staff, at=AT) as work:
        void_id = void_hand_over(work, VoidHandOver(new_event(), given.hand_over_id, "Wrong family, goods came back"))
    with reading(SYSTEM) as work:
        void = work.session.get_one(HandOver, void_id)
        assert (void.kind, void.served, void.cash_paisa, void.goods_paisa) == ("void", -1, -CASH, -2 * TENT_COST)
        assert tents_left(work, world) == 100
        assert work.session.scalars(select(OwedLine.given)).all() == [0, 0]
        sums = dict(
            work.session.execute(select(Posting.debit, func.sum(Posting.amount_paisa)).group_by(Posting.debit)).all()
        )
        assert sums == {"5100": CASH, "1000": CASH, "5200": 2 * TENT_COST, "1200": 2 * TENT_COST}
    again = give(world, holder)
    assert again.kind is OutcomeKind.GIVEN
    with reading(SYSTEM) as work:
        assert work.session.get_one(HandOver, again.hand_over_id).reopens_id == void_id
        assert work.session.scalar(select(func.sum(HandOver.served))) == 1


def test_a_hand_over_is_undone_once_and_its_completion_first(store):
    world = build_world()
    opening = give(world, world.families[0], given={1: CASH, 2: 1})
    completion = give(world, world.families[0])

    def undo(hand_over_id, actor=world.staff, reason="The goods came back"):
        with unit_of_work(actor, at=AT) as work:
            return void_hand_over(work, VoidHandOver(new_event(), hand_over_id, reason))

    with pytest.raises(RuleViolation) as refused:
        undo(opening.hand_over_id)
    assert refused.value.code == "void.later_first"
    with pytest.raises(RuleViolation) as refused:
        undo(completion.hand_over_id, reason=" ")
    assert refused.value.code == "void.reason_missing"
    with pytest.raises(NotFound):
        undo(completion.hand_over_id, actor=world.stranger)
    void_id = undo(completion.hand_over_id, actor=world.coordinator)
    with pytest.raises(RuleViolation) as refused:
        undo(completion.hand_over_id)
    assert refused.value.code == "void.already_undone"
    with pytest.raises(RuleViolation) as refused:
        undo(void_id)
    assert refused.value.code == "void.not_a_hand_over"
    undo(opening.hand_over_id)
    with reading(SYSTEM) as work:
        assert tents_left(work, world) == 100


def test_nothing_is_given_while_its_campaign_is_being_closed(store):
    world = build_world()
    app = current_app._get_current_object()
    closing = threading.Event()

    def close():
        with app.app_context(), unit_of_work(SYSTEM) as work:
            work.session.get_one(Campaign, world.campaign_id, with_for_update=True).state = CampaignState.CLOSED
            work.session.flush()
            closing.set()
            time.sleep(0.3)  # The hand-over comes now, and waits.

    closer = threading.Thread(target=close)
    closer.start()
    closing.wait()
    outcome = give(world, world.families[0])
    closer.join()
    assert outcome.refusal is Refusal.CAMPAIGN_NOT_RUNNING


def test_a_void_after_the_campaign_closed_gives_its_promise_back_to_the_fund(store):
    world = build_world()
    given = give(world, world.families[0])
    value = CASH + 2 * TENT_COST
    with unit_of_work(SYSTEM) as work:
        work.session.add(
            FundBalance(
                fund_id=world.fund_id, received_paisa=2 * value, committed_paisa=value, committed_goods_paisa=2 * TENT_COST,
                purchased_paisa=2 * TENT_COST, spent_directly_paisa=0,
            )
        )  # fmt: skip
        work.session.get_one(Campaign, world.campaign_id).state = CampaignState.CLOSED
    with unit_of_work(world.coordinator, at=AT) as work:
        void_hand_over(work, VoidHandOver(new_event(), given.hand_over_id, "The goods came back"))
    with reading(SYSTEM) as work:
        balance = work.session.get_one(FundBalance, world.fund_id)
        assert (balance.committed_paisa, balance.committed_goods_paisa) == (0, 0)


@pytest.mark.parametrize("model", [HandOver, HandOverLine, Movement, Posting, AuditEntry])
@pytest.mark.parametrize("deed", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_what_was_recorded_can_be_neither_changed_nor_removed(store, model, deed):
    world = build_world()
    give(world, world.families[0])
    column = model.__table__.primary_key.columns.values()[0].name
    with pytest.raises(DBAPIError, match="append-only"), unit_of_work(SYSTEM) as work:
        work.session.connection().exec_driver_sql(deed.format(model.__tablename__, column))
