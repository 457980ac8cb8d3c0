"""Campaigns: the list, planning and amending one, its page with the next step first, and closing it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from relief.distributions.queries import names_of_people
from relief.entitlements.closing import LONGEST_REASON, CloseCampaign, close_campaign
from relief.entitlements.queries import (
    AllocationRow,
    committed_of,
    disbursed_of,
    entitled_by_uc,
    list_allocations,
)
from relief.entitlements.rules import AllocationState, KeyState
from relief.entitlements.token_queries import TokenCounts, count_tokens, list_keys
from relief.geography.queries import AreaRecord, get_area
from relief.kernel.actor import Actor
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.ledger.queries import list_funds
from relief.ledger.rules import Cost
from relief.programmes.criteria import DAMAGES, PSC_BANDS
from relief.programmes.planning import LONGEST_NAME, OpenProgramme, amend_campaign, create_campaign, open_programme
from relief.programmes.queries import BandRow, CampaignRow, get_campaign, list_campaigns, list_programmes, package_of
from relief.programmes.rules import CampaignState, Proof
from relief.stock.queries import list_items
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.campaign_form import AREA, YES_OR_NO, CampaignForm, groups_of, values_of
from relief.web.formats import format_money, format_number, label
from relief.web.forms import Form
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, MenuEntry, hold_campaign, say

bp = Blueprint("campaigns", __name__, url_prefix="/campaigns")
MENU = (MenuEntry(N_("Campaigns"), "campaigns.index", Permission.CAMPAIGN_READ, order=30),)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a campaign is, as its page and the next step need to know it."""

    campaign: CampaignRow
    bands: list[BandRow]
    allocations: list[AllocationRow]
    tokens: TokenCounts
    has_key: bool
    # The whole campaign's money: for those whose areas hold all of it.
    money: tuple[Cost, Cost] | None
    areas: dict[int, AreaRecord]
    names: dict[int, str]

    @property
    def waiting(self) -> AllocationRow | None:
        """The allocation that waits for a decision."""
        return next((row for row in self.allocations if row.state is AllocationState.PROPOSED), None)


@bp.get("/")
@needs(Permission.CAMPAIGN_READ)
def index() -> Answer:
    """List the campaigns that touch the person's areas, the latest first."""
    form = Form.of_query()
    wanted = form.value("state")
    states = (CampaignState(wanted),) if wanted in set(CampaignState) else ()
    with reading(current_actor()) as work:
        campaigns = list_campaigns(work, states)
        entitled = {campaign.id: sum(entitled_by_uc(work, campaign.id).values()) for campaign in campaigns}
    return render_template(
        "campaigns/index.html", campaigns=campaigns, entitled=entitled, form=form, states=list(CampaignState)
    )


@bp.route("/programmes/new", methods=["GET", "POST"])
@needs(Permission.CAMPAIGN_PROPOSE)
def new_programme() -> Answer:
    """Open a programme."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            command = OpenProgramme(form.text("code", longest=31), form.text("name", longest=LONGEST_NAME))
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                open_programme(work, command)
            say(_("The programme is opened."))
            return redirect(url_for("campaigns.new"))
    return render_template("campaigns/new_programme.html", form=form), form.status


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.CAMPAIGN_PROPOSE)
def new() -> Answer:
    """Plan a campaign."""
    held = CampaignForm({"instalments": 1, "proof_required": Proof.NONE, "band-1-size_from": 1})
    with held.form.attempt() as sent:
        if sent and not held.wants_row:
            with unit_of_work(current_actor()) as work:
                campaign_id = create_campaign(work, held.read(work, None))
            say(_("The campaign is planned. Look now who would be in."))
            return redirect(url_for("campaigns.show", campaign_id=campaign_id))
    return _form_page(held, None)


@bp.route("/<int:campaign_id>/edit", methods=["GET", "POST"])
@needs(Permission.CAMPAIGN_PROPOSE)
def edit(campaign_id: int) -> Answer:
    """Amend a draft."""
    with reading(current_actor()) as work:
        campaign = get_campaign(work, campaign_id)
        held = CampaignForm(values_of(work, campaign, package_of(work, campaign_id)))
    with held.form.attempt() as sent:
        if sent and not held.wants_row:
            with unit_of_work(current_actor()) as work:
                amend_campaign(work, campaign_id, held.read(work, campaign.criteria))
            say(_("The campaign is amended."))
            return redirect(url_for("campaigns.show", campaign_id=campaign_id))
    return _form_page(held, campaign)


@bp.get("/<int:campaign_id>")
@needs(Permission.CAMPAIGN_READ)
def show(campaign_id: int) -> Answer:
    """Show a campaign: the next step, its figures, package, criteria and allocations."""
    return _page(campaign_id, Form(None))


@bp.route("/<int:campaign_id>/close", methods=["GET", "POST"])
@needs(Permission.CAMPAIGN_PROPOSE, Permission.CAMPAIGN_APPROVE)
def close(campaign_id: int) -> Answer:
    """Close a campaign."""
    if request.method == "GET":  # A change of language asks for the address of the last form.
        return redirect(url_for("campaigns.show", campaign_id=campaign_id))
    form = Form.of_request()
    with form.attempt():
        reason = form.text("reason", longest=LONGEST_REASON)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            released = close_campaign(work, CloseCampaign(campaign_id, reason))
        say(_("The campaign is closed; %(sum)s went back to the fund.", sum=format_money(released.total)))
        return redirect(url_for("campaigns.show", campaign_id=campaign_id))
    return _page(campaign_id, form)


def areas_of(work: Work, campaign: CampaignRow) -> dict[int, AreaRecord]:
    """Return the areas that the criteria of a campaign name."""
    return {area_id: get_area(work, area_id) for area_id in campaign.criteria.area_ids()}


def _page(campaign_id: int, form: Form) -> Answer:
    with reading(current_actor()) as work:
        standing = _standing(work, get_campaign(work, campaign_id))
    hold_campaign(campaign_id, standing.campaign.name)
    return render_template("campaigns/show.html", standing=standing, campaign=standing.campaign, form=form), form.status


def _standing(work: Work, campaign: CampaignRow) -> Standing:
    tokens = TokenCounts.total(count_tokens(work, campaign.id).values())
    sees_all = work.actor.may(Permission.FUND_READ, campaign.area_path)
    allocations = list_allocations(work, campaign.id)
    people = [person for row in allocations for person in (row.proposed_by, row.decided_by)]
    return Standing(
        campaign,
        package_of(work, campaign.id),
        allocations,
        tokens,
        any(key.state is KeyState.ACTIVE for key in list_keys(work, campaign.id)),
        (committed_of(work, campaign.id), disbursed_of(work, campaign.id)) if sees_all else None,
        areas_of(work, campaign),
        names_of_people(work, [campaign.created_by, campaign.closed_by, *people]),
    )


def _form_page(held: CampaignForm, campaign: CampaignRow | None) -> Answer:
    with reading(current_actor()) as work:
        programmes = [(row.id, row.name) for row in list_programmes(work)]
        funds = [(fund.id, f"{fund.code} · {fund.name}") for fund in list_funds(work)]
        items = [(item.id, f"{item.name_en} ({item.unit})") for item in list_items(work)]
        areas = areas_of(work, campaign) if campaign else {}
    page = render_template(
        "campaigns/edit.html", held=held, form=held.form, campaign=campaign, programmes=programmes, funds=funds, items=items,
        area_choices=AREA.choices(), proofs=[(proof.value, label(proof)) for proof in Proof],
        yes_or_no=[(kind.value, label(kind)) for kind in YES_OR_NO], damages=DAMAGES, psc_bands=PSC_BANDS, areas=areas,
        is_intricate=campaign is not None and groups_of(campaign.criteria) is None,
    )  # fmt: skip
    return page, held.form.status


def _what_waits(work: Work, actor: Actor) -> HomeSection | None:
    figures: list[HomeFigure] = []
    campaigns = {campaign.id: campaign for campaign in list_campaigns(work)}
    if actor.may(Permission.CAMPAIGN_APPROVE):
        figures += _proposals(work, actor, campaigns)
    drafts = [campaign for campaign in campaigns.values() if campaign.state is CampaignState.DRAFT]
    drafts = [campaign for campaign in drafts if actor.may(Permission.CAMPAIGN_PROPOSE, campaign.area_path)]
    if drafts:
        url = url_for("campaigns.index", state=CampaignState.DRAFT.value)
        figures.append(HomeFigure(_("Campaigns being prepared"), format_number(len(drafts)), url, kind="waiting"))
    for campaign in campaigns.values():
        if campaign.state is CampaignState.ACTIVE and actor.may(Permission.KEY_MANAGE, campaign.area_path):
            figures += _missing_keys(work, campaign)
    if not figures and not (actor.may(Permission.CAMPAIGN_PROPOSE) and not campaigns):
        return None
    action = None if campaigns else (_("Plan a campaign"), url_for("campaigns.new"))
    return HomeSection(_("Campaigns"), figures, action)


def _proposals(work: Work, actor: Actor, campaigns: dict[int, CampaignRow]) -> list[HomeFigure]:
    rows = [row for row in list_allocations(work, state=AllocationState.PROPOSED) if row.proposed_by != actor.id]
    return [
        HomeFigure(
            _("Families to approve: %(campaign)s", campaign=f"\u2068{campaigns[row.campaign_id].name}\u2069"),
            format_number(row.families_in),
            url_for("allocations.show", allocation_id=row.id),
            format_money(row.cost.total),
            "waiting",
        )
        for row in rows
        if actor.may(Permission.CAMPAIGN_APPROVE, campaigns[row.campaign_id].area_path)
    ]


def _missing_keys(work: Work, campaign: CampaignRow) -> list[HomeFigure]:
    if any(key.state is KeyState.ACTIVE for key in list_keys(work, campaign.id)):
        return []
    url = url_for("issuing.show", campaign_id=campaign.id)
    text = _("Campaign without a signing key: %(campaign)s", campaign=f"\u2068{campaign.name}\u2069")
    return [HomeFigure(text, format_number(1), url, kind="waiting")]


HOME_BLOCKS = (
    HomeBlock((Permission.CAMPAIGN_PROPOSE, Permission.CAMPAIGN_APPROVE, Permission.KEY_MANAGE), 20, _what_waits),
)
