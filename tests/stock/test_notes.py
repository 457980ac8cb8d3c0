"""Receiving goods, sending them on, and reversing a note."""

import dataclasses
import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import current_app

from relief.audit.model import AuditEntry
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.kernel.quantity import Quantity
from relief.ledger.queries import get_entry, get_fund
from relief.ledger.rules import Account
from relief.stock import queries
from relief.stock.notes import (
    LARGEST_RECEIPT,
    ReceivedLine,
    ReverseNote,
    TransferGoods,
    receive_goods,
    reverse_note,
    transfer_goods,
)
from relief.stock.queries import StockFilter
from relief.stock.sealing import goods_note_digests
from relief.store.work import Work, reading, unit_of_work
from tests.factories.finance import AT, FINANCE, TODAY, new_key, someone
from tests.factories.goods import SYSTEM, Goods, build_goods, receipt, receive

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def goods(store) -> Goods:
    return build_goods()


def transfer(goods: Goods, tents: int, **changes: object) -> TransferGoods:
    command = TransferGoods(
        goods.warehouse_id, goods.point_id, goods.fund_id, ((goods.tent_id, Quantity(tents)),), TODAY, "WB 7", new_key()
    )
    return dataclasses.replace(command, **changes)


def on_hand(work: Work, location_id: int) -> dict[str, int]:
    return {row.item_code: row.quantity for row in queries.list_stock(work, StockFilter(location_id=location_id))}


def test_goods_received_lie_there_and_their_money_is_goods_now(goods: Goods):
    note_id = receive(goods, 10)
    with reading(FINANCE) as work:
        note, lines = queries.get_note(work, note_id)
        entry = get_entry(work, note.entry_id)
        fund = get_fund(work, goods.fund_id).figures
        deed = work.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
        assert on_hand(work, goods.warehouse_id) == {"TENT": 10}
        assert dict(goods_note_digests(work)) == {str(note_id): deed.record_digest}
        assert (deed.action, deed.subject_kind, deed.subject_id) == ("goods.received", "goods_note", str(note_id))
    assert [(line.item_name, line.quantity, line.unit_cost_paisa) for line in lines] == [("Tent", 10, 500_000)]
    (posting,) = entry.postings
    assert (posting.debit, posting.credit, posting.amount) == (
        Account.GOODS_IN_STOCK,
        Account.BANK,
        Money.rupees(50_000),
    )
    assert (fund.purchased, fund.free, fund.spent_directly) == (Money.rupees(50_000), Money.rupees(950_000), Money.ZERO)


def test_a_gift_costs_the_fund_nothing(goods: Goods):
    note_id = receive(goods, 10, rupees=0)
    with reading(FINANCE) as work:
        note, _ = queries.get_note(work, note_id)
        assert note.entry_id is None
        assert get_fund(work, goods.fund_id).figures.purchased == Money.ZERO


def test_goods_are_not_bought_with_money_that_is_not_there(goods: Goods):
    with unit_of_work(goods.keeper, at=AT) as work, pytest.raises(RuleViolation) as refusal:
        receive_goods(work, receipt(goods, 201))
    assert refusal.value.code == "fund.too_little"


def test_a_note_sent_twice_is_booked_once(goods: Goods):
    command = receipt(goods, 10)
    app = current_app._get_current_object()

    def click(_: int) -> int:
        with app.app_context(), unit_of_work(goods.keeper, at=AT) as work:
            return receive_goods(work, command)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 1
    with unit_of_work(goods.keeper, at=AT) as work:
        assert on_hand(work, goods.warehouse_id) == {"TENT": 10}
        with pytest.raises(Conflict) as refusal:
            receive_goods(work, dataclasses.replace(command, reference="DN 42"))
    assert refusal.value.code == "stock.exists_with_different_content"


def test_goods_sent_on_leave_one_place_and_reach_the_other(goods: Goods):
    receive(goods, 10)
    command = transfer(goods, 4)
    with unit_of_work(goods.keeper, at=AT) as work:
        note_id = transfer_goods(work, command)
        assert transfer_goods(work, command) == note_id
        assert (on_hand(work, goods.warehouse_id), on_hand(work, goods.point_id)) == ({"TENT": 6}, {"TENT": 4})
        (flow,) = queries.flows_at(work, goods.warehouse_id)
        assert (flow.received, flow.sent_on, flow.handed_over) == (10, 4, 0)
        (flow,) = queries.flows_at(work, goods.point_id)
        assert (flow.received, flow.sent_on, flow.handed_over) == (4, 0, 0)


def test_no_more_is_sent_than_is_there_and_the_refusal_says_how_many_are_left(goods: Goods):
    receive(goods, 3)
    with unit_of_work(goods.keeper, at=AT) as work:
        with pytest.raises(RuleViolation, match="Tent: 3 left") as refusal:
            transfer_goods(work, transfer(goods, 4))
        assert refusal.value.code == "stock.short"
        with pytest.raises(RuleViolation, match="Ration bag: 0 left"):
            transfer_goods(work, transfer(goods, 4, lines=((goods.bag_id, Quantity(1)),), key=new_key()))


def test_two_senders_at_the_same_time_never_send_the_same_tents(goods: Goods):
    receive(goods, 5)
    app = current_app._get_current_object()

    def send(_: int) -> bool:
        try:
            with app.app_context(), unit_of_work(goods.keeper, at=AT) as work:
                transfer_goods(work, transfer(goods, 2))
        except RuleViolation:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(send, range(6))) == 2


def test_a_reversed_receipt_gives_goods_and_money_back(goods: Goods):
    note_id = receive(goods, 10)
    command = ReverseNote(note_id, "Counted twice", new_key())
    with unit_of_work(goods.keeper, at=AT) as work:
        reversal_id = reverse_note(work, command)
        assert reverse_note(work, command) == reversal_id
        assert on_hand(work, goods.warehouse_id) == {}
        assert get_fund(work, goods.fund_id).figures.purchased == Money.ZERO
        (flow,) = queries.flows_at(work, goods.warehouse_id)
        assert flow.received == 0
        note, _ = queries.get_note(work, note_id)
        reversal, lines = queries.get_note(work, reversal_id)
        assert get_entry(work, reversal.entry_id).reverses_id == note.entry_id
        assert note.reversed_by == reversal_id and [line.quantity for line in lines] == [10]
        with pytest.raises(Conflict) as refusal:
            reverse_note(work, dataclasses.replace(command, key=new_key()))
        assert refusal.value.code == "note.already_reversed"


def test_a_reversed_transfer_brings_the_goods_back(goods: Goods):
    receive(goods, 10)
    with unit_of_work(goods.keeper, at=AT) as work:
        note_id = transfer_goods(work, transfer(goods, 4))
        reversal_id = reverse_note(work, ReverseNote(note_id, "Wrong point", new_key()))
        assert (on_hand(work, goods.warehouse_id), on_hand(work, goods.point_id)) == ({"TENT": 10}, {})
        assert [flow.sent_on for flow in queries.flows_at(work, goods.warehouse_id)] == [0]
        assert [flow.received for flow in queries.flows_at(work, goods.point_id)] == [0]
        with pytest.raises(RuleViolation) as refusal:
            reverse_note(work, ReverseNote(reversal_id, "And back", new_key()))
    assert refusal.value.code == "note.cannot_reverse_reversal"


def test_a_receipt_whose_goods_went_on_cannot_be_reversed(goods: Goods):
    note_id = receive(goods, 10)
    with unit_of_work(goods.keeper, at=AT) as work:
        transfer_goods(work, transfer(goods, 4))
        with pytest.raises(RuleViolation, match="Tent: 6 left"):
            reverse_note(work, ReverseNote(note_id, "Counted twice", new_key()))


def test_all_problems_of_a_note_are_told_at_once(goods: Goods):
    lines = (
        ReceivedLine(goods.tent_id, Quantity(0), Money.rupees(1)),
        ReceivedLine(goods.bag_id, LARGEST_RECEIPT + Quantity(1), Money.rupees(-1)),
    )
    with unit_of_work(goods.keeper, at=AT) as work:
        with pytest.raises(InvalidInput) as refusal:
            receive_goods(work, receipt(goods, 1, lines=lines, on=TODAY + dt.timedelta(1), reference=" "))
        fields = {problem.field for problem in refusal.value.problems}
        assert fields == {"quantity-0", "quantity-1", "unit_cost-1", "on", "reference"}
        with pytest.raises(InvalidInput) as refusal:
            receive_goods(work, receipt(goods, 1, lines=()))
        assert [problem.field for problem in refusal.value.problems] == ["item-0"]
        huge = (ReceivedLine(goods.tent_id, LARGEST_RECEIPT, Money(10**15)),)
        with pytest.raises(InvalidInput) as refusal:
            receive_goods(work, receipt(goods, 1, lines=huge))
        assert [problem.code for problem in refusal.value.problems] == ["money.too_large"]
        with pytest.raises(InvalidInput) as refusal:
            transfer_goods(work, transfer(goods, 1, to_location_id=goods.warehouse_id))
        assert [problem.field for problem in refusal.value.problems] == ["to"]
        with pytest.raises(InvalidInput):
            reverse_note(work, ReverseNote(receive_goods(work, receipt(goods, 1)), "x", new_key()))


def test_unknown_things_are_not_found(goods: Goods):
    unknown = (ReceivedLine(999, Quantity(1), Money.ZERO),)
    with unit_of_work(goods.keeper, at=AT) as work:
        for deed in (
            lambda: receive_goods(work, receipt(goods, 1, location_id=999)),
            lambda: receive_goods(work, receipt(goods, 1, fund_id=999)),
            lambda: receive_goods(work, receipt(goods, 1, lines=unknown)),
            lambda: transfer_goods(work, transfer(goods, 1, fund_id=999)),
            lambda: transfer_goods(work, transfer(goods, 1, lines=((999, Quantity(1)),))),
            lambda: reverse_note(work, ReverseNote(999, "No such note", new_key())),
        ):
            with pytest.raises(NotFound):
                deed()


def test_another_district_does_not_exist(goods: Goods):
    note_id = receive(goods, 10)
    with unit_of_work(goods.other_keeper, at=AT) as work:
        for deed in (
            lambda: receive_goods(work, receipt(goods, 1)),
            lambda: transfer_goods(work, transfer(goods, 1, from_location_id=goods.other_warehouse_id)),
            lambda: transfer_goods(work, transfer(goods, 1, to_location_id=goods.other_warehouse_id)),
            lambda: reverse_note(work, ReverseNote(note_id, "Not mine", new_key())),
            lambda: queries.get_note(work, note_id),
            lambda: queries.get_location(work, goods.warehouse_id),
            lambda: queries.flows_at(work, goods.warehouse_id),
        ):
            with pytest.raises(NotFound):
                deed()
        assert queries.list_stock(work, StockFilter()) == []
        assert queries.list_notes(work, limit=10, offset=0) == ([], 0)
        assert [item.on_hand for item in queries.list_items(work)] == [0, 0]
        assert [place.code for place in queries.list_locations(work)] == ["BADIN-1"]


@pytest.mark.parametrize("role", list(Role))
def test_only_coordinators_book_goods(goods: Goods, role: Role):
    note_id = receive(goods, 10)
    with unit_of_work(someone(role, goods.area_path), at=AT) as work:
        for deed in (
            lambda: receive_goods(work, receipt(goods, 1)),
            lambda: transfer_goods(work, transfer(goods, 1)),
            lambda: reverse_note(work, ReverseNote(note_id + 1, "Wrong note", new_key())),
        ):
            if role is Role.COORDINATOR:
                deed()
            else:
                with pytest.raises((Forbidden, NotFound)):
                    deed()


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_stock(goods: Goods, role: Role):
    receive(goods, 10)
    sees = role in (Role.COORDINATOR, Role.POINT_STAFF, Role.FINANCE, Role.AUDITOR)
    with reading(someone(role, goods.area_path)) as work:
        assert [row.quantity for row in queries.list_stock(work, StockFilter())] == ([10] if sees else [])


def test_stock_is_shown_by_place_item_and_fund(goods: Goods):
    receive(goods, 10)
    with reading(SYSTEM) as work:
        (row,) = queries.list_stock(work, StockFilter(goods.warehouse_id, goods.tent_id, goods.fund_id))
        assert (row.quantity, row.value_paisa, row.fund_code) == (10, 5_000_000, "SRSO-2022")
        assert queries.list_stock(work, StockFilter(item_id=goods.bag_id)) == []
        notes, total = queries.list_notes(work, location_id=goods.warehouse_id, limit=10, offset=0)
        assert (len(notes), total) == (1, 1)
        assert queries.list_notes(work, location_id=goods.point_id, limit=10, offset=0) == ([], 0)
