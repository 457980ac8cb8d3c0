"""Planning: opening programmes, creating campaigns with their packages, and amending them while nothing is proposed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from relief.audit.trail import Deed, record
from relief.geography.model import Area
from relief.geography.queries import get_area
from relief.kernel.dates import DateRange
from relief.kernel.errors import Conflict, InvalidInput, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.quantity import Quantity
from relief.kernel.text import clean
from relief.ledger.queries import get_fund
from relief.programmes.criteria import Group, check_criteria
from relief.programmes.model import Campaign, PackageBand, PackageLine, Programme
from relief.programmes.queries import campaign_not_found, get_campaign, plan_digest, programme_not_found, touches
from relief.programmes.rules import CampaignState, LineKind, Proof, may_move, problems_of_bands
from relief.stock.model import Item
from relief.store.locks import take_turn
from relief.store.work import Work

LONGEST_NAME = 80
LONGEST_CONTACT = 120
MOST_INSTALMENTS = 12
LAST_NUMBER = 65_535
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,30}")


@dataclass(frozen=True, slots=True)
class OpenProgramme:
    """A new programme."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """So many units of an item for each family in each instalment."""

    item_id: int
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class BandPlan:
    """What families of these sizes receive in each instalment."""

    size_from: int
    size_to: int
    cash: Money
    items: tuple[ItemPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanCampaign:
    """All that a campaign is made of; `criteria` is the JSON value that `check_criteria` describes."""

    code: str
    name: str
    programme_id: int
    fund_id: int
    area_id: int
    days: DateRange
    bands: tuple[BandPlan, ...]
    criteria: object
    complaints_to: str
    instalments: int = 1
    proof_required: Proof = Proof.NONE


def open_programme(work: Work, command: OpenProgramme) -> int:
    """Open a programme and return its id. Raises: Forbidden, InvalidInput, Conflict "programme.code_taken"."""
    work.actor.require(Permission.CAMPAIGN_PROPOSE)
    code, name = command.code.strip().upper(), clean(command.name)
    problems = [*_code_problems(code), *_text_problems("name", name, LONGEST_NAME)]
    if problems:
        raise InvalidInput.of(problems)
    take_turn(work, "programme")
    if work.session.scalar(select(Programme.id).filter_by(code=code)) is not None:
        message = N_("There is a programme with the code %(code)s already.")
        raise Conflict("programme.code_taken", message, code=code)
    programme = Programme(code=code, name=name)
    work.session.add(programme)
    work.session.flush()
    record(work, Deed("programme.opened", "programme", programme.id, detail={"code": code}))
    return programme.id


def create_campaign(work: Work, command: PlanCampaign) -> int:
    """Create a campaign, still a draft, under the next number, and return its id.

    Raises: Forbidden outside the actor's areas; NotFound for an unknown area, fund or programme; InvalidInput with all that is
        wrong; Conflict "campaign.code_taken", "campaign.numbers_used_up".
    """
    criteria = _check(work, command)
    take_turn(work, "campaign")
    _refuse_taken_code(work, command, own_id=None)
    number = (work.session.scalar(select(func.max(Campaign.number))) or 0) + 1
    if number > LAST_NUMBER:
        raise Conflict("campaign.numbers_used_up", N_("Every campaign number that fits a token is used up."))
    campaign = Campaign(number=number, state=CampaignState.DRAFT, created_at=work.at, created_by=int(work.actor.id))
    _fill(campaign, command, criteria)
    work.session.add(campaign)
    work.session.flush()
    _add_package(work, campaign.id, command.bands)
    _record(work, campaign.id, "campaign.created")
    return campaign.id


def amend_campaign(work: Work, campaign_id: int, command: PlanCampaign) -> None:
    """Write a draft anew; costs of goods are those of today. A rejected proposal makes a campaign a draft again.

    Raises: as `create_campaign`, and NotFound "campaign.not_found", RuleViolation "campaign.not_a_draft".
    """
    campaign = lock_campaign(work, campaign_id)
    work.actor.require(Permission.CAMPAIGN_PROPOSE, get_area(work, campaign.area_id).path)
    if campaign.state is not CampaignState.DRAFT:
        raise RuleViolation(
            "campaign.not_a_draft",
            N_("Package and criteria are fixed once families were proposed. Create another campaign for a change."),
        )
    criteria = _check(work, command)
    take_turn(work, "campaign")
    _refuse_taken_code(work, command, own_id=campaign.id)
    _fill(campaign, command, criteria)
    bands = select(PackageBand.id).filter_by(campaign_id=campaign.id)
    work.session.execute(delete(PackageLine).where(PackageLine.band_id.in_(bands)))
    work.session.execute(delete(PackageBand).where(PackageBand.campaign_id == campaign.id))
    work.session.flush()
    _add_package(work, campaign.id, command.bands)
    _record(work, campaign.id, "campaign.amended")


def lock_campaign(work: Work, campaign_id: int) -> Campaign:
    """Return the campaign's row, held until this unit ends, if the actor may see it. Raises: NotFound "campaign.not_found"."""
    query = select(Campaign).join(Area, Area.id == Campaign.area_id).where(Campaign.id == campaign_id)
    visible = touches(work.actor.paths(Permission.CAMPAIGN_READ))
    campaign = work.session.scalar(
        query.where(visible).with_for_update(of=Campaign).execution_options(populate_existing=True)
    )
    if campaign is None:
        raise campaign_not_found()
    return campaign


def move_campaign(campaign: Campaign, then: CampaignState) -> None:
    """Put a locked campaign into another state. Raises: RuleViolation "campaign.wrong_state"."""
    if not may_move(campaign.state, then):
        raise RuleViolation("campaign.wrong_state", N_("The campaign is not in a state in which this can be done."))
    campaign.state = then


def _check(work: Work, command: PlanCampaign) -> Group:
    """Return the criteria of a plan without fault."""
    area = get_area(work, command.area_id)
    work.actor.require(Permission.CAMPAIGN_PROPOSE, area.path)
    get_fund(work, command.fund_id)
    if work.session.get(Programme, command.programme_id) is None:
        raise programme_not_found()
    problems = list(_problems(work, command))
    try:
        criteria = check_criteria(command.criteria)
        problems += _area_problems(work, criteria, area.path)
    except InvalidInput as error:
        problems += error.problems
    if problems:
        raise InvalidInput.of(problems)
    return criteria


def _problems(work: Work, command: PlanCampaign) -> Iterator[Problem]:
    yield from _code_problems(command.code.strip().upper())
    yield from _text_problems("name", clean(command.name), LONGEST_NAME)
    yield from _text_problems("complaints_to", clean(command.complaints_to), LONGEST_CONTACT)
    if not 1 <= command.instalments <= MOST_INSTALMENTS:
        message = N_("Write a number from %(low)s to %(high)s.")
        yield Problem("instalments", "number.out_of_range", message, {"low": 1, "high": MOST_INSTALMENTS})
    yield from problems_of_bands([(band.size_from, band.size_to) for band in command.bands])
    known = set(work.session.scalars(select(Item.id)))
    for number, band in enumerate(command.bands, 1):
        yield from _band_problems(number, band, known)


def _band_problems(number: int, band: BandPlan, known_items: set[int]) -> Iterator[Problem]:
    ids = [item.item_id for item in band.items]
    if band.cash < Money.ZERO:
        yield Problem(f"band-{number}-cash", "money.negative", N_("Write a sum that is not negative."))
    if not band.cash and not ids:
        message = N_("Families of this size would receive nothing: give cash, goods, or both.")
        yield Problem(f"band-{number}-cash", "campaign.empty_band", message)
    for place, item in enumerate(band.items, 1):
        if item.item_id not in known_items:
            yield Problem(f"band-{number}-item-{place}", "item.not_found", N_("There is no such item."))
        elif item.item_id in ids[: place - 1]:
            yield Problem(f"band-{number}-item-{place}", "campaign.item_twice", N_("This item stands here twice."))
        if not item.quantity:
            yield Problem(f"band-{number}-quantity-{place}", "quantity.not_positive", N_("Write how many units."))


def _area_problems(work: Work, criteria: Group, campaign_path: str) -> list[Problem]:
    ids = criteria.area_ids()
    paths = dict(work.session.execute(select(Area.id, Area.path).where(Area.id.in_(ids))).all())
    if all(paths.get(area_id, "").startswith(campaign_path) for area_id in ids):
        return []
    return [Problem("criteria", "criteria.area_outside", N_("The criteria name an area outside the campaign's area."))]


def _code_problems(code: str) -> list[Problem]:
    if _CODE.fullmatch(code):
        return []
    return [
        Problem("code", "campaign.bad_code", N_("Write 2 to 31 letters, digits and hyphens, such as FLOOD-2022-1."))
    ]


def _text_problems(field: str, text: str, longest: int) -> list[Problem]:
    if not text:
        return [Problem(field, "field.missing", N_("This is missing."))]
    if len(text) > longest:
        return [Problem(field, "text.too_long", N_("Write at most %(count)s characters."), {"count": longest})]
    return []


def _refuse_taken_code(work: Work, command: PlanCampaign, *, own_id: int | None) -> None:
    code = command.code.strip().upper()
    if work.session.scalar(select(Campaign.id).where(Campaign.code == code)) not in (None, own_id):
        raise Conflict("campaign.code_taken", N_("There is a campaign with the code %(code)s already."), code=code)


def _fill(campaign: Campaign, command: PlanCampaign, criteria: Group) -> None:
    campaign.code, campaign.name = command.code.strip().upper(), clean(command.name)
    campaign.programme_id, campaign.fund_id, campaign.area_id = command.programme_id, command.fund_id, command.area_id
    campaign.starts_on, campaign.ends_on = command.days.first_on, command.days.last_on
    campaign.instalments, campaign.proof_required = command.instalments, command.proof_required
    campaign.criteria, campaign.complaints_to = criteria.as_json(), clean(command.complaints_to)


def _add_package(work: Work, campaign_id: int, bands: Sequence[BandPlan]) -> None:
    costs = dict(work.session.execute(select(Item.id, Item.unit_cost_paisa)).all())
    for band_no, plan in enumerate(sorted(bands, key=lambda plan: plan.size_from), 1):
        band = PackageBand(campaign_id=campaign_id, band_no=band_no, size_from=plan.size_from, size_to=plan.size_to)
        work.session.add(band)
        work.session.flush()
        lines = [
            PackageLine(kind=LineKind.ITEM, item_id=item.item_id, quantity=item.quantity.count, amount_paisa=0,
                        unit_cost_paisa=costs[item.item_id])
            for item in plan.items
        ]  # fmt: skip
        if plan.cash:
            cash = PackageLine(kind=LineKind.CASH, quantity=0, amount_paisa=plan.cash.paisa, unit_cost_paisa=0)
            lines.insert(0, cash)
        for line_no, line in enumerate(lines, 1):
            line.band_id, line.line_no = band.id, line_no
        work.session.add_all(lines)
    work.session.flush()


def _record(work: Work, campaign_id: int, action: str) -> None:
    campaign = get_campaign(work, campaign_id)
    detail = {"code": campaign.code, "number": campaign.number, "fund": campaign.fund_id}
    digest = plan_digest(work, campaign)
    record(work, Deed(action, "campaign", campaign_id, area_id=campaign.area_id, detail=detail, record_digest=digest))
