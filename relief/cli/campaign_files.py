"""A campaign as a TOML or JSON file: everything by its code, as people name it."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from relief.geography.queries import find_area_by_code, get_area
from relief.kernel.dates import DateRange
from relief.kernel.errors import InvalidInput, NotFound, Problem, ReliefError
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity
from relief.ledger.queries import get_fund_by_code
from relief.programmes.criteria import Group
from relief.programmes.planning import BandPlan, ItemPlan, PlanCampaign
from relief.programmes.queries import BandRow, CampaignRow, get_programme_by_code
from relief.programmes.rules import LARGEST_FAMILY, LineKind, Proof
from relief.stock.queries import get_item_by_code
from relief.store.work import Work

T = TypeVar("T")
_LARGEST_BYTES = 1_000_000
_Text = Annotated[str, Field(max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Item(_Part):
    item: _Text
    quantity: Annotated[int, Field(ge=1, le=10**6)]


class _Band(_Part):
    size_from: int
    size_to: int = LARGEST_FAMILY
    cash: _Text | int = 0
    items: list[_Item] = []


class CampaignFile(_Part):
    """What such a file holds."""

    code: _Text
    name: _Text
    programme: _Text
    fund: _Text
    area: _Text
    starts_on: Annotated[dt.date, Field(strict=False)]
    ends_on: Annotated[dt.date, Field(strict=False)]
    instalments: int = 1
    proof_required: Annotated[Proof, Field(strict=False)] = Proof.NONE
    complaints_to: _Text
    criteria: dict[str, Any]
    bands: list[_Band]


def read_campaign_file(path: Path) -> CampaignFile:
    """Return what the file holds. Raises: InvalidInput "campaign_file.unreadable", or with a problem for each wrong place."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InvalidInput("campaign_file.too_large", N_("%(name)s is too large for a campaign."), name=path.name)
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput(
            "campaign_file.unreadable",
            N_("%(name)s cannot be read as TOML or JSON: %(reason)s"),
            name=path.name,
            reason=str(error) or type(error).__name__,
        ) from None
    try:
        return CampaignFile.model_validate(data)
    except ValidationError as error:
        raise InvalidInput.of([_problem(one["loc"], one["msg"]) for one in error.errors()]) from None


def plan_of(work: Work, file: CampaignFile) -> PlanCampaign:
    """Return the plan with every code looked up. Raises: InvalidInput with a problem for each code that is not known."""
    problems: list[Problem] = []
    programme_id = _known(problems, "programme", lambda: get_programme_by_code(work, file.programme).id)
    fund_id = _known(problems, "fund", lambda: get_fund_by_code(work, file.fund).id)
    area_id = _known(problems, "area", lambda: _area_id(work, file.area))
    days = _known(problems, "ends_on", lambda: DateRange(file.starts_on, file.ends_on))
    bands = tuple(_band(work, number, band, problems) for number, band in enumerate(file.bands, 1))
    criteria = _with_ids(work, file.criteria, "criteria", problems)
    if problems or programme_id is None or fund_id is None or area_id is None or days is None:
        raise InvalidInput.of(problems)
    return PlanCampaign(
        file.code, file.name, programme_id, fund_id, area_id, days, bands, criteria, file.complaints_to, file.instalments,
        file.proof_required,
    )  # fmt: skip


def file_of(work: Work, campaign: CampaignRow, programme: str, bands: list[BandRow]) -> dict[str, Any]:
    """Return a campaign as such a file holds it."""
    return {
        "code": campaign.code, "name": campaign.name, "programme": programme, "fund": campaign.fund_code,
        "area": get_area(work, campaign.area_id).code, "starts_on": campaign.days.first_on.isoformat(),
        "ends_on": campaign.days.last_on.isoformat(), "instalments": campaign.instalments,
        "proof_required": campaign.proof_required.value, "complaints_to": campaign.complaints_to,
        "criteria": _with_codes(work, campaign.criteria), "bands": [_band_of(band) for band in bands],
    }  # fmt: skip


def _band(work: Work, number: int, band: _Band, problems: list[Problem]) -> BandPlan:
    field = f"bands.{number}"
    cash = _known(problems, f"{field}.cash", lambda: Money.parse(str(band.cash)))
    items = []
    for place, one in enumerate(band.items, 1):
        item_id = _known(problems, f"{field}.items.{place}", lambda one=one: get_item_by_code(work, one.item).id)  # type: ignore[misc]
        if item_id is not None:
            items.append(ItemPlan(item_id, Quantity(one.quantity)))
    return BandPlan(band.size_from, band.size_to, cash or Money.ZERO, tuple(items))


def _band_of(band: BandRow) -> dict[str, Any]:
    cash = next((line.amount for line in band.lines if line.kind is LineKind.CASH), Money.ZERO)
    rupees, paisa = divmod(cash.paisa, 100)
    items = [{"item": line.item_code, "quantity": line.quantity.count} for line in band.lines if line.item_id]
    sizes = {"size_from": band.size_from, "size_to": band.size_to}
    return {**sizes, "cash": f"{rupees}.{paisa:02d}" if paisa else str(rupees), "items": items}


def _with_ids(work: Work, part: Any, field: str, problems: list[Problem]) -> Any:
    """Return the criteria with the ids of areas in place of their codes; all else is for `check_criteria` to judge."""
    if isinstance(part, list):
        return [_with_ids(work, one, f"{field}.{number}", problems) for number, one in enumerate(part, 1)]
    if not isinstance(part, dict):
        return part
    if part.get("test") == "area" and isinstance(part.get("in"), list):
        ids = [
            _known(problems, f"{field}.in", lambda code=code: _area_id(work, code)) if isinstance(code, str) else code  # type: ignore[misc]
            for code in part["in"]
        ]
        return {**part, "in": ids}
    return {key: _with_ids(work, one, f"{field}.{key}", problems) for key, one in part.items()}


def _with_codes(work: Work, criteria: Group) -> Any:
    codes = {area_id: get_area(work, area_id).code for area_id in criteria.area_ids()}

    def walk(part: Any) -> Any:
        if isinstance(part, list):
            return [walk(one) for one in part]
        if isinstance(part, dict) and part.get("test") == "area":
            return {**part, "in": [codes[area_id] for area_id in part["in"]]}
        return {key: walk(one) for key, one in part.items()} if isinstance(part, dict) else part

    return walk(criteria.as_json())


def _area_id(work: Work, code: str) -> int:
    area = find_area_by_code(work, code)
    if area is None:
        raise NotFound(
            "area.unknown_code", N_("There is no area %(code)s. `relief geography list` names them."), code=code
        )
    return area.id


def _known(problems: list[Problem], field: str, find: Callable[[], T]) -> T | None:
    try:
        return find()
    except ReliefError as error:
        problems.append(Problem(field, error.code, error.message, error.params))
        return None


def _problem(place: tuple[int | str, ...], message: str) -> Problem:
    names = [str(part + 1) if isinstance(part, int) else part for part in place]
    return Problem(".".join(names), "campaign_file.bad_value", N_("%(reason)s"), {"reason": message})
