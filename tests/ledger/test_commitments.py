"""Promising a fund's money and releasing it."""

import pytest

from relief.audit.model import AuditEntry
from relief.kernel.errors import Conflict, NotFound, RuleViolation
from relief.kernel.money import Money
from relief.ledger import queries
from relief.ledger.commitments import commit_fund, release_commitment
from relief.ledger.posting import Entry, Line, post
from relief.ledger.rules import Account, Cost, EntryKind
from relief.store.work import unit_of_work
from tests.factories.finance import AT, FINANCE, TODAY, fund_with

pytestmark = pytest.mark.usefixtures("store")


def cost(cash: int, goods: int = 0) -> Cost:
    return Cost(Money.rupees(cash), Money.rupees(goods))


def test_a_promise_takes_from_what_is_free_and_is_sealed():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
        commitment_id = commit_fund(work, fund_id, cost(50, 30), "allocation", "1")
        fund = queries.get_fund(work, fund_id)
        deed = work.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
        (row,) = queries.list_commitments(work, fund_id)
    assert (fund.figures.free, fund.figures.committed) == (Money.rupees(20), cost(50, 30))
    assert (row.id, row.amount, row.goods, row.at) == (commitment_id, Money.rupees(80), Money.rupees(30), AT)
    assert (deed.action, deed.subject_kind, len(deed.record_digest)) == ("fund.committed", "commitment", 32)


def test_a_promise_is_made_once():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
        first = commit_fund(work, fund_id, cost(50), "allocation", "1")
        assert commit_fund(work, fund_id, cost(50), "allocation", "1") == first
        with pytest.raises(Conflict) as refusal:
            commit_fund(work, fund_id, cost(49), "allocation", "1")
        assert refusal.value.code == "commitment.exists_with_different_content"
        assert queries.get_fund(work, fund_id).figures.free == Money.rupees(50)


def test_no_more_is_promised_than_is_free():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
        commit_fund(work, fund_id, cost(0, 60), "allocation", "1")
        with pytest.raises(RuleViolation, match=r"PKR 40 free.*needs PKR 41") as refusal:
            commit_fund(work, fund_id, cost(41), "allocation", "2")
        assert refusal.value.code == "fund.too_little"
        with pytest.raises(NotFound):
            commit_fund(work, fund_id + 1, cost(1), "allocation", "3")


def test_a_release_gives_back_all_but_what_families_received():
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 100)
        commit_fund(work, fund_id, cost(90), "allocation", "1")
        given = Line(fund_id, Account.CASH_RELIEF, Account.BANK, Money.rupees(60))
        undone = Line(fund_id, Account.BANK, Account.CASH_RELIEF, Money.rupees(10))
        post(work, Entry(EntryKind.HAND_OVER, TODAY, "", "hand_over", "1", [given]))
        post(work, Entry(EntryKind.VOID, TODAY, "", "hand_over", "2", [undone]))
        with pytest.raises(RuleViolation, match=r"received PKR 50.*PKR 49") as refusal:
            release_commitment(work, fund_id, cost(41), "campaign_closed", "1")
        assert refusal.value.code == "commitment.already_given"
        first = release_commitment(work, fund_id, cost(40), "campaign_closed", "1")
        assert release_commitment(work, fund_id, cost(40), "campaign_closed", "1") == first
        assert queries.get_fund(work, fund_id).figures.free == Money.rupees(50)
        assert [row.amount for row in queries.list_commitments(work, fund_id)] == [Money.rupees(90), Money.rupees(-40)]
