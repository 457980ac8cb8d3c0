"""Goods on pages: items, warehouses, receiving, sending on, reversing."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from relief.kernel.permissions import Role
from relief.stock.queries import StockFilter, list_stock
from relief.store.work import reading
from tests.factories.books import browser_of
from tests.factories.goods import SYSTEM, Goods, build_goods

# What differs by person or address does not differ by database.
ON_ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
KEY = "5c0f8e9e-0000-4000-8000-00000000000"
READERS = {Role.COORDINATOR, Role.POINT_STAFF, Role.FINANCE, Role.AUDITOR}


@pytest.fixture
def goods(app: Flask) -> Goods:
    with app.app_context():
        return build_goods()


@pytest.fixture
def keeper(app: Flask, goods: Goods) -> FlaskClient:
    return browser_of(app, Role.COORDINATOR, "PK703")


def receipt(goods: Goods, **changes: object) -> dict:
    return {
        "to": goods.warehouse_id, "fund": goods.fund_id, "item-0": goods.tent_id, "quantity-0": "10", "unit_cost-0": "5,000",
        "reference": "DN 41", "on": "2022-09-05", "key": f"{KEY}1", **changes,
    }  # fmt: skip


def on_hand(app: Flask) -> dict[str, int]:
    with app.app_context(), reading(SYSTEM) as work:
        return {row.location_name: row.quantity for row in list_stock(work, StockFilter())}


def test_goods_are_received_sent_on_and_sent_back(app: Flask, keeper: FlaskClient, goods: Goods):
    assert "No goods lie here" in keeper.get("/stock").text
    for _ in range(2):  # A double click.
        note = keeper.post("/stock/receive", data=receipt(goods), follow_redirects=True)
        assert "DN 41" in note.text and "PKR 50,000" in note.text
    assert on_hand(app) == {"Dadu warehouse": 10}
    sent = {"from": goods.warehouse_id, "to": goods.point_id, "fund": goods.fund_id, "item-0": goods.tent_id, "quantity-0": "۴",
            "reference": "WB <7>", "on": "05/09/2022", "key": f"{KEY}2"}  # fmt: skip
    moved = keeper.post("/stock/transfer", data=sent, follow_redirects=True)
    assert "The goods are sent on." in moved.text and "WB &lt;7&gt;" in moved.text
    assert on_hand(app) == {"Dadu warehouse": 6, "School of Mehar": 4}
    page = keeper.get(f"/stock/locations/{goods.warehouse_id}").text
    assert re.search(r"Tent.*?10.*?4.*?0.*?6", page, re.DOTALL)
    undone = keeper.post(
        f"{moved.request.path}/reverse", data={"reason": "Wrong point", "key": f"{KEY}3"}, follow_redirects=True
    )
    assert "The goods note is reversed." in undone.text and on_hand(app) == {"Dadu warehouse": 10}
    assert "This goods note was reversed." in keeper.get(moved.request.path).text
    assert keeper.get("/stock/notes").text.count("/stock/notes/") >= 3
    assert "DADU" not in browser_of(app, Role.COORDINATOR, "PK706").get("/stock").text


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"quantity-0": "0"}, "Write a quantity from 1"), ({"quantity-0": "ten"}, "This is not a quantity."),
        ({"quantity-0": ""}, "This is missing."), ({"unit_cost-0": "-1"}, "not negative"), ({"item-0": "x"}, "whole number"),
        ({"item-0": "", "quantity-0": "", "unit_cost-0": ""}, "Name at least one item."),
        ({"quantity-0": "201"}, "The fund has PKR 1,000,000 free"), ({"on": "2099-01-01"}, "it cannot lie ahead"),
        ({"reference": " "}, "This is missing."), ({"fund": ""}, "This is missing."), ({"key": ""}, "This is missing."),
    ],
)  # fmt: skip
def test_what_cannot_be_received_says_why_and_keeps_what_was_typed(
    keeper: FlaskClient, goods: Goods, changes: dict, said: str
):
    page = keeper.post("/stock/receive", data=receipt(goods, **{"reference": "Paper 99"} | changes))
    assert page.status_code in (400, 422) and said in page.text
    assert changes.get("reference") or "Paper 99" in page.text
    assert on_hand(keeper.application) == {}


def test_no_more_is_sent_than_is_there(app: Flask, keeper: FlaskClient, goods: Goods):
    keeper.post("/stock/receive", data=receipt(goods))
    sent = {"from": goods.warehouse_id, "to": goods.point_id, "fund": goods.fund_id, "item-0": goods.tent_id,
            "quantity-0": "11", "reference": "WB 7", "on": "2022-09-05", "key": f"{KEY}4"}  # fmt: skip
    page = keeper.post("/stock/transfer", data=sent)
    assert page.status_code == 422 and "Tent: 10 left" in page.text
    assert keeper.post("/stock/transfer", data=sent | {"to": goods.warehouse_id}).status_code == 400
    assert keeper.post("/stock/transfer", data=sent | {"to": goods.other_warehouse_id}).status_code == 404
    assert on_hand(app) == {"Dadu warehouse": 10}


def test_an_item_and_a_warehouse_are_added_and_amended(app: Flask, keeper: FlaskClient):
    item = {"code": "net", "name_en": "Mosquito net", "name_ur": "مچھر دانی", "unit": "piece", "unit_cost": "900"}
    assert "The item is added." in keeper.post("/stock/items/new", data=item, follow_redirects=True).text
    assert keeper.post("/stock/items/new", data=item).status_code == 409
    page = keeper.get("/stock/items").text
    assert "مچھر دانی" in page and "PKR 900" in page
    address = re.findall(r'href="(/stock/items/\d+)"', page)[0]
    changed = keeper.post(address, data=item | {"unit_cost": "950"}, follow_redirects=True).text
    assert "The item is changed." in changed and "PKR 950" in changed
    assert keeper.post(address, data=item | {"name_en": ""}).status_code == 400
    place = {"code": "johi-1", "name": "Johi store", "area": "PK703"}
    assert "JOHI-1" in keeper.post("/stock/locations/new", data=place, follow_redirects=True).text
    assert keeper.post("/stock/locations/new", data=place).status_code == 409
    assert keeper.post("/stock/locations/new", data=place | {"area": "PK706", "code": "X-1"}).status_code == 400


@ON_ONE_DATABASE
@pytest.mark.parametrize("role", list(Role))
def test_who_may_do_what(app: Flask, keeper: FlaskClient, goods: Goods, role: Role):
    note = keeper.post("/stock/receive", data=receipt(goods)).location
    client = browser_of(app, role, "PK703")
    for address in (
        "/stock",
        "/stock/items",
        "/stock/notes",
        note,
        f"/stock/locations/{goods.warehouse_id}",
        "/stock/stock.csv",
    ):
        with client.get(address) as answer:
            assert answer.status_code == (200 if role in READERS else 403), address
    for address in (
        "/stock/items/new",
        "/stock/locations/new",
        "/stock/receive",
        "/stock/transfer",
        f"/stock/items/{goods.tent_id}",
    ):
        assert client.get(address).status_code == (200 if role is Role.COORDINATOR else 403), address
    reversal = client.post(f"{note}/reverse", data={"reason": "Counted twice", "key": f"{KEY}5"})
    assert reversal.status_code == (302 if role is Role.COORDINATOR else 403)


@ON_ONE_DATABASE
def test_another_district_is_not_there(app: Flask, keeper: FlaskClient, goods: Goods):
    note = keeper.post("/stock/receive", data=receipt(goods)).location
    stranger = browser_of(app, Role.COORDINATOR, "PK706")
    for address in (note, f"/stock/locations/{goods.warehouse_id}", "/stock/items/999", "/stock/notes/999"):
        assert stranger.get(address).status_code == 404
    assert stranger.post("/stock/receive", data=receipt(goods, key=f"{KEY}6")).status_code == 404
    assert stranger.get("/stock?location=1").text.count("Dadu warehouse") == 0
    with stranger.get("/stock/stock.csv") as answer:
        assert "Dadu" not in answer.text
