"""Reading programmes, campaigns and their packages."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select

from relief.audit.trail import digest_of
from relief.geography.model import Area
from relief.kernel.dates import DateRange
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.quantity import Quantity
from relief.kernel.text import clean
from relief.ledger.model import Fund
from relief.ledger.rules import Cost
from relief.programmes.criteria import Group, check_criteria
from relief.programmes.model import Campaign, PackageBand, PackageLine, Programme
from relief.programmes.rules import CampaignState, LineKind, Proof
from relief.stock.model import Item
from relief.store.columns import canonical_json
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """A programme."""

    id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign with the names that pages show beside it."""

    id: int
    number: int
    code: str
    name: str
    programme_id: int
    programme_name: str
    fund_id: int
    fund_code: str
    fund_name: str
    area_id: int
    area_path: str
    area_name_en: str
    area_name_ur: str | None
    area_name_sd: str | None
    days: DateRange
    instalments: int
    state: CampaignState
    criteria: Group
    proof_required: Proof
    complaints_to: str
    created_at: dt.datetime
    created_by: int
    closed_at: dt.datetime | None
    closed_by: int | None
    closing_reason: str | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """What a band receives of one thing in each instalment: cash, or units of an item."""

    line_no: int
    kind: LineKind
    item_id: int | None
    item_code: str
    name_en: str
    name_ur: str
    name_sd: str
    unit: str
    quantity: Quantity
    amount: Money
    unit_cost: Money

    @property
    def cost(self) -> Money:
        """What the line costs in one instalment."""
        return self.amount + self.unit_cost * self.quantity.count


@dataclass(frozen=True, slots=True)
class BandRow:
    """What families of certain sizes receive in each instalment."""

    band_no: int
    size_from: int
    size_to: int
    lines: tuple[LineRow, ...]

    @property
    def cost(self) -> Cost:
        """What one family costs in one instalment."""
        cash = Money.total(line.cost for line in self.lines if line.kind is LineKind.CASH)
        return Cost(cash, Money.total(line.cost for line in self.lines) - cash)


_CAMPAIGNS = (
    select(
        Campaign.id, Campaign.number, Campaign.code, Campaign.name, Campaign.programme_id,
        Programme.name.label("programme_name"), Campaign.fund_id, Fund.code.label("fund_code"),
        Fund.name.label("fund_name"), Campaign.area_id, Area.path.label("area_path"), Area.name_en.label("area_name_en"),
        Area.name_ur.label("area_name_ur"), Area.name_sd.label("area_name_sd"), Campaign.starts_on, Campaign.ends_on,
        Campaign.instalments, Campaign.state, Campaign.criteria, Campaign.proof_required, Campaign.complaints_to,
        Campaign.created_at, Campaign.created_by, Campaign.closed_at, Campaign.closed_by, Campaign.closing_reason,
    )
    .join(Programme, Programme.id == Campaign.programme_id)
    .join(Fund, Fund.id == Campaign.fund_id)
    .join(Area, Area.id == Campaign.area_id)
)  # fmt: skip
_LINES = (
    select(
        PackageBand.band_no, PackageLine.line_no, PackageLine.kind, PackageLine.item_id, Item.code, Item.name_en,
        Item.name_ur, Item.name_sd, Item.unit, PackageLine.quantity, PackageLine.amount_paisa, PackageLine.unit_cost_paisa,
    )
    .join(PackageBand, PackageBand.id == PackageLine.band_id)
    .outerjoin(Item, Item.id == PackageLine.item_id)
    .order_by(PackageLine.line_no)
)  # fmt: skip
_BANDS = select(PackageBand.band_no, PackageBand.size_from, PackageBand.size_to).order_by(PackageBand.size_from)


def list_programmes(work: Work) -> list[ProgrammeRow]:
    """Return all programmes by name."""
    rows = work.session.execute(select(Programme.id, Programme.code, Programme.name).order_by(Programme.name))
    return [ProgrammeRow(*row) for row in rows]


def get_programme_by_code(work: Work, code: str) -> ProgrammeRow:
    """Return the programme with that code, in capitals or not. Raises: NotFound "programme.not_found"."""
    query = select(Programme.id, Programme.code, Programme.name).where(Programme.code == clean(code).upper())
    row = work.session.execute(query).first()
    if row is None:
        raise programme_not_found()
    return ProgrammeRow(*row)


def get_campaign(work: Work, campaign_id: int) -> CampaignRow:
    """Return the campaign if it touches an area in which the actor may read campaigns. Raises: NotFound "campaign.not_found"."""
    found = _rows(work, _visible(work, _CAMPAIGNS.where(Campaign.id == campaign_id)))
    if not found:
        raise campaign_not_found()
    return found[0]


def find_campaign_by_number(work: Work, number: int) -> CampaignRow | None:
    """Return the campaign that tokens name by this number, whoever asks: what a token says is no secret."""
    found = _rows(work, _CAMPAIGNS.where(Campaign.number == number))
    return found[0] if found else None


def find_campaign_by_code(work: Work, code: str) -> CampaignRow | None:
    """Return the campaign with that code, in capitals or not, if the actor may see it."""
    found = _rows(work, _visible(work, _CAMPAIGNS.where(Campaign.code == clean(code).upper())))
    return found[0] if found else None


def list_campaigns(work: Work, states: Collection[CampaignState] = ()) -> list[CampaignRow]:
    """Return the campaigns that touch the actor's areas, in those states if any are named, the latest first."""
    query = _visible(work, _CAMPAIGNS)
    if states:
        query = query.where(Campaign.state.in_(list(states)))
    return _rows(work, query.order_by(Campaign.number.desc()))


def package_of(work: Work, campaign_id: int) -> list[BandRow]:
    """Return what a campaign gives, from the smallest families to the largest."""
    lines: dict[int, list[LineRow]] = defaultdict(list)
    for row in work.session.execute(_LINES.where(PackageBand.campaign_id == campaign_id)):
        band_no, line_no, kind, item_id, code, name_en, name_ur, name_sd, unit, quantity, amount, unit_cost = row
        names = (code or "", name_en or "", name_ur or "", name_sd or "", unit or "")  # Cash is no item.
        line = LineRow(line_no, kind, item_id, *names, Quantity(quantity), Money(amount), Money(unit_cost))
        lines[band_no].append(line)
    bands = work.session.execute(_BANDS.where(PackageBand.campaign_id == campaign_id))
    return [BandRow(band_no, low, high, tuple(lines[band_no])) for band_no, low, high in bands]


def plan_digest(work: Work, campaign: CampaignRow) -> bytes:
    """Return a hash of what a campaign promises to whom: it seals proposal and approval in the audit trail."""
    head = (
        campaign.id, campaign.number, campaign.fund_id, campaign.area_id, campaign.days.first_on, campaign.days.last_on,
        campaign.instalments, campaign.proof_required.value, canonical_json(campaign.criteria.as_json()),
    )  # fmt: skip
    lines = [
        (band.band_no, band.size_from, band.size_to, line.line_no, line.kind.value, line.item_id, line.quantity.count,
         line.amount.paisa, line.unit_cost.paisa)
        for band in package_of(work, campaign.id) for line in band.lines
    ]  # fmt: skip
    return digest_of(head, *lines)


def programme_not_found() -> NotFound:
    """Return the refusal for a programme that is not there."""
    return NotFound("programme.not_found", N_("There is no such programme."))


def campaign_not_found() -> NotFound:
    """Return the refusal for a campaign that is not there, or not for this actor."""
    return NotFound("campaign.not_found", N_("There is no such campaign."))


def _visible(work: Work, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Narrow to campaigns that lie in the actor's areas or reach into them: a province's campaign serves each district."""
    return query.where(touches(work.actor.paths(Permission.CAMPAIGN_READ)))


def touches(paths: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that an area lies in one of the paths, or one of them in it."""
    below = [Area.path.startswith(path) for path in paths]
    above = {path[: end + 1] for path in paths for end in range(1, len(path) - 1) if path[end] == "/"}
    return or_(false(), *below, Area.path.in_(sorted(above)))


def _rows(work: Work, query: Select[*tuple[Any, ...]]) -> list[CampaignRow]:
    return [_campaign(dict(row)) for row in work.session.execute(query).mappings()]


def _campaign(row: dict[str, Any]) -> CampaignRow:
    days = DateRange(row.pop("starts_on"), row.pop("ends_on"))
    return CampaignRow(days=days, criteria=check_criteria(row.pop("criteria")), **row)
