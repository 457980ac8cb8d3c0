"""The keys and tokens of a campaign: making and revoking keys, issuing tokens, and how far they are in each area."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.distributions.queries import names_of_people, points_by_area
from relief.entitlements.issuing import IssueTokens, issue_tokens
from relief.entitlements.rules import KeyState
from relief.entitlements.signing import make_campaign_key, revoke_campaign_key
from relief.entitlements.token_queries import TokenCounts, count_tokens, list_keys
from relief.geography.queries import AreaRecord
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.programmes.queries import CampaignRow, get_campaign
from relief.programmes.rules import CampaignState
from relief.store.work import reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.area_levels import AreaLevels
from relief.web.areas import AreaField
from relief.web.formats import area_name, format_number
from relief.web.forms import Form
from relief.web.shell import hold_campaign, say

bp = Blueprint("issuing", __name__, url_prefix="/campaigns")

# So many are issued in one unit of work: while it runs, nobody else can write to an SQLite database.
_AT_ONCE = 10_000
# After so long the page answers, and a person goes on from there.
_LONGEST_WAIT_S = 8


@bp.route("/<int:campaign_id>/tokens", methods=["GET", "POST"])
@needs(Permission.KEY_MANAGE, Permission.TOKEN_PRINT, Permission.TOKEN_READ)
def show(campaign_id: int) -> Answer:
    """Show keys and tokens; do what the button that was pressed says."""
    with reading(current_actor()) as work:
        campaign = get_campaign(work, campaign_id)
    form = Form.of_request(expires_on=campaign.days.last_on)
    with form.attempt() as sent:
        if sent:
            say(_DEEDS.get(form.value("deed"), _unknown)(campaign, form))
            return redirect(url_for("issuing.show", campaign_id=campaign_id))
    return _page(campaign, form)


def _make_key(campaign: CampaignRow, _form: Form) -> str:
    with unit_of_work(current_actor()) as work:
        key_id = make_campaign_key(work, campaign.id)
    return str(_("Key %(number)s is made and lies sealed on this machine.", number=key_id))


def _revoke_key(campaign: CampaignRow, form: Form) -> str:
    key_id = form.number("key", low=1, high=255)
    form.refuse_problems()
    with unit_of_work(current_actor()) as work:
        revoke_campaign_key(work, campaign.id, key_id)
    return str(_("Key %(number)s is revoked. Make another, issue tokens again and print them.", number=key_id))


def _issue(campaign: CampaignRow, form: Form) -> str:
    actor = current_actor()
    with reading(actor) as work:
        area = _area_field(campaign).read(work, form, required=False)
        points = points_by_area(work, campaign.id)
    expires_on = form.day("expires_on")
    form.refuse_problems()
    command = IssueTokens(campaign.id, expires_on, area.id if area else None, points, _AT_ONCE)
    total, issued, ends = 0, _AT_ONCE, time.monotonic() + _LONGEST_WAIT_S
    while issued == _AT_ONCE and time.monotonic() < ends:
        with unit_of_work(actor) as work:
            issued = issue_tokens(work, command)
        total += issued
    if issued == _AT_ONCE:
        return str(_("%(count)s tokens are issued so far. Issue again for the rest.", count=format_number(total)))
    return str(_("%(count)s tokens are issued. Print them now.", count=format_number(total)))


def _unknown(_campaign: CampaignRow, _form: Form) -> str:
    raise InvalidInput("choice.unknown", N_("Choose one of the answers shown."))


_DEEDS = {"key": _make_key, "revoke_key": _revoke_key, "issue": _issue}


def _area_field(campaign: CampaignRow) -> AreaField:
    return AreaField("area", Permission.TOKEN_PRINT, under=campaign.area_path)


def _page(campaign: CampaignRow, form: Form) -> Answer:
    actor = current_actor()
    with reading(actor) as work:
        keys = list_keys(work, campaign.id)
        by_uc = count_tokens(work, campaign.id)
        shown = AreaLevels(work, campaign.area_id)
        names = names_of_people(work, [key.made_by for key in keys])
    may_issue = campaign.state is CampaignState.ACTIVE and actor.may(Permission.TOKEN_PRINT)
    hold_campaign(campaign.id, campaign.name)
    may_handle_keys = campaign.state is not CampaignState.CLOSED and actor.may(
        Permission.KEY_MANAGE, campaign.area_path
    )
    page = render_template(
        "issuing/show.html", campaign=campaign, form=form, keys=keys, names=names, places=_rolled_up(by_uc, shown),
        level=shown.level, total=TokenCounts.total(by_uc.values()), may_issue=may_issue, may_handle_keys=may_handle_keys,
        has_key=any(key.state is KeyState.ACTIVE for key in keys),
        area_choices=_area_field(campaign).choices() if may_issue else None,
    )  # fmt: skip
    return page, form.status


def _rolled_up(by_uc: Mapping[int, TokenCounts], shown: AreaLevels) -> list[tuple[AreaRecord, TokenCounts]]:
    parts: dict[int, list[TokenCounts]] = defaultdict(list)
    for uc_id, area_id in shown.areas_above(by_uc).items():
        parts[area_id].append(by_uc[uc_id])
    rows = [(shown.areas[area_id], TokenCounts.total(counts)) for area_id, counts in parts.items()]
    return sorted(rows, key=lambda row: area_name(row[0]).casefold())
