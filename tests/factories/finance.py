"""Funds, people and instants that tests of money begin from."""

import datetime as dt
import itertools

from relief.kernel.actor import Actor, ActorId, Grant
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.ledger.funds import MoveFund, OpenFund, open_fund, receive_fund
from relief.store.work import Work

AT = dt.datetime(2022, 9, 5, 6, 30, tzinfo=dt.UTC)
TODAY = dt.date(2022, 9, 5)
_numbers = itertools.count(1)


def someone(role: Role, path: str = "/", *, number: int = 7) -> Actor:
    """A person with one role over one area path."""
    return Actor(ActorId(number), f"{role.value} {number}", (Grant(role, 1, path),))


FINANCE = someone(Role.FINANCE)


def new_key() -> str:
    """The id of a fresh form."""
    return f"form-{next(_numbers)}"


def fund_with(work: Work, rupees: int, code: str = "SRSO-2022") -> int:
    """A fund that received so much; its id."""
    fund_id = open_fund(work, OpenFund(code, "Flood response 2022", "Government of Sindh", is_restricted=True))
    if rupees:
        receive_fund(work, MoveFund(fund_id, Money.rupees(rupees), TODAY, "Cheque 118", new_key()))
    return fund_id
