"""A campaign with known figures, written straight into the tables: what coverage reads, and nothing it does not."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from relief.config import GEODATA
from relief.coverage.indicators import Figures
from relief.distributions.model import HandOver, Point
from relief.distributions.rules import Channel, HandOverKind
from relief.entitlements.model import Allocation, Entitlement
from relief.entitlements.rules import AllocationState
from relief.families.model import Family
from relief.families.rules import FamilyState, Gender, HouseDamage
from relief.geography.facts import read_facts
from relief.geography.layering import build
from relief.geography.model import Area
from relief.kernel.actor import Actor
from relief.kernel.money import Money
from relief.ledger.model import Fund
from relief.programmes.model import Campaign, Programme
from relief.programmes.rules import CampaignState, Proof
from relief.stock.model import Location
from relief.stock.rules import LocationKind
from relief.store.bulk import insert_rows
from relief.store.db import Store
from relief.store.work import Work, unit_of_work

AT = dt.datetime(2022, 9, 12, 6, 30, tzinfo=dt.UTC)
SYSTEM = Actor.system("tests")
CASH_PAISA, GOODS_PAISA = 25_000_00, 1_234_56

BADIN_UC, DADU_UC, MEHAR_UC, BUTT_SERAI = "PK70101U01", "PK70301U01", "PK70304U13", "PK70304U14"


@dataclass(frozen=True, slots=True)
class Place:
    """What happened in one area: so many families registered, of them entitled, of them served; voided is on top of that."""

    code: str
    registered: int
    entitled: int
    served: int
    voided: int = 0
    conflicts: int = 0
    served_again: int = 0  # In the second instalment.
    excluded: int = 0

    @property
    def figures(self) -> Figures:
        """The figures that must come out."""
        times = self.served + self.served_again
        return Figures(
            self.registered, self.entitled, self.served, Money(CASH_PAISA * times), Money(GOODS_PAISA * times),
            Money((CASH_PAISA + GOODS_PAISA) * self.conflicts),
        )  # fmt: skip


# Two districts. In Dadu's taluka Mehar two UCs have families, and one family was registered to the taluka alone.
PLACES = (
    Place(BADIN_UC, registered=9, entitled=8, served=8),
    Place(DADU_UC, registered=5, entitled=0, served=0, excluded=2),
    Place(MEHAR_UC, registered=20, entitled=16, served=5, voided=2, conflicts=1, served_again=3),
    Place(BUTT_SERAI, registered=12, entitled=12, served=0, conflicts=2),
    Place("PK70304", registered=1, entitled=1, served=0),
)


def put_world(_store: Store) -> None:
    """Fill an empty database with the schematic Sindh and the campaign FLOOD22 over PLACES."""
    with unit_of_work(SYSTEM, at=AT) as work:
        build(work, read_facts(GEODATA))
        World(work).add_campaign(1, "FLOOD22", PLACES)


@dataclass(slots=True)
class World:
    """Writes campaigns; ids run on from one to the next."""

    work: Work
    ids: dict[str, int] = field(default_factory=dict)
    _families: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _entitlements: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _hand_overs: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add_campaign(self, number: int, code: str, places: Iterable[Place]) -> int:
        """Write a campaign with its families, entitlements and hand-overs; return its id."""
        session, at = self.work.session, self.work.at
        self.ids = {row.code: row.id for row in session.execute(select(Area.code, Area.id))}
        day = at.date()
        kept = {"opened_at": at, "opened_by": 0}
        session.add_all([
            Programme(id=number, code=f"PR{number}", name="Flood response"),
            Fund(id=number, code=f"F{number}", name="Fund", donor_name="", is_restricted=False, **kept),
            Location(id=number, code=f"L{number}", name="Point", kind=LocationKind.POINT, area_id=self.ids[MEHAR_UC]),
        ])  # fmt: skip
        session.flush()
        session.add(_campaign(number, code, self.ids["PK7"], at))
        session.add(
            Point(
                id=number, number=number, code=f"P{number}", name="Point", uc_id=self.ids[MEHAR_UC], location_id=number
            )
        )
        session.flush()
        session.add(_allocation(number, at))
        session.flush()
        # Each list is written whole: a hand-over names an entitlement, a void names its hand-over.
        families, entitlements, hand_overs = [], [], []
        for place in places:
            self._add(place, number, day, (families, entitlements, hand_overs))
        for model, rows in ((Family, families), (Entitlement, entitlements), (HandOver, hand_overs)):
            if rows:
                insert_rows(self.work, model.__table__, list(rows[0]), (tuple(row.values()) for row in rows))
        return number

    def _add(self, place: Place, campaign: int, day: dt.date, lists: tuple[list[Any], list[Any], list[Any]]) -> None:
        families, entitlements, hand_overs = lists
        uc_id = self.ids[place.code]
        mine = [next(self._families) for _ in range(place.registered + place.excluded)]
        active = mine[: place.registered]
        families += [_family(n, uc_id, n in set(active), self.work.at) for n in mine]
        owed = [next(self._entitlements) for _ in range(place.entitled)]
        entitlements += [
            {"id": n, "campaign_id": campaign, "serial": n, "family_id": family, "band_no": 1, "uc_id": uc_id,
             "allocation_id": campaign}
            for n, family in zip(owed, active, strict=False)
        ]  # fmt: skip
        told = {"campaign_id": campaign, "point_id": campaign, "uc_id": uc_id, "given_on": day, "at": self.work.at}
        for n in range(place.served + place.voided):
            opening = self._hand_over(told | {"entitlement_id": owed[n]}, HandOverKind.OPENING)
            hand_overs.append(opening)
            if n >= place.served:
                hand_overs.append(
                    self._hand_over(told | {"entitlement_id": owed[n], "voids_id": opening["id"]}, HandOverKind.VOID)
                )
        for n in range(place.served_again):
            hand_overs.append(
                self._hand_over(told | {"entitlement_id": owed[n], "instalment_no": 2}, HandOverKind.OPENING)
            )
        hand_overs += [self._hand_over(told, HandOverKind.CONFLICT) for _ in range(place.conflicts)]

    def _hand_over(self, told: dict[str, Any], kind: HandOverKind) -> dict[str, Any]:
        number = next(self._hand_overs)
        sign = {HandOverKind.OPENING: 1, HandOverKind.VOID: -1}.get(kind, 0)
        lost = CASH_PAISA + GOODS_PAISA if kind is HandOverKind.CONFLICT else 0
        return {
            "id": number, "event_id": f"event-{number}", "kind": kind, "channel": Channel.LATE_LIST,
            "campaign_id": told["campaign_id"], "entitlement_id": told.get("entitlement_id"), "token_id": None,
            "instalment_no": told.get("instalment_no", 1), "point_id": told["point_id"], "uc_id": told["uc_id"],
            "given_on": told["given_on"], "given_at": told["at"], "recorded_at": told["at"], "operator_id": 0,
            "recorded_by": 0, "proof": Proof.NONE, "taken_by_proxy": "", "served": sign, "cash_paisa": sign * CASH_PAISA,
            "goods_paisa": sign * GOODS_PAISA, "unexplained_paisa": lost, "voids_id": told.get("voids_id"),
            "reopens_id": None, "reason": "", "content_digest": b"",
        }  # fmt: skip


def _campaign(number: int, code: str, area_id: int, at: dt.datetime) -> Campaign:
    return Campaign(
        id=number, number=number, code=code, name=f"Campaign {number}", programme_id=number, fund_id=number,
        area_id=area_id, starts_on=at.date(), ends_on=at.date(), instalments=2, state=CampaignState.ACTIVE, criteria={"all": []},
        proof_required=Proof.NONE, complaints_to="", created_at=at, created_by=0,
    )  # fmt: skip


def _allocation(campaign: int, at: dt.datetime) -> Allocation:
    return Allocation(
        id=campaign, campaign_id=campaign, state=AllocationState.APPROVED, families_in=0, families_out=0, cost_paisa=0,
        proposed_at=at, proposed_by=0, decided_at=at, decided_by=1, decision_reason="",
    )  # fmt: skip


def _family(number: int, uc_id: int, is_active: bool, at: dt.datetime) -> dict[str, Any]:
    return {
        "id": number, "number": number, "state": FamilyState.ACTIVE if is_active else FamilyState.EXCLUDED,
        "registered_at": at, "registered_by": 0, "version": 1, "uc_id": uc_id, "village": "Village",
        "head_name": f"Head {number}", "search_key": f" head {number}", "gender": Gender.FEMALE,
        "cnic_verified_by": "The LSO", "size": 1, "men": 0, "women": 1, "boys": 0, "girls": 0, "disabled": 0,
        "pregnant_lactating": 0, "house_damage": HouseDamage.FULL, "livestock_lost": 0, "is_displaced": True,
        "flags": [], "submission_id": f"submission-{number}", "content_index": number.to_bytes(16),
    }  # fmt: skip
