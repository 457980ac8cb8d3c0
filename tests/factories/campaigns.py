"""A province with two districts, families, a fund and a campaign's plan: what tests of campaigns and tokens begin from."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from relief.entitlements.allocation import DecideAllocation, decide_allocation, propose_allocation
from relief.entitlements.issuing import IssueTokens, issue_tokens
from relief.entitlements.signing import make_campaign_key
from relief.families.entries import CNIC
from relief.families.model import Family
from relief.families.rules import FamilyState, Gender, HouseDamage
from relief.geography.model import Area, Level
from relief.kernel.actor import Actor
from relief.kernel.dates import DateRange
from relief.kernel.identity import Cnic
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.kernel.quantity import Quantity
from relief.programmes.planning import BandPlan, ItemPlan, OpenProgramme, PlanCampaign, create_campaign, open_programme
from relief.programmes.rules import LARGEST_FAMILY, Proof
from relief.stock.model import Item
from relief.store.bulk import insert_rows
from relief.store.work import Work, unit_of_work
from tests.factories.finance import AT, fund_with, someone

SYSTEM = Actor.system("tests")
LAST_DAY = dt.date(2022, 12, 31)
EXPIRES_ON = dt.date(2023, 1, 31)


@dataclass(frozen=True)
class Land:
    """Ids and paths of the areas, the fund, the items, and the people who work there."""

    area_ids: dict[str, int]
    paths: dict[str, str]
    fund_id: int
    programme_id: int
    item_ids: dict[str, int]

    def person(self, role: Role, code: str = "PK7", *, number: int) -> Actor:
        """Somebody with one role over one area."""
        return someone(role, self.paths[code], number=number)

    @property
    def coordinator(self) -> Actor:
        """The coordinator of the province, who plans and proposes."""
        return self.person(Role.COORDINATOR, number=11)

    @property
    def finance(self) -> Actor:
        """Finance of the province, who approves."""
        return self.person(Role.FINANCE, number=12)

    @property
    def administrator(self) -> Actor:
        """The administrator of the province, who makes keys."""
        return self.person(Role.ADMINISTRATOR, number=13)


AREAS = (
    ("PK7", Level.PROVINCE, None),
    ("PK703", Level.DISTRICT, "PK7"),
    ("PK706", Level.DISTRICT, "PK7"),
    ("PK70301", Level.TALUKA, "PK703"),
    ("PK70601", Level.TALUKA, "PK706"),
    ("PK70301U1", Level.UC, "PK70301"),
    ("PK70301U2", Level.UC, "PK70301"),
    ("PK70601U1", Level.UC, "PK70601"),
)
UCS = ("PK70301U1", "PK70301U2", "PK70601U1")


def build_land(*, rupees: int = 10_000_000) -> Land:
    """Make the areas, a fund with so much in it, a programme, and a tent and a kit at PKR 25,000 and 3,000."""
    with unit_of_work(SYSTEM, at=AT) as work:
        ids, paths = _add_areas(work)
        items = {}
        for code, name, rupees_each in (("TENT", "Tent", 25_000), ("KIT", "Hygiene kit", 3_000)):
            item = Item(
                code=code, name_en=name, name_ur="", name_sd="", unit="piece", unit_cost_paisa=rupees_each * 100
            )
            work.session.add(item)
            work.session.flush()
            items[code] = item.id
        fund_id = fund_with(work, rupees)
        programme_id = open_programme(work, OpenProgramme("FLOOD-2022", "Flood response 2022"))
        return Land(ids, paths, fund_id, programme_id, items)


def _add_areas(work: Work) -> tuple[dict[str, int], dict[str, str]]:
    ids: dict[str, int] = {}
    paths: dict[str, str] = {}
    for code, level, parent in AREAS:
        area = Area(
            code=code, level=level, parent_id=ids.get(parent or ""), path=f"?{code}", name_en=f"Area {code}",
            name_ur=None, name_sd=None, is_named=True, facts={},
        )  # fmt: skip
        work.session.add(area)
        work.session.flush()
        area.path = f"{paths.get(parent or '', '/')}{area.id}/"
        ids[code], paths[code] = area.id, area.path
    work.session.flush()
    return ids, paths


FAMILY_COLUMNS = (
    "number", "state", "registered_at", "registered_by", "version", "uc_id", "village", "head_name", "head_name_local",
    "search_key", "gender", "cnic_sealed", "cnic_index", "cnic_verified_by", "size", "men", "women", "boys", "girls",
    "disabled", "pregnant_lactating", "house_damage", "livestock_lost", "is_displaced", "psc_score", "submission_id",
    "content_index",
)  # fmt: skip


def family_rows(
    work: Work, land: Land, people: Sequence[dict[str, object]], first_number: int
) -> list[tuple[object, ...]]:
    """The columns of families; each is described by what is special about it."""
    rows = []
    for number, special in enumerate(people, first_number):
        about: dict[str, object] = {
            "uc": UCS[number % len(UCS)], "cnic": Cnic(f"45102{number:07d}1"), "gender": Gender.MALE, "size": 5, "disabled": 0,
            "pregnant_lactating": 0, "house_damage": HouseDamage.FULL, "is_displaced": True, "psc_score": 15,
            "state": FamilyState.ACTIVE,
        } | special  # fmt: skip
        cnic, size = about["cnic"], about["size"]
        assert isinstance(cnic, Cnic | None) and isinstance(size, int)
        rows.append((
            number, about["state"], AT, 0, 1, land.area_ids[str(about["uc"])], "Goth", f"Head {number}", "سربراہ",
            f" head {number}", about["gender"], work.keys.seal(cnic.digits, CNIC) if cnic else None,
            work.keys.index(cnic.digits, CNIC) if cnic else None, None if cnic else "LSO president", size, 1, size - 1, 0, 0,
            about["disabled"], about["pregnant_lactating"], about["house_damage"], 0, about["is_displaced"],
            about["psc_score"], f"s{number}", bytes(16),
        ))  # fmt: skip
    return rows


def add_families(work: Work, land: Land, *people: dict[str, object], first_number: int = 1) -> None:
    """Register families, each described by what is special about it."""
    rows = family_rows(work, land, people, first_number)
    insert_rows(work, Family.metadata.tables["family"], FAMILY_COLUMNS, rows)


def plan(land: Land, **changes: object) -> PlanCampaign:
    """A campaign for displaced families: cash for all, a tent for larger ones."""
    values: dict[str, object] = {
        "code": "FLOOD-1", "name": "Cash and tents", "programme_id": land.programme_id, "fund_id": land.fund_id,
        "area_id": land.area_ids["PK7"], "days": DateRange(dt.date(2022, 9, 10), LAST_DAY),
        "criteria": {"all": [{"test": "displaced"}]}, "complaints_to": "0800-11111", "proof_required": Proof.NONE,
        "bands": (
            BandPlan(1, 4, Money.rupees(10_000)),
            BandPlan(5, LARGEST_FAMILY, Money.rupees(12_000), (ItemPlan(land.item_ids["TENT"], Quantity(1)),)),
        ),
    }  # fmt: skip
    return PlanCampaign(**(values | changes))  # type: ignore[arg-type]


def planned(land: Land, **changes: object) -> int:
    """A campaign in draft; its id."""
    with unit_of_work(land.coordinator, at=AT) as work:
        return create_campaign(work, plan(land, **changes))


def proposed(land: Land, campaign_id: int) -> int:
    """An allocation proposed by the coordinator; its id."""
    with unit_of_work(land.coordinator, at=AT) as work:
        return propose_allocation(work, campaign_id)


def approved(land: Land, allocation_id: int) -> int:
    """The allocation approved by finance; how many families are entitled."""
    with unit_of_work(land.finance, at=AT) as work:
        return decide_allocation(work, DecideAllocation(allocation_id, approve=True))


def running(land: Land, **changes: object) -> int:
    """A campaign approved for the families registered so far; its id."""
    campaign_id = planned(land, **changes)
    approved(land, proposed(land, campaign_id))
    return campaign_id


def with_tokens(land: Land, campaign_id: int, **changes: object) -> int:
    """A key and a token for each entitlement of a running campaign; how many tokens."""
    with unit_of_work(land.administrator, at=AT) as work:
        make_campaign_key(work, campaign_id)
    with unit_of_work(land.coordinator, at=AT) as work:
        return issue_tokens(work, IssueTokens(campaign_id, EXPIRES_ON, **changes))  # type: ignore[arg-type]
