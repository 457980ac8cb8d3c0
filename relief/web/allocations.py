"""Allocations: the dry run, proposing, another person's decision, and the verdict on each family."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from relief.distributions.queries import names_of_people
from relief.entitlements.allocation import (
    DecideAllocation,
    decide_allocation,
    dry_run,
    propose_allocation,
)
from relief.entitlements.exporting import note_export
from relief.entitlements.queries import get_allocation, list_allocations, no_longer_registered
from relief.entitlements.rules import AllocationState
from relief.entitlements.tally import PlaceTally, Tally
from relief.entitlements.verdict_queries import (
    VERDICT_SORTS,
    Page,
    VerdictFilter,
    list_verdicts,
    stream_verdicts,
    tally_of,
    verdicts_of_family,
)
from relief.families.queries import FamilyRecord
from relief.geography.queries import AreaRecord, find_area_by_code
from relief.kernel.permissions import Permission
from relief.ledger.queries import get_fund
from relief.programmes.eligibility import Reason
from relief.programmes.queries import CampaignRow, get_campaign, package_of
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.area_levels import AreaLevels
from relief.web.campaigns import areas_of
from relief.web.exports import answer_table
from relief.web.formats import area_name, format_number, label
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.shell import FamilyBlock, hold_campaign, say

bp = Blueprint("allocations", __name__, url_prefix="/campaigns")

_SORTS = ("name", "in", "out", "cost")


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """The figures of one area, with what it lies in."""

    area: AreaRecord
    above: AreaRecord | None
    tally: PlaceTally


@bp.get("/<int:campaign_id>/dry-run")
@needs(Permission.CAMPAIGN_PROPOSE, Permission.CAMPAIGN_APPROVE)
def try_out(campaign_id: int) -> Answer:
    """Show who would be in and why, by area, and the cost against the fund. Nothing is kept."""
    with reading(current_actor()) as work:
        run = dry_run(work, campaign_id)
        places = _Places(work, run.campaign, run.tally)
        page = render_template(
            "allocations/dry_run.html", run=run, campaign=run.campaign, tally=run.tally, places=places,
            bands=package_of(work, campaign_id), areas=areas_of(work, run.campaign), fund=run.fund,
            waits=bool(list_allocations(work, campaign_id, AllocationState.PROPOSED)),
        )  # fmt: skip
    hold_campaign(campaign_id, run.campaign.name)
    return page


@bp.route("/<int:campaign_id>/propose", methods=["GET", "POST"])
@needs(Permission.CAMPAIGN_PROPOSE)
def propose(campaign_id: int) -> Answer:
    """Propose the families for approval."""
    if request.method == "GET":  # A change of language asks for the address of the last form.
        return redirect(url_for("allocations.try_out", campaign_id=campaign_id))
    with unit_of_work(current_actor()) as work:
        allocation_id = propose_allocation(work, campaign_id)
    say(_("The families are proposed. Another person with the role of finance decides."))
    return redirect(url_for("allocations.show", allocation_id=allocation_id))


@bp.route("/allocations/<int:allocation_id>", methods=["GET", "POST"])
@needs(Permission.CAMPAIGN_PROPOSE, Permission.CAMPAIGN_APPROVE, Permission.AUDIT_READ)
def show(allocation_id: int) -> Answer:
    """Show an allocation with its figures; approve or reject it."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            approve = form.value("deed") == "approve"
            with unit_of_work(current_actor()) as work:
                families = decide_allocation(work, DecideAllocation(allocation_id, approve, form.value("reason")))
            if approve:
                say(_("Approved: %(count)s families are entitled.", count=format_number(families)))
            else:
                say(_("The allocation is rejected; nothing was promised."))
            return redirect(url_for("allocations.show", allocation_id=allocation_id))
    return _page(allocation_id, form)


@bp.get("/allocations/<int:allocation_id>/verdicts")
@needs(Permission.FAMILY_READ)
def verdicts(allocation_id: int) -> Answer:
    """List the families of an allocation with the verdict on each and its reasons."""
    listing, form = Listing.of_request(sorts=tuple(VERDICT_SORTS)), Form.of_query()
    with reading(current_actor()) as work:
        allocation = get_allocation(work, allocation_id)
        campaign = get_campaign(work, allocation.campaign_id)
        wanted = _wanted(work, allocation_id, form)
        page = Page(listing.sort, listing.descending, listing.limit, listing.offset)
        rows, listing.total = list_verdicts(work, wanted, page)
        bands = {band.band_no: band for band in package_of(work, campaign.id)}
    return render_template(
        "allocations/verdicts.html", rows=rows, listing=listing, form=form, allocation=allocation, campaign=campaign,
        bands=bands, reasons=[(reason.value, label(reason)) for reason in Reason],
        is_unknown_area=bool(form.value("area")) and wanted.area_path is None,
    )  # fmt: skip


@bp.get("/allocations/<int:allocation_id>/verdicts.<suffix>")
@needs(Permission.EXPORT)
def export_verdicts(allocation_id: int, suffix: str) -> Answer:
    """Answer the verdicts as a file, and put that on record."""
    actor = current_actor()
    with unit_of_work(actor) as work:
        note_export(work, allocation_id)
    with reading(actor) as work:
        rows = stream_verdicts(work, _wanted(work, allocation_id, Form.of_query()))
        cells = (
            (str(row.family_code), row.uc_code, row.name_en, row.size, "in" if row.is_eligible else "out",
             row.band_no or None, "; ".join(reason.value for reason in row.reasons))
            for row in rows
        )  # fmt: skip
        header = ("family", "uc_code", "uc", "members", "verdict", "package", "reasons")
        return answer_table(suffix, f"verdicts-{allocation_id}", header, cells)


@bp.get("/allocations/<int:allocation_id>/areas.<suffix>")
@needs(Permission.EXPORT)
def export_areas(allocation_id: int, suffix: str) -> Answer:
    """Answer the figures of each Union Council as a file."""
    with reading(current_actor()) as work:
        campaign = get_campaign(work, get_allocation(work, allocation_id).campaign_id)
        areas = AreaLevels(work, campaign.area_id).areas
        places = tally_of(work, allocation_id).places
    cells = (
        (areas[uc_id].code, areas[uc_id].name_en, place.families_in, place.families_out, place.cost)
        for uc_id, place in sorted(places.items(), key=lambda place: areas[place[0]].code)
    )
    return answer_table(suffix, f"allocation-{allocation_id}", ("uc_code", "uc", "in", "out", "cost_pkr"), cells)


def _wanted(work: Work, allocation_id: int, form: Form) -> VerdictFilter:
    area = find_area_by_code(work, form.value("area")) if form.value("area") else None
    return VerdictFilter(
        allocation_id,
        {"in": True, "out": False}.get(form.value("verdict")),
        Reason(form.value("reason")) if form.value("reason") in set(Reason) else None,
        area.path if area else None,
    )


def _page(allocation_id: int, form: Form) -> Answer:
    actor = current_actor()
    with reading(actor) as work:
        allocation = get_allocation(work, allocation_id)
        campaign = get_campaign(work, allocation.campaign_id)
        tally = tally_of(work, allocation_id)
        sees_fund = actor.may(Permission.FUND_READ, campaign.area_path)
        is_open = allocation.state is AllocationState.PROPOSED
        page = render_template(
            "allocations/show.html", allocation=allocation, campaign=campaign, tally=tally, form=form,
            places=_Places(work, campaign, tally), bands=package_of(work, campaign.id), areas=areas_of(work, campaign),
            fund=get_fund(work, campaign.fund_id).figures if sees_fund and is_open else None,
            gone=no_longer_registered(work, allocation_id) if is_open else 0,
            names=names_of_people(work, [allocation.proposed_by, allocation.decided_by]),
            may_decide=is_open and actor.may(Permission.CAMPAIGN_APPROVE, campaign.area_path),
            is_own=allocation.proposed_by == actor.id,
        )  # fmt: skip
    hold_campaign(campaign.id, campaign.name)
    return page, form.status


class _Places:
    """The table of areas: rolled up to a level that the address names, sorted, one page of it."""

    def __init__(self, work: Work, campaign: CampaignRow, tally: Tally) -> None:
        shown = AreaLevels(work, campaign.area_id, request.args.get("level"))
        self.levels, self.level = shown.levels, shown.level
        self.listing = Listing.of_request(sorts=_SORTS, page_size=100)
        rows = [
            PlaceRow(area := shown.areas[area_id], shown.parent_of(area), place)
            for area_id, place in tally.rolled_up(shown.areas_above(tally.places)).items()
        ]
        self.listing.total = len(rows)
        rows.sort(key=self._key, reverse=self.listing.descending)
        self.rows = rows[self.listing.offset : self.listing.offset + self.listing.limit]

    def _key(self, row: PlaceRow) -> tuple[int | str, ...]:
        figures = {"in": row.tally.families_in, "out": row.tally.families_out, "cost": row.tally.cost.paisa}
        name = (area_name(row.area).casefold(), row.area.code)
        return (figures[self.listing.sort], *name) if self.listing.sort in figures else name


def _verdicts_on(work: Work, family: FamilyRecord) -> Markup | None:
    rows = verdicts_of_family(work, family.id)
    return Markup(render_template("allocations/family.html", rows=rows)) if rows else None  # noqa: S704 - by a template


FAMILY_BLOCKS = (FamilyBlock(Permission.FAMILY_READ, 10, _verdicts_on),)
