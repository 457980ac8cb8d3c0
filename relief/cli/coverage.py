"""`relief coverage`: the figures of the coverage page, as a table or as a file."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from relief.cli.console import COMMAND_LINE, in_instance, note
from relief.coverage.layers import (
    AREA_COLUMNS,
    FIGURE_COLUMNS,
    Source,
    boundaries_of,
    lay_over,
    plain_row,
    table_rows,
    to_geojson,
    total_row,
)
from relief.coverage.queries import Coverage, Question, coverage_of, find_area
from relief.files.cells import Cell
from relief.files.writing import write_csv
from relief.geography.model import Level
from relief.geography.queries import shapes_of
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.programmes.queries import campaign_not_found, find_campaign_by_code
from relief.store.work import Work, reading

_LEVELS = click.Choice([level.value for level in Level if level is not Level.PROVINCE])
_COLUMNS = (*AREA_COLUMNS, *FIGURE_COLUMNS)
_SHOWN = ("code", "name_en", *FIGURE_COLUMNS)


@click.command()
@click.option("--campaign", "code", required=True, metavar="CODE", help='The campaign; "all" for all together.')
@click.option("--level", type=_LEVELS, default="district", show_default=True, help="By which areas.")
@click.option("--under", metavar="CODE", help="Only areas within this one.")
@click.option("--instalment", type=click.IntRange(1, 12), help="One instalment. Default: families reached, all sums.")
@click.option(
    "--format", "kind", type=click.Choice(["table", "csv", "geojson", "json"]), default="table", show_default=True
)
@click.option("--json", "kind", flag_value="json", help="The same as --format json.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file. Default: print.")
@in_instance
def command(*, code: str, level: str, under: str | None, instalment: int | None, kind: str, out: Path | None) -> None:
    """Show how many families a campaign has reached, by area.

    Registered, entitled, served, percent served, waiting; PKR disbursed (cash, and goods at cost), PKR per family
    served, and PKR in conflicts, which are no part of what was disbursed.
    """
    with reading(COMMAND_LINE) as work:
        area = find_area(work, under) if under else None
        if area is not None and area.level.rank > Level(level).rank:
            raise InvalidInput("coverage.level_above_area", N_("An area has no parts of a level above its own."))
        question = Question(Level(level), area, _campaign_id(work, code), instalment)
        coverage = coverage_of(work, question)
        match kind:
            case "csv":
                written = _csv(coverage)
            case "json":
                written = _json(code, question, coverage)
            case "geojson":
                written = _geojson(work, code, question, coverage)
            case _:
                written = _table(coverage)
    if out is None:
        click.echo(written, nl=False)
    else:
        out.write_text(written, encoding="utf-8", newline="")
        note(f"{len(coverage.rows)} areas written to {out}.")


def _campaign_id(work: Work, code: str) -> int | None:
    if code == "all":
        return None
    campaign = find_campaign_by_code(work, code)
    if campaign is None:
        raise campaign_not_found()
    return campaign.id


def _csv(coverage: Coverage) -> str:
    stream = io.StringIO(newline="")
    write_csv(stream, _COLUMNS, table_rows(coverage))
    return stream.getvalue()


def _json(code: str, question: Question, coverage: Coverage) -> str:
    def named(row: Sequence[Cell]) -> dict[str, Any]:
        return dict(zip(_COLUMNS, plain_row(row), strict=True))

    total = named(total_row(coverage))
    data = {
        "campaign": code,
        "level": question.level.value,
        "under": question.under.code if question.under else None,
        "instalment": question.instalment_no,
        "at": coverage.at.isoformat(timespec="seconds"),
        "rows": [named(row) for row in table_rows(coverage)],
        "total": {name: total[name] for name in FIGURE_COLUMNS},
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _geojson(work: Work, code: str, question: Question, coverage: Coverage) -> str:
    shapes = shapes_of(work, question.level, question.under.path if question.under else None)
    boundaries = boundaries_of(work, coverage, question.under)
    return to_geojson(lay_over(shapes, coverage), Source.of(code, coverage, boundaries))


def _table(coverage: Coverage) -> str:
    places = [_COLUMNS.index(name) for name in _SHOWN]
    rows = [list(_SHOWN)]
    rows += [[_text(row[n]) for n in places] for row in (*table_rows(coverage), total_row(coverage))]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_SHOWN))]
    lines = (
        [
            cell.ljust(width) if n < 2 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in rows
    )
    return "".join("  ".join(line).rstrip() + "\n" for line in lines)


def _text(cell: Cell) -> str:
    if isinstance(cell, Money):
        return f"{Decimal(cell.paisa) / 100:,.2f}".removesuffix(".00")
    if isinstance(cell, int):
        return f"{cell:,}"
    return "" if cell is None else str(cell)
