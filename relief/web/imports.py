"""Importing files of registrations: sending one, what became of its rows, and the refused ones to mend."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from relief.families import import_queries, importing, rejects
from relief.families.importing import ImportFamilies
from relief.families.model import BatchState, Outcome
from relief.families.queries import Page
from relief.files.reading import open_table
from relief.kernel.permissions import Permission
from relief.store.work import reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.exports import answer_table
from relief.web.formats import label
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.shell import say
from relief.web.uploads import held_upload, hold_upload

_READ, _REGISTER = Permission.FAMILY_READ, Permission.FAMILY_REGISTER

bp = Blueprint("imports", __name__, url_prefix="/families/imports")


@bp.get("/")
@needs(_READ)
def index() -> Answer:
    """List the files that were imported."""
    listing = Listing.of_request(sorts=("started_at",))
    with reading(current_actor()) as work:
        page = Page(limit=listing.limit, offset=listing.offset)
        rows, listing.total = import_queries.list_batches(work, page)
    return render_template("imports/index.html", rows=rows, listing=listing)


@bp.route("/new", methods=["GET", "POST"])
@needs(_REGISTER)
def new() -> Answer:
    """Send a file: to try what would become of it, or to import it at once."""
    form = Form.of_request(trial=True)
    with form.attempt() as sent:
        if sent:
            upload = form.file("file")
            sheet = form.text("sheet", required=False)
            form.refuse_problems()
            held = hold_upload(upload)
            return _import(held, Path(upload.filename or "").name, sheet, is_trial=form.flag("trial"))
    return render_template("imports/new.html", form=form), form.status


@bp.post("/apply")
@needs(_REGISTER)
def apply() -> Answer:
    """Import the file that was tried."""
    form = Form.of_request()
    with form.attempt():
        sheet = form.text("sheet", required=False)
        return _import(form.value("held"), Path(form.value("file_name")).name, sheet, is_trial=False)
    return render_template("imports/new.html", form=form), form.status


@bp.get("/<int:batch_id>")
@needs(_READ)
def show(batch_id: int) -> Answer:
    """Show what became of a file, row by row."""
    listing = Listing.of_request(sorts=("row",), page_size=100)
    form = Form.of_query()
    outcome = form.choice("outcome", Outcome, required=False)
    with reading(current_actor()) as work:
        batch = import_queries.get_batch(work, batch_id)
        page = Page(limit=listing.limit, offset=listing.offset)
        rows, listing.total = import_queries.list_import_rows(work, batch, page, outcome)
        may_take = rejects.may_take_rejects(work.actor, batch)
    held = {name: request.args.get(name, "") for name in ("held", "sheet")}
    return render_template(
        "imports/show.html", batch=batch, rows=rows, listing=listing, form=form, outcomes=tuple(Outcome), chosen=outcome,
        held=held if held["held"] and batch.state is BatchState.TRIED else None,
        may_take_rejects=may_take,
    )  # fmt: skip


@bp.get("/<int:batch_id>/refused.<any(csv, xlsx):form>")
@needs(_READ)
def refused(batch_id: int, form: str) -> Answer:
    """Give back the refused rows as a file of the same columns, each with the column and the reason."""
    with unit_of_work(current_actor()) as work:
        table = rejects.take_rejects(work, batch_id, label)
        answer = make_response(answer_table(form, "refused-rows", table.header, table.rows))
    answer.headers["Cache-Control"] = "no-store"  # Its rows hold CNICs: no copy stays on the disk.
    return answer


def _import(held: str, file_name: str, sheet: str | None, *, is_trial: bool) -> Answer:
    path = held_upload(held)
    command = ImportFamilies(file_name or _("file"), is_trial=is_trial)
    try:
        done = importing.import_families(partial(unit_of_work, current_actor()), open_table(path, sheet=sheet), command)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if is_trial:
        return redirect(url_for("imports.show", batch_id=done.batch_id, held=held, sheet=sheet))
    path.unlink(missing_ok=True)
    new_families = done.counts[Outcome.REGISTERED] + done.counts[Outcome.REGISTERED_WITH_WARNING]
    say(_("%(count)s families are registered.", count=new_families))
    return redirect(url_for("imports.show", batch_id=done.batch_id))
