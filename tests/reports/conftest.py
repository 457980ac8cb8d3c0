"""A whole response in a database, played by the use cases, with something of every kind in its books."""

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from relief.cli.demonstration.response import play_response
from relief.cli.demonstration.script import Play
from relief.families.amendment import AmendFamily, amend_family
from relief.kernel.actor import Actor
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity
from relief.ledger.commitments import commit_fund
from relief.ledger.funds import MoveFund, receive_fund, spend_directly
from relief.ledger.reversals import ReverseEntry, reverse_entry
from relief.ledger.rules import Cost
from relief.stock.notes import ReverseNote, TransferGoods, reverse_note, transfer_goods
from relief.store.db import Store
from relief.store.work import Work, unit_of_work
from tests.support.databases import Databases

SYSTEM = Actor.system("tests")
LAST_DAY = dt.date(2022, 9, 26)
AT = dt.datetime(2022, 9, 27, 6, 0, tzinfo=dt.UTC)
PLAY = Play(families=80, seed=1, ending_on=LAST_DAY)


def fill_books(_store: Store) -> None:
    """Play a small response, and post by hand what it leaves out."""
    play_response(PLAY, lambda _label, _parts: lambda _done: None)
    with unit_of_work(SYSTEM, at=AT) as work:
        fund_id = one(work, "SELECT MIN(id) FROM fund")
        receive_fund(work, MoveFund(fund_id, Money.rupees(5_000), LAST_DAY, "Cheque 7", "k1"))
        wrong = receive_fund(work, MoveFund(fund_id, Money.rupees(300), LAST_DAY, "Cheque 8", "k2"))
        reverse_entry(work, ReverseEntry(wrong, "Typed twice", "k3"))
        spend_directly(work, MoveFund(fund_id, Money.rupees(1_250), LAST_DAY, "Boat hire", "k4"))
        places = work.session.execute(
            text("SELECT location_id, item_id FROM stock_on_hand WHERE quantity > 1 ORDER BY location_id, item_id")
        ).all()
        (start, item), end = places[0], next(place for place, _ in places if place != places[0][0])
        for key in ("k5", "k6"):
            lines = ((item, Quantity(1)),)
            sent = transfer_goods(work, TransferGoods(start, end, fund_id, lines, LAST_DAY, "WB 7", key))
        reverse_note(work, ReverseNote(sent, "Sent to the wrong point", "k7"))
        family_id = one(work, "SELECT MIN(id) FROM family")
        for village in ("Goth Sodho", "Goth Ibrahim"):
            amend_family(work, AmendFamily(family_id, {"village": village}, "Moved house"))
        commit_fund(work, fund_id, Cost(Money.rupees(900), Money.rupees(100)), "workshop", "1")


def one(work: Work, sql: str) -> int:
    """The one number that a query gives."""
    return int(work.session.execute(text(sql)).scalar())


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the books in it."""
    url = databases.prepared(backend, "books", fill_books)
    yield url
    databases.give_back(url)
