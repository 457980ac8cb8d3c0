"""The register of areas, their other names and their boundaries; loading boundaries, for administrators."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.geography import layering, loading, queries, registry
from relief.geography.loading import LoadBoundaries
from relief.geography.model import Level
from relief.geography.queries import AliasRecord, AreaRecord, BoundaryRecord
from relief.geography.registry import AddAlias
from relief.geography.report import LoadReport, Outcome
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.formats import area_name
from relief.web.forms import Form
from relief.web.shell import MenuEntry, say
from relief.web.uploads import held_upload, hold_upload

_MANAGE, _READ = Permission.BOUNDARY_MANAGE, Permission.AUDIT_READ

bp = Blueprint("geography", __name__, url_prefix="/geography")
MENU = (MenuEntry(N_("Areas"), "geography.index", (_MANAGE, _READ), order=85),)

_MOST_SHOWN = 200
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One area in a table: with its boundary of today, and how many areas lie in it."""

    area: AreaRecord
    boundary: BoundaryRecord | None
    inside: int
    place: str = ""


@bp.get("/")
@needs(_MANAGE, _READ)
def index() -> Answer:
    """List the provinces with their districts, or what a search finds."""
    form = Form.of_query()
    typed = form.value("q").strip()
    with reading(current_actor()) as work:
        if typed:
            found = queries.search_areas(work, typed, at_most=_MOST_SHOWN)
            return render_template("geography/search.html", form=form, lines=_lines(work, found, with_place=True))
        provinces = queries.list_areas(work, Level.PROVINCE)
        groups = [(province, _lines(work, queries.children_of(work, province.id))) for province in provinces]
    return render_template("geography/index.html", form=form, groups=groups)


@bp.get("/areas/<int:area_id>")
@needs(_MANAGE, _READ)
def show(area_id: int) -> Answer:
    """Show an area: names, boundary, what lies in it, other names."""
    return _area_page(area_id, Form(None), 200)


@bp.post("/areas/<int:area_id>/aliases")
@needs(_MANAGE)
def add_alias(area_id: int) -> Answer:
    """Let the area be found under another name, too."""
    form = Form.of_request()
    with form.attempt():
        alias, source = form.text("alias", longest=_LONGEST_NAME), form.text("source", required=False)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            registry.add_alias(work, AddAlias(area_id, alias, source or ""))
        say(_("The other name is added."))
        return redirect(url_for("geography.show", area_id=area_id))
    return _area_page(area_id, form, form.status)


@bp.post("/areas/<int:area_id>/aliases/<int:alias_id>/remove")
@needs(_MANAGE)
def remove_alias(area_id: int, alias_id: int) -> Answer:
    """Forget another name."""
    with unit_of_work(current_actor()) as work:
        registry.remove_alias(work, alias_id)
    say(_("The other name is removed."))
    return redirect(url_for("geography.show", area_id=area_id))


@bp.get("/boundaries")
@needs(_MANAGE, _READ)
def boundaries() -> Answer:
    """List the boundaries that were loaded."""
    with reading(current_actor()) as work:
        editions = queries.list_editions(work)
    return render_template("geography/boundaries.html", editions=editions, form=Form(None))


@bp.route("/boundaries/new", methods=["GET", "POST"])
@needs(_MANAGE)
def new_boundaries() -> Answer:
    """Take a boundary file and show what loading it would do."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            upload = form.file("file")
            form.refuse_problems()
            held, file_name = hold_upload(upload), Path(upload.filename or "").name
            command = _read_command(form, held_upload(held), file_name)
            with reading(current_actor()) as work:
                report = loading.plan_load(work, command).report
            return _report_page(report, form, held, file_name)
    return render_template("geography/new_boundaries.html", form=form, levels=list(Level)), form.status


@bp.post("/boundaries/load")
@needs(_MANAGE)
def load_boundaries() -> Answer:
    """Load the file that waits."""
    form = Form.of_request()
    path, file_name = held_upload(form.value("held")), form.value("file_name")
    with form.attempt():
        command = _read_command(form, path, file_name)
        with reading(current_actor()) as work:
            plan = loading.plan_load(work, command)
        with unit_of_work(current_actor()) as work:
            report = loading.apply_plan(work, plan)
        path.unlink(missing_ok=True)
        loaded = report.counts[Outcome.LOADED]
        say(
            _("%(count)s boundaries are loaded.", count=loaded)
            if report.edition_id
            else _("Nothing had to be changed.")
        )
        return redirect(url_for("geography.boundaries"))
    return render_template("geography/new_boundaries.html", form=form, levels=list(Level)), form.status


@bp.post("/boundaries/<int:edition_id>/withdraw")
@needs(_MANAGE)
def withdraw_boundaries(edition_id: int) -> Answer:
    """Stop showing an edition."""
    with unit_of_work(current_actor()) as work:
        layering.withdraw_edition(work, edition_id)
    say(_("These boundaries are no longer shown."))
    return redirect(url_for("geography.boundaries"))


def _read_command(form: Form, path: Path, file_name: str) -> LoadBoundaries:
    command = LoadBoundaries(
        path,
        file_name,
        form.choice("level", Level, required=False),
        form.text("layer", required=False),
        form.text("name", longest=_LONGEST_NAME, required=False) or "",
        form.text("source", required=False) or "",
        form.text("licence", longest=_LONGEST_NAME, required=False) or "",
        form.flag("adds_unknown"),
    )
    form.refuse_problems()
    return command


def _report_page(report: LoadReport, form: Form, held: str, file_name: str) -> Answer:
    noteworthy = [row for row in report.rows if row.outcome is not Outcome.LOADED or row.remarks]
    fields = {name: form.value(name) for name in ("level", "layer", "name", "source", "licence", "adds_unknown")}
    return render_template(
        "geography/report.html",
        report=report,
        counts=[(outcome, report.counts[outcome]) for outcome in Outcome],
        matched=Counter(row.matched_by for row in report.rows if row.matched_by is not None),
        rows=noteworthy,
        most_shown=_MOST_SHOWN,
        fields={**fields, "held": held, "file_name": file_name},
        can_load=report.counts[Outcome.LOADED] > 0 and report.same_as_edition_id is None,
    )


def _area_page(area_id: int, form: Form, status: int) -> Answer:
    with reading(current_actor()) as work:
        area = queries.get_area(work, area_id)
        (line,) = _lines(work, [area])
        return render_template(
            "geography/show.html",
            form=form,
            line=line,
            area=area,
            lineage=queries.lineage_of(work, area),
            lines=_lines(work, queries.children_of(work, area.id)),
            aliases=_aliases(work, area),
            is_managed=current_actor().may(_MANAGE, area.path),
        ), status


def _aliases(work: Work, area: AreaRecord) -> list[AliasRecord]:
    return sorted(queries.list_aliases(work, area.id), key=lambda alias: alias.alias.casefold())


def _lines(work: Work, areas: list[AreaRecord], *, with_place: bool = False) -> list[AreaLine]:
    shown = queries.list_boundaries(work)
    parents = Counter(area.parent_id for area in queries.list_areas(work))
    return [
        AreaLine(
            area,
            shown.get(area.id),
            parents[area.id],
            ", ".join(area_name(above) for above in reversed(queries.lineage_of(work, area)[1:-1]))
            if with_place
            else "",
        )
        for area in areas
    ]
