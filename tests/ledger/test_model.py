"""Whatever is posted in whatever order: entries balance, no fund goes below zero, a replay has no second effect."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from relief.kernel.errors import RuleViolation
from relief.kernel.money import Money
from relief.ledger import queries
from relief.ledger.commitments import commit_fund, release_commitment
from relief.ledger.funds import MoveFund, OpenFund, open_fund, receive_fund, spend_directly
from relief.ledger.reversals import ReverseEntry, reverse_entry
from relief.ledger.rules import Cost
from relief.store.work import Work, unit_of_work
from tests.factories.finance import AT, FINANCE, TODAY, new_key

PAISA = st.integers(1, 1_000)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), PAISA),
        st.tuples(st.just("spend"), PAISA),
        st.tuples(st.just("commit"), PAISA, st.integers(0, 1_000)),
        st.tuples(st.just("release"), PAISA, st.integers(0, 1_000)),
        st.tuples(st.just("reverse"), st.integers(0, 20)),
        st.tuples(st.just("again"), st.integers(0, 20)),
    ),
    max_size=25,
)


@dataclass
class Ledger:
    """Runs steps against the ledger and keeps the books beside it in plain numbers."""

    fund_id: int
    received: int = 0
    committed: int = 0
    spent: int = 0
    # What was accepted: (how to do it again, its answer, its effect, whether it may be reversed).
    done: list[tuple] = field(default_factory=list)

    def run(self, work: Work, step: tuple) -> None:
        name, *values = step
        if name in ("reverse", "again"):
            if values[0] < len(self.done):
                getattr(self, name)(work, *self.done[values[0]])
        elif name in ("receive", "spend"):
            command = MoveFund(self.fund_id, Money(values[0]), TODAY, "Cheque 118", new_key())
            deed = receive_fund if name == "receive" else spend_directly
            self.attempt(
                work, lambda w: deed(w, command), {"received" if name == "receive" else "spent": values[0]}, True
            )
        else:
            cost, key = Cost(Money(values[0]), Money(values[1])), new_key()
            deed, sign = (commit_fund, 1) if name == "commit" else (release_commitment, -1)
            effect = {"committed": sign * cost.total.paisa}
            self.attempt(work, lambda w: deed(w, self.fund_id, cost, "test", key), effect, False)

    def attempt(self, work: Work, deed, effect: dict[str, int], reversible: bool) -> None:
        after = {name: getattr(self, name) + effect.get(name, 0) for name in ("received", "committed", "spent")}
        try:
            answer = deed(work)
        except RuleViolation:
            return
        assert after["committed"] + after["spent"] <= after["received"] and min(after.values()) >= 0
        vars(self).update(after)
        self.done.append((deed, answer, effect, reversible))

    def again(self, work: Work, deed, answer: int, _effect: dict, _reversible: bool) -> None:
        assert deed(work) == answer

    def reverse(self, work: Work, _deed, answer: int, effect: dict[str, int], reversible: bool) -> None:
        is_reversed = reversible and queries.get_entry(work, answer).reversed_by is not None
        if reversible and not is_reversed:
            command = ReverseEntry(answer, "Wrong sum", new_key())
            opposite = {name: -paisa for name, paisa in effect.items()}
            self.attempt(work, lambda w: reverse_entry(w, command), opposite, False)


@pytest.mark.usefixtures("store")
def test_the_ledger_keeps_its_promises_in_any_order_of_deeds():
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS)
    def play(steps: list[tuple]) -> None:
        with unit_of_work(FINANCE, at=AT) as work:
            ledger = Ledger(open_fund(work, OpenFund(new_key(), "Fund", "Donor", is_restricted=True)))
            for step in steps:
                ledger.run(work, step)
            figures = queries.get_fund(work, ledger.fund_id).figures
            assert (figures.received, figures.committed.total, figures.spent_directly) == (
                Money(ledger.received), Money(ledger.committed), Money(ledger.spent),
            )  # fmt: skip
            assert balance(work, ledger.fund_id, "1000") == ledger.received - ledger.spent
            assert balance(work, ledger.fund_id, "3000") == -ledger.received

    play()


def balance(work: Work, fund_id: int, account: str) -> int:
    """What an account of the fund holds, debits less credits, straight from the postings."""
    query = (
        "SELECT COALESCE(SUM(CASE WHEN debit = :account THEN amount_paisa ELSE -amount_paisa END), 0) FROM posting"
        " WHERE fund_id = :fund_id AND :account IN (debit, credit)"
    )
    return int(work.session.execute(text(query), {"fund_id": fund_id, "account": account}).scalar())
