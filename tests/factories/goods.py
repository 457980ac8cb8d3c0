"""Two districts, each with a warehouse, and an item: what tests of goods begin from."""

from dataclasses import dataclass

from relief.geography.model import Area, Level
from relief.kernel.actor import Actor
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.kernel.quantity import Quantity
from relief.stock.catalogue import AddLocation, ItemDetails, add_item, add_location
from relief.stock.notes import ReceivedLine, ReceiveGoods, receive_goods
from relief.stock.rules import LocationKind
from relief.store.work import Work, unit_of_work
from tests.factories.finance import AT, FINANCE, TODAY, fund_with, new_key, someone

SYSTEM = Actor.system("tests")


@dataclass
class Goods:
    """Ids of a fund of PKR 1,000,000, a tent of PKR 5,000, a warehouse in each of two districts, and a point in the first."""

    fund_id: int
    tent_id: int
    bag_id: int
    warehouse_id: int
    point_id: int
    other_warehouse_id: int
    keeper: Actor
    other_keeper: Actor
    area_path: str


def build_goods() -> Goods:
    """Make them in the database of the application in hand; nothing lies there yet."""
    with unit_of_work(FINANCE, at=AT) as work:
        fund_id = fund_with(work, 1_000_000)
    with unit_of_work(SYSTEM, at=AT) as work:
        province = add_area(work, "PK7", Level.PROVINCE)
        dadu, badin = (add_area(work, code, Level.DISTRICT, province) for code in ("PK703", "PK706"))
        tent = add_item(work, ItemDetails("TENT", "Tent", "خیمہ", "تنبو", "piece", Money.rupees(5_000)))
        bag = add_item(work, ItemDetails("RATION", "Ration bag", "", "", "bag", Money.rupees(2_000)))
        places = [
            add_location(work, AddLocation(code, name, kind, area.id))
            for code, name, kind, area in (
                ("DADU-1", "Dadu warehouse", LocationKind.WAREHOUSE, dadu),
                ("DADU-P", "School of Mehar", LocationKind.POINT, dadu),
                ("BADIN-1", "Badin warehouse", LocationKind.WAREHOUSE, badin),
            )
        ]
        return Goods(
            fund_id, tent, bag, *places, someone(Role.COORDINATOR, dadu.path), someone(Role.COORDINATOR, badin.path, number=8),
            dadu.path,
        )  # fmt: skip


def add_area(work: Work, code: str, level: Level, parent: Area | None = None) -> Area:
    """An area with its path."""
    area = Area(
        code=code, level=level, parent_id=parent.id if parent else None, path=f"?{code}", name_en=f"Area {code}",
        is_named=True, facts={},
    )  # fmt: skip
    work.session.add(area)
    work.session.flush()
    area.path = f"{parent.path if parent else '/'}{area.id}/"
    work.session.flush()
    return area


def receipt(goods: Goods, tents: int, rupees: int = 5_000, **changes: object) -> ReceiveGoods:
    """Tents that came into the first warehouse."""
    values = {
        "location_id": goods.warehouse_id, "fund_id": goods.fund_id, "on": TODAY, "reference": "DN 41", "key": new_key(),
        "lines": (ReceivedLine(goods.tent_id, Quantity(tents), Money.rupees(rupees)),),
    }  # fmt: skip
    return ReceiveGoods(**{**values, **changes})


def receive(goods: Goods, tents: int, rupees: int = 5_000) -> int:
    """Book the tents; the note's id."""
    with unit_of_work(goods.keeper, at=AT) as work:
        return receive_goods(work, receipt(goods, tents, rupees))
