"""Who sees which campaign: those whose areas touch it."""

import pytest

from relief.kernel.errors import NotFound
from relief.kernel.permissions import Role
from relief.programmes.queries import (
    find_campaign_by_code,
    find_campaign_by_number,
    get_campaign,
    list_campaigns,
)
from relief.programmes.rules import CampaignState, may_move
from relief.store.work import reading
from tests.factories.campaigns import Land, planned
from tests.factories.finance import someone


@pytest.fixture
def campaigns(land: Land) -> dict[str, int]:
    """A campaign for the province and one for each district."""
    return {code: planned(land, code=code, area_id=land.area_ids[code]) for code in ("PK7", "PK703", "PK706")}


@pytest.mark.parametrize(
    ("area", "seen"),
    [
        ("PK7", ["PK706", "PK703", "PK7"]),
        ("PK703", ["PK703", "PK7"]),
        ("PK70301U1", ["PK703", "PK7"]),
        ("PK70601", ["PK706", "PK7"]),
    ],
)
def test_a_campaign_is_seen_where_it_reaches(land: Land, campaigns: dict[str, int], area: str, seen: list[str]) -> None:
    for role in Role:
        with reading(land.person(role, area, number=5)) as work:
            assert [row.code for row in list_campaigns(work)] == seen
            for code, campaign_id in campaigns.items():
                if code in seen:
                    assert get_campaign(work, campaign_id).code == code
                    assert find_campaign_by_code(work, code.lower()) == get_campaign(work, campaign_id)
                else:
                    assert find_campaign_by_code(work, code) is None
                    with pytest.raises(NotFound):
                        get_campaign(work, campaign_id)


def test_nobody_sees_campaigns_without_a_grant(land: Land, campaigns: dict[str, int]) -> None:
    with reading(someone(Role.AUDITOR, "/987654/", number=5)) as work:
        assert list_campaigns(work) == []


def test_lists_are_narrowed_by_state(land: Land, campaigns: dict[str, int]) -> None:
    with reading(land.coordinator) as work:
        assert list_campaigns(work, (CampaignState.ACTIVE,)) == []
        assert len(list_campaigns(work, (CampaignState.ACTIVE, CampaignState.DRAFT))) == 3


def test_a_number_is_known_to_everybody(land: Land, campaigns: dict[str, int]) -> None:
    with reading(someone(Role.POINT_STAFF, "/987654/", number=5)) as work:
        found = find_campaign_by_number(work, 2)
        assert found is not None and found.code == "PK703"
        assert find_campaign_by_number(work, 4) is None


def test_a_campaign_moves_forward_and_back_only_from_a_rejection() -> None:
    allowed = {
        (CampaignState.DRAFT, CampaignState.PROPOSED),
        (CampaignState.PROPOSED, CampaignState.DRAFT),
        (CampaignState.PROPOSED, CampaignState.ACTIVE),
        (CampaignState.ACTIVE, CampaignState.CLOSED),
    }
    assert {(now, then) for now in CampaignState for then in CampaignState if may_move(now, then)} == allowed
