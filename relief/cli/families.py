"""`relief families`: import, find, register and amend families, and decide on registrations that are held."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from relief.cli.console import actor_named, as_option, in_instance, json_option, note, report
from relief.cli.users import area_of_code
from relief.families import amendment, deciding, identity, import_queries, importing, queries, registration, rejects
from relief.families.amendment import AmendFamily
from relief.families.deciding import DismissHeld, RegisterHeld
from relief.families.importing import ImportFamilies
from relief.families.model import Outcome
from relief.families.queries import FamilyFilter, FamilyRecord, Page
from relief.families.questions import QUESTIONS
from relief.families.registration import RegisterFamily
from relief.families.rules import Registration
from relief.files.reading import open_table
from relief.files.writing import write_csv, write_workbook
from relief.geography.queries import get_area
from relief.kernel.actor import Actor
from relief.kernel.codes import FamilyCode
from relief.kernel.errors import InvalidInput, NotFound, Problem
from relief.kernel.identity import Cnic
from relief.kernel.messages import N_
from relief.store.work import Work, reading, unit_of_work

_QUESTIONS = {question.name: question for question in QUESTIONS}
_FACTS_HELP = ", ".join(["uc", *_QUESTIONS])
_UNSHOWN = ("id", "code", "uc_id", "area_path", "flags", "registered_by", "import_batch_id")
_STEPS = 1_000


@click.group()
def group() -> None:
    """Families: import a file, find, register, amend; registrations held for a decision."""


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--sheet", help="Which sheet, of a workbook with several.")
@click.option(
    "--rejects",
    "rejects_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the refused rows here (.csv or .xlsx).",
)
@click.option("--dry-run", is_flag=True, help="Tell what would become of each row, and register nobody.")
@as_option
@json_option
@in_instance
def import_file(
    *, file: Path, sheet: str | None, rejects_path: Path | None, dry_run: bool, email: str | None, as_json: bool
) -> None:
    """Import registrations from CSV or XLSX: a KoboToolbox export as it stands, or plainly named columns.

    Good rows are registered; bad ones are refused with the column and the reason; a row whose CNIC another family has is held for a
    person; a row that was sent before changes nothing.
    """
    actor = actor_named(email)
    bar: Any = click.progressbar(length=_STEPS, label=f"Reading {file.name}", file=sys.stderr)
    with bar:
        done = importing.import_families(
            partial(unit_of_work, actor),
            open_table(file, sheet=sheet),
            ImportFamilies(file.name, is_trial=dry_run),
            lambda _rows, share: bar.update(max(0, round(share * _STEPS) - bar.pos)),
        )
    if rejects_path is not None and done.counts[Outcome.REFUSED]:
        with unit_of_work(actor) as work:
            _write_rejects(rejects_path, rejects.take_rejects(work, done.batch_id))
        note(f"The refused rows are in {rejects_path}.")
    _report_import(actor, done, as_json=as_json, is_trial=dry_run)


@group.command("list")
@click.argument("name", required=False)
@click.option("--in", "under", metavar="CODE", help="Only families within this area.")
@click.option("--warnings", is_flag=True, help="Only families with a warning.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@as_option
@json_option
@in_instance
def list_families(*, name: str | None, under: str | None, as_json: bool, email: str | None, **options: Any) -> None:
    """List families, or those with a name in any script: words of it, or their beginnings."""
    with reading(actor_named(email)) as work:
        path = area_of_code(work, under).path if under else None
        wanted = FamilyFilter(name=name or "", under_path=path, is_flagged=options["warnings"])
        rows, total = queries.search_families(work, wanted, Page(limit=options["limit"], offset=options["offset"]))
    data = [
        {
            "code": str(row.code), "head_name": row.head_name, "head_name_local": row.head_name_local,
            "father_name": row.father_name, "village": row.village, "uc": row.name_en, "size": row.size,
            "state": str(row.state), "warning": row.is_flagged,
        }
        for row in rows
    ]  # fmt: skip
    lines = [f"{row['code']}\t{row['head_name']}\t{row['village']}\t{row['uc']}\t{row['size']}" for row in data]
    report({"total": total, "families": data}, as_json, "\n".join([*lines, f"{len(rows)} of {total}"]))


@group.command()
@click.argument("code")
@click.option("--identity", "with_identity", is_flag=True, help="Show the full CNIC and phone; the look is recorded.")
@as_option
@json_option
@in_instance
def show(*, code: str, with_identity: bool, email: str | None, as_json: bool) -> None:
    """Show one family and its history."""
    actor = actor_named(email)
    with reading(actor) as work:
        family = queries.get_family(work, _id_of(work, code))
        changes = [(change, amendment.read_change(work, change)) for change in queries.list_changes(work, family.id)]
        data = _as_data(work, family)
    if with_identity:
        with unit_of_work(actor) as work:
            full = identity.reveal_identity(work, family.id)
        data["cnic"] = full.cnic.full() if full.cnic else None
        data["phone"] = full.phone.e164() if full.phone else None
    data["history"] = [
        {"at": change.changed_at, "by": change.changed_by_name, "reason": change.reason, "changes": values}
        for change, values in changes
    ]
    report(data, as_json, "\n".join(f"{name}: {value}" for name, value in data.items() if value not in (None, [])))


@group.command()
@as_option
@json_option
@in_instance
def find(*, email: str | None, as_json: bool) -> None:
    """Find the family with exactly the CNIC on standard input; the search is recorded.

    It is not an argument: those of a running command are seen by everybody on the machine.
    """
    cnic = Cnic.parse(click.prompt("CNIC", err=True))
    with unit_of_work(actor_named(email)) as work:
        found = identity.find_by_cnic(work, cnic)
        code = str(queries.get_family(work, found).code) if found is not None else None
    if code is None:
        raise NotFound("family.cnic_unknown", N_("No family in your area is registered under this CNIC."))
    report({"code": code}, as_json, code)


@group.command(
    help=f"Register a family with its consent. FACT is one of: {_FACTS_HELP}.\n\nA `cnic=-` is asked for, unseen."
)
@click.argument("facts", nargs=-1, required=True, metavar="FACT=ANSWER...")
@as_option
@json_option
@in_instance
def register(*, facts: Sequence[str], email: str | None, as_json: bool) -> None:
    """Register one family."""
    with unit_of_work(actor_named(email)) as work:
        told = _read_facts(work, facts, complete=True)
        done = registration.register_family(work, RegisterFamily(Registration(gps_accuracy_m=None, **told)))
        family = queries.get_family(work, done.family_id)
    data = {"code": str(family.code), "held": done.held_id, "repeated": done.is_repeat}
    text = f"Held: {family.code} has this CNIC." if done.held_id else f"Registered: {family.code}."
    report(data, as_json, text)


@group.command(help=f"Amend a family. FACT is one of: {_FACTS_HELP}.\n\nNothing after the = takes an answer away.")
@click.argument("code")
@click.argument("facts", nargs=-1, required=True, metavar="FACT=ANSWER...")
@click.option("--reason", required=True, help="Why; kept in the history of the family.")
@as_option
@json_option
@in_instance
def amend(*, code: str, facts: Sequence[str], reason: str, email: str | None, as_json: bool) -> None:
    """Change what was told of a family."""
    with unit_of_work(actor_named(email)) as work:
        told = _read_facts(work, facts, complete=False)
        changed = amendment.amend_family(work, AmendFamily(_id_of(work, code), told, reason))
    text = f"Changed: {', '.join(changed)}." if changed else "Nothing was different."
    report({"code": code, "changed": changed}, as_json, text)


@group.group()
def held() -> None:
    """Registrations held because another family has their CNIC."""


@held.command("list")
@as_option
@json_option
@in_instance
def list_held(*, email: str | None, as_json: bool) -> None:
    """List those that wait for a decision."""
    with reading(actor_named(email)) as work:
        rows, total = import_queries.list_held(work, Page(limit=100_000))
    data = [
        {
            "id": row.id,
            "head_name": row.head_name,
            "father_name": row.father_name,
            "village": row.village,
            "held_at": row.held_at,
        }
        for row in rows
    ]
    lines = [f"{row['id']}\t{row['head_name']}\t{row['village']}" for row in data]
    report({"total": total, "held": data}, as_json, "\n".join(lines) or "None waits.")


@held.command()
@click.argument("held_id", type=int)
@click.option("--reason", required=True)
@as_option
@json_option
@in_instance
def dismiss(*, held_id: int, reason: str, email: str | None, as_json: bool) -> None:
    """Say that it is the family which is registered already."""
    with unit_of_work(actor_named(email)) as work:
        deciding.dismiss_held(work, DismissHeld(held_id, reason))
    report({"id": held_id, "decision": "dismissed"}, as_json, "Dismissed.")


@held.command("register")
@click.argument("held_id", type=int)
@click.option("--reason", required=True)
@click.option("--verified-by", help="Who verified the family, if it has no CNIC. Without this the CNIC is asked for.")
@as_option
@json_option
@in_instance
def register_held(*, held_id: int, reason: str, verified_by: str | None, email: str | None, as_json: bool) -> None:
    """Register it as another family, with its right CNIC or without one."""
    cnic = None if verified_by else Cnic.parse(click.prompt("CNIC", err=True))
    with unit_of_work(actor_named(email)) as work:
        family_id = deciding.register_held(work, RegisterHeld(held_id, reason, cnic, verified_by))
        code = str(queries.get_family(work, family_id).code)
    report({"id": held_id, "decision": "registered", "code": code}, as_json, f"Registered: {code}.")


def _id_of(work: Work, code: str) -> int:
    found = queries.find_by_code(work, FamilyCode.parse(code))
    if found is None:
        raise NotFound("family.not_found", N_("There is no such family in your area."))
    return found


def _read_facts(work: Work, pairs: Sequence[str], *, complete: bool) -> dict[str, Any]:
    """Return the facts of FACT=ANSWER arguments; all of them if `complete`, else those that were given."""
    given = dict(pair.partition("=")[::2] for pair in pairs)
    problems = [
        Problem(name, "fact.unknown", N_("There is no such question."))
        for name in given
        if name not in {"uc", *_QUESTIONS}
    ]
    if given.get("cnic") == "-":
        given["cnic"] = click.prompt("CNIC", err=True, hide_input=True)
    told: dict[str, Any] = {"uc_id": area_of_code(work, given["uc"]).id} if "uc" in given else {}
    if complete and not told:
        problems.append(Problem("uc", "field.missing", N_("This is missing.")))
    for name, question in _QUESTIONS.items():
        if complete or name in given:
            answer = question.answer(given.get(name, ""))
            if isinstance(answer, Problem):
                problems.append(answer)
            told[name] = answer
    if problems:
        raise InvalidInput.of(problems)
    return told


def _as_data(work: Work, family: FamilyRecord) -> dict[str, Any]:
    uc = get_area(work, family.uc_id)
    data: dict[str, Any] = {"code": family.code, "uc": uc.code, "uc_name": uc.name_en}
    data |= {name: getattr(family, name) for name in FamilyRecord.__slots__ if name not in _UNSHOWN}
    for name in ("code", "cnic", "phone"):  # Masked unless they are asked for.
        data[name] = str(data[name]) if data[name] else None
    data["warnings"] = [str(flag) for flag in family.flags]
    return data


def _write_rejects(path: Path, table: rejects.Rejects) -> None:
    if path.suffix.lower() == ".xlsx":
        write_workbook(path, table.header, table.rows, sheet="refused")
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            write_csv(file, table.header, table.rows)


def _report_import(actor: Actor, done: importing.Imported, *, as_json: bool, is_trial: bool) -> None:
    counts = {str(outcome): count for outcome, count in done.counts.items()}
    if not as_json:
        click.echo("A trial: nobody is registered." if is_trial else f"Import {done.batch_id} is done.")
        click.echo("\n".join(f"{name}: {count}" for name, count in counts.items()))
        return
    write: Callable[[str], None] = partial(click.echo, nl=False)
    # Row by row: the report of a large file is larger than the file's share of memory.
    write(json.dumps({"import": done.batch_id, "dry_run": is_trial, "counts": counts})[:-1] + ', "rows": [')
    with reading(actor) as work:
        batch = import_queries.get_batch(work, done.batch_id)
        for n, row in enumerate(import_queries.iterate_import_rows(work, batch)):
            first = row.problems[0] if row.problems else None
            line = {
                "row": row.row_number, "outcome": str(row.outcome), "column": first and first.field,
                "reason": " ".join(str(problem) for problem in row.problems) or None, "code": row.code and str(row.code),
            }  # fmt: skip
            write((",\n" if n else "\n") + json.dumps(line, ensure_ascii=False))
    click.echo("]}")
