"""Disbursed totals: they add up whatever they are told apart by, and count only inside the areas of the reader."""

import dataclasses
import datetime as dt

import pytest
from sqlalchemy import text

from relief.geography.model import Level
from relief.kernel.actor import Actor
from relief.kernel.errors import Forbidden, NotFound
from relief.kernel.money import Money
from relief.kernel.permissions import Permission, Role
from relief.reports.finance import NOTHING, By, Sums, TotalsFilter, find_point_by_code, point_name, totals_by
from relief.reports.funds import get_statement, list_statements
from relief.reports.journal import JournalFilter, all_lines, get_entry_page, list_lines
from relief.reports.scope import Scope
from relief.store.work import Work, reading
from tests.factories.books import SYSTEM, one
from tests.factories.finance import someone

pytestmark = pytest.mark.usefixtures("store")
ALL = TotalsFilter()
MONEY_READERS = {Role.COORDINATOR, Role.FINANCE, Role.AUDITOR}


def path_of(work: Work, code: str) -> str:
    return work.session.execute(text("SELECT path FROM area WHERE code = :code"), {"code": code}).scalar()


def reader(code: str, role: Role = Role.AUDITOR) -> Actor:
    with reading(SYSTEM) as work:
        return someone(role, path_of(work, code))


def busiest_district() -> str:
    with reading(SYSTEM) as work:
        rows = totals_by(work, By.DISTRICT, ALL).rows
        return max((row for row in rows if row.key), key=lambda row: row.sums.disbursed).code


def test_totals_add_up_to_the_same_whatever_they_are_told_apart_by():
    with reading(SYSTEM) as work:
        answers = {by: totals_by(work, by, ALL) for by in By}
        straight = one(
            work,
            "SELECT SUM(CASE WHEN debit LIKE '5%' THEN amount_paisa ELSE 0 END)"
            " - SUM(CASE WHEN credit LIKE '5%' THEN amount_paisa ELSE 0 END) FROM posting",
        )
        served = one(work, "SELECT SUM(cash_paisa + goods_paisa) FROM hand_over")
        unexplained = one(work, "SELECT SUM(unexplained_paisa) FROM hand_over")
    for by, totals in answers.items():
        assert sum((row.sums for row in totals.rows), NOTHING) == totals.total, by
        assert totals.total.disbursed == Money(straight), by
    total = answers[By.FUND].total
    assert total.cash + total.goods == Money(served)
    assert (total.other, total.unexplained) == (Money.rupees(1_250), Money(unexplained))
    assert unexplained > 0
    # Spending that no family received has neither campaign nor area.
    assert [row.sums.other for row in answers[By.DISTRICT].rows if row.key is None] == [Money.rupees(1_250)]


def test_each_filter_narrows_to_one_row():
    with reading(SYSTEM) as work:
        for by in By:
            row = next(row for row in totals_by(work, by, ALL).rows if row.key is not None)
            if by is By.DAY:
                wanted = TotalsFilter(from_on=row.day, to_on=row.day)
            else:
                field = "area_id" if by.level else f"{by.value}_id"
                wanted = dataclasses.replace(ALL, **{field: row.key})
            assert totals_by(work, By.UC, wanted).total == row.sums, by
        assert totals_by(work, By.DAY, TotalsFilter(to_on=dt.date(2000, 1, 1))).rows == ()


def test_a_narrowed_role_counts_only_inside_its_area():
    code = busiest_district()
    with reading(SYSTEM) as work:
        whole = totals_by(work, By.DISTRICT, ALL)
    mine = next(row for row in whole.rows if row.code == code)
    with reading(reader(code)) as work:
        for by in By:
            assert totals_by(work, by, ALL).total == mine.sums, by
        assert [row.code for row in totals_by(work, By.DISTRICT, ALL).rows] == [code]
        other = next(row for row in whole.rows if row.key and row.code != code)
        with pytest.raises(NotFound):
            totals_by(work, By.UC, TotalsFilter(area_id=int(other.key)))


def test_levels_that_are_seen_in_part_are_not_offered():
    with reading(SYSTEM) as work:
        assert Scope.of(work, Permission.FUND_READ).levels == (Level.DISTRICT, Level.TALUKA, Level.UC)
        taluka = next(row for row in totals_by(work, By.TALUKA, ALL).rows if row.key)
    with reading(reader(taluka.code)) as work:
        scope = Scope.of(work, Permission.FUND_READ)
        assert (scope.levels, scope.sees_all) == ((Level.TALUKA, Level.UC), False)
        assert totals_by(work, By.TALUKA, ALL).total == taluka.sums


@pytest.mark.parametrize("role", list(Role))
def test_who_sees_money(role: Role):
    actor = reader("PK7", role)
    with reading(actor) as work:
        for look in (
            lambda: totals_by(work, By.FUND, ALL),
            lambda: list_statements(work),
            lambda: list_lines(work, JournalFilter(), limit=5, offset=0),
            lambda: get_entry_page(work, 1),
        ):
            if role in MONEY_READERS:
                assert look()
            else:
                with pytest.raises(Forbidden):
                    look()


def test_what_is_unspent_is_in_the_bank_in_stock_or_unexplained():
    with reading(SYSTEM) as work:
        (statement,) = list_statements(work)
        alone = get_statement(work, statement.fund.id)
        assert dataclasses.replace(alone, campaigns=()) == statement
        assert sum((row.sums for row in alone.campaigns), NOTHING) == statement.sums
        with pytest.raises(NotFound):
            get_statement(work, 999)
    figures, holdings, sums = statement.figures, statement.holdings, statement.sums
    assert holdings.unspent == figures.received - sums.disbursed
    assert holdings.bank == figures.received - figures.purchased - sums.cash - sums.other - unexplained_cash()
    assert holdings.goods_in_stock > Money.ZERO and holdings.unexplained == sums.unexplained


def unexplained_cash() -> Money:
    with reading(SYSTEM) as work:
        return Money(one(work, "SELECT SUM(amount_paisa) FROM posting WHERE debit = '1900' AND credit = '1000'"))


def test_funds_as_a_whole_are_shown_to_who_sees_the_whole_or_posts():
    code = busiest_district()
    with reading(reader(code, Role.COORDINATOR)) as work:
        (statement,) = list_statements(work)
        assert (statement.figures, statement.holdings) == (None, None)
        assert statement.sums.disbursed > Money.ZERO
    with reading(reader(code, Role.FINANCE)) as work:
        (statement,) = list_statements(work)
        assert statement.figures is not None


def test_entries_behind_a_total_come_to_that_total():
    with reading(SYSTEM) as work:
        for by in By:
            for row in totals_by(work, by, ALL).rows:
                if row.key is None:
                    continue
                field = "area_id" if by.level else f"{by.value}_id"
                wanted = (
                    TotalsFilter(from_on=row.day, to_on=row.day) if by is By.DAY else dataclasses.replace(ALL, **{field: row.key})
                )  # fmt: skip
                for account, sum_ in (
                    ("5", row.sums.disbursed),
                    ("5100", row.sums.cash),
                    ("1900", row.sums.unexplained),
                ):
                    page = list_lines(work, JournalFilter(wanted, account=account), limit=3, offset=0)
                    assert page.sum == sum_, (by, row.name, account)
        page = list_lines(work, JournalFilter(account="5200"), limit=10_000, offset=0)
        assert Money.total(line.net("5200") for line in page.lines) == page.sum
        assert len(page.lines) == page.count == len(list(all_lines(work, JournalFilter(account="5200"))))


def test_lines_come_latest_first_page_by_page():
    with reading(SYSTEM) as work:
        first = list_lines(work, JournalFilter(), limit=4, offset=0)
        second = list_lines(work, JournalFilter(), limit=4, offset=4)
        numbers = [(line.entry_id, line.line_no) for line in (*first.lines, *second.lines)]
        assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == 8
        kinds = {
            line.kind for line in list_lines(work, JournalFilter(kind=first.lines[0].kind), limit=50, offset=0).lines
        }
        assert kinds == {first.lines[0].kind}


def test_an_entry_of_another_district_does_not_exist():
    code = busiest_district()
    with reading(SYSTEM) as work:
        mine = next(line for line in all_lines(work, JournalFilter()) if line.place and line.place.code)
        entry = get_entry_page(work, mine.entry_id)
        assert entry.lines[0].hand_over_id == int(mine.source_id) and entry.entry.id == mine.entry_id
        foreign = next(
            line for line in all_lines(work, JournalFilter())
            if line.place and not line.place.path.startswith(path_of(work, code))
        )  # fmt: skip
        without_area = next(line for line in all_lines(work, JournalFilter()) if line.place is None)
    with reading(reader(code, Role.COORDINATOR)) as work:
        for line in (foreign, without_area):
            with pytest.raises(NotFound):
                get_entry_page(work, line.entry_id)
    with reading(reader(code, Role.FINANCE)) as work:
        assert get_entry_page(work, without_area.entry_id)
        with pytest.raises(NotFound):
            get_entry_page(work, foreign.entry_id)


def test_points_are_known_by_code_and_name():
    with reading(SYSTEM) as work:
        row = next(row for row in totals_by(work, By.POINT, ALL).rows if row.key)
        assert find_point_by_code(work, row.code.lower()) == row.key
        assert (point_name(work, row.key), point_name(work, None), point_name(work, 9_999)) == (row.name, None, None)
        with pytest.raises(NotFound):
            find_point_by_code(work, "NOWHERE")


def test_sums_know_when_they_are_nothing():
    assert not NOTHING and Sums(other=Money(1)) and not Sums(cash=Money(1)) + Sums(cash=Money(-1))
