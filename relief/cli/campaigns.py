"""`relief campaign`: campaigns and their packages, who is eligible, and the approval of money."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from relief.cli.campaign_files import file_of, plan_of, read_campaign_file
from relief.cli.console import actor_named, as_option, in_instance, json_option, report
from relief.entitlements.allocation import (
    DecideAllocation,
    DryRun,
    decide_allocation,
    dry_run,
    propose_allocation,
)
from relief.entitlements.closing import CloseCampaign, close_campaign
from relief.entitlements.queries import get_allocation, list_allocations
from relief.entitlements.rules import AllocationState
from relief.entitlements.tally import Tally
from relief.entitlements.verdict_queries import tally_of
from relief.families.queries import count_by_uc
from relief.geography.model import Level
from relief.geography.queries import list_areas
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.programmes.planning import OpenProgramme, amend_campaign, create_campaign, open_programme
from relief.programmes.queries import (
    CampaignRow,
    campaign_not_found,
    find_campaign_by_code,
    get_campaign,
    list_campaigns,
    list_programmes,
    package_of,
)
from relief.store.work import Work, reading, unit_of_work


@click.group()
def group() -> None:
    """Campaigns, who is eligible, and the approval of money."""


@group.command("open-programme")
@click.argument("code")
@click.option("--name", required=True)
@json_option
@as_option
@in_instance
def add_programme(*, code: str, name: str, as_json: bool, email: str | None) -> None:
    """Open a programme, the lasting scheme that campaigns belong to."""
    with unit_of_work(actor_named(email)) as work:
        programme_id = open_programme(work, OpenProgramme(code, name))
    report({"id": programme_id, "code": code.upper()}, as_json, f"The programme {code.upper()} is opened.")


@group.command("list")
@json_option
@as_option
@in_instance
def list_all(*, as_json: bool, email: str | None) -> None:
    """List campaigns, the latest first."""
    with reading(actor_named(email)) as work:
        rows = [_summary(campaign) for campaign in list_campaigns(work)]
    lines = [f"{row['number']:>5} {row['code']:<20} {row['state']:<9} {row['name']}" for row in rows]
    report({"campaigns": rows}, as_json, "\n".join(lines) or "There are none yet: relief campaign create FILE")


@group.command()
@click.argument("code")
@as_option
@in_instance
def show(*, code: str, email: str | None) -> None:
    """Print a campaign as the JSON file that `create` takes."""
    with reading(actor_named(email)) as work:
        campaign = campaign_of(work, code)
        programme = next(row.code for row in list_programmes(work) if row.id == campaign.programme_id)
        data = file_of(work, campaign, programme, package_of(work, campaign.id))
    report(data, True, "")


@group.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@as_option
@in_instance
def create(*, file: Path, as_json: bool, email: str | None) -> None:
    """Create a campaign from a TOML or JSON file; it names programme, fund, areas and items by their codes.

    `relief campaign show CODE` prints such a file of a campaign that is there already.
    """
    wanted = read_campaign_file(file)
    with unit_of_work(actor_named(email)) as work:
        campaign_id = create_campaign(work, plan_of(work, wanted))
        row = _summary(get_campaign(work, campaign_id))
    report(row, as_json, f"The campaign {row['code']} is created, number {row['number']}.")


@group.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@as_option
@in_instance
def amend(*, file: Path, as_json: bool, email: str | None) -> None:
    """Write a draft anew from a file with its code."""
    wanted = read_campaign_file(file)
    with unit_of_work(actor_named(email)) as work:
        campaign = campaign_of(work, wanted.code)
        amend_campaign(work, campaign.id, plan_of(work, wanted))
        row = _summary(get_campaign(work, campaign.id))
    report(row, as_json, f"The campaign {row['code']} is amended.")


@group.command("dry-run")
@click.argument("code")
@json_option
@as_option
@in_instance
def run_dry(*, code: str, as_json: bool, email: str | None) -> None:
    """Tell who would be in and out and why, and the cost against the fund. Nothing is kept."""
    with reading(actor_named(email)) as work:
        campaign = campaign_of(work, code)
        with families_told(work, campaign) as told:
            done = dry_run(work, campaign.id, told)
        data = {**_run_as_json(done), **_tally_as_json(work, done.tally)}
    report(data, as_json, _as_text(data))


@group.command()
@click.argument("code")
@json_option
@as_option
@in_instance
def allocate(*, code: str, as_json: bool, email: str | None) -> None:
    """Propose the campaign's families for approval, each with a verdict. Name yourself by --as."""
    actor = actor_named(email)
    with unit_of_work(actor) as work:
        campaign = campaign_of(work, code)
        with families_told(work, campaign) as told:
            allocation_id = propose_allocation(work, campaign.id, told)
    with reading(actor) as work:
        data = {"allocation": allocation_id, **_tally_as_json(work, tally_of(work, allocation_id))}
    report(data, as_json, f"Allocation {allocation_id} waits for another person's approval.\n{_as_text(data)}")


@group.command()
@click.argument("code")
@click.option("--note", default="", help="Kept with the approval.")
@json_option
@as_option
@in_instance
def approve(*, code: str, note: str, as_json: bool, email: str | None) -> None:
    """Approve the waiting allocation of a campaign: promise the money and entitle the families. Name yourself by --as."""
    actor = actor_named(email)
    with reading(actor) as work:
        allocation_id = _waiting(work, campaign_of(work, code))
    with unit_of_work(actor) as work:
        families = decide_allocation(work, DecideAllocation(allocation_id, approve=True, reason=note))
        cost = get_allocation(work, allocation_id).cost.total
    data = {"allocation": allocation_id, "entitled": families, "proposed_cost_paisa": cost.paisa}
    report(data, as_json, f"{families:,} families are entitled.")


@group.command()
@click.argument("code")
@click.option("--reason", required=True, help="What the coordinator should mend.")
@json_option
@as_option
@in_instance
def reject(*, code: str, reason: str, as_json: bool, email: str | None) -> None:
    """Reject the waiting allocation of a campaign. Name yourself by --as."""
    actor = actor_named(email)
    with reading(actor) as work:
        allocation_id = _waiting(work, campaign_of(work, code))
    with unit_of_work(actor) as work:
        decide_allocation(work, DecideAllocation(allocation_id, approve=False, reason=reason))
    report({"allocation": allocation_id}, as_json, "The allocation is rejected.")


@group.command()
@click.argument("code")
@click.option("--reason", required=True)
@json_option
@as_option
@in_instance
def close(*, code: str, reason: str, as_json: bool, email: str | None) -> None:
    """Close a campaign: what was promised and not handed over goes back to its fund."""
    with unit_of_work(actor_named(email)) as work:
        released = close_campaign(work, CloseCampaign(campaign_of(work, code).id, reason))
    data = {"released_paisa": released.total.paisa}
    report(data, as_json, f"The campaign is closed; {released.total} went back to its fund.")


def campaign_of(work: Work, code: str) -> CampaignRow:
    """Return the campaign with the code. Raises: NotFound "campaign.not_found"."""
    campaign = find_campaign_by_code(work, code)
    if campaign is None:
        raise campaign_not_found()
    return campaign


@contextmanager
def families_told(work: Work, campaign: CampaignRow) -> Iterator[Callable[[int], object]]:
    """Show a progress bar over the families of a campaign's area."""
    total = sum(count_by_uc(work, campaign.area_path).values())
    with click.progressbar(length=total, label="Families", file=sys.stderr) as bar:
        yield bar.update


def _waiting(work: Work, campaign: CampaignRow) -> int:
    found = list_allocations(work, campaign.id, AllocationState.PROPOSED)
    if not found:
        raise NotFound("allocation.none_waits", N_("No allocation of this campaign waits for approval."))
    return found[0].id


def _summary(campaign: CampaignRow) -> dict[str, Any]:
    return {
        "number": campaign.number, "code": campaign.code, "name": campaign.name, "state": campaign.state.value,
        "programme": campaign.programme_name, "fund": campaign.fund_code, "area": campaign.area_name_en,
        "starts_on": campaign.days.first_on.isoformat(), "ends_on": campaign.days.last_on.isoformat(),
    }  # fmt: skip


def _run_as_json(run: DryRun) -> dict[str, Any]:
    return {
        "campaign": run.campaign.code, "held": run.held, "entitled_before": run.entitled,
        "fund_free_paisa": run.fund.free.paisa, "fund_suffices": run.fund_suffices,
    }  # fmt: skip


def _tally_as_json(work: Work, tally: Tally) -> dict[str, Any]:
    areas = {area.id: area for area in list_areas(work, Level.UC)}
    places = sorted(tally.places.items(), key=lambda place: areas[place[0]].code)
    return {
        "in": tally.families_in, "out": tally.families_out, "cost_paisa": tally.cost.total.paisa,
        "goods_paisa": tally.cost.goods.paisa,
        "reasons_in": {reason.value: count for reason, count in tally.reasons_in.most_common()},
        "reasons_out": {reason.value: count for reason, count in tally.reasons_out.most_common()},
        "areas": [
            {"code": areas[uc_id].code, "name": areas[uc_id].name_en, "in": place.families_in, "out": place.families_out,
             "cost_paisa": place.cost.paisa}
            for uc_id, place in places
        ],
    }  # fmt: skip


def _as_text(data: dict[str, Any]) -> str:
    lines = [f"{data['in']:,} families in, {data['out']:,} out; cost PKR {data['cost_paisa'] / 100:,.2f}"]
    if "fund_suffices" in data:
        enough = "enough" if data["fund_suffices"] else "NOT ENOUGH"
        lines.append(f"The fund has PKR {data['fund_free_paisa'] / 100:,.2f} free: {enough}.")
        lines.append(f"Held back as duplicates: {data['held']:,}. Entitled before: {data['entitled_before']:,}.")
    for title, key in (("In because", "reasons_in"), ("Out because", "reasons_out")):
        lines += [f"  {title}: {reason} {count:,}" for reason, count in data[key].items()]
    return "\n".join(lines)
