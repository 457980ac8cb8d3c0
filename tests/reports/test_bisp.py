"""BISP's flood cash of 18 October 2022, as published by province: PKR 25,000 a family, and the sums come out exactly."""

import pytest

from relief.geography.model import Level
from relief.kernel.money import Money
from relief.ledger.funds import OpenFund, open_fund
from relief.ledger.posting import Entry, Line, post
from relief.ledger.rules import Account, EntryKind
from relief.reports.finance import By, TotalsFilter, totals_by
from relief.store.work import unit_of_work
from tests.factories.finance import AT, TODAY
from tests.factories.goods import SYSTEM, add_area
from tests.support.databases import Databases

PUBLISHED = {
    "Balochistan": (209_051, 5_226_275_000),
    "Sindh": (1_810_129, 45_253_225_000),
    "Khyber Pakhtunkhwa": (299_725, 7_493_125_000),
    "Punjab": (322_717, 8_067_925_000),
    "Gilgit-Baltistan": (461, 11_525_000),
}
# One entry stands for so many families: what is tried is that nothing is lost in sums of this size.
FAMILIES_AN_ENTRY = 50_000


@pytest.fixture
def database_url(databases: Databases, backend: str):
    url = databases.migrated(backend)
    yield url
    databases.give_back(url)


@pytest.mark.usefixtures("store")
def test_the_published_sums_come_out_to_the_rupee():
    with unit_of_work(SYSTEM, at=AT) as work:
        fund_id = open_fund(work, OpenFund("BISP-2022", "Flood cash", "Government of Pakistan", is_restricted=True))
        districts = {}
        for number, (name, (families, _)) in enumerate(PUBLISHED.items(), 1):
            district = add_area(work, f"PK{number}01", Level.DISTRICT, add_area(work, f"PK{number}", Level.PROVINCE))
            districts[district.id] = name
            for n, start in enumerate(range(0, families, FAMILIES_AN_ENTRY)):
                sum_ = Money.rupees(25_000) * min(FAMILIES_AN_ENTRY, families - start)
                line = Line(fund_id, Account.CASH_RELIEF, Account.BANK, sum_, 1, district.id, number)
                post(work, Entry(EntryKind.HAND_OVER, TODAY, "", "hand_over", f"{number:03}{n:03}", [line]))
        totals = totals_by(work, By.DISTRICT, TotalsFilter())
    found = {districts[row.key]: row.sums.disbursed for row in totals.rows}
    assert found == {name: Money.rupees(rupees) for name, (_, rupees) in PUBLISHED.items()}
    assert totals.total.disbursed == totals.total.cash == Money.rupees(66_052_075_000)
    assert sum(families for families, _ in PUBLISHED.values()) == 2_642_083
    assert all(rupees == 25_000 * families for families, rupees in PUBLISHED.values())
