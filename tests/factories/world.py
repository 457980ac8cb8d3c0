"""A small campaign, complete from fund to tokens, that tests of distributions begin from."""

import datetime as dt
import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

from relief.accounts.model import RoleGrant, User
from relief.distributions.claims import Table, table_of_day
from relief.distributions.model import DayStaff, DistributionDay, Point
from relief.entitlements.model import Allocation, CampaignKey, Entitlement, Token
from relief.entitlements.rules import AllocationState, KeyState, TokenState
from relief.families.model import Family
from relief.families.rules import FamilyState, Gender, HouseDamage
from relief.geography.model import Area, Level
from relief.kernel.actor import Actor, ActorId, Grant
from relief.kernel.codes import TokenCode
from relief.kernel.identity import Cnic
from relief.kernel.permissions import Role
from relief.ledger.model import Fund
from relief.papers import rt1
from relief.programmes.model import Campaign, PackageBand, PackageLine, Programme
from relief.programmes.rules import CampaignState, LineKind, Proof
from relief.reports.comparing import differences_in
from relief.reports.differences import Kind
from relief.stock.model import Item, Location, StockOnHand
from relief.stock.rules import LocationKind
from relief.store.work import Work, reading, unit_of_work

TODAY = dt.date(2022, 9, 20)
AT = dt.datetime(2022, 9, 20, 6, 0, tzinfo=dt.UTC)
CASH = 1_250_000
TENT_COST = 2_500_000
SYSTEM = Actor.system("tests")
# What a world stands on was never bought or promised.
FROM_NOWHERE = {Kind.ON_HAND, Kind.COMMITTED, Kind.FUND}

_numbers = itertools.count(1)


@dataclass
class World:
    """Ids and people of the campaign; `staff` stands at the table of `day_id`, `coordinator` answers for the district."""

    district: Area
    other_district: Area
    uc: Area
    point_id: int
    location_id: int
    day_id: int
    campaign_id: int
    campaign_number: int
    fund_id: int
    tent_id: int
    staff: Actor
    coordinator: Actor
    stranger: Actor
    expires_on: dt.date
    families: list["Holder"] = field(default_factory=list)

    def table(self, work: Work) -> Table:
        """The table of the day."""
        return table_of_day(work, self.day_id)


@dataclass(frozen=True)
class Holder:
    """A family with its entitlement and token, and what its paper says."""

    family_id: int
    family_code: str
    entitlement_id: int
    token_id: int
    code: TokenCode
    text: str
    cnic: Cnic | None


def build_world(*, families: int = 1, on: dt.date = TODAY, tents: int = 100, **campaign: Any) -> World:
    """Make the campaign in the database of the application in hand: PKR 12,500 and two tents a family, given on one day.

    `campaign` may say `instalments` and `proof_required`.
    """
    with unit_of_work(SYSTEM, at=AT) as work:
        world = _build(work, on, tents, campaign)
        world.families = [add_family(work, world, with_cnic=n % 5 != 4) for n in range(families)]
    return world


def add_family(work: Work, world: World, *, with_cnic: bool = True, point_number: int = 1) -> Holder:
    """Register a family with an entitlement and a token."""
    number = next(_numbers)
    cnic = Cnic(f"45102{number:07d}1") if with_cnic else None
    family = _family(work, world, number, cnic)
    serial = number
    entitlement = Entitlement(
        campaign_id=world.campaign_id, serial=serial, family_id=family.id, band_no=1, uc_id=world.uc.id,
        allocation_id=work.session.query(Allocation.id).where(Allocation.campaign_id == world.campaign_id).scalar(),
    )  # fmt: skip
    work.session.add(entitlement)
    work.session.flush()
    code = TokenCode.of(number * 7919)
    token = Token(
        entitlement_id=entitlement.id, reissue=0, key_id=1, point_no=point_number, expires_on=world.expires_on, holder_tag=0,
        code_index=work.keys.index(code.digits, "token code"), code_sealed=work.keys.seal(code.digits, "token.code"),
        state=TokenState.ISSUED, state_reason="", issued_at=AT, issued_by=0,
    )  # fmt: skip
    work.session.add(token)
    work.session.flush()
    body = rt1.TokenBody(1, world.campaign_number, serial, 0, 1, point_number, world.expires_on, 0)
    signed = rt1.sign(body, work.keys.signing_key(f"campaign-{world.campaign_number}-1"))
    text = rt1.to_compact_text(signed.pack())
    return Holder(family.id, str(family.code), entitlement.id, token.id, code, text, cnic)


def new_event() -> str:
    """An event id, as a sender makes it."""
    return str(uuid.uuid4())


def books_agree() -> bool:
    """Whether all that happened in the world stands alike in every book."""
    with reading(SYSTEM) as work:
        return all(one.kind in FROM_NOWHERE for one in differences_in(work))


def _build(work: Work, on: dt.date, tents: int, more: dict[str, Any]) -> World:
    add, expires_on = work.session.add, on + dt.timedelta(days=102)
    areas = _areas(work)
    province, district, other_district, uc = areas
    fund = Fund(code="F1", name="Flood 2022", donor_name="Donor", is_restricted=True, opened_at=AT, opened_by=0)
    programme = Programme(code="FR22", name="Flood response 2022")
    tent = Item(code="TENT", name_en="Tent", name_ur="خیمہ", name_sd="تنبو", unit="piece", unit_cost_paisa=TENT_COST)
    location = Location(code="POINT-P1", name="School", kind=LocationKind.POINT, area_id=uc.id)
    for row in (fund, programme, tent, location):
        add(row)
    work.session.flush()
    point = Point(number=1, code="P1", name="School", uc_id=uc.id, location_id=location.id)
    campaign = Campaign(
        number=1, code="C1", name="Tents and cash", programme_id=programme.id, fund_id=fund.id, area_id=province.id,
        starts_on=on - dt.timedelta(days=19), ends_on=expires_on, state=CampaignState.ACTIVE,
        criteria={"all": []}, complaints_to="0800-00000", created_at=AT, created_by=0,
        **{"instalments": 1, "proof_required": Proof.NONE} | more,
    )  # fmt: skip
    add(point)
    add(campaign)
    work.session.flush()
    _package(work, campaign, tent)
    day = DistributionDay(campaign_id=campaign.id, point_id=point.id, held_on=on, instalment_no=campaign.instalments)
    add(day)
    if tents:
        add(StockOnHand(location_id=location.id, item_id=tent.id, fund_id=fund.id, quantity=tents))
    staff = _person(work, Role.POINT_STAFF, uc)
    work.session.flush()
    add(DayStaff(day_id=day.id, user_id=int(staff.id)))
    return World(
        district, other_district, uc, point.id, location.id, day.id, campaign.id, campaign.number, fund.id, tent.id, staff,
        _person(work, Role.COORDINATOR, district), _person(work, Role.COORDINATOR, other_district), expires_on,
    )  # fmt: skip


def _areas(work: Work) -> list[Area]:
    made: list[Area] = []
    for code, level, parent in (
        ("PK7", Level.PROVINCE, None), ("PK703", Level.DISTRICT, 0), ("PK706", Level.DISTRICT, 0),
        ("PK70304", Level.TALUKA, 1), ("PK70304U14", Level.UC, 3),
    ):  # fmt: skip
        above = None if parent is None else made[parent]
        area = Area(
            code=code, level=level, parent_id=above.id if above else None, path=f"?{code}", name_en=f"Area {code}",
            is_named=True, facts={},
        )  # fmt: skip
        work.session.add(area)
        work.session.flush()
        area.path = f"{above.path if above else '/'}{area.id}/"
        made.append(area)
    return [made[0], made[1], made[2], made[4]]


def _package(work: Work, campaign: Campaign, tent: Item) -> None:
    band = PackageBand(campaign_id=campaign.id, band_no=1, size_from=1, size_to=60)
    work.session.add(band)
    work.session.flush()
    cash = {"kind": LineKind.CASH, "item_id": None, "quantity": 0, "amount_paisa": CASH, "unit_cost_paisa": 0}
    tents = {"kind": LineKind.ITEM, "item_id": tent.id, "quantity": 2, "amount_paisa": 0, "unit_cost_paisa": TENT_COST}
    for line_no, line in enumerate((cash, tents), 1):
        work.session.add(PackageLine(band_id=band.id, line_no=line_no, **line))
    public_key = work.keys.make_signing_key(f"campaign-{campaign.number}-1")
    work.session.add(
        CampaignKey(
            campaign_id=campaign.id, key_id=1, public_key=public_key, state=KeyState.ACTIVE, made_at=AT, made_by=0
        )
    )
    work.session.add(
        Allocation(
            campaign_id=campaign.id, state=AllocationState.APPROVED, families_in=0, families_out=0, cost_paisa=0,
            proposed_at=AT, proposed_by=1, decided_at=AT, decided_by=2, decision_reason="",
        )
    )  # fmt: skip


def _person(work: Work, role: Role, area: Area) -> Actor:
    name = f"{role.value} of {area.code}"
    user = User(
        email=f"{role.value}.{area.code}@relief.test".lower(), name=name, password_hash="-", must_change_password=False,
        stamp=str(uuid.uuid4()), counts_in_lakhs=False, added_at=AT, added_by=0,
    )  # fmt: skip
    work.session.add(user)
    work.session.flush()
    work.session.add(RoleGrant(user_id=user.id, role=role, area_id=area.id, granted_by=0, granted_at=AT))
    return Actor(ActorId(user.id), name, (Grant(role, area.id, area.path),))


def _family(work: Work, world: World, number: int, cnic: Cnic | None) -> Family:
    family = Family(
        number=number, state=FamilyState.ACTIVE, registered_at=AT, registered_by=0, version=1, uc_id=world.uc.id,
        village="Goth", head_name=f"Head {number}", head_name_local=None, father_name=None, search_key=f" head {number}",
        gender=Gender.FEMALE, cnic_sealed=work.keys.seal(cnic.digits, "family.cnic") if cnic else None,
        cnic_index=work.keys.index(cnic.digits, "family.cnic") if cnic else None, cnic_verified_by=None if cnic else "LSO",
        size=5, men=1, women=2, boys=1, girls=1, disabled=0, pregnant_lactating=0, house_damage=HouseDamage.FULL,
        livestock_lost=0, is_displaced=True, flags=[], submission_id=f"s{number}", content_index=bytes(16),
    )  # fmt: skip
    work.session.add(family)
    work.session.flush()
    return family
