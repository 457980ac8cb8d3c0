"""Items and locations."""

import dataclasses

import pytest

from relief.audit.model import AuditEntry
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.stock import queries
from relief.stock.catalogue import AddLocation, ItemDetails, add_item, add_location, amend_item
from relief.stock.model import Location
from relief.stock.rules import LocationKind
from relief.store.work import unit_of_work
from tests.factories.finance import AT, someone
from tests.factories.goods import Goods, build_goods

NET = ItemDetails("net-1", "Mosquito net", "مچھر دانی", "", "piece", Money.rupees(900))


@pytest.fixture
def goods(store) -> Goods:
    return build_goods()


def test_an_item_is_added_and_amended_with_its_history(goods: Goods):
    with unit_of_work(goods.keeper, at=AT) as work:
        item_id = add_item(work, NET)
        amend_item(work, item_id, dataclasses.replace(NET, code="OTHER", unit_cost=Money.rupees(950)))
        item = queries.get_item_by_code(work, "Net-1")
        deed = work.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert (item.id, item.code, item.name_sd, item.unit_cost_paisa) == (item_id, "NET-1", "Mosquito net", 95_000)
    assert deed.action == "item.amended" and deed.detail["before"][-1] == 90_000


def test_an_item_that_is_there_or_makes_no_sense_is_refused(goods: Goods):
    with unit_of_work(goods.keeper, at=AT) as work:
        with pytest.raises(Conflict, match="TENT"):
            add_item(work, dataclasses.replace(NET, code=" tent"))
        with pytest.raises(InvalidInput) as refusal:
            add_item(work, ItemDetails("=1+1", " ", "", "", "", Money.rupees(-1)))
        assert {p.field for p in refusal.value.problems} == {"code", "name_en", "unit", "unit_cost"}
        for deed in (lambda: amend_item(work, 999, NET), lambda: queries.get_item(work, 999),
                     lambda: queries.get_item_by_code(work, "NONE")):  # fmt: skip
            with pytest.raises(NotFound):
                deed()


def test_a_location_is_added_inside_the_own_areas_only(goods: Goods):
    with unit_of_work(goods.keeper, at=AT) as work:
        mine = work.session.get(Location, goods.warehouse_id).area_id
        other = work.session.get(Location, goods.other_warehouse_id).area_id
        location_id = add_location(work, AddLocation("dadu-2", "Johi store", LocationKind.WAREHOUSE, mine))
        assert queries.get_location_by_code(work, "Dadu-2").id == location_id
        with pytest.raises(Conflict, match="DADU-1"):
            add_location(work, AddLocation("DADU-1", "Again", LocationKind.WAREHOUSE, mine))
        with pytest.raises(InvalidInput) as refusal:
            add_location(work, AddLocation("?", "", LocationKind.WAREHOUSE, mine))
        assert {p.field for p in refusal.value.problems} == {"code", "name"}
        for area_id in (other, 999):
            with pytest.raises(NotFound):
                add_location(work, AddLocation("X-1", "There", LocationKind.WAREHOUSE, area_id))
        with pytest.raises(NotFound):
            queries.get_location_by_code(work, "BADIN-1")


@pytest.mark.parametrize("role", list(Role))
def test_only_coordinators_add_items(goods: Goods, role: Role):
    with unit_of_work(someone(role, goods.area_path), at=AT) as work:
        if role is Role.COORDINATOR:
            assert add_item(work, NET)
        else:
            with pytest.raises(Forbidden):
                add_item(work, NET)
            with pytest.raises(Forbidden):
                amend_item(work, goods.tent_id, NET)
