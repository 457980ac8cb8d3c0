"""Entitled = redeemed = posted, and each place where it is not so is named."""

import pytest
from sqlalchemy import Connection, text

from relief.geography.model import Level
from relief.kernel.actor import Actor
from relief.kernel.errors import Forbidden, NotFound
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.reports.comparing import differences_in
from relief.reports.differences import Difference, Kind
from relief.reports.reconciliation import Books, reconcile
from relief.reports.waiting import State, WaitingFilter, list_waiting
from relief.store.db import Store
from relief.store.scope import Scope
from relief.store.work import Work, reading
from tests.factories.books import AT, SYSTEM, one
from tests.reports.test_finance import busiest_district, reader
from tests.support.tampering import without_guards

TABLES = (
    "hand_over", "hand_over_line", "journal_entry", "posting", "movement", "commitment", "owed_line", "fund_balance",
    "stock_on_hand",
)  # fmt: skip
A_HAND_OVER = "(SELECT MAX(id) FROM hand_over WHERE kind = 'opening' AND cash_paisa > 0 AND goods_paisa > 0)"
A_CONFLICT = "(SELECT MAX(id) FROM hand_over WHERE kind = 'conflict')"
ITS_ENTRY = "(SELECT id FROM journal_entry WHERE source_kind = 'hand_over' AND source_id = CAST({0} AS TEXT))"
ITS_POSTINGS = f"entry_id = {ITS_ENTRY.format(A_HAND_OVER)}"


def differences(connection: Connection, store: Store) -> list[Difference]:
    return list(differences_in(seen_on(connection, store)))


def seen_on(connection: Connection, store: Store, actor: Actor = SYSTEM) -> Work:
    return Work(Scope(connection, "create_savepoint"), actor, AT, store.keys)


@pytest.mark.usefixtures("store")
def test_an_untouched_response_agrees():
    with reading(SYSTEM) as work:
        assert list(differences_in(work)) == []
        campaigns, ucs = reconcile(work), reconcile(work, level=Level.UC)
        entitled, served = (
            one(work, f"SELECT {what}") for what in ("COUNT(*) FROM entitlement", "SUM(served) FROM hand_over")
        )
    assert campaigns.total == ucs.total and len(ucs.rows) > 20
    books = campaigns.total
    assert (books.families_entitled, books.families_served, books.agrees) == (entitled, served, True)
    assert books.redeemed == books.posted and books.unexplained_recorded == books.unexplained_posted > Money.ZERO
    assert books.waiting == books.entitled - books.redeemed > Money.ZERO


CHANGES = [
    (f"UPDATE posting SET amount_paisa = amount_paisa + 100 WHERE {ITS_POSTINGS} AND debit = '5100'", Kind.CASH),
    (f"UPDATE posting SET amount_paisa = amount_paisa + 100 WHERE {ITS_POSTINGS} AND debit = '5200'", Kind.GOODS),
    (f"UPDATE posting SET amount_paisa = amount_paisa + 1 WHERE entry_id = {ITS_ENTRY.format(A_CONFLICT)}", Kind.UNEXPLAINED),
    (f"UPDATE posting SET area_id = 1 WHERE {ITS_POSTINGS}", Kind.POSTED_ELSEWHERE),
    (f"UPDATE posting SET campaign_id = 77 WHERE {ITS_POSTINGS} AND debit = '5200'", Kind.POSTED_ELSEWHERE),
    (f"UPDATE posting SET point_id = 9999 WHERE {ITS_POSTINGS}", Kind.POSTED_ELSEWHERE),
    (f"UPDATE posting SET posted_on = '2022-01-01' WHERE {ITS_POSTINGS}", Kind.POSTED_ELSEWHERE),
    (f"UPDATE posting SET area_id = NULL WHERE {ITS_POSTINGS} AND debit = '5100'", Kind.POSTED_ELSEWHERE),
    (f"DELETE FROM posting WHERE {ITS_POSTINGS}; DELETE FROM journal_entry WHERE id = {ITS_ENTRY.format(A_HAND_OVER)}",
     Kind.REDEEMED_NOT_POSTED),
    (f"UPDATE journal_entry SET source_id = '999999' WHERE id = {ITS_ENTRY.format(A_HAND_OVER)}", Kind.POSTED_NOT_REDEEMED),
    (f"UPDATE hand_over SET cash_paisa = cash_paisa + 100 WHERE id = {A_HAND_OVER}", Kind.CASH),
    (f"UPDATE hand_over_line SET value_paisa = value_paisa + 100 WHERE hand_over_id = {A_HAND_OVER} AND line_no = 1", Kind.LINES),
    (f"UPDATE hand_over_line SET quantity = quantity + 1 WHERE hand_over_id = {A_HAND_OVER} AND kind = 'item'", Kind.STOCK),
    (f"DELETE FROM movement WHERE source_kind = 'hand_over' AND source_id = CAST({A_HAND_OVER} AS TEXT)", Kind.STOCK),
    (f"UPDATE movement SET source_id = '999999' WHERE source_kind = 'hand_over' AND source_id = CAST({A_HAND_OVER} AS TEXT)",
     Kind.MOVED_NOT_REDEEMED),
    ("UPDATE owed_line SET given = given - 1 WHERE given = (SELECT MAX(given) FROM owed_line)", Kind.GIVEN),
    ("DELETE FROM owed_line", Kind.GIVEN),
    ("UPDATE owed_line SET owed = owed + 1 WHERE line_no = 1", Kind.OWED),
    ("UPDATE commitment SET amount_paisa = amount_paisa - 100 WHERE source_kind = 'allocation'", Kind.COMMITTED),
    ("UPDATE fund_balance SET spent_directly_paisa = 0", Kind.FUND),
    ("UPDATE stock_on_hand SET quantity = quantity + 1 WHERE location_id = (SELECT MIN(id) FROM location)", Kind.ON_HAND),
]  # fmt: skip


@pytest.mark.parametrize(("change", "kind"), CHANGES)
def test_a_difference_is_found_and_says_where(store: Store, change: str, kind: Kind):
    with without_guards(store, *TABLES, keep=False) as connection:
        hand_over_id = connection.execute(text(f"SELECT {A_HAND_OVER}")).scalar()
        conflict_id = connection.execute(text(f"SELECT {A_CONFLICT}")).scalar()
        for statement in change.split("; "):
            connection.execute(text(statement))
        found = [one for one in differences(connection, store) if one.kind is kind]
    assert found
    about_events = {Kind.CASH, Kind.GOODS, Kind.POSTED_ELSEWHERE, Kind.REDEEMED_NOT_POSTED, Kind.LINES, Kind.STOCK}
    if kind in about_events:
        assert [one.hand_over_id for one in found] == [hand_over_id]
    if kind is Kind.UNEXPLAINED:
        assert [one.hand_over_id for one in found] == [conflict_id]
    assert all(
        (one.kind.label and one.where and one.figures[0] != one.figures[1]) or kind is Kind.POSTED_ELSEWHERE
        for one in found
    )


def test_two_errors_that_make_up_for_each_other_are_two_differences(store: Store):
    entries = "SELECT MIN(entry_id), MAX(entry_id) FROM posting WHERE debit = '5100' AND amount_paisa > 100"
    with without_guards(store, "posting", keep=False) as connection:
        for entry_id, sign in zip(connection.execute(text(entries)).one(), (1, -1), strict=True):
            change = f"UPDATE posting SET amount_paisa = amount_paisa + {sign * 100} WHERE entry_id = {entry_id} AND debit = '5100'"
            connection.execute(text(change))
        found = differences(connection, store)
        assert reconcile(seen_on(connection, store)).total.agrees
    assert [(one.kind, one.found - one.expected) for one in found] == [(Kind.CASH, 100), (Kind.CASH, -100)]


@pytest.mark.usefixtures("store")
def test_only_the_own_areas_are_reconciled():
    code = busiest_district()
    with reading(SYSTEM) as work:
        mine = next(row for row in reconcile(work, level=Level.DISTRICT).rows if row.code == code)
    with reading(reader(code)) as work:
        assert reconcile(work).total == mine.books
        assert [row.code for row in reconcile(work, level=Level.DISTRICT).rows] == [code]
        assert list(differences_in(work)) == []
    with reading(reader(code, Role.REGISTRAR)) as work:
        for look in (lambda: reconcile(work), lambda: list(differences_in(work)),
                     lambda: list_waiting(work, WaitingFilter(), limit=5, offset=0)):  # fmt: skip
            with pytest.raises(Forbidden):
                look()


def test_differences_of_other_districts_are_not_shown(store: Store):
    code = busiest_district()
    actor = reader(code)
    elsewhere = (
        "(SELECT MAX(h.id) FROM hand_over h JOIN area a ON a.id = h.uc_id WHERE h.kind = 'opening' AND NOT a.path LIKE "
        f"(SELECT path || '%' FROM area WHERE code = '{code}'))"
    )
    with without_guards(store, "hand_over", keep=False) as connection:
        connection.execute(text(f"UPDATE hand_over SET cash_paisa = cash_paisa + 100 WHERE id = {elsewhere}"))
        assert list(differences_in(seen_on(connection, store, actor))) == []
        assert differences(connection, store) != []


@pytest.mark.usefixtures("store")
def test_what_waits_is_listed_family_by_family():
    with reading(SYSTEM) as work:
        books = reconcile(work).total
        rows, total = list_waiting(work, WaitingFilter(), limit=10_000, offset=0)
        assert len(rows) == total and Money.total(row.left for row in rows) == books.waiting
        parts = {state: list_waiting(work, WaitingFilter(state=state), limit=10_000, offset=0)[1] for state in State}
        assert sum(parts.values()) == total and parts[State.NOT_YET] == books.families_entitled - books.families_served
        first, second = (list_waiting(work, WaitingFilter(), limit=2, offset=skipped)[0] for skipped in (0, 2))
        assert [row.serial for row in (*first, *second)] == [row.serial for row in rows[:4]]
        place = rows[0].place
        inside, _ = list_waiting(work, WaitingFilter(rows and 1, place.id), limit=100, offset=0)
        assert {row.place.id for row in inside} == {place.id}
        with pytest.raises(NotFound):
            list_waiting(work, WaitingFilter(area_id=99_999), limit=1, offset=0)
    with reading(reader(busiest_district())) as work:
        own, _ = list_waiting(work, WaitingFilter(), limit=10_000, offset=0)
        assert {row.entitlement_id for row in own} < {row.entitlement_id for row in rows}


def test_books_add_up():
    some = Books(2, Money(10), 1, Money(4), Money(4), Money(1), Money(1))
    both = some + some
    assert (both.entitled, both.waiting, both.difference, both.agrees) == (Money(20), Money(12), Money(0), True)
    assert not Books(posted=Money(1)).agrees and not Books(unexplained_posted=Money(1)).agrees
    assert not Books(redeemed=Money(5), posted=Money(5)).agrees  # More than anybody was entitled to.
