"""What the address of a coverage page asks for, and the addresses that lead on from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from relief.coverage.classes import Method
from relief.coverage.indicators import Indicator
from relief.coverage.queries import Question, find_area, levels_within, whole_area
from relief.geography.model import Level
from relief.geography.queries import AreaRecord
from relief.programmes.queries import CampaignRow, campaign_not_found, find_campaign_by_code, list_campaigns
from relief.programmes.rules import CampaignState
from relief.store.work import Work
from relief.web.shell import campaign_in_hand

ALL_CAMPAIGNS = "all"


@dataclass(frozen=True, slots=True)
class View:
    """What an address of the page asks for."""

    campaigns: list[CampaignRow]
    campaign: CampaignRow | None
    under: AreaRecord | None
    levels: tuple[Level, ...]
    level: Level
    indicator: Indicator
    instalment_no: int | None
    method: Method

    @property
    def question(self) -> Question:
        """The question to the figures."""
        campaign_id = self.campaign.id if self.campaign else None
        return Question(self.level, self.under, campaign_id, self.instalment_no)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of this address, written out: what is shared shows the same to everybody."""
        return {
            "campaign": self.campaign.code if self.campaign else ALL_CAMPAIGNS, "indicator": self.indicator.value,
            "level": self.level.value,
        } | ({"area": self.under.code} if self.under else {}) | (
            {"instalment": str(self.instalment_no)} if self.instalment_no else {}
        ) | ({"classes": self.method.value} if self.method is not Method.QUANTILE else {})  # fmt: skip

    def url(self, endpoint: str, **changes: str | None) -> str:
        """Return the address of this or another endpoint with some arguments changed; None takes one away."""
        return url_for(f"coverage.{endpoint}", **(self.arguments | changes))

    @property
    def drill_url(self) -> str:
        """The address of an area further down, up to its code; the level is left to the area."""
        kept = {name: value for name, value in self.arguments.items() if name not in ("level", "area")}
        return url_for("coverage.index", **kept, area="")


def read_view(work: Work) -> View:
    """Return what this address asks for. Raises: NotFound for an area or campaign that is not there, or not for the actor."""
    campaigns = list_campaigns(work)
    campaign = _read_campaign(work, campaigns)
    under = read_area(work)
    levels = levels_within(work, under)
    instalment = request.args.get("instalment", "")
    known = {str(number): number for number in range(1, (campaign.instalments if campaign else 0) + 1)}
    return View(
        campaigns,
        campaign,
        under,
        levels,
        _choice("level", {level.value: level for level in levels}, levels[0]),
        _choice("indicator", {one.value: one for one in Indicator}, Indicator.SHARE_SERVED),
        known.get(instalment),
        _choice("classes", {method.value: method for method in Method}, Method.QUANTILE),
    )


def _read_campaign(work: Work, campaigns: list[CampaignRow]) -> CampaignRow | None:
    """Return the campaign that the address names, None for all; without a name the one that most people want."""
    code = request.args.get("campaign")
    if not code:
        return campaign_of_choice(campaigns)
    found = None if code == ALL_CAMPAIGNS else find_campaign_by_code(work, code)
    if found is None and code != ALL_CAMPAIGNS:
        raise campaign_not_found()
    return found


def read_area(work: Work) -> AreaRecord | None:
    """Return the area that the address names, else the one that the actor sees; None where those are several."""
    code = request.args.get("area")
    return find_area(work, code) if code else whole_area(work)


def campaign_of_choice(campaigns: list[CampaignRow]) -> CampaignRow | None:
    """Return the campaign in hand, else the latest that is running, else the latest."""
    in_hand = [campaign for campaign in campaigns if campaign.id == campaign_in_hand()]
    running = [campaign for campaign in campaigns if campaign.state is CampaignState.ACTIVE]
    return next(iter((*in_hand, *running, *campaigns)), None)


def _choice(name: str, choices: dict[str, Any], default: Any) -> Any:
    return choices.get(request.args.get(name, ""), default)
