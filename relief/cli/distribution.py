"""`relief distribution`: points, days, hand-overs, late paper lists and conflicts."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from typing import Any, TextIO

import click

from relief.cli.console import actor_named, as_option, in_instance, json_option, report, user_id_of
from relief.cli.users import area_of_code
from relief.distributions import points, queries
from relief.distributions.conflicts import decide_conflict
from relief.distributions.deciding import HolderCheck
from relief.distributions.desk import DeskHandOver, hand_over_at_desk
from relief.distributions.hand_overs import Outcome, OutcomeKind
from relief.distributions.late_list import LateList, parse_row, record_late_list
from relief.distributions.model import Point
from relief.distributions.rules import ConflictState
from relief.distributions.voiding import VoidHandOver, void_hand_over
from relief.geography.model import Level
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.programmes.queries import CampaignRow, campaign_not_found, find_campaign_by_code
from relief.programmes.rules import Proof
from relief.store.work import Work, reading, unit_of_work

_DAY = click.DateTime(["%Y-%m-%d"])
campaign_option = click.option(
    "--campaign", "campaign_code", metavar="CODE", required=True, help="The campaign's code."
)
point_option = click.option("--point", "point_code", metavar="CODE", required=True, help="The point's code.")


@click.group()
def group() -> None:
    """Points, days, hand-overs, late paper lists and conflicts."""


@group.command("points")
@json_option
@as_option
@in_instance
def list_points(*, as_json: bool, email: str | None) -> None:
    """List the distribution points."""
    with reading(actor_named(email)) as work:
        rows = [
            {"code": point.code, "name": point.name, "number": point.number, "uc": area.code, "days": days}
            for point, area, days in queries.list_points(work)
        ]
    report(rows, as_json, "\n".join(f"{row['code']:<16} {row['uc']:<12} {row['name']}" for row in rows))


@group.command("add-point")
@click.argument("code")
@click.option("--name", required=True, help="What people there call the place.")
@click.option("--uc", "uc_code", metavar="CODE", required=True, help="The Union Council in which it lies.")
@click.option("--lon", type=float)
@click.option("--lat", type=float)
@json_option
@as_option
@in_instance
def add_point(*, code: str, uc_code: str, as_json: bool, email: str | None, **place: Any) -> None:
    """Add a distribution point."""
    with unit_of_work(actor_named(email)) as work:
        uc = area_of_code(work, uc_code)
        point_id = points.add_point(work, points.AddPoint(code, place["name"], uc.id, place["lon"], place["lat"]))
    report({"id": point_id, "code": code.upper()}, as_json, f"The point {code.upper()} is added.")


@group.command()
@campaign_option
@point_option
@click.argument("uc_codes", metavar="UC...", nargs=-1, required=True)
@json_option
@as_option
@in_instance
def serve(*, campaign_code: str, point_code: str, uc_codes: tuple[str, ...], as_json: bool, email: str | None) -> None:
    """Let the families of these Union Councils receive at the point."""
    with unit_of_work(actor_named(email)) as work:
        campaign, point = _campaign(work, campaign_code), _point(work, point_code)
        ucs = [area_of_code(work, code) for code in uc_codes]
        for uc in ucs:
            if uc.level is not Level.UC:
                raise RuleViolation("point.not_a_uc", N_("%(code)s is no Union Council."), code=uc.code)
        points.serve_areas(work, campaign_id=campaign.id, point_id=point.id, uc_ids=[uc.id for uc in ucs])
    codes = [uc.code for uc in ucs]
    report({"point": point.code, "areas": codes}, as_json, f"{len(codes)} Union Councils receive at {point.code}.")


@group.command("add-day")
@campaign_option
@point_option
@click.option("--on", "held_on", type=_DAY, required=True, help="The day, 2022-09-20.")
@click.option("--instalment", type=click.IntRange(1, 12), default=1, show_default=True)
@click.option("--staff", "staff", metavar="EMAIL", multiple=True, help="Who stands at the table; may be repeated.")
@json_option
@as_option
@in_instance
def add_day(
    *, campaign_code: str, point_code: str, held_on: dt.datetime, as_json: bool, email: str | None, **more: Any
) -> None:
    """Plan a distribution day."""
    with unit_of_work(actor_named(email)) as work:
        campaign, point = _campaign(work, campaign_code), _point(work, point_code)
        staff = tuple(user_id_of(work, address) for address in more["staff"])
        day_id = points.open_day(work, points.OpenDay(campaign.id, point.id, held_on.date(), more["instalment"], staff))
    report({"day": day_id}, as_json, f"Day {day_id} is planned: {point.code}, {held_on:%Y-%m-%d}.")


@group.command("days")
@json_option
@as_option
@in_instance
def list_days(*, as_json: bool, email: str | None) -> None:
    """List distribution days with the families served, latest first."""
    with reading(actor_named(email)) as work:
        found, _total = queries.list_days(work, queries.DayFilter(), limit=100_000, offset=0)
        rows = [
            {
                "day": day.id,
                "on": day.held_on.isoformat(),
                "point": point.code,
                "campaign": campaign.code,
                "served": served,
            }
            for day, point, _area, campaign, served in found
        ]
    text = "\n".join(f"{r['day']:>6} {r['on']} {r['point']:<16} {r['campaign']:<12} {r['served']:>7}" for r in rows)
    report(rows, as_json, text)


@group.command()
@click.option("--day", "day_id", type=int, required=True, help="The distribution day, by its number.")
@click.option(
    "--proof", type=click.Choice([proof.value for proof in Proof]), default=Proof.NONE.value, show_default=True
)
@click.option("--event", "event_id", type=click.UUID, help="The event's own id, to send again without effect.")
@json_option
@as_option
@in_instance
def give(*, day_id: int, proof: str, event_id: uuid.UUID | None, as_json: bool, email: str | None) -> None:
    """Hand over to the holder of the token or typed code on standard input (a token is a secret: never an argument)."""
    text = sys.stdin.readline().rstrip("\n")
    command = DeskHandOver(str(event_id or uuid.uuid4()), day_id, text, HolderCheck(Proof(proof)))
    with unit_of_work(actor_named(email)) as work:
        outcome = hand_over_at_desk(work, command)
    report(_as_data(outcome), as_json, _as_text(outcome))
    if outcome.kind is not OutcomeKind.GIVEN:
        sys.exit(1)


@group.command()
@click.argument("hand_over_id", type=int)
@click.option("--reason", required=True, help="Why it is undone.")
@json_option
@as_option
@in_instance
def void(*, hand_over_id: int, reason: str, as_json: bool, email: str | None) -> None:
    """Undo a hand-over: its goods go back, the family is owed again."""
    with unit_of_work(actor_named(email)) as work:
        void_id = void_hand_over(work, VoidHandOver(str(uuid.uuid4()), hand_over_id, reason))
    report({"void": void_id}, as_json, f"Hand-over {hand_over_id} is undone by {void_id}.")


@group.command()
@campaign_option
@point_option
@click.option("--on", "held_on", type=_DAY, required=True, help="The day on the paper, 2022-09-20.")
@click.option("--list-id", type=click.UUID, help="The list's own id, to send again without effect.")
@click.argument("file", type=click.File(encoding="utf-8"))
@json_option
@as_option
@in_instance
def late(*, campaign_code: str, point_code: str, held_on: dt.datetime, file: TextIO, as_json: bool, email: str | None,
         list_id: uuid.UUID | None) -> None:  # fmt: skip
    """Record a late paper list from FILE, one code a line: "1234 5678 9012" or "F-00000001-02 TENT=1 CASH=12500"."""
    rows = [parse_row(line) for line in file if line.strip()]
    with unit_of_work(actor_named(email)) as work:
        campaign, point = _campaign(work, campaign_code), _point(work, point_code)
        command = LateList(str(list_id or uuid.uuid4()), campaign.id, point.id, held_on.date(), rows)
        outcomes = record_late_list(work, command)
    data = {"list_id": command.list_id, "rows": [_as_data(outcome) for outcome in outcomes]}
    lines = [f"{number:>4}  {_as_text(outcome)}" for number, outcome in enumerate(outcomes, 1)]
    report(data, as_json, "\n".join([*lines, f"To send the same list again: --list-id {command.list_id}"]))


@group.command()
@click.option("--all", "with_decided", is_flag=True, help="Also those already decided.")
@json_option
@as_option
@in_instance
def conflicts(*, with_decided: bool, as_json: bool, email: str | None) -> None:
    """List hand-overs that broke a rule and wait for a decision."""
    state = None if with_decided else ConflictState.OPEN
    with reading(actor_named(email)) as work:
        found, _total = queries.list_conflicts(work, state=state, limit=100_000, offset=0)
        rows = [
            {
                "hand_over": event.id, "reason": case.reason.value, "point": point.code, "uc": area.code,
                "on": event.given_on.isoformat(), "state": case.state.value, "unexplained_paisa": event.unexplained_paisa,
            }
            for case, event, _campaign, point, area in found
        ]  # fmt: skip
    text = "\n".join(
        f"{r['hand_over']:>7} {r['on']} {r['point']:<16} {r['state']:<8} {Money(r['unexplained_paisa'])!s:>16}  {r['reason']}"
        for r in rows
    )
    report(rows, as_json, text)


@group.command()
@click.argument("hand_over_id", type=int)
@click.option("--finding", required=True, help="What was found, and what follows.")
@json_option
@as_option
@in_instance
def decide(*, hand_over_id: int, finding: str, as_json: bool, email: str | None) -> None:
    """Record the decision on a conflict."""
    with unit_of_work(actor_named(email)) as work:
        decide_conflict(work, hand_over_id, finding)
    report({"decided": hand_over_id}, as_json, f"The conflict {hand_over_id} is decided.")


def _campaign(work: Work, code: str) -> CampaignRow:
    campaign = find_campaign_by_code(work, code)
    if campaign is None:
        raise campaign_not_found()
    return campaign


def _point(work: Work, code: str) -> Point:
    point = queries.find_point(work, code)
    if point is None:
        raise NotFound("point.not_found", N_("There is no such point or campaign."))
    return point


def _as_data(outcome: Outcome) -> dict[str, Any]:
    refusal = outcome.refusal
    return {
        "outcome": outcome.kind.value, "hand_over": outcome.hand_over_id, "repeated": outcome.is_repeat,
        "reason": refusal.value if refusal else None, "message": refusal.message if refusal else None,
    }  # fmt: skip


def _as_text(outcome: Outcome) -> str:
    number = f" no. {outcome.hand_over_id}" if outcome.hand_over_id else ""
    again = ", recorded before" if outcome.is_repeat else ""
    why = f": {outcome.refusal.message}" if outcome.refusal else ""
    return f"{outcome.kind.value.replace('_', ' ').capitalize()}{number}{again}{why}"
