"""Plays the response from the first registration to the last day: each step by the person whose work it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from relief.audit.queries import DEMONSTRATION_LOADED
from relief.audit.trail import Deed, record
from relief.cli.demonstration import script
from relief.cli.demonstration.days import Site, open_sites
from relief.cli.demonstration.people import Cast, add_cast
from relief.cli.demonstration.script import Play, morning
from relief.cli.demonstration.tables import Told, play_hand_overs
from relief.config import GEODATA
from relief.entitlements.allocation import DecideAllocation, decide_allocation, propose_allocation
from relief.entitlements.issuing import IssueTokens, issue_tokens
from relief.entitlements.signing import make_campaign_key
from relief.families.importing import ImportFamilies, import_families
from relief.families.invention import InventedTable, invent, places_in
from relief.geography import layering
from relief.geography.facts import read_facts
from relief.geography.gazetteer import Gazetteer
from relief.geography.model import Level
from relief.geography.queries import list_areas
from relief.kernel.actor import Actor
from relief.kernel.dates import DateRange
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity
from relief.ledger.funds import MoveFund, OpenFund, open_fund, receive_fund
from relief.programmes.planning import BandPlan, ItemPlan, OpenProgramme, PlanCampaign, create_campaign, open_programme
from relief.stock.catalogue import ItemDetails, add_item
from relief.store.work import Work, unit_of_work

DIRECTOR = Actor.system("demonstration")

# Begins a step of so many parts, and returns what is told of parts done.
Steps = Callable[[str, int], Told]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it."""

    registered: int
    entitled: int
    tokens: int
    handed_over: int
    conflicts: int
    voids: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything as it is on the evening before the first day: tokens in the families' hands, goods at the points."""

    cast: Cast
    campaign_id: int
    sites: list[Site]
    registered: int
    entitled: int
    tokens: int


def play_response(play: Play, steps: Steps) -> Played:
    """Play the whole response into an empty database and return its counts."""
    stage = set_stage(play, steps)
    counts = play_hand_overs(play, stage.cast, stage.campaign_id, stage.sites, steps("Hand-overs", stage.tokens))
    with unit_of_work(DIRECTOR) as work:
        detail = {"families": play.families, "seed": play.seed, "ending_on": play.ending_on.isoformat()}
        record(work, Deed(DEMONSTRATION_LOADED, "campaign", stage.campaign_id, detail=detail))
    return Played(stage.registered, stage.entitled, stage.tokens, counts.handed_over, counts.conflicts, counts.voids)


def set_stage(play: Play, steps: Steps) -> Stage:
    """Play everything up to the first day of distribution."""
    cast, home_id = _prepare(play)
    registered = _register(play, cast, steps("Families", play.families))
    campaign_id, items = _plan(play, cast)
    entitled = _allocate(play, cast, campaign_id, steps("Allocation", play.families))
    sites = open_sites(play, cast, campaign_id, items, home_id)
    tokens = _issue(play, cast, campaign_id, sites, steps("Tokens", entitled))
    return Stage(cast, campaign_id, sites, registered, entitled, tokens)


def _prepare(play: Play) -> tuple[Cast, int]:
    with unit_of_work(DIRECTOR, at=morning(play.registered_on, hour=8)) as work:
        layering.build(work, read_facts(GEODATA))
        province = list_areas(work, Level.PROVINCE)[0]
        districts = [area for area in list_areas(work, Level.DISTRICT) if area.name_en in script.DISTRICTS]
        assert len(districts) == len(script.DISTRICTS), "the districts are named as in the facts"
        home = next(area for area in districts if area.name_en == script.HOME_DISTRICT)
        return add_cast(work, province=province, home=home, districts=districts), home.id


def _register(play: Play, cast: Cast, told: Told) -> int:
    at = morning(play.registered_on)
    with unit_of_work(cast.registrar, at=at) as work:
        places = places_in(Gazetteer.load(work), script.DISTRICTS)
    table = InventedTable(invent(places, play.families, seed=play.seed, with_faults=False), play.families)
    done = 0

    def progress(count: int, _share: float) -> None:
        nonlocal done
        told(count - done)
        done = count

    imported = import_families(
        lambda: unit_of_work(cast.registrar, at=at), nullcontext(table), ImportFamilies("demonstration.csv"), progress
    )
    return sum(imported.counts.values())


def _plan(play: Play, cast: Cast) -> tuple[int, dict[str, int]]:
    opened_at = morning(play.registered_on, hour=11)
    with unit_of_work(cast.finance, at=opened_at) as work:
        name = "Flood response (invented)"
        fund_id = open_fund(work, OpenFund(script.FUND_CODE, name, "An invented donor", is_restricted=True))
        receive_fund(work, MoveFund(fund_id, play.fund, play.registered_on, "Gift for the demonstration", "demo-gift"))
    with unit_of_work(cast.lead, at=opened_at + dt.timedelta(hours=1)) as work:
        items = _add_items(work)
        programme_id = open_programme(work, OpenProgramme(script.PROGRAMME_CODE, "Demonstration"))
        province = list_areas(work, Level.PROVINCE)[0]
        plan = PlanCampaign(
            script.CAMPAIGN_CODE,
            "Cash and food after the flood (invented)",
            programme_id,
            fund_id,
            province.id,
            DateRange(play.first_on, play.last_on),
            _bands(items),
            script.CRITERIA,
            "0800-00000 (invented)",
        )
        return create_campaign(work, plan), items


def _add_items(work: Work) -> dict[str, int]:
    ration = ItemDetails("RATION", "Ration bag", "راشن کا تھیلا", "راشن جو ٿيلهو", "bag", script.RATION_COST)
    kit = ItemDetails("HYGIENE", "Hygiene kit", "صفائی کا سامان", "صفائي جو سامان", "kit", script.KIT_COST)
    return {details.code: add_item(work, details) for details in (ration, kit)}


def _bands(items: dict[str, int]) -> tuple[BandPlan, ...]:
    bands, size_from = [], 1
    for size_to, cash, rations, kits in script.BANDS:
        goods = (ItemPlan(items["RATION"], Quantity(rations)), ItemPlan(items["HYGIENE"], Quantity(kits)))
        bands.append(BandPlan(size_from, size_to, Money.rupees(cash), goods))
        size_from = size_to + 1
    return tuple(bands)


def _allocate(play: Play, cast: Cast, campaign_id: int, told: Told) -> int:
    at = morning(play.registered_on + dt.timedelta(days=3))
    with unit_of_work(cast.lead, at=at) as work:
        allocation_id = propose_allocation(work, campaign_id, told)
    with unit_of_work(cast.finance, at=at + dt.timedelta(hours=5)) as work:
        return decide_allocation(work, DecideAllocation(allocation_id, approve=True))


def _issue(play: Play, cast: Cast, campaign_id: int, sites: list[Site], told: Told) -> int:
    at = morning(play.registered_on + dt.timedelta(days=5))
    with unit_of_work(cast.administrator, at=at) as work:
        make_campaign_key(work, campaign_id)
    point_of = {uc_id: site.point_number for site in sites for uc_id in site.uc_ids}
    with unit_of_work(cast.lead, at=at + dt.timedelta(hours=1)) as work:
        return issue_tokens(work, IssueTokens(campaign_id, play.last_on, point_of=point_of), told)
