"""The demonstration: always the same for a seed, and every total of it agrees to the paisa."""

import datetime as dt
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import func, select

from relief.audit.queries import is_demonstration
from relief.cli.demo import demonstration_accounts, load_demonstration
from relief.cli.demonstration.script import SRSO_FUND, Play
from relief.coverage.queries import Question, coverage_of
from relief.distributions.model import ConflictCase, DistributionDay, HandOver
from relief.entitlements.model import Entitlement
from relief.families.model import Family
from relief.geography.model import Level
from relief.kernel.errors import Conflict
from relief.kernel.money import Money
from relief.keys import Keyring
from relief.ledger.model import FundBalance
from relief.reports.finance import By, TotalsFilter, totals_by
from relief.reports.reconciliation import reconcile
from relief.reports.verification import verify
from relief.store.db import Store
from relief.store.work import reading
from tests.factories.world import SYSTEM

PLAY = Play(families=400, seed=3, ending_on=dt.date(2022, 10, 21))


def facts():
    """What must come out the same: families, what each may receive, and every event but its secret parts."""
    with reading(SYSTEM) as work:
        families = select(Family.number, Family.head_name, Family.size, Family.village).order_by(Family.number)
        entitled = select(Entitlement.serial, Entitlement.uc_id, Entitlement.band_no).order_by(Entitlement.serial)
        events = select(
            HandOver.event_id,
            HandOver.kind,
            HandOver.point_id,
            HandOver.given_at,
            HandOver.cash_paisa,
            HandOver.goods_paisa,
        ).order_by(HandOver.id)
        return [work.session.execute(query).all() for query in (families, entitled, events)]


def test_totals_of_coverage_finance_and_hand_overs_agree_to_the_paisa_and_the_audit_is_clean(store):
    played = load_demonstration(PLAY)
    with reading(SYSTEM) as work:
        sums = work.session.execute(
            select(func.sum(HandOver.served), func.sum(HandOver.cash_paisa), func.sum(HandOver.goods_paisa),
                   func.sum(HandOver.unexplained_paisa))
        ).one()  # fmt: skip
        served, cash, goods, unexplained = (int(value) for value in sums)
        coverage = coverage_of(work, Question(Level.UC)).total
        assert (coverage.registered, coverage.entitled, coverage.served) == (400, played.entitled, served)
        for by in By:
            total = totals_by(work, by, TotalsFilter()).total
            assert (total.cash, total.goods, total.unexplained) == (Money(cash), Money(goods), Money(unexplained)), by
        assert coverage.disbursed == Money(cash + goods)
        assert served == played.handed_over - played.voids
        assert work.session.scalar(select(func.count()).select_from(ConflictCase)) == played.conflicts > 0
        assert played.voids > 0
        balance = work.session.scalars(select(FundBalance)).one()
        assert Money(balance.received_paisa) == PLAY.fund > Money(balance.committed_paisa) >= Money(cash + goods)
        assert reconcile(work).total
        assert is_demonstration(work)
        found = verify(work)
        assert found.is_sound, found.first
        today = (
            select(func.count()).select_from(HandOver).where(HandOver.given_on == PLAY.ending_on, HandOver.served > 0)
        )
        assert work.session.scalar(today) == 0, "the table of the last day waits for the visitor"
        assert (
            work.session.scalar(select(DistributionDay.id).where(DistributionDay.held_on == PLAY.ending_on)) is not None
        )
    assert len(demonstration_accounts()) == 7
    before = facts()
    with pytest.raises(Conflict) as refused:
        load_demonstration(PLAY)
    assert refused.value.code == "demo.not_empty"
    assert facts() == before, "a database in which somebody works is left alone"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_same_seed_plays_the_same(store, databases, tmp_path):
    load_demonstration(PLAY)
    first = facts()
    from_another_seed = Play(families=400, seed=4, ending_on=PLAY.ending_on)
    other = databases.migrated("sqlite")
    assert first[0]
    with another_store(other, tmp_path):
        load_demonstration(PLAY)
        assert facts() == first
    third = databases.migrated("sqlite")
    with another_store(third, tmp_path):
        load_demonstration(from_another_seed)
        assert facts() != first


@contextmanager
def another_store(url, folder):
    """A second instance, inside its application context."""
    app = Flask("another")
    held = Store(app, url, Keyring.create(folder / url.rsplit("/", 1)[1]))
    with app.app_context():
        yield held
    held.close()


def test_the_fund_is_srso_s_cut_to_size():
    assert Play(186_331, 1, PLAY.ending_on).fund == SRSO_FUND
    assert Play(5_000, 1, PLAY.ending_on).fund == Money.rupees(36_800_000)
