"""Funds: what became of each, and the forms of the finance desk."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.kernel.dates import local_day
from relief.kernel.permissions import Permission
from relief.ledger.funds import MoveFund, OpenFund, open_fund, receive_fund, spend_directly
from relief.ledger.queries import list_commitments
from relief.reports.finance import TotalsFilter
from relief.reports.funds import get_statement, list_statements
from relief.reports.journal import JournalFilter, list_lines
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.forms import Form, parse_event_id
from relief.web.shell import say

bp = Blueprint("funds", __name__, url_prefix="/finance/funds")

_LATEST = 10


@bp.get("")
@needs(Permission.FUND_READ)
def index() -> Answer:
    """List the funds with what became of them."""
    with reading(current_actor()) as work:
        return render_template("funds/index.html", statements=list_statements(work))


@bp.route("/new", methods=["GET", "POST"])
@needs(Permission.LEDGER_POST)
def new() -> Answer:
    """Open a fund."""
    form = Form.of_request(restriction="restricted")
    with form.attempt() as sent:
        if sent:
            command = OpenFund(
                form.text("code", longest=31), form.text("name"), form.text("donor_name"),
                is_restricted=form.value("restriction") != "free",
            )  # fmt: skip
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                fund_id = open_fund(work, command)
            say(_("The fund is open. Now record what its donor has paid in."))
            return redirect(url_for("funds.show", fund_id=fund_id))
    return render_template("funds/new.html", form=form), form.status


@bp.get("/<int:fund_id>")
@needs(Permission.FUND_READ)
def show(fund_id: int) -> Answer:
    """Show one fund: received, promised, disbursed, unspent, and its latest entries."""
    with reading(current_actor()) as work:
        statement = get_statement(work, fund_id)
        latest = list_lines(work, JournalFilter(TotalsFilter(fund_id=fund_id)), limit=_LATEST, offset=0)
        return render_template(
            "funds/show.html", statement=statement, fund=statement.fund, latest=latest,
            campaigns=statement.campaigns,
            commitments=list_commitments(work, fund_id) if statement.figures else [],
        )  # fmt: skip


@bp.route("/<int:fund_id>/receive", methods=["GET", "POST"])
@needs(Permission.LEDGER_POST)
def receive(fund_id: int) -> Answer:
    """Record money that a donor has paid in."""
    return _move(fund_id, "funds/receive.html", receive_fund, _("The money is posted to the fund."))


@bp.route("/<int:fund_id>/spend", methods=["GET", "POST"])
@needs(Permission.LEDGER_POST)
def spend(fund_id: int) -> Answer:
    """Record what was paid for something other than relief to families."""
    return _move(fund_id, "funds/spend.html", spend_directly, _("The spending is posted."))


def _move(fund_id: int, template: str, deed: Callable[[Work, MoveFund], int], done: str) -> Answer:
    form = Form.of_request(on=local_day(dt.datetime.now(dt.UTC)), key=str(uuid.uuid4()))
    with form.attempt() as sent:
        if sent:
            command = MoveFund(
                fund_id, form.money("amount"), form.day("on"), form.text("memo", longest=300),
                form.parse("key", parse_event_id),
            )  # fmt: skip
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                entry_id = deed(work, command)
            say(done)
            return redirect(url_for("finance.entry", entry_id=entry_id))
    with reading(current_actor()) as work:
        statement = get_statement(work, fund_id)
    return render_template(template, form=form, statement=statement, fund=statement.fund), form.status
