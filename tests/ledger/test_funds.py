"""Opening funds, receiving, spending and reversing."""

import dataclasses
import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import current_app
from sqlalchemy import text

from relief.audit.model import AuditEntry
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, RuleViolation
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.ledger import queries
from relief.ledger.funds import MoveFund, OpenFund, open_fund, receive_fund, spend_directly
from relief.ledger.posting import Entry, Line, post
from relief.ledger.reversals import ReverseEntry, reverse_entry
from relief.ledger.rules import Account, EntryKind
from relief.store.db import Store
from relief.store.work import Work, reading, unit_of_work
from tests.factories.finance import AT, FINANCE, TODAY, fund_with, new_key, someone


def money(fund_id: int, rupees: int, **changes: object) -> MoveFund:
    return dataclasses.replace(MoveFund(fund_id, Money.rupees(rupees), TODAY, "Cheque 118", new_key()), **changes)


def last_deed(work: Work) -> AuditEntry:
    return work.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()


@pytest.mark.usefixtures("store")
def test_money_received_is_in_the_bank_and_free():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 0)
        entry_id = receive_fund(work, money(fund_id, 1_370_000_000))
        fund = queries.get_fund_by_code(work, "srso-2022")
        entry = queries.get_entry(work, entry_id)
        deed = last_deed(work)
    assert fund.figures.received == fund.figures.free == Money.rupees(1_370_000_000)
    assert [(line.debit, line.credit) for line in entry.postings] == [(Account.BANK, Account.FUNDS_RECEIVED)]
    assert (deed.action, deed.subject_id, len(deed.record_digest)) == ("fund.received", str(entry_id), 32)


@pytest.mark.usefixtures("store")
def test_spending_takes_from_what_is_free_and_no_more():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
        spend_directly(work, money(fund_id, 60, memo="Boat hire"))
        with pytest.raises(RuleViolation, match=r"PKR 40 free.*needs PKR 41") as refusal:
            spend_directly(work, money(fund_id, 41))
        assert refusal.value.code == "fund.too_little"
        assert queries.get_fund(work, fund_id).figures.free == Money.rupees(40)


@pytest.mark.usefixtures("store")
def test_a_form_sent_twice_posts_once():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 0)
    command = money(fund_id, 500)

    ids = []
    for _ in range(2):
        with unit_of_work(FINANCE, at=AT) as work:
            ids.append(receive_fund(work, command))
    with unit_of_work(FINANCE, at=AT) as work, pytest.raises(Conflict) as refusal:
        receive_fund(work, dataclasses.replace(command, amount=Money.rupees(501)))

    assert ids[0] == ids[1]
    assert refusal.value.code == "ledger.exists_with_different_content"
    with reading(FINANCE) as work:
        assert queries.get_fund(work, fund_id).figures.received == Money.rupees(500)


@pytest.mark.usefixtures("store")
def test_eight_clicks_at_the_same_time_post_once():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
    command = money(fund_id, 30)
    app = current_app._get_current_object()

    def click(_: int) -> int:
        with app.app_context(), unit_of_work(FINANCE, at=AT) as work:
            return spend_directly(work, command)

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(click, range(8)))
    with reading(FINANCE) as work:
        assert len(ids) == 1
        assert queries.get_fund(work, fund_id).figures.free == Money.rupees(70)


@pytest.mark.usefixtures("store")
def test_spenders_at_the_same_time_never_take_more_than_there_is():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
    app = current_app._get_current_object()

    def spend(_: int) -> bool:
        try:
            with app.app_context(), unit_of_work(FINANCE, at=AT) as work:
                spend_directly(work, money(fund_id, 30))
        except RuleViolation:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(8))) == 3
    with reading(FINANCE) as work:
        assert queries.get_fund(work, fund_id).figures.free == Money.rupees(10)


@pytest.mark.usefixtures("store")
def test_all_problems_of_a_form_are_told_at_once():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 0)
        with pytest.raises(InvalidInput) as refusal:
            receive_fund(work, money(fund_id, 0, on=TODAY + dt.timedelta(1), memo=" \u200b "))
        assert {p.field for p in refusal.value.problems} == {"amount", "on", "memo"}
        with pytest.raises(InvalidInput) as refusal:
            open_fund(work, OpenFund("a b", "", " ", is_restricted=False))
        assert {p.field for p in refusal.value.problems} == {"code", "name", "donor_name"}
        with pytest.raises(Conflict, match="SRSO-2022"):
            open_fund(work, OpenFund("srso-2022", "Another", "Donor", is_restricted=False))
        with pytest.raises(NotFound):
            receive_fund(work, money(fund_id + 1, 5))


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("kind", ["receipt", "spending"])
def test_a_reversal_undoes_once(kind: str):
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
        before = queries.get_fund(work, fund_id).figures
        act = receive_fund if kind == "receipt" else spend_directly
        entry_id = act(work, money(fund_id, 40))
    command = ReverseEntry(entry_id, "Typed twice", new_key())
    with unit_of_work(FINANCE, at=AT) as work:
        reversal_id = reverse_entry(work, command)
        assert reverse_entry(work, command) == reversal_id
        with pytest.raises(Conflict) as refusal:
            reverse_entry(work, dataclasses.replace(command, key=new_key()))
        assert refusal.value.code == "ledger.already_reversed"
        with pytest.raises(RuleViolation) as refusal:
            reverse_entry(work, ReverseEntry(reversal_id, "And back", new_key()))
        assert refusal.value.code == "ledger.cannot_reverse_reversal"
        assert queries.get_fund(work, fund_id).figures == before
        entry, reversal = queries.get_entry(work, entry_id), queries.get_entry(work, reversal_id)
    assert (entry.reversed_by, reversal.reverses_id) == (reversal_id, entry_id)
    assert (reversal.postings[0].debit, reversal.postings[0].credit) == (
        entry.postings[0].credit,
        entry.postings[0].debit,
    )


@pytest.mark.usefixtures("store")
def test_a_receipt_that_was_spent_cannot_be_taken_back():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 0)
        entry_id = receive_fund(work, money(fund_id, 100))
        spend_directly(work, money(fund_id, 60))
        with pytest.raises(RuleViolation, match="PKR 40 free") as refusal:
            reverse_entry(work, ReverseEntry(entry_id, "Cheque returned", new_key()))
        assert refusal.value.code == "fund.too_little"
        with pytest.raises(InvalidInput):
            reverse_entry(work, ReverseEntry(entry_id, " ", new_key()))
        with pytest.raises(NotFound):
            reverse_entry(work, ReverseEntry(entry_id + 999, "No such entry", new_key()))


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("kind", "code"),
    [(EntryKind.HAND_OVER, "ledger.cannot_reverse_hand_over"), (EntryKind.PURCHASE, "ledger.reverse_the_goods_note")],
)
def test_what_follows_from_elsewhere_is_not_reversed_at_the_finance_desk(kind: EntryKind, code: str):
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
        line = Line(fund_id, Account.GOODS_IN_STOCK, Account.BANK, Money.rupees(1))
        posted = post(work, Entry(kind, TODAY, "", "elsewhere", "1", [line]))
        with pytest.raises(RuleViolation) as refusal:
            reverse_entry(work, ReverseEntry(posted.id, "Wrong sum", new_key()))
    assert refusal.value.code == code


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("role", list(Role))
def test_only_finance_posts(role: Role):
    def deeds(work: Work, fund_id: int) -> list:
        return [
            lambda: open_fund(work, OpenFund("OTHER", "Other", "Donor", is_restricted=False)),
            lambda: receive_fund(work, money(fund_id, 5)),
            lambda: spend_directly(work, money(fund_id, 5)),
            lambda: reverse_entry(work, ReverseEntry(1, "Wrong sum", new_key())),
        ]

    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
    with unit_of_work(someone(role, "/1/17/"), at=AT) as work:
        for deed in deeds(work, fund_id):
            if role is Role.FINANCE:
                deed()
            else:
                with pytest.raises(Forbidden):
                    deed()


@pytest.mark.parametrize(
    "change",
    [
        "committed_paisa = 10001", "spent_directly_paisa = 10001", "spent_directly_paisa = -1",
        "committed_paisa = 6000, spent_directly_paisa = 4001", "committed_paisa = 10000, purchased_paisa = 1",
        "committed_paisa = 5, committed_goods_paisa = 6", "received_paisa = -1", "purchased_paisa = 10001",
    ],
)  # fmt: skip
def test_the_database_itself_keeps_a_fund_above_zero(store: Store, change: str):
    with unit_of_work(FINANCE, at=AT) as work:
        fund_with(work, 100)
    with store.engine.connect() as connection, pytest.raises(Exception, match=r"(?i)check"):
        connection.execute(text(f"UPDATE fund_balance SET {change}"))
