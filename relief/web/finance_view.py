"""What the address of a finance page asks for, and the addresses that lead on from there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from relief.geography.model import Level
from relief.geography.queries import find_area_by_code
from relief.kernel.errors import InvalidInput, NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.ledger.queries import FundRow, get_fund_by_code, list_funds
from relief.programmes.queries import CampaignRow, campaign_not_found, list_campaigns
from relief.reports.finance import By, TotalsFilter, TotalsRow, point_name
from relief.reports.scope import Place, Scope
from relief.store.work import Work
from relief.web.forms import parse_day

# What lies behind one row of totals: the same money told apart further.
_NEXT = {
    By.FUND: By.CAMPAIGN, By.CAMPAIGN: By.DISTRICT, By.DISTRICT: By.TALUKA, By.TALUKA: By.UC, By.UC: By.POINT,
    By.POINT: By.DAY,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks for: the filter in the words of the address, and the choices that its form offers."""

    funds: list[FundRow]
    campaigns: list[CampaignRow]
    scope: Scope
    fund: FundRow | None
    campaign: CampaignRow | None
    place: Place | None
    point_id: int | None
    point: str | None
    from_on: dt.date | None
    to_on: dt.date | None

    @property
    def wanted(self) -> TotalsFilter:
        """The filter as the queries take it."""
        return TotalsFilter(
            self.fund.id if self.fund else None, self.campaign.id if self.campaign else None,
            self.place.id if self.place else None, self.point_id, self.from_on, self.to_on,
        )  # fmt: skip

    @property
    def arguments(self) -> dict[str, Any]:
        """The filter as arguments of an address."""
        arguments = {
            "fund": self.fund.code if self.fund else None, "campaign": self.campaign.code if self.campaign else None,
            "area": self.place.code if self.place else None, "point": self.point_id,
            "since": self.from_on.isoformat() if self.from_on else None,
            "until": self.to_on.isoformat() if self.to_on else None,
        }  # fmt: skip
        return {name: value for name, value in arguments.items() if value is not None}

    def url(self, endpoint: str, **changes: Any) -> str:
        """Return the address of an endpoint under the same filter, with some arguments changed; None takes one away."""
        return url_for(endpoint, **(self.arguments | changes))

    @property
    def choices_of_by(self) -> list[By]:
        """What totals can be told apart by here: areas only below the one in hand, and only where they are seen whole."""
        below = -1 if self.place is None else self.place.level.rank
        return [by for by in By if by.level is None or (by.level in self.scope.levels and by.level.rank > below)]

    def url_behind(self, by: By, row: TotalsRow) -> str | None:
        """Return the address of what lies behind a row of totals; None where the row names nothing to narrow by."""
        if row.key is None:
            return None
        if by is By.DAY:
            return self.url("finance.entries", since=row.key, until=row.key)
        argument = "area" if by.level else by.value
        value = row.key if by is By.POINT else row.code
        following = _NEXT[by]
        if following.level and following not in self.choices_of_by:
            following = By.UC
        return self.url("finance.index", **{argument: value, "by": following.value})

    def url_of_entries(self, by: By, row: TotalsRow | None) -> str | None:
        """Return the address of the postings that a row adds up, up to the number of an account; without a row, of all.

        None where the row names nothing to narrow by.
        """
        narrowing: dict[str, Any] = {}
        if row is not None:
            if row.key is None:
                return None
            if by is By.DAY:
                narrowing = {"since": row.key, "until": row.key}
            else:
                narrowing = {"area" if by.level else by.value: row.key if by is By.POINT else row.code}
        address = self.url("finance.entries", **narrowing)
        return f"{address}{'&' if '?' in address else '?'}account="


def read_view(work: Work) -> View:
    """Return what this address asks for. Raises: NotFound for what is not there or not for the actor; InvalidInput."""
    scope = Scope.of(work, Permission.FUND_READ)
    campaigns = list_campaigns(work)
    place = _read_place(work, scope)
    point_id = _read_number("point")
    since, until = _read_day("since"), _read_day("until")
    if since and until and until < since:
        raise InvalidInput("dates.reversed", N_("The last day lies before the first."))
    code = request.args.get("fund")
    return View(
        list_funds(work), campaigns, scope, get_fund_by_code(work, code) if code else None, _read_campaign(campaigns),
        place, point_id, point_name(work, point_id), since, until,
    )  # fmt: skip


def read_by(view: View) -> By:
    """Return what this address tells totals apart by; districts, or the coarsest areas below the one in hand, if it is silent."""
    choices = view.choices_of_by
    asked = request.args.get("by")
    areas = [by for by in choices if by.level]
    return next((by for by in choices if by.value == asked), areas[0] if areas else By.POINT)


def read_level(view: View) -> Level | None:
    """Return the level of areas that this address asks for, None for none."""
    asked = request.args.get("level")
    return next((level for level in view.scope.levels if level.value == asked), None)


def _read_campaign(campaigns: list[CampaignRow]) -> CampaignRow | None:
    code = request.args.get("campaign")
    found = next((campaign for campaign in campaigns if campaign.code == code), None)
    if code and found is None:
        raise campaign_not_found()
    return found


def _read_place(work: Work, scope: Scope) -> Place | None:
    code = request.args.get("area")
    if not code:
        return None
    area = find_area_by_code(work, code)
    return scope.require(area.id if area else 0)


def _read_number(name: str) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound("address.not_understood", N_("This address cannot be understood: %(name)s."), name=name)
    return int(text)


def _read_day(name: str) -> dt.date | None:
    text = request.args.get(name)
    return parse_day(text) if text else None
