"""`relief geography`: the register of areas, their other names and their boundaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from relief.cli.console import COMMAND_LINE, in_instance, json_option, note, report
from relief.cli.users import area_of_code
from relief.config import GEODATA
from relief.geography import layering, loading, queries, registry
from relief.geography.facts import read_facts
from relief.geography.loading import LoadBoundaries
from relief.geography.model import Level
from relief.geography.names import place_key
from relief.geography.registry import AddAlias
from relief.geography.report import LoadReport, Outcome, RowReport
from relief.kernel.errors import NotFound
from relief.kernel.messages import N_
from relief.store.work import reading, unit_of_work

LEVELS = click.Choice([level.value for level in Level])
_MOST_SHOWN = 20


@click.group()
def group() -> None:
    """Areas, their other names and their boundaries."""


@group.command()
@json_option
@in_instance
def build(*, as_json: bool) -> None:
    """Fill the register from the shipped facts and draw the schematic boundaries. A second run changes nothing."""
    with unit_of_work(COMMAND_LINE) as work:
        built = layering.build(work, read_facts(GEODATA))
    data = {
        "areas": built.areas,
        "areas_added": built.areas_changes.added,
        "areas_changed": built.areas_changes.changed,
        "aliases_added": built.alias_changes.added,
        "real": built.layer.real,
        "schematic": built.layer.schematic,
        "changed": built.layer.is_changed,
    }
    text = (
        f"{built.areas} areas, {built.areas_changes.added} of them new; {built.alias_changes.added} other names added."
        f" Boundaries: {built.layer.real} real, {built.layer.schematic} schematic."
    )
    report(data, as_json, text)


@group.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--level", type=LEVELS, help="What the file holds, where its columns do not say.")
@click.option("--layer", help="The layer to read. Without it: one for each level.")
@click.option(
    "--edition", "--name", "name", default="", help="What maps call these boundaries. Default: the file's name."
)
@click.option("--source", default="", help="Who made them; maps name it.")
@click.option("--licence", default="", help="Under which terms.")
@click.option(
    "--add", "adds_unknown", is_flag=True, help="Add areas that the register lacks. Without it they are listed."
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@json_option
@in_instance
def load(*, file: Path, level: str | None, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Load boundaries from a GeoPackage, GeoJSON, or zip with shapefiles.

    Any coordinate system, both column schemas of COD-AB, and layers of Union Councils without codes are read. What is
    loaded already is left alone. Areas are told by code, else by name and parent, else by position.
    """
    command = LoadBoundaries(file, file.name, Level(level) if level else None, **options)
    note(f"Reading {file.name}.")
    with reading(COMMAND_LINE) as work:
        plan = loading.plan_load(work, command)
    done = plan.report
    if not dry_run:
        if done.same_as_edition_id is None:
            note(f"Loading {len(plan.shapes)} boundaries.")
        with unit_of_work(COMMAND_LINE) as work:
            done = loading.apply_plan(work, plan)
    report({"dry_run": dry_run, **done.as_json()}, as_json, _as_text(done, dry_run=dry_run))
    if not plan.shapes:
        raise NotFound("boundary.nothing_matched", N_("No feature of the file is an area of the register."))


@group.command("list")
@click.argument("text", required=False)
@click.option("--level", type=LEVELS, help="Only areas of this level.")
@click.option("--in", "under", metavar="CODE", help="Only areas within this one.")
@json_option
@in_instance
def list_areas(*, text: str | None, level: str | None, under: str | None, as_json: bool) -> None:
    """List areas, or find those of a name in English, Urdu or Sindhi, or of a code."""
    chosen = Level(level) if level else None
    with reading(COMMAND_LINE) as work:
        path = area_of_code(work, under).path if under else None
        if text:
            areas = queries.search_areas(work, text, level=chosen, under_path=path)
        else:
            areas = sorted(queries.list_areas(work, chosen, path), key=lambda area: area.code)
        boundaries = queries.list_boundaries(work)
        codes = {area.id: area.code for area in queries.list_areas(work)}
    rows = []
    for area in areas:
        boundary = boundaries.get(area.id)
        rows.append(
            {
                "code": area.code,
                "level": area.level.value,
                "parent": codes.get(area.parent_id or 0),
                "name_en": area.name_en,
                "name_ur": area.name_ur,
                "name_sd": area.name_sd,
                "boundary": ("schematic" if boundary.is_schematic else "real") if boundary else None,
                "edition": boundary.edition_name if boundary else None,
                "area_km2": round(boundary.area_km2, 2) if boundary else None,
            }
        )
    lines = [f"{row['code']}\t{row['level']}\t{row['name_en']}\t{row['boundary'] or '-'}" for row in rows]
    report({"areas": rows}, as_json, "\n".join(lines) or "There is no such area.")


@group.command()
@json_option
@in_instance
def editions(*, as_json: bool) -> None:
    """List the boundaries that were loaded, the latest first."""
    with reading(COMMAND_LINE) as work:
        found = queries.list_editions(work)
    rows = [
        {
            "id": edition.id,
            "name": edition.name,
            "source": edition.source,
            "licence": edition.licence,
            "schematic": edition.is_schematic,
            "valid_from": edition.valid_from,
            "loaded_at": edition.loaded_at,
            "withdrawn_at": edition.withdrawn_at,
            "shapes": edition.shapes,
            "shown": edition.current,
        }
        for edition in found
    ]
    lines = [
        f"{row['id']}\t{row['name']}\t{row['shown']} shown{', withdrawn' if row['withdrawn_at'] else ''}"
        for row in rows
    ]
    report({"editions": rows}, as_json, "\n".join(lines) or "There are none yet: relief geography build")


@group.command()
@click.argument("edition_id", type=int)
@json_option
@in_instance
def withdraw(*, edition_id: int, as_json: bool) -> None:
    """Stop showing an edition; what was there before it is shown again."""
    with unit_of_work(COMMAND_LINE) as work:
        layer = layering.withdraw_edition(work, edition_id)
    data = {"edition_id": edition_id, "real": layer.real, "schematic": layer.schematic}
    report(data, as_json, f"Withdrawn. Boundaries: {layer.real} real, {layer.schematic} schematic.")


@group.group()
def alias() -> None:
    """Other names under which areas are found."""


@alias.command("list")
@click.argument("code", required=False)
@json_option
@in_instance
def list_aliases(*, code: str | None, as_json: bool) -> None:
    """List the other names of one area, or of all."""
    with reading(COMMAND_LINE) as work:
        area = area_of_code(work, code) if code else None
        codes = {one.id: one.code for one in queries.list_areas(work)}
        found = queries.list_aliases(work, area.id if area else None)
    rows = [{"code": codes[row.area_id], "alias": row.alias, "source": row.source} for row in found]
    report({"aliases": rows}, as_json, "\n".join(f"{row['code']}\t{row['alias']}\t{row['source']}" for row in rows))


@alias.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--source", default="", help="Where the name was met.")
@json_option
@in_instance
def add_alias(*, code: str, name: str, source: str, as_json: bool) -> None:
    """Let an area be found under another name, too."""
    with unit_of_work(COMMAND_LINE) as work:
        area = area_of_code(work, code)
        registry.add_alias(work, AddAlias(area.id, name, source))
    report({"code": area.code, "alias": name}, as_json, f"{area.name_en} ({area.code}) is also found as {name}.")


@alias.command("remove")
@click.argument("code")
@click.argument("name")
@json_option
@in_instance
def remove_alias(*, code: str, name: str, as_json: bool) -> None:
    """Forget another name of an area."""
    with unit_of_work(COMMAND_LINE) as work:
        area = area_of_code(work, code)
        known = [row for row in queries.list_aliases(work, area.id) if place_key(row.alias) == place_key(name)]
        if not known:
            raise NotFound("alias.not_found", N_("%(area)s has no other name %(name)s."), area=area.name_en, name=name)
        registry.remove_alias(work, known[0].id)
    report(
        {"code": area.code, "alias": name, "state": "removed"}, as_json, f"{area.name_en} is no longer found as {name}."
    )


def _as_text(done: LoadReport, *, dry_run: bool) -> str:
    lines = [f"{word}: {count}" for word, count in done.counts.items() if count]
    lines += [f"Note: {remark}" for remark in done.remarks]
    lines += _some("Rows to look at", [_row_text(row) for row in done.rows if _is_noteworthy(row)])
    lines += _some("Overlaps", [f"{o.one_code} and {o.other_code}: {o.km2} km2" for o in done.overlaps])
    lines += _some("Gaps", [f"{gap.parent_code}: {gap.km2} km2 bare ({gap.share:.1%})" for gap in done.gaps])
    lines += _some(
        "Outside their parent", [f"{o.code} of {o.parent_code}: {o.km2} km2 ({o.share:.1%})" for o in done.outside]
    )
    lines += _some("Without any boundary", list(done.without_boundary))
    if done.same_as_edition_id is not None:
        lines.append(f"Nothing to do: edition {done.same_as_edition_id} holds exactly this.")
    elif dry_run:
        lines.append("Nothing was changed: this was a dry run.")
    elif done.edition_id is not None:
        lines.append(f"Loaded as edition {done.edition_id}, {done.edition}.")
    lines.append(f"Boundaries: {done.real} real, {done.schematic} schematic.")
    return "\n".join(lines)


def _is_noteworthy(row: RowReport) -> bool:
    return row.outcome is not Outcome.LOADED or bool(row.remarks)


def _row_text(row: RowReport) -> str:
    reasons = "; ".join(str(remark) for remark in row.remarks)
    return f"{row.layer} row {row.row}, {row.name or row.code or '-'}: {row.outcome}" + (
        f" ({reasons})" if reasons else ""
    )


def _some(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  and {len(lines) - _MOST_SHOWN} more; --json has all"] if len(lines) > _MOST_SHOWN else []
    return [f"{title} ({len(lines)}):", *(f"  {line}" for line in lines[:_MOST_SHOWN]), *more]
