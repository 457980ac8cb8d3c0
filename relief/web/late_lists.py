"""Late paper lists: what was handed over before it could be recorded."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template

from relief.accounts.queries import people_within
from relief.distributions import queries
from relief.distributions.hand_overs import OutcomeKind
from relief.distributions.late_list import LateList, LateRow, parse_row, record_late_list
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission, Role
from relief.programmes.queries import list_campaigns
from relief.programmes.rules import CampaignState, Proof
from relief.store.work import reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.forms import Form, parse_event_id

bp = Blueprint("late_lists", __name__, url_prefix="/late-lists")

LONGEST_LIST = 60_000


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.HAND_OVER_RECORD_LATE)
def new() -> Answer:
    """Type in a paper list; each row is recorded, and the answer says which became conflicts."""
    form = Form.of_request(list_id=str(uuid.uuid4()), proof=Proof.NONE.value)
    with form.attempt() as sent:
        if sent:
            command = _read(form)
            with unit_of_work(current_actor()) as work:
                outcomes = record_late_list(work, command)
            rows = list(zip(range(1, len(outcomes) + 1), outcomes, strict=True))
            return render_template("late_lists/recorded.html", rows=rows, kinds=OutcomeKind)
    with reading(current_actor()) as work:
        page = render_template(
            "late_lists/new.html", form=form, proofs=[(proof.value, proof) for proof in Proof],
            campaigns=[(row.id, row.name) for row in list_campaigns(work, (CampaignState.ACTIVE, CampaignState.CLOSED))],
            points=[(row[0].id, row[0].name) for row in queries.list_points(work)],
            people=people_within(work, Role.POINT_STAFF, Permission.HAND_OVER_RECORD_LATE),
        )  # fmt: skip
    return page, form.status


def _read(form: Form) -> LateList:
    command = LateList(
        list_id=form.parse("list_id", parse_event_id),
        campaign_id=form.number("campaign"),
        point_id=form.number("point"),
        held_on=form.day("held_on"),
        rows=_read_rows(form),
        proof=form.choice("proof", Proof),
        operator_id=form.number("operator", required=False),
    )
    form.refuse_problems()
    return command


def _read_rows(form: Form) -> list[LateRow]:
    rows = []
    for number, line in enumerate(form.value("rows")[:LONGEST_LIST].splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append(parse_row(line))
        except InvalidInput as problem:
            form.add_problem("rows", problem.code, N_("Line %(number)s: the amount is not a number."), number=number)
    return rows
