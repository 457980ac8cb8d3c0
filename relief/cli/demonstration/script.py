"""What the demonstration plays: its places, days, package and shares, all invented but for the totals it is cut to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from relief.kernel.money import Money

# The Sindh Rural Support Organisation's response to the flood of 2022: 186,331 families and PKR 1.37 billion in 15 districts,
# August to December 2022 (srso.org.pk). Its nine core districts are listed there; the six others are those in which it
# carries the provincial poverty reduction programme.
SRSO_FAMILIES = 186_331
SRSO_FUND = Money.rupees(1_370_000_000)
DISTRICTS = (
    "Ghotki", "Jacobabad", "Kambar Shahdad Kot", "Kashmore", "Khairpur", "Larkana", "Naushahro Feroze", "Shikarpur", "Sukkur",
    "Badin", "Mirpur Khas", "Sanghar", "Shaheed Benazir Abad", "Thatta", "Umer Kot",
)  # fmt: skip

CAMPAIGN_CODE = "DEMO-1"
FUND_CODE = "DEMO-FUND"
PROGRAMME_CODE = "DEMO"
# The district whose coordinator and point staff a visitor can sign in as.
PROVINCE, HOME_DISTRICT = "Sindh", "Sukkur"

# Band: families of up to so many members, cash in rupees, ration bags, hygiene kits.
BANDS = ((4, 3_500, 1, 1), (8, 4_000, 1, 1), (60, 4_500, 2, 1))
# What a family has in hand that is found on a paper list too.
CASH_TWICE = Money.rupees(3_500)
RATION_COST, KIT_COST = Money.rupees(1_850), Money.rupees(650)

CRITERIA = {
    "any": [
        {"test": "house_damage", "in": ["partial", "full"]},
        {"test": "displaced"},
        {"test": "woman_headed"},
    ]
}

WEEKS = 3
# How many families a table serves in a day; a point holds as many days as its families need.
FAMILIES_A_DAY = 150
FEWEST_DAYS = 2

# Of a hundred Union Councils so many are not reached at all, and so many only in part: what a coordinator looks for.
UNREACHED, PARTLY_REACHED = 3, 12
# One hand-over in so many is partial, is undone, comes back on a late list as a conflict: rarer in a large play, where even
# the rare is many.
ONE_PARTIAL_IN, ONE_VOID_IN, ONE_CONFLICT_IN = 60, 400, 500
SMALL_PLAY = 4_000


@dataclass(frozen=True, slots=True)
class Play:
    """How large the play is, by which numbers, and on which day it ends: that day's distribution is still to come."""

    families: int
    seed: int
    ending_on: dt.date

    @property
    def first_on(self) -> dt.date:
        """The first of the days of distribution."""
        return self.ending_on - dt.timedelta(weeks=WEEKS)

    @property
    def registered_on(self) -> dt.date:
        """The day on which the registration files came in."""
        return self.first_on - dt.timedelta(days=10)

    @property
    def last_on(self) -> dt.date:
        """The last day of the campaign."""
        return self.ending_on + dt.timedelta(days=30)

    def happens(self, lot: float, one_in: int) -> bool:
        """Return whether a lot, 0 to 1, falls on what happens once in so many hand-overs."""
        return lot * max(20, one_in * min(self.families, SMALL_PLAY) // SMALL_PLAY) < 1

    @property
    def fund(self) -> Money:
        """The gift: SRSO's fund cut to the number of families, in full hundred thousands of rupees."""
        unit = Money.rupees(100_000).paisa
        return Money(-(-SRSO_FUND.paisa * self.families // SRSO_FAMILIES // unit) * unit)


def morning(day: dt.date, *, hour: int = 9) -> dt.datetime:
    """Return the hour of that day in Pakistan, as UTC."""
    return dt.datetime.combine(day, dt.time(hour - 5), tzinfo=dt.UTC)
