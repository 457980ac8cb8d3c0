"""What stands on printed tokens, which of them go on a sheet, and who took them."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from relief.audit.model import AuditEntry
from relief.audit.queries import DEMONSTRATION_LOADED
from relief.audit.trail import Deed, record
from relief.distributions.model import DistributionDay, Point
from relief.distributions.place_queries import UseState, use_of
from relief.distributions.printing import (
    ANY_POINT_CODE,
    PrintBy,
    PrintOrder,
    find_print_place,
    list_print_places,
    numbers_of,
    place_of_token,
    show_token,
    take_sheet,
)
from relief.distributions.voiding import VoidHandOver, void_hand_over
from relief.entitlements.model import CampaignKey, Token
from relief.entitlements.revoking import ReplaceToken, RevokeToken, replace_token, revoke_token
from relief.entitlements.rules import KeyState
from relief.entitlements.token_queries import PrintSelection, stream_printable, tokens_of_family
from relief.kernel.actor import Actor
from relief.kernel.errors import Forbidden, NotFound, RuleViolation
from relief.kernel.permissions import Role
from relief.papers.rt1 import parse_text
from relief.papers.sheet import TokenSheet
from relief.programmes.model import Campaign
from relief.store.db import Store
from relief.store.work import reading, unit_of_work
from tests.distributions.test_hand_overs import give
from tests.factories.campaigns import Land, add_families, build_land, running, with_tokens
from tests.factories.finance import AT as LAND_AT
from tests.factories.finance import someone
from tests.factories.world import AT, SYSTEM, TODAY, World, add_family, build_world, new_event

HOST = "relief.example.org"


@pytest.fixture
def world(store: Store) -> World:
    """Three families at one point."""
    return build_world(families=3)


@pytest.fixture
def land(store: Store) -> Land:
    """Six families in three Union Councils of two districts, with tokens that name no point."""
    land = build_land()
    with unit_of_work(SYSTEM, at=LAND_AT) as work:
        add_families(work, land, *[{} for _ in range(6)])
    with_tokens(land, running(land))
    return land


def order_of(campaign_id: int, *, language: str = "en", say: Callable[[str], str] = str) -> PrintOrder:
    return PrintOrder(campaign_id, language, say, HOST)


def taken(world: World, actor: Actor, *, by: PrintBy = PrintBy.UC, language: str = "en", say=str) -> TokenSheet:
    with unit_of_work(actor, at=AT) as work:
        (place,) = list_print_places(work, world.campaign_id, by)
        return take_sheet(work, order_of(world.campaign_id, language=language, say=say), place)


def printed_deeds() -> list[AuditEntry]:
    with reading(SYSTEM) as work:
        return list(work.session.scalars(select(AuditEntry).where(AuditEntry.action == "tokens.printed")))


def test_a_sheet_has_the_tokens_of_a_place_as_they_were_signed(world: World) -> None:
    sheet = taken(world, world.coordinator)
    assert [token.token for token in sheet.tokens] == [parse_text(holder.text) for holder in world.families]
    assert [token.code for token in sheet.tokens] == [holder.code for holder in world.families]
    assert (sheet.name, sheet.heading.place) == ("PK70304U14", "Area PK70304U14, Area PK70304, Area PK703")
    (first, *_rest) = sheet.tokens
    assert str(first.family_code) == world.families[0].family_code
    assert first.package_lines == ("PKR 12,500", "2 × Tent")
    assert (first.point_name, first.dates) == ("School, Area PK70304U14", "20/09/2022")
    assert (sheet.heading.campaign, sheet.heading.printed, sheet.heading.note) == ("Tents and cash", "20/09/2022", "")


def test_who_printed_which_tokens_is_on_record(world: World) -> None:
    with unit_of_work(world.coordinator, at=AT) as work:
        replace_token(work, ReplaceToken(world.families[1].token_id, "lost"))
    serials = [token_of(holder.family_id).serial for holder in world.families]
    taken(world, world.coordinator, language="sd")
    (deed,) = printed_deeds()
    assert (deed.actor_id, deed.subject_kind, deed.area_id) == (world.coordinator.id, "campaign", world.uc.id)
    assert deed.detail == {
        "campaign": world.campaign_id, "place": "PK70304U14", "count": 3, "language": "sd", "form": "url",
        "numbers": f"{serials[0]}, {serials[2]}, {serials[1]}-1",
    }  # fmt: skip


def token_of(family_id: int):
    with reading(SYSTEM) as work:
        return tokens_of_family(work, family_id)[0]


def test_numbers_in_a_row_are_joined(world: World) -> None:
    with reading(SYSTEM) as work:
        tokens = [printable.token for printable in stream_printable(work, PrintSelection(world.campaign_id))]
    first = tokens[0].serial
    assert numbers_of(tokens) == f"{first}..{first + 2}"
    assert numbers_of(tokens[:1]) == str(first)
    assert numbers_of([]) == ""


def test_a_sheet_says_everything_in_the_language_of_the_place_too(world: World) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.execute(update(Campaign).values(instalments=3))
        work.session.execute(update(Token).values(point_no=0))
    sheet = taken(world, world.coordinator, language="sd", say=lambda msgid: f"<{msgid}>")
    first = sheet.tokens[0]
    assert first.package_lines == ("PKR 12,500", "2 × Tent / تنبو", "instalments · <instalments>: 3")
    assert first.point_name == "Any point of this campaign · <Any point of this campaign>"
    assert first.dates == f"until · <until> {world.expires_on:%d/%m/%Y}"


def test_days_to_come_are_named_and_many_are_cut_short(world: World) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        for days in (-5, 1, 2, 3, 4):
            day = DistributionDay(
                campaign_id=world.campaign_id, point_id=world.point_id, held_on=TODAY + dt.timedelta(days), instalment_no=1
            )  # fmt: skip
            work.session.add(day)
    assert taken(world, world.coordinator).tokens[0].dates == "20/09/2022, 21/09/2022, 22/09/2022 …"


def test_a_demonstration_says_that_it_is_not_valid(world: World) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        record(work, Deed(DEMONSTRATION_LOADED, "database", 0))
    assert taken(world, world.coordinator).heading.note == "Demonstration: not valid"


def test_tokens_that_do_not_hold_are_not_printed(world: World) -> None:
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_token(work, RevokeToken(world.families[0].token_id, "sold"))
    assert len(taken(world, world.coordinator).tokens) == 2
    with unit_of_work(SYSTEM, at=AT) as work:
        work.session.execute(update(CampaignKey).values(state=KeyState.REVOKED))
        assert list_print_places(work, world.campaign_id, PrintBy.UC) == []


def test_an_empty_place_is_not_put_on_record(world: World) -> None:
    with reading(world.coordinator) as work:
        (place,) = list_print_places(work, world.campaign_id, PrintBy.UC)
    with unit_of_work(world.coordinator, at=AT) as work:
        for holder in world.families:
            revoke_token(work, RevokeToken(holder.token_id, "sold"))
    with unit_of_work(world.coordinator, at=AT) as work:
        assert list(take_sheet(work, order_of(world.campaign_id), place).tokens) == []
    assert printed_deeds() == []


def test_places_are_councils_or_points(world: World) -> None:
    with unit_of_work(SYSTEM, at=AT) as work:
        add_family(work, world, point_number=0)
    with reading(world.coordinator) as work:
        councils = list_print_places(work, world.campaign_id, PrintBy.UC)
        points = list_print_places(work, world.campaign_id, PrintBy.POINT)
        assert [(place.code, place.count) for place in councils] == [("PK70304U14", 4)]
        assert [(place.code, place.count) for place in points] == [(ANY_POINT_CODE, 1), ("P1", 3)]
        assert points[1].title == "School, Area PK70304U14, Area PK70304, Area PK703"
        assert find_print_place(work, world.campaign_id, PrintBy.POINT, " p1 ") == points[1]
        with pytest.raises(NotFound):
            find_print_place(work, world.campaign_id, PrintBy.POINT, "P2")


def test_each_prints_within_their_areas_alone(land: Land) -> None:
    with reading(land.coordinator) as work:
        places = list_print_places(work, 1, PrintBy.UC)
    assert [(place.code, place.count) for place in places] == [("PK70301U1", 2), ("PK70301U2", 2), ("PK70601U1", 2)]
    district = land.person(Role.COORDINATOR, "PK706", number=21)
    with unit_of_work(district, at=LAND_AT) as work:
        assert [place.code for place in list_print_places(work, 1, PrintBy.UC)] == ["PK70601U1"]
        assert [place.count for place in list_print_places(work, 1, PrintBy.POINT)] == [2]
        assert len(take_sheet(work, order_of(1), places[0]).tokens) == 0, "a place of another district"
        assert len(take_sheet(work, order_of(1), places[2]).tokens) == 2


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.COORDINATOR])
def test_only_coordinators_print(land: Land, role: Role) -> None:
    with reading(land.coordinator) as work:
        (place, *_rest) = list_print_places(work, 1, PrintBy.UC)
    actor = someone(role, land.paths["PK7"])
    with unit_of_work(actor, at=LAND_AT) as work:
        with pytest.raises(Forbidden):
            take_sheet(work, order_of(1), place)
        with pytest.raises((Forbidden, NotFound)):
            show_token(work, 1, HOST)
        with pytest.raises((Forbidden, NotFound)):
            place_of_token(work, 1)


def test_one_token_makes_a_sheet_of_its_own(world: World) -> None:
    holder = world.families[1]
    with unit_of_work(world.coordinator, at=AT) as work:
        sheet = take_sheet(work, order_of(world.campaign_id), place_of_token(work, holder.token_id))
    assert [token.code for token in sheet.tokens] == [holder.code]
    assert sheet.name == f"PK70304U14-{token_of(holder.family_id).serial}"
    (deed,) = printed_deeds()
    assert deed.detail["count"] == 1


@pytest.mark.parametrize("host", [HOST, None])
def test_showing_a_token_shows_its_paper_and_is_on_record(world: World, host: str | None) -> None:
    holder = world.families[0]
    with unit_of_work(world.coordinator, at=AT) as work:
        shown = show_token(work, holder.token_id, host)
    assert parse_text(shown.text) == parse_text(holder.text)
    assert shown.code == holder.code
    assert holder.code.digits not in repr(shown)
    with reading(SYSTEM) as work:
        (entry,) = work.session.scalars(select(AuditEntry))
    assert (entry.action, entry.subject_id, entry.actor_id) == (
        "token.shown",
        str(holder.token_id),
        world.coordinator.id,
    )


def test_a_token_that_does_not_hold_is_neither_shown_nor_printed(world: World) -> None:
    token_id = world.families[0].token_id
    with unit_of_work(world.coordinator, at=AT) as work:
        revoke_token(work, RevokeToken(token_id, "sold"))
    for deed in (lambda work: show_token(work, token_id, HOST), lambda work: place_of_token(work, token_id)):
        with unit_of_work(world.coordinator, at=AT) as work, pytest.raises(RuleViolation) as caught:
            deed(work)
        assert caught.value.code == "token.not_valid"
    with unit_of_work(world.stranger, at=AT) as work, pytest.raises(NotFound):
        show_token(work, token_id, HOST)


def test_how_far_an_entitlement_is_used(store: Store) -> None:
    world = build_world(instalments=2)
    holder = world.families[0]

    def use():
        with reading(SYSTEM) as work:
            return use_of(work, holder.entitlement_id, 2)

    assert use().state is UseState.UNUSED
    first = give(world, holder, given={1: 1_250_000, 2: 1})
    assert (use().state, use().last_given_on, use().last_point_name) == (UseState.PARTLY, TODAY, "School")
    give(world, holder)
    assert use().state is UseState.PARTLY, "the second instalment is still due"
    give(world, holder)
    assert use().state is UseState.USED
    assert first.hand_over_id is not None


def test_what_was_undone_is_unused_again(world: World) -> None:
    holder = world.families[0]
    outcome = give(world, holder)
    with unit_of_work(world.coordinator, at=AT) as work:
        assert use_of(work, holder.entitlement_id, 1).state is UseState.USED
        void_hand_over(work, VoidHandOver(new_event(), outcome.hand_over_id, "the wrong family"))
        assert use_of(work, holder.entitlement_id, 1).state is UseState.UNUSED
        assert work.session.get_one(Point, world.point_id)
