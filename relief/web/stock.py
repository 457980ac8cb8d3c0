"""Goods: items, locations, what lies there, and the notes that brought it there."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from relief.files.cells import Cell
from relief.kernel.dates import local_day
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.quantity import Quantity
from relief.ledger.queries import list_funds
from relief.stock import queries
from relief.stock.catalogue import AddLocation, ItemDetails, add_item, add_location, amend_item
from relief.stock.notes import (
    ReceivedLine,
    ReceiveGoods,
    ReverseNote,
    TransferGoods,
    receive_goods,
    reverse_note,
    transfer_goods,
)
from relief.stock.queries import StockFilter, StockRow
from relief.stock.rules import LocationKind, NoteKind
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.areas import AreaField
from relief.web.exports import answer_table
from relief.web.formats import area_name, label
from relief.web.forms import Form, parse_event_id
from relief.web.listing import Listing
from relief.web.shell import MenuEntry, say

bp = Blueprint("stock", __name__, url_prefix="/stock")
MENU = (MenuEntry(N_("Goods"), "stock.index", Permission.STOCK_READ, order=50),)

_AREA = AreaField("area", Permission.STOCK_MANAGE)
# Rows of the forms; those left empty are passed over.
_ROWS = range(5)


@bp.get("")
@needs(Permission.STOCK_READ)
def index() -> Answer:
    """Show what lies where."""
    form = Form.of_query()
    with reading(current_actor()) as work:
        rows = queries.list_stock(work, _filter(form))
        return render_template(
            "stock/index.html", rows=rows, form=form, value=sum(row.value_paisa for row in rows),
            items=_item_options(work), locations=_location_options(work, Permission.STOCK_READ),
        )  # fmt: skip


@bp.get("/stock.<suffix>")
@needs(Permission.STOCK_READ)
def export(suffix: str) -> Answer:
    """Answer what lies where as a file."""
    header = ("location", "item_code", "item", "fund", "quantity", "unit", "unit_cost_pkr", "value_pkr")
    with reading(current_actor()) as work:
        return answer_table(suffix, "stock", header, map(_cells, queries.list_stock(work, _filter(Form.of_query()))))


@bp.get("/items")
@needs(Permission.STOCK_READ)
def items() -> Answer:
    """List the items."""
    with reading(current_actor()) as work:
        return render_template("stock/items.html", items=queries.list_items(work))


@bp.route("/items/new", methods=["GET", "POST"])
@needs(Permission.STOCK_MANAGE)
def new_item() -> Answer:
    """Add an item."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            details = _read_item(form, form.text("code", longest=31))
            with unit_of_work(current_actor()) as work:
                add_item(work, details)
            say(_("The item is added."))
            return redirect(url_for("stock.items"))
    return render_template("stock/item.html", form=form, item=None), form.status


@bp.route("/items/<int:item_id>", methods=["GET", "POST"])
@needs(Permission.STOCK_MANAGE)
def edit_item(item_id: int) -> Answer:
    """Correct an item."""
    with reading(current_actor()) as work:
        item = queries.get_item(work, item_id)
    form = Form.of_request(
        name_en=item.name_en, name_ur=item.name_ur, name_sd=item.name_sd, unit=item.unit, unit_cost=Money(item.unit_cost_paisa)
    )  # fmt: skip
    with form.attempt() as sent:
        if sent:
            details = _read_item(form, item.code)
            with unit_of_work(current_actor()) as work:
                amend_item(work, item_id, details)
            say(_("The item is changed."))
            return redirect(url_for("stock.items"))
    return render_template("stock/item.html", form=form, item=item), form.status


@bp.route("/locations/new", methods=["GET", "POST"])
@needs(Permission.STOCK_MANAGE)
def new_location() -> Answer:
    """Add a warehouse."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            with unit_of_work(current_actor()) as work:
                area = _AREA.read(work, form)
                code, name = form.text("code", longest=31), form.text("name", longest=120)
                form.refuse_problems()
                location_id = add_location(work, AddLocation(code, name, LocationKind.WAREHOUSE, area.id))
            say(_("The warehouse is added."))
            return redirect(url_for("stock.location", location_id=location_id))
    return render_template("stock/new_location.html", form=form, areas=_AREA.choices()), form.status


@bp.get("/locations/<int:location_id>")
@needs(Permission.STOCK_READ)
def location(location_id: int) -> Answer:
    """Show one location: on hand, what came, went on and was handed over, and its latest notes."""
    with reading(current_actor()) as work:
        place = queries.get_location(work, location_id)
        notes, total = queries.list_notes(work, location_id=location_id, limit=20, offset=0)
        return render_template(
            "stock/location.html", place=place, rows=queries.list_stock(work, StockFilter(location_id=location_id)),
            flows=queries.flows_at(work, location_id), notes=notes, total=total,
        )  # fmt: skip


@bp.route("/receive", methods=["GET", "POST"])
@needs(Permission.STOCK_MANAGE)
def receive() -> Answer:
    """Book goods that came in."""
    form = _note_form()
    with form.attempt() as sent:
        if sent:
            command = ReceiveGoods(
                form.number("to"), form.number("fund"), _received_lines(form), form.day("on"),
                form.text("reference", longest=100), form.parse("key", parse_event_id),
            )  # fmt: skip
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                note_id = receive_goods(work, command)
            say(_("The goods are booked in."))
            return redirect(url_for("stock.note", note_id=note_id))
    return _note_page("stock/receive.html", form)


@bp.route("/transfer", methods=["GET", "POST"])
@needs(Permission.STOCK_MANAGE)
def transfer() -> Answer:
    """Book goods that were sent from one location to another."""
    form = _note_form()
    with form.attempt() as sent:
        if sent:
            lines = tuple((line.item_id, line.quantity) for line in _received_lines(form, with_cost=False))
            command = TransferGoods(
                form.number("from"), form.number("to"), form.number("fund"), lines, form.day("on"),
                form.text("reference", longest=100), form.parse("key", parse_event_id),
            )  # fmt: skip
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                note_id = transfer_goods(work, command)
            say(_("The goods are sent on."))
            return redirect(url_for("stock.note", note_id=note_id))
    return _note_page("stock/transfer.html", form)


@bp.get("/notes")
@needs(Permission.STOCK_READ)
def notes() -> Answer:
    """List the goods notes, the latest first."""
    listing = Listing.of_request(sorts=("id",))
    with reading(current_actor()) as work:
        rows, listing.total = queries.list_notes(work, limit=listing.limit, offset=listing.offset)
    return render_template("stock/notes.html", rows=rows, listing=listing)


@bp.get("/notes/<int:note_id>")
@needs(Permission.STOCK_READ)
def note(note_id: int) -> Answer:
    """Show one goods note."""
    return _show_note(note_id, Form(None))


@bp.post("/notes/<int:note_id>/reverse")
@needs(Permission.STOCK_MANAGE)
def reverse(note_id: int) -> Answer:
    """Answer a goods note by its reversal."""
    form = Form.of_request()
    with form.attempt():
        command = ReverseNote(note_id, form.text("reason", longest=500), form.parse("key", parse_event_id))
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            reversal_id = reverse_note(work, command)
        say(_("The goods note is reversed."))
        return redirect(url_for("stock.note", note_id=reversal_id))
    return _show_note(note_id, form)


def _show_note(note_id: int, form: Form) -> Answer:
    with reading(current_actor()) as work:
        held, lines = queries.get_note(work, note_id)
        return render_template(
            "stock/note.html", note=held, lines=lines, form=form, key=str(uuid.uuid4()), kinds=NoteKind
        ), form.status


def _note_form() -> Form:
    start = {"on": local_day(dt.datetime.now(dt.UTC)), "key": str(uuid.uuid4())}
    return Form.of_request(start | {name: request.args.get(name, "") for name in ("from", "to", "fund", "item-0")})


def _note_page(template: str, form: Form) -> Answer:
    with reading(current_actor()) as work:
        return render_template(
            template, form=form, rows=_ROWS, items=_item_options(work), funds=[(f.id, f.name) for f in list_funds(work)],
            locations=_location_options(work, Permission.STOCK_MANAGE),
            stock=queries.list_stock(work, StockFilter()) if template == "stock/transfer.html" else [],
        ), form.status  # fmt: skip


def _received_lines(form: Form, *, with_cost: bool = True) -> tuple[ReceivedLine, ...]:
    lines = []
    for row in _ROWS:
        names = [f"item-{row}", f"quantity-{row}", f"unit_cost-{row}"]
        if not any(form.value(name) for name in names):
            continue
        item = form.number(names[0], low=1)
        quantity = form.parse(names[1], Quantity.parse)
        cost = form.money(names[2]) if with_cost else Money.ZERO
        if not form.problems:
            lines.append(ReceivedLine(item, quantity, cost))
    return tuple(lines)


def _read_item(form: Form, code: str) -> ItemDetails:
    details = ItemDetails(
        code, form.text("name_en", longest=80), form.text("name_ur", longest=80, required=False) or "",
        form.text("name_sd", longest=80, required=False) or "", form.text("unit", longest=20), form.money("unit_cost"),
    )  # fmt: skip
    form.refuse_problems()
    return details


def _filter(form: Form) -> StockFilter:
    def number(name: str) -> int | None:
        text = form.value(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    return StockFilter(number("location"), number("item"), number("fund"))


def _item_options(work: Work) -> list[tuple[int, str]]:
    return [(item.id, f"{area_name(item)} ({item.unit})") for item in queries.list_items(work)]


def _location_options(work: Work, permission: Permission) -> list[tuple[str, list[tuple[int, str]]]]:
    groups: dict[LocationKind, list[tuple[int, str]]] = {}
    for place in queries.list_locations(work, permission):
        groups.setdefault(place.kind, []).append((place.id, place.name))
    return [(label(kind), places) for kind, places in groups.items()]


def _cells(row: StockRow) -> Sequence[Cell]:
    return (
        row.location_name, row.item_code, row.item_name, row.fund_code, row.quantity, row.unit, Money(row.unit_cost_paisa),
        Money(row.value_paisa),
    )  # fmt: skip
