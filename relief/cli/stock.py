"""`relief stock`: items, goods notes, and what lies where."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import click

from relief.cli.aligned import align
from relief.cli.console import actor_named, as_option, in_instance, json_option, report
from relief.geography.queries import find_area_by_code
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity
from relief.ledger.queries import get_fund_by_code
from relief.stock import queries
from relief.stock.catalogue import AddLocation, ItemDetails, add_item, add_location
from relief.stock.notes import (
    ReceivedLine,
    ReceiveGoods,
    ReverseNote,
    TransferGoods,
    receive_goods,
    reverse_note,
    transfer_goods,
)
from relief.stock.queries import StockFilter
from relief.stock.rules import LocationKind
from relief.store.work import Work, reading, unit_of_work

_DAY = click.DateTime(["%Y-%m-%d"])
fund_option = click.option(
    "--fund", metavar="CODE", required=True, help="The fund that paid for the goods, or got them."
)
paper_option = click.option("--paper", required=True, help="The number of the delivery note or waybill.")
on_option = click.option("--on", type=_DAY, help="The day on which it happened. [default: today]")
key_option = click.option(
    "--key", help="A name of your own: given again with the same values, nothing is booked twice."
)


@click.group()
def group() -> None:
    """Items, goods notes, and what lies where."""


@group.command()
@as_option
@json_option
@in_instance
def items(*, email: str | None, as_json: bool) -> None:
    """List the items with how many are on hand."""
    with reading(actor_named(email)) as work:
        found = queries.list_items(work)
    rows = [(item.code, item.name_en, item.unit, Money(item.unit_cost_paisa), item.on_hand) for item in found]
    data = [
        {"code": item.code, "name_en": item.name_en, "name_ur": item.name_ur, "name_sd": item.name_sd, "unit": item.unit,
         "unit_cost_paisa": item.unit_cost_paisa, "on_hand": item.on_hand}
        for item in found
    ]  # fmt: skip
    text = (
        align(("code", "item", "unit", "cost of one", "on hand"), rows)
        if rows
        else "No item yet: relief stock add-item"
    )
    report({"items": data}, as_json, text)


@group.command("add-item")
@click.argument("code")
@click.option("--name", required=True, help="In English.")
@click.option("--name-ur", default="", help="In Urdu.")
@click.option("--name-sd", default="", help="In Sindhi.")
@click.option("--unit", default="piece", show_default=True, help="What is counted.")
@click.option("--cost", required=True, help="Of one, in rupees.")
@as_option
@json_option
@in_instance
def add_new_item(*, code: str, unit: str, cost: str, email: str | None, as_json: bool, **names: str) -> None:
    """Add a kind of goods."""
    details = ItemDetails(code, names["name"], names["name_ur"], names["name_sd"], unit, Money.parse(cost))
    with unit_of_work(actor_named(email)) as work:
        item_id = add_item(work, details)
    report({"id": item_id, "code": code.upper()}, as_json, f"The item {code.upper()} is added.")


@group.command("add-warehouse")
@click.argument("code")
@click.option("--name", required=True, help="As people there call it.")
@click.option("--area", metavar="CODE", required=True, help="Where it lies: PK703 is Dadu.")
@as_option
@json_option
@in_instance
def add_warehouse(*, code: str, name: str, area: str, email: str | None, as_json: bool) -> None:
    """Add a warehouse. The store of a distribution point is made with the point."""
    with unit_of_work(actor_named(email)) as work:
        found = find_area_by_code(work, area)
        if found is None:
            raise NotFound("area.not_found", N_("There is no area with the code %(code)s."), code=area)
        location_id = add_location(work, AddLocation(code, name, LocationKind.WAREHOUSE, found.id))
    report({"id": location_id, "code": code.upper()}, as_json, f"The warehouse {code.upper()} is added.")


@group.command("list")
@click.option("--location", metavar="CODE", help="Only at this location.")
@click.option("--item", metavar="CODE", help="Only of this item.")
@as_option
@json_option
@in_instance
def list_stock(*, location: str | None, item: str | None, email: str | None, as_json: bool) -> None:
    """Show what lies where, and its value at the cost of one today."""
    with reading(actor_named(email)) as work:
        wanted = StockFilter(
            queries.get_location_by_code(work, location).id if location else None,
            queries.get_item_by_code(work, item).id if item else None,
        )
        found = queries.list_stock(work, wanted)
    rows = [(r.location_name, r.item_name, r.fund_code, r.quantity, r.unit, Money(r.value_paisa)) for r in found]
    value = Money(sum(r.value_paisa for r in found))
    data = [
        {"location": r.location_name, "item": r.item_code, "fund": r.fund_code, "quantity": r.quantity,
         "value_paisa": r.value_paisa}
        for r in found
    ]  # fmt: skip
    header = ("location", "item", "fund", "on hand", "unit", "value")
    report(
        {"stock": data, "value_paisa": value.paisa}, as_json, align(header, rows, ("Total", "", "", None, "", value))
    )


@group.command()
@click.argument("location")
@click.argument("item")
@click.argument("quantity")
@click.option("--cost", required=True, help="What was paid for one, in rupees; 0 for a gift.")
@fund_option
@paper_option
@on_option
@key_option
@as_option
@json_option
@in_instance
def receive(
    *, location: str, item: str, quantity: str, cost: str, fund: str, email: str | None, as_json: bool, **more: Any
) -> None:
    """Book goods that came into a location."""
    count, paid = Quantity.parse(quantity), Money.parse(cost)
    with unit_of_work(actor_named(email)) as work:
        lines = (ReceivedLine(queries.get_item_by_code(work, item).id, count, paid),)
        place = queries.get_location_by_code(work, location).id
        note_id = receive_goods(
            work, ReceiveGoods(place, get_fund_by_code(work, fund).id, lines, **_paper(work, **more))
        )
    report({"note": note_id}, as_json, f"Booked as goods note {note_id}.")


@group.command()
@click.argument("start")
@click.argument("end")
@click.argument("item")
@click.argument("quantity")
@fund_option
@paper_option
@on_option
@key_option
@as_option
@json_option
@in_instance
def transfer(
    *, start: str, end: str, item: str, quantity: str, fund: str, email: str | None, as_json: bool, **more: Any
) -> None:
    """Book goods that went from the location START to the location END."""
    count = Quantity.parse(quantity)
    with unit_of_work(actor_named(email)) as work:
        lines = ((queries.get_item_by_code(work, item).id, count),)
        way_from, way_to = (queries.get_location_by_code(work, code).id for code in (start, end))
        fund_id = get_fund_by_code(work, fund).id
        note_id = transfer_goods(work, TransferGoods(way_from, way_to, fund_id, lines, **_paper(work, **more)))
    report({"note": note_id}, as_json, f"Booked as goods note {note_id}.")


@group.command()
@click.argument("note", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why; it stays on record.")
@key_option
@as_option
@json_option
@in_instance
def reverse(*, note: int, reason: str, key: str | None, email: str | None, as_json: bool) -> None:
    """Answer a wrong goods note by its mirror image."""
    with unit_of_work(actor_named(email)) as work:
        reversal_id = reverse_note(work, ReverseNote(note, reason, key or str(uuid.uuid4())))
    report(
        {"note": reversal_id, "reverses": note}, as_json, f"Goods note {note} is reversed by goods note {reversal_id}."
    )


def _paper(work: Work, *, paper: str, on: dt.datetime | None, key: str | None) -> dict[str, Any]:
    return {"on": on.date() if on else local_day(work.at), "reference": paper, "key": key or str(uuid.uuid4())}
