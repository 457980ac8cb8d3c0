"""A response of any size written set-wise: families, entitlements and hand-overs in the shape the use cases give them.

It is for measuring pages over books of full size; the demonstration goes through the use cases, and takes minutes.
"""

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, text

from relief.audit.model import AuditEntry, AuditHead
from relief.audit.trail import GENESIS, digest_of, entry_hash
from relief.config import GEODATA
from relief.distributions.events import COLUMNS as EVENT_COLUMNS
from relief.distributions.model import HandOver, HandOverLine, OwedLine, Point
from relief.entitlements.model import Allocation, Entitlement
from relief.families.model import Family
from relief.geography.facts import read_facts
from relief.geography.layering import build
from relief.geography.model import Level
from relief.geography.queries import list_areas
from relief.kernel.actor import Actor
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity
from relief.ledger.commitments import commit_fund
from relief.ledger.funds import MoveFund, OpenFund, open_fund, receive_fund
from relief.ledger.model import JournalEntry, Posting
from relief.ledger.rules import Cost
from relief.programmes.model import Campaign, PackageBand, PackageLine, Programme
from relief.stock.catalogue import AddLocation, ItemDetails, add_item, add_location
from relief.stock.model import Location, Movement, StockOnHand
from relief.stock.notes import ReceivedLine, ReceiveGoods, receive_goods
from relief.stock.rules import LocationKind
from relief.store.bulk import insert_rows
from relief.store.work import Work, unit_of_work

SYSTEM = Actor.system("benchmark")
AT = dt.datetime(2022, 12, 20, 6, 0, tzinfo=dt.UTC)
FIRST_DAY = dt.date(2022, 9, 5)
DAYS = 21
CASH = Money.rupees(5_000)
TENT_COST = Money.rupees(2_000)
# The fifteen districts in which SRSO worked have about this share of the Union Councils of Sindh.
UCS = 574


@dataclass
class Response:
    """Ids of what was written."""

    fund_id: int
    campaign_id: int
    tent_id: int
    warehouse_id: int
    points: list[tuple[int, int, int]]  # Point, location, Union Council.


def load(families: int, *, waiting_share: float = 0.05) -> Response:
    """Write a campaign of cash and a tent for so many families, all but the waiting ones served, in chunks of one unit each."""
    with unit_of_work(SYSTEM, at=AT) as work:
        build(work, read_facts(GEODATA))
    with unit_of_work(SYSTEM, at=AT) as work:
        response = _open(work, families)
    served = int(families * (1 - waiting_share))
    uc_of = [response.points[n % len(response.points)] for n in range(families)]
    with unit_of_work(SYSTEM, at=AT) as work:
        insert_rows(work, Family.__table__, *_families(uc_of))
        insert_rows(work, Entitlement.__table__, *_entitlements(response, uc_of))
    with unit_of_work(SYSTEM, at=AT) as work:
        writer = _Events(work, response)
        writer.write(uc_of[:served])
        _go_on_counting(work)
    return response


def _go_on_counting(work: Work) -> None:
    """Let PostgreSQL give out numbers after those that were written here, as if it had given out those, too."""
    if work.dialect == "postgresql":
        for model in (Family, Entitlement, HandOver, JournalEntry):
            table = model.__tablename__
            last = f"(SELECT MAX(id) FROM {table})"
            work.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE({last}, 1))"))


def _open(work: Work, families: int) -> Response:
    fund_id = open_fund(work, OpenFund("SRSO-2022", "Flood response 2022", "Government of Sindh", is_restricted=True))
    receive_fund(work, MoveFund(fund_id, Money.rupees(1_370_000_000), FIRST_DAY, "Grant 1", "receipt"))
    cost = Cost(CASH * families, TENT_COST * families)
    commit_fund(work, fund_id, cost, "allocation", "1")
    areas = list_areas(work, Level.UC)[:UCS]
    tent = add_item(work, ItemDetails("TENT", "Tent", "خیمہ", "تنبو", "piece", TENT_COST))
    warehouse = add_location(
        work, AddLocation("SUKKUR", "Sukkur warehouse", LocationKind.WAREHOUSE, areas[0].parent_id)
    )
    lines = (ReceivedLine(tent, Quantity(families), TENT_COST),)
    receive_goods(work, ReceiveGoods(warehouse, fund_id, lines, FIRST_DAY, "DN 1", "goods"))
    campaign_id = _campaign(work, fund_id, areas[0].path, tent)
    points = []
    for number, area in enumerate(areas, 1):
        location = Location(code=f"POINT-{number}", name=f"Point {number}", kind=LocationKind.POINT, area_id=area.id)
        work.session.add(location)
        work.session.flush()
        point = Point(number=number, code=f"P{number}", name=f"Point {number}", uc_id=area.id, location_id=location.id)
        work.session.add(point)
        work.session.flush()
        points.append((point.id, location.id, area.id))
    return Response(fund_id, campaign_id, tent, warehouse, points)


def _campaign(work: Work, fund_id: int, path: str, tent_id: int) -> int:
    def add(model: type, **values: object) -> int:
        return work.session.execute(insert(model).values(**values).returning(model.id)).scalar_one()

    programme = add(Programme, code="FR22", name="Flood response 2022")
    campaign = add(
        Campaign, number=1, code="C1", name="Tents and cash", programme_id=programme, fund_id=fund_id,
        area_id=int(path.split("/")[1]), starts_on=FIRST_DAY, ends_on=dt.date(2022, 12, 31), instalments=1, state="active",
        criteria={"all": []}, proof_required="none", complaints_to="0800-00000", created_at=AT, created_by=0,
    )  # fmt: skip
    band = add(PackageBand, campaign_id=campaign, band_no=1, size_from=1, size_to=60)
    add(
        PackageLine,
        band_id=band,
        line_no=1,
        kind="cash",
        item_id=None,
        quantity=0,
        amount_paisa=CASH.paisa,
        unit_cost_paisa=0,
    )
    add(PackageLine, band_id=band, line_no=2, kind="item", item_id=tent_id, quantity=1, amount_paisa=0,
        unit_cost_paisa=TENT_COST.paisa)  # fmt: skip
    add(Allocation, campaign_id=campaign, state="approved", families_in=0, families_out=0, cost_paisa=0, proposed_at=AT,
        proposed_by=1, decided_at=AT, decided_by=2, decision_reason="")  # fmt: skip
    return campaign


def _families(uc_of: list[tuple[int, int, int]]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    same = {
        "state": "active", "registered_at": AT, "registered_by": 0, "version": 1, "village": "Goth", "head_name": "Head",
        "search_key": " head", "gender": "female", "cnic_verified_by": "LSO", "size": 5, "men": 1, "women": 2, "boys": 1,
        "girls": 1, "disabled": 0, "pregnant_lactating": 0, "house_damage": "full", "livestock_lost": 0, "is_displaced": True,
        "content_index": bytes(16),
    }  # fmt: skip
    rows = ((n, n, f"s{n}", uc_id, *same.values()) for n, (_, _, uc_id) in enumerate(uc_of, 1))
    return ["id", "number", "submission_id", "uc_id", *same], rows


def _entitlements(response: Response, uc_of: list[tuple[int, int, int]]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    rows = ((n, response.campaign_id, n, n, 1, uc_id, 1) for n, (_, _, uc_id) in enumerate(uc_of, 1))
    return ["id", "campaign_id", "serial", "family_id", "band_no", "uc_id", "allocation_id"], rows


class _Events:
    """Writes hand-overs with all that follows from them, chunk by chunk."""

    CHUNK = 20_000

    def __init__(self, work: Work, response: Response) -> None:
        self._work = work
        self._response = response
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._first_entry = 1 + (work.session.execute(text("SELECT MAX(id) FROM journal_entry")).scalar() or 0)
        self._at = AT.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def write(self, uc_of: list[tuple[int, int, int]]) -> None:
        """Write one hand-over for each."""
        work, response = self._work, self._response
        insert_rows(work, Movement.__table__, _MOVEMENT, self._deliveries(len(uc_of)))
        for start in range(0, len(uc_of), self.CHUNK):
            numbers = range(start + 1, min(start + self.CHUNK, len(uc_of)) + 1)
            events = [self._event(n, *uc_of[n - 1]) for n in numbers]
            self._insert(HandOver, ["id", *EVENT_COLUMNS], lambda e: [e["event"]], events)
            self._insert(HandOverLine, _LINE, lambda e: e["lines"], events)
            self._insert(OwedLine, _OWED, lambda e: e["owed"], events)
            self._insert(Movement, _MOVEMENT, lambda e: [e["movement"]], events)
            self._insert(JournalEntry, ["id", *_ENTRY], lambda e: [e["entry"]], events)
            self._insert(Posting, _POSTING, lambda e: e["postings"], events)
            self._insert(AuditEntry, _AUDIT, lambda e: [self._audit(e)], events)
        heads = ((segment, *head) for segment, head in self._heads.items())
        insert_rows(work, AuditHead.__table__, ["segment", "position", "entry_hash"], heads)
        work.session.execute(
            text("UPDATE stock_on_hand SET quantity = quantity - :units WHERE location_id = :place"),
            {"units": len(uc_of), "place": response.warehouse_id},
        )
        empty = ((place, response.tent_id, response.fund_id, 0) for _, place, _ in response.points)
        insert_rows(work, StockOnHand.__table__, ["location_id", "item_id", "fund_id", "quantity"], empty)

    def _insert(
        self, model: type, columns: list[str], pick: Callable[[dict[str, Any]], list[Any]], events: list[dict[str, Any]]
    ) -> None:
        rows = itertools.chain.from_iterable(pick(event) for event in events)
        insert_rows(self._work, model.__table__, columns, rows)

    def _deliveries(self, served: int) -> Iterator[tuple[Any, ...]]:
        response = self._response
        for index, (_, place, _) in enumerate(response.points):
            units = served // len(response.points) + (index < served % len(response.points))
            if units:
                yield ("transfer", response.tent_id, response.fund_id, response.warehouse_id, place, units, TENT_COST.paisa,
                       FIRST_DAY, AT, 0, "goods_note", "1")  # fmt: skip

    def _event(self, n: int, point_id: int, place: int, uc_id: int) -> dict[str, Any]:
        response, on = self._response, FIRST_DAY + dt.timedelta(n % DAYS)
        entry_id, source, sha = self._first_entry + n, str(n), hashlib.sha256(str(n).encode()).digest()
        event = (
            n, f"{sha.hex()[:32]}", "opening", "desk", response.campaign_id, n, None, 1, point_id, uc_id, on, AT, AT, 7, 7,
            "cnic_seen", "", 1, CASH.paisa, TENT_COST.paisa, 0, None, None, "", sha,
        )  # fmt: skip
        lines = [
            (n, 1, "cash", None, 0, CASH.paisa, CASH.paisa),
            (n, 2, "item", response.tent_id, 1, 0, TENT_COST.paisa),
        ]
        movement = (
            "hand_over",
            response.tent_id,
            response.fund_id,
            place,
            None,
            1,
            TENT_COST.paisa,
            on,
            AT,
            7,
            "hand_over",
            source,
        )
        entry = (entry_id, "hand_over", on, AT, 7, "", "hand_over", source, None)
        postings = [
            (entry_id, 1, response.fund_id, "5100", "1000", CASH.paisa, on, response.campaign_id, uc_id, point_id),
            (entry_id, 2, response.fund_id, "5200", "1200", TENT_COST.paisa, on, response.campaign_id, uc_id, point_id),
        ]
        owed = [(n, 1, 1, CASH.paisa, CASH.paisa), (n, 1, 2, 1, 1)]
        return {
            "event": event,
            "lines": lines,
            "movement": movement,
            "entry": entry,
            "postings": postings,
            "owed": owed,
        }

    def _audit(self, event: dict[str, Any]) -> tuple[Any, ...]:
        head = event["event"]
        seal = digest_of(head, *event["lines"], event["movement"], event["entry"], *event["postings"])
        segment = f"point {head[8]}"
        position, previous = self._heads.get(segment, (0, GENESIS))
        detail = {"channel": "desk", "event": head[1]}
        row = {
            "segment": segment, "position": position + 1, "at": self._at, "actor_id": 7, "action": "token.redeemed",
            "subject_kind": "hand_over", "subject_id": str(head[0]), "area_id": head[9],
            "detail": f'{{"channel":"desk","event":"{head[1]}"}}', "record_digest": seal, "previous_hash": previous,
        }  # fmt: skip
        self._heads[segment] = (position + 1, entry_hash(row))
        return (*{**row, "at": AT, "detail": detail}.values(), self._heads[segment][1])


_LINE = ["hand_over_id", "line_no", "kind", "item_id", "quantity", "amount_paisa", "value_paisa"]
_OWED = ["entitlement_id", "instalment_no", "line_no", "owed", "given"]
_MOVEMENT = [
    "kind", "item_id", "fund_id", "from_location_id", "to_location_id", "quantity", "unit_cost_paisa", "moved_on", "at",
    "actor_id", "source_kind", "source_id",
]  # fmt: skip
_ENTRY = ["kind", "posted_on", "posted_at", "actor_id", "memo", "source_kind", "source_id", "reverses_id"]
_POSTING = [
    "entry_id", "line_no", "fund_id", "debit", "credit", "amount_paisa", "posted_on", "campaign_id", "area_id", "point_id",
]  # fmt: skip
_AUDIT = [
    "segment", "position", "at", "actor_id", "action", "subject_kind", "subject_id", "area_id", "detail", "record_digest",
    "previous_hash", "entry_hash",
]  # fmt: skip
