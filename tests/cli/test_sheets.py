"""`relief tokens sheet`: the same sheets as on the page, into a file."""

import json
import stat
import zipfile
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.cli import commands, sheets
from relief.config import Settings
from relief.kernel.errors import InvalidInput, NotFound
from relief.papers.rt1 import parse_text
from relief.store.work import reading, unit_of_work
from tests.factories.world import SYSTEM, World, add_family, build_world


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """An instance that phones reach."""
    return Settings(tmp_path / "instance", database_url, public_address="relief.example.org")


@pytest.fixture
def world(app: Flask) -> World:
    """Three tokens of one point, and one that names none."""
    with app.app_context():
        world = build_world(families=3)
        with unit_of_work(SYSTEM) as work:
            world.families.append(add_family(work, world, point_number=0))
        return world


def run(app: Flask, *words: str | Path) -> Result:
    return CliRunner().invoke(commands, ["tokens", "sheet", "--campaign", "c1", *map(str, words)], obj=lambda: app)


def codes_of(pdf: bytes) -> list[str]:
    pages = [page.render(scale=150 / 72).to_pil() for page in pdfium.PdfDocument(pdf)]
    return [code.text for page in pages for code in zxingcpp.read_barcodes(page)]


def test_a_council_is_printed_into_a_pdf_for_its_owner_alone(app: Flask, world: World, tmp_path: Path):
    out = tmp_path / "sheet.pdf"
    done = run(app, "--uc", "PK70304U14", "--language", "sd", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    assert sorted(map(parse_text, codes_of(out.read_bytes()))) == sorted(parse_text(one.text) for one in world.families)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(done.stdout) == {
        "campaign": "C1", "language": "sd", "codes": "url", "tokens": 4, "file": str(out), "bytes": out.stat().st_size,
        "places": [{"code": "PK70304U14", "title": "Area PK70304U14, Area PK70304, Area PK703", "tokens": 4}],
    }  # fmt: skip
    with app.app_context(), reading(SYSTEM) as work:
        entry = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "tokens.printed")).one()
    assert (entry.detail["count"], entry.detail["form"]) == (4, "url")


def test_all_points_are_printed_into_a_zip(app: Flask, world: World, tmp_path: Path):
    out = tmp_path / "all.zip"
    done = run(app, "--all-points", "--compact", "--out", out)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["0001-ANY-POINT-p0001.pdf", "0002-P1-p0001.pdf"]
        codes = [codes_of(archive.read(name)) for name in archive.namelist()]
    assert [len(some) for some in codes] == [1, 3]
    assert all(code.startswith("R1:") for some in codes for code in some)
    assert "4 tokens on 2 sheets" in done.output


def test_one_point_or_none(app: Flask, world: World, tmp_path: Path):
    out = tmp_path / "sheet.pdf"
    assert run(app, "--point", "p1", "--out", out).exit_code == 0
    assert len(codes_of(out.read_bytes())) == 3
    assert run(app, "--point", "any-point", "--out", out).exit_code == 0
    assert len(codes_of(out.read_bytes())) == 1


def test_without_a_public_address_the_codes_are_compact_and_a_person_is_told(
    app: Flask, world: World, settings: Settings, tmp_path: Path
):
    app.extensions["relief.settings"] = Settings(settings.instance_path, settings.database_url)
    done = run(app, "--all", "--out", tmp_path / "sheet.pdf")
    assert done.exit_code == 0
    assert "RELIEF_PUBLIC_ADDRESS is not set" in done.stderr
    assert {code[:3] for code in codes_of((tmp_path / "sheet.pdf").read_bytes())} == {"R1:"}


@pytest.mark.parametrize(
    "words", [(), ("--all", "--uc", "PK70304U14"), ("--uc", "PK70304U14", "--point", "P1"), ("--all", "--all-points")]
)
def test_one_choice_of_places_is_made(app: Flask, world: World, tmp_path: Path, words: tuple[str, ...]):
    done = run(app, *words, "--out", tmp_path / "x.pdf")
    assert done.exit_code == 2
    assert "Say one of" in done.output


@pytest.mark.parametrize(
    ("words", "name", "code"),
    [
        (("--uc", "PK70304U99"), "x.pdf", "sheet.no_such_place"),
        (("--point", "P2"), "x.pdf", "sheet.no_such_place"),
        (("--all",), "x.txt", "sheet.unknown_kind"),
        (("--all-points",), "x.pdf", "sheet.needs_zip"),
    ],
)
def test_what_cannot_be_printed_leaves_no_file(
    app: Flask, world: World, tmp_path: Path, *, words, name: str, code: str
):
    done = run(app, *words, "--out", tmp_path / name)
    assert isinstance(done.exception, InvalidInput | NotFound)
    assert done.exception.code == code
    assert list(tmp_path.glob("x*")) == []


def test_too_many_tokens_for_one_pdf_want_a_zip(app: Flask, world: World, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(sheets, "ONE_PDF_TOKENS", 2)
    done = run(app, "--all", "--out", tmp_path / "x.pdf")
    assert isinstance(done.exception, InvalidInput)
    assert str(done.exception) == "One PDF holds one place with at most 2 tokens. Name a file that ends in .zip."


def test_a_folder_that_is_not_there_is_said_before_anything_is_put_on_record(app: Flask, world: World, tmp_path: Path):
    done = run(app, "--all", "--out", tmp_path / "nowhere" / "x.pdf")
    assert done.exit_code == 1
    assert "No such file or directory" in done.output
    with app.app_context(), reading(SYSTEM) as work:
        assert list(work.session.scalars(select(AuditEntry))) == []
