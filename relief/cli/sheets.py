"""`relief tokens sheet`: the print sheets of a campaign's tokens, into a PDF or a zip."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import current_app
from flask_babel import force_locale, gettext

from relief.cli.campaigns import campaign_of
from relief.cli.console import actor_named, as_option, in_instance, json_option, note, report
from relief.config import Settings
from relief.distributions.printing import (
    PrintBy,
    PrintOrder,
    PrintPlace,
    find_print_place,
    list_print_places,
    take_sheet,
)
from relief.kernel.actor import Actor
from relief.kernel.errors import InvalidInput, RuleViolation
from relief.kernel.messages import N_
from relief.papers.sheet import ONE_PDF_TOKENS, Printing, TokenSheet, print_sheet, write_zip
from relief.store.work import Work, reading, unit_of_work


@click.command("sheet")
@click.option("--campaign", "code", required=True, metavar="CODE", help="The campaign.")
@click.option("--uc", metavar="CODE", help="One Union Council.")
@click.option("--point", metavar="CODE", help="One distribution point; ANY-POINT for tokens that name none.")
@click.option("--all", "everywhere", is_flag=True, help="A sheet for each Union Council.")
@click.option("--all-points", is_flag=True, help="A sheet for each distribution point.")
@click.option(
    "--language", type=click.Choice(["sd", "ur", "en"]), default="sd", show_default=True, help="Beside English."
)
@click.option("--compact", is_flag=True, help="Small codes that Relief alone reads, 10 on a page.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="FILE.pdf or FILE.zip.")
@json_option
@as_option
@in_instance
def sheet(
    *, code: str, language: str, compact: bool, out: Path, as_json: bool, email: str | None, **which: Any
) -> None:
    """Print the tokens that hold, on A4 sheets to be cut up.

    Codes lead to the public page on RELIEF_PUBLIC_ADDRESS; without it they are compact. Whoever has the file has the tokens:
    it is readable for its owner alone, and who made it is on record.
    """
    actor = actor_named(email)
    with reading(actor) as work:
        order = _order(work, code, language, is_compact=compact)
        places = _places(work, order.campaign_id, **which)
        printing = order.printing(work)
    total = sum(place.count for place in places)
    _check(places, out)
    with click.progressbar(length=total, label="Printing", file=sys.stderr) as bar, _whole_file(out) as target:
        for count in _write(target, _sheets(actor, order, places), printing, is_zip=out.suffix.lower() == ".zip"):
            bar.update(count)
    data = {
        "campaign": code.upper(), "language": language, "codes": "compact" if printing.host is None else "url",
        "tokens": total, "places": [{"code": p.code, "title": p.title, "tokens": p.count} for p in places],
        "file": str(out), "bytes": out.stat().st_size,
    }  # fmt: skip
    report(data, as_json, f"{total:,} tokens on {len(places):,} sheets: {out}")


def _order(work: Work, code: str, language: str, *, is_compact: bool) -> PrintOrder:
    campaign = campaign_of(work, code)
    settings = current_app.extensions["relief.settings"]
    assert isinstance(settings, Settings)
    host = None if is_compact else settings.public_address
    if host is None and not is_compact:
        note("RELIEF_PUBLIC_ADDRESS is not set: the codes are compact ones, which only Relief reads.")
    return PrintOrder(campaign.id, language, _said_in(language), host)


def _places(
    work: Work, campaign_id: int, *, uc: str | None, point: str | None, everywhere: bool, all_points: bool
) -> list[PrintPlace]:
    if sum(map(bool, (uc, point, everywhere, all_points))) != 1:
        message = "Say one of --uc CODE, --point CODE, --all, --all-points."
        raise click.UsageError(message)
    if uc or point:
        by = PrintBy.UC if uc else PrintBy.POINT
        return [find_print_place(work, campaign_id, by, uc or point or "")]
    return list_print_places(work, campaign_id, PrintBy.POINT if all_points else PrintBy.UC)


def _check(places: list[PrintPlace], out: Path) -> None:
    kind = out.suffix.lower()
    if kind not in (".pdf", ".zip"):
        raise InvalidInput("sheet.unknown_kind", N_("Name a file that ends in .pdf or .zip."))
    if not places:
        raise RuleViolation("sheet.no_tokens", N_("There are no tokens to print here. Issue them first."))
    if kind == ".pdf" and (len(places) > 1 or places[0].count > ONE_PDF_TOKENS):
        raise InvalidInput(
            "sheet.needs_zip",
            N_("One PDF holds one place with at most %(count)s tokens. Name a file that ends in .zip."),
            count=ONE_PDF_TOKENS,
        )


def _sheets(actor: Actor, order: PrintOrder, places: list[PrintPlace]) -> Iterator[TokenSheet]:
    """Yield the sheet of each place, taken in a unit of its own: what is on record is what was printed."""
    for place in places:
        with unit_of_work(actor) as work:
            taken = take_sheet(work, order, place)
        yield taken


def _write(target: BinaryIO, sheets: Iterator[TokenSheet], printing: Printing, *, is_zip: bool) -> Iterator[int]:
    """Write the file, yielding how many tokens each step added."""
    if is_zip:
        yield from write_zip(target, sheets, printing)
        return
    for taken in sheets:
        target.write(print_sheet(taken, printing))
        yield len(taken.tokens)


@contextmanager
def _whole_file(out: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name once it is whole, and that its owner alone can read."""
    part = out.with_name(out.name + ".part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.FileError(str(out), error.strerror) from None
    try:
        with os.fdopen(descriptor, "wb") as target:
            yield target
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _said_in(code: str) -> Callable[[str], str]:
    def said(msgid: str) -> str:
        with force_locale(code):
            return str(gettext(msgid))

    return said
