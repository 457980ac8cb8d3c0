"""The refused rows come back, can be mended, and are sent again as they are."""

import csv

import pytest
from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.families.columns import REFUSED_COLUMN, REFUSED_REASON
from relief.families.importing import ImportFamilies, import_families
from relief.families.invention import HEADER, invent, places_in
from relief.families.model import ImportRow, Outcome
from relief.families.rejects import take_rejects
from relief.files.reading import open_table
from relief.files.writing import write_csv, write_workbook
from relief.geography.gazetteer import Gazetteer
from relief.kernel.errors import Forbidden, NotFound
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.families.conftest import AT, DADU, LARKANA, SYSTEM


@pytest.fixture
def row(store):
    with reading(SYSTEM) as work:
        return next(invent(places_in(Gazetteer.load(work), ["Dadu"]), 1)).cells


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def take(units, path):
    return import_families(units, open_table(path), ImportFamilies(path.name))


def rejects_of(units, batch_id):
    with units() as work:
        table = take_rejects(work, batch_id)
        return table.header, list(table.rows)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_refused_rows_are_mended_and_sent_again(units, tmp_path, row, form):
    bad = row | {"_uuid": "1", "head/cnic": "4.13025E+12", "head/name": "=cmd|' /C calc'!A0", "psc_score": "-1"}
    worse = row | {"_uuid": "2", "head/cnic": "", "household/size": "640"}
    path = write(tmp_path / "a.csv", [row.values(), bad.values(), worse.values()])
    done = take(units, path)
    header, rows = rejects_of(units, done.batch_id)
    assert header == (*HEADER, REFUSED_COLUMN, REFUSED_REASON)
    assert [cells[: len(HEADER)] for cells in rows] == [list(bad.values()), list(worse.values())]
    assert rows[0][-2] == "head/cnic | psc_score"
    assert "A spreadsheet has rounded this CNIC" in rows[0][-1]
    assert "A poverty score lies between 0 and 100." in rows[0][-1]
    for number, cells in enumerate(rows):
        mended = dict(zip(header, cells, strict=True)) | {
            "head/cnic": f"900000000000{number}", "psc_score": "10", "household/size": row["household/size"],
        }  # fmt: skip
        rows[number] = list(mended.values())
    again = tmp_path / f"mended.{form}"
    if form == "csv":
        with again.open("w", encoding="utf-8", newline="") as file:
            write_csv(file, header, rows)
    else:
        write_workbook(again, header, rows, sheet="refused")
    assert take(units, again).counts[Outcome.REGISTERED] == 2


def test_a_second_round_does_not_pile_up_reasons(units, tmp_path, row):
    bad = row | {"psc_score": "140"}
    header, rows = rejects_of(units, take(units, write(tmp_path / "a.csv", [bad.values()])).batch_id)
    with (tmp_path / "b.csv").open("w", encoding="utf-8", newline="") as file:
        write_csv(file, header, rows)
    assert rejects_of(units, take(units, tmp_path / "b.csv").batch_id) == (header, rows)


def test_what_a_row_has_beyond_the_header_stays_beyond_it(units, tmp_path, row):
    done = take(units, write(tmp_path / "a.csv", [[*row.values(), "surplus"]]))
    header, rows = rejects_of(units, done.batch_id)
    assert rows[0][len(header) :] == ["surplus"]
    assert "outside quotation marks" in rows[0][len(header) - 1]


def test_cells_wait_sealed_and_the_look_is_recorded(units, tmp_path, row):
    done = take(units, write(tmp_path / "a.csv", [(row | {"psc_score": "140"}).values()]))
    rejects_of(units, done.batch_id)
    with reading(SYSTEM) as work:
        kept = work.session.scalars(select(ImportRow)).one()
        assert row["head/cnic"].encode() not in kept.cells_sealed
        assert work.session.scalars(select(AuditEntry).where(AuditEntry.action == "import.rejects_taken")).one()


def test_who_may_take_them(tmp_path, row, person, store):
    registrar = person(Role.REGISTRAR, DADU)
    bad = row | {"psc_score": "140", "_uuid": "2", "head/cnic": "9000000000002"}
    done = take(lambda: unit_of_work(registrar, at=AT), write(tmp_path / "a.csv", [row.values(), bad.values()]))
    for actor in (registrar, person(Role.COORDINATOR, DADU)):
        assert len(rejects_of(lambda actor=actor: unit_of_work(actor), done.batch_id)[1]) == 1
    for actor, error in ((person(Role.AUDITOR, DADU), Forbidden), (person(Role.COORDINATOR, LARKANA), NotFound)):
        with pytest.raises(error):
            rejects_of(lambda actor=actor: unit_of_work(actor), done.batch_id)


def test_a_file_without_refusals_has_no_rejects(units, tmp_path, row):
    with pytest.raises(NotFound):
        rejects_of(units, take(units, write(tmp_path / "a.csv", [row.values()])).batch_id)
