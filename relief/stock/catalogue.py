"""Items and the locations that hold them: adding and amending."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from relief.audit.trail import Deed, record
from relief.geography.model import Area
from relief.kernel.errors import Conflict, InvalidInput, NotFound, Problem
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.stock.model import Item, Location
from relief.stock.rules import LocationKind
from relief.store.locks import take_turn
from relief.store.work import Work

SEGMENT = "stock"
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,30}")


@dataclass(frozen=True, slots=True)
class ItemDetails:
    """A kind of goods. The names in Urdu and Sindhi stand on token sheets; without them the English one does."""

    code: str
    name_en: str
    name_ur: str
    name_sd: str
    unit: str
    unit_cost: Money


@dataclass(frozen=True, slots=True)
class AddLocation:
    """A new place for goods. The store of a distribution point is made with the point."""

    code: str
    name: str
    kind: LocationKind
    area_id: int


def add_item(work: Work, details: ItemDetails) -> int:
    """Add an item and return its id. Raises: Forbidden, InvalidInput, Conflict "item.code_taken"."""
    work.actor.require(Permission.STOCK_MANAGE)
    details = _checked(details)
    take_turn(work, "stock items")
    if work.session.scalar(select(Item.id).where(Item.code == details.code)) is not None:
        raise Conflict("item.code_taken", N_("There is an item with the code %(code)s already."), code=details.code)
    item = Item(code=details.code)
    _write(item, details)
    work.session.add(item)
    work.session.flush()
    detail = {"code": details.code, "unit_cost_paisa": details.unit_cost.paisa}
    record(work, Deed("item.added", "item", item.id, detail=detail, segment=SEGMENT))
    return item.id


def amend_item(work: Work, item_id: int, details: ItemDetails) -> None:
    """Correct an item's names, unit and cost; its code stays. What was approved or received keeps the cost it had.

    Raises: Forbidden, InvalidInput, NotFound "item.not_found".
    """
    work.actor.require(Permission.STOCK_MANAGE)
    item = work.session.get(Item, item_id)
    if item is None:
        raise NotFound("item.not_found", N_("There is no such item."))
    before = (item.name_en, item.name_ur, item.name_sd, item.unit, item.unit_cost_paisa)
    _write(item, _checked(details))
    after = (item.name_en, item.name_ur, item.name_sd, item.unit, item.unit_cost_paisa)
    work.session.flush()
    detail = {"before": list(before), "after": list(after)}
    record(work, Deed("item.amended", "item", item_id, detail=detail, segment=SEGMENT))


def add_location(work: Work, command: AddLocation) -> int:
    """Add a location and return its id. Raises: InvalidInput, NotFound "area.not_found", Conflict "location.code_taken"."""
    area = work.session.get(Area, command.area_id)
    if area is None or not work.actor.may(Permission.STOCK_MANAGE, area.path):
        raise NotFound("area.not_found", N_("There is no such area among yours."))
    code, name = command.code.strip().upper(), clean(command.name)
    _refuse_if_any([*_code_problems(code), *_missing(name=name)])
    take_turn(work, "stock locations")
    if work.session.scalar(select(Location.id).where(Location.code == code)) is not None:
        raise Conflict("location.code_taken", N_("There is a location with the code %(code)s already."), code=code)
    location = Location(code=code, name=name, kind=command.kind, area_id=area.id)
    work.session.add(location)
    work.session.flush()
    record(work, Deed("location.added", "location", location.id, area.id, {"code": code}, segment=SEGMENT))
    return location.id


def _checked(details: ItemDetails) -> ItemDetails:
    name = clean(details.name_en)
    checked = ItemDetails(
        details.code.strip().upper(), name, clean(details.name_ur) or name, clean(details.name_sd) or name,
        clean(details.unit), details.unit_cost,
    )  # fmt: skip
    problems = [*_code_problems(checked.code), *_missing(name_en=name, unit=checked.unit)]
    if details.unit_cost < Money.ZERO:
        problems.append(Problem("unit_cost", "money.negative", N_("Write a sum that is not negative.")))
    _refuse_if_any(problems)
    return checked


def _write(item: Item, details: ItemDetails) -> None:
    item.name_en, item.name_ur, item.name_sd = details.name_en, details.name_ur, details.name_sd
    item.unit, item.unit_cost_paisa = details.unit, details.unit_cost.paisa


def _code_problems(code: str) -> list[Problem]:
    if _CODE.fullmatch(code):
        return []
    return [Problem("code", "code.bad", N_("Write 2 to 31 letters, digits and hyphens, such as TENT-6."))]


def _missing(**values: str) -> list[Problem]:
    return [Problem(name, "field.missing", N_("This is missing.")) for name, value in values.items() if not value]


def _refuse_if_any(problems: list[Problem]) -> None:
    if problems:
        raise InvalidInput.of(problems)
