"""Importing files: each row gets what it must, on both databases; and a file is taken whole or not at all."""

import csv
import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import func, select

from relief.audit.model import AuditEntry
from relief.families import importing
from relief.families.import_queries import get_batch, iterate_import_rows, list_batches, list_import_rows
from relief.families.importing import ImportFamilies, import_families
from relief.families.invention import HEADER, Invented, InventedTable, invent, places_in
from relief.families.model import BatchState, Family, HeldRegistration, ImportRow, Outcome, StagedRegistration
from relief.families.queries import FamilyFilter, Page, get_family, search_families
from relief.files.reading import open_table
from relief.files.writing import write_workbook
from relief.geography.gazetteer import Gazetteer
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from relief.kernel.permissions import Role
from relief.store.work import reading, unit_of_work
from tests.families.conftest import AT, BUTT_SERAI, DADU, LARKANA, SYSTEM

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
MUST = {
    "ok": Outcome.REGISTERED,
    "candidate": Outcome.REGISTERED,
    "refuse": Outcome.REFUSED,
    "flag": Outcome.REGISTERED_WITH_WARNING,
    "duplicate": Outcome.HELD,
    "repeat": Outcome.REPEATED,
}
NUMERIC = {"_location/gps_latitude", "_location/gps_longitude", "psc_score", "_id", "_index"}


@pytest.fixture
def gazetteer(store):
    with reading(SYSTEM) as work:
        return Gazetteer.load(work)


def invented(gazetteer, count, **options) -> list[Invented]:
    return list(invent(places_in(gazetteer, ["Dadu", "Larkana", "Jacobabad"]), count, **options))


def write(path: Path, rows: list[dict[str, str]], **changes: object) -> Path:
    with path.open("w", encoding="utf-8", newline="", **changes) as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_workbook(path: Path, rows: list[Invented]) -> Path:
    """Write the rows as KoboToolbox does: counts, degrees and bare CNICs as numbers."""

    def cell(column: str, text: str) -> object:
        is_number = column in NUMERIC or column.startswith("household/")
        if is_number or (column == "head/cnic" and len(text) == 13 and text.isascii() and text.isdigit()):
            try:
                return float(text)
            except ValueError:
                return text
        return text

    cells = [[cell(column, text) for column, text in row.cells.items()] for row in rows]
    write_workbook(path, HEADER, cells, sheet="registration")
    return path


def outcomes(batch_id: int) -> dict[int, Outcome]:
    with reading(SYSTEM) as work:
        return {row.row_number: row.outcome for row in iterate_import_rows(work, get_batch(work, batch_id))}


def problems(batch_id: int) -> dict[int, tuple[str, str]]:
    with reading(SYSTEM) as work:
        rows = iterate_import_rows(work, get_batch(work, batch_id))
        return {row.row_number: (row.problems[0].field, row.problems[0].code) for row in rows if row.problems}


def count(model) -> int:
    with reading(SYSTEM) as work:
        return work.session.scalar(select(func.count()).select_from(model))


def take(units, path: Path, **options):
    return import_families(units, open_table(path), ImportFamilies(path.name, **options))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_class_of_rows_gets_what_it_must(units, gazetteer, tmp_path, form):
    rows = invented(gazetteer, 400)
    path = tmp_path / f"kobo.{form}"
    if form == "csv":
        write(path, [row.cells for row in rows])
    else:
        as_workbook(path, rows)
    done = take(units, path)
    found = outcomes(done.batch_id)
    wrong = {n: (row.why, found[n]) for n, row in enumerate(rows, 2) if found[n] is not MUST[row.expect]}
    assert wrong == {}
    assert done.counts == Counter(found.values())
    assert {row.why for row in rows} >= {"unknown UC", "no GPS", "same _uuid and content as another row"}
    # The whole file again changes nothing: what is here is passed over, what is bad is refused as before.
    again = outcomes(take(units, path).batch_id)
    assert again == {
        n: Outcome.REFUSED if outcome is Outcome.REFUSED else Outcome.REPEATED for n, outcome in found.items()
    }
    assert count(Family) == done.counts[Outcome.REGISTERED] + done.counts[Outcome.REGISTERED_WITH_WARNING]
    assert count(HeldRegistration) == done.counts[Outcome.HELD]
    assert count(StagedRegistration) == 0


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real sample lies beside the checkout, not in it")
def test_the_sample_of_dadu_matches_its_truth_file_row_for_row(units):
    truth = json.loads((SAMPLES / "kobo_dadu_registration.truth.json").read_text())
    must = {row["row"]: MUST[row["expect"]] for row in truth["rows"]}
    done = take(units, SAMPLES / "kobo_dadu_registration.csv")
    found = outcomes(done.batch_id)
    assert len(found) == 3_005
    assert {n: outcome for n, outcome in found.items() if outcome is not must.get(n, Outcome.REGISTERED)} == {}
    twin = outcomes(take(units, SAMPLES / "kobo_dadu_registration.xlsx").batch_id)
    assert Counter(twin.values()) == {Outcome.REPEATED: 2_834, Outcome.REFUSED: 171}


def test_a_workbook_and_a_csv_of_the_same_rows_are_the_same_sheets(units, gazetteer, tmp_path):
    rows = invented(gazetteer, 60, with_faults=False)
    take(units, write(tmp_path / "a.csv", [row.cells for row in rows]))
    done = take(units, as_workbook(tmp_path / "a.xlsx", rows))
    assert done.counts[Outcome.REPEATED] == 60


def test_refusals_name_the_column_of_the_file(units, gazetteer, tmp_path):
    row = invented(gazetteer, 1)[0].cells
    bad = [
        row | {"_uuid": "1", "head/cnic": "42101-12345O7-1"},
        row | {"_uuid": "2", "location/uc": "Chak 999 Nowhere"},
        row | {"_uuid": "3", "location/uc": ""},
        row | {"_uuid": "4", "location/taluka": "Nowhere"},
        row | {"_uuid": "5", "household/size": "640"},
        row | {"_uuid": "6", "head/birth_date": "31/02/1980"},
        row | {"_uuid": "7", "head/name": "  "},
        row | {"_uuid": "8", "consent": ""},
        row | {"_uuid": "9", "_location/gps_longitude": "", "location/gps": ""},
        row | {"_uuid": "10", "head/phone": "nobody has one"},
        row | {"_uuid": "11", "displaced": "maybe"},
    ]
    found = problems(take(units, write(tmp_path / "a.csv", bad)).batch_id)
    assert found == {
        2: ("head/cnic", "cnic.not_digits"),
        3: ("location/uc", "area.unknown"),
        4: ("location/uc", "area.missing"),
        5: ("location/taluka", "area.unknown"),
        6: ("household/size", "number.out_of_range"),
        7: ("head/birth_date", "day.impossible"),
        8: ("head/name", "field.missing"),
        9: ("consent", "field.missing"),
        10: ("_location/gps_longitude", "gps.half"),
        11: ("head/phone", "phone.invalid"),
        12: ("displaced", "answer.not_yes_or_no"),
    }


def test_hostile_names_are_kept_as_text(units, gazetteer, tmp_path):
    row = invented(gazetteer, 1)[0].cells
    names = [
        "<script>alert(1)</script>",
        '=HYPERLINK("http://x.test","pay")',
        "'; DROP TABLE family; --",
        "%(name)s {{7*7}}",
    ]
    rows = [row | {"_uuid": str(n), "head/cnic": f"900000000000{n}", "head/name": name} for n, name in enumerate(names)]
    take(units, write(tmp_path / "a.csv", rows))
    with reading(SYSTEM) as work:
        assert [line.head_name for line in search_families(work, FamilyFilter(), Page())[0]] == names


def test_plain_columns_are_read(units, tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text(
        "UC;Name;CNIC;Sex;Family size;Men;Women;Boys;Girls;House damage\n"
        f"{BUTT_SERAI};Sasui;96095-1127328-1;F;3;1;1;0;1;full\n"
        f"Butt Serai;Punhoon;96095-1127328-2;m;2;1;1;0;0;none\n",
        encoding="utf-16",
    )
    done = take(units, path)
    assert done.counts[Outcome.REGISTERED] == 2
    assert take(units, path).counts[Outcome.REPEATED] == 2


def test_a_uc_name_that_stands_twice_goes_to_the_nearer_or_to_a_person(units, gazetteer, tmp_path, uc_id):
    row = invented(gazetteer, 1)[0].cells | {
        "location/district": "Jamshoro", "location/taluka": gazetteer.with_code("PK70801").name_en, "location/uc": "Unerpur",
    }  # fmt: skip
    near = {"location/gps": "", "_location/gps_latitude": "25.650", "_location/gps_longitude": "68.367"}
    none = {"location/gps": "", "_location/gps_latitude": "", "_location/gps_longitude": ""}
    rows = [row | near | {"_uuid": "1"}, row | none | {"_uuid": "2", "head/cnic": "9000000000002"}]
    done = take(units, write(tmp_path / "a.csv", rows))
    assert outcomes(done.batch_id) == {2: Outcome.REGISTERED, 3: Outcome.REGISTERED_WITH_WARNING}
    assert problems(done.batch_id) == {3: ("location/uc", "uc.ambiguous")}
    with reading(SYSTEM) as work:
        assert work.session.scalars(select(Family.uc_id).order_by(Family.id)).first() == uc_id("PK70801U06")


def test_a_cnic_that_is_registered_holds_the_row(units, gazetteer, tmp_path):
    row = invented(gazetteer, 1)[0].cells
    take(units, write(tmp_path / "a.csv", [row]))
    done = take(units, write(tmp_path / "b.csv", [row | {"_uuid": "other", "head/name": "Somebody Else"}]))
    assert outcomes(done.batch_id) == {2: Outcome.HELD}
    assert problems(done.batch_id) == {2: ("head/cnic", "family.same_cnic")}
    with reading(SYSTEM) as work:
        held = work.session.scalars(select(HeldRegistration)).one()
        (line,), _total = list_import_rows(work, get_batch(work, done.batch_id), Page())
    assert (held.head_name, held.family_id) == ("Somebody Else", line.family_id)


def test_the_same_sheet_with_other_content_is_refused(units, gazetteer, tmp_path):
    row = invented(gazetteer, 1)[0].cells
    take(units, write(tmp_path / "a.csv", [row]))
    done = take(units, write(tmp_path / "b.csv", [row | {"head/name": "Somebody Else"}]))
    assert problems(done.batch_id) == {2: ("_uuid", "submission.exists_with_different_content")}


def test_a_trial_registers_nobody(units, gazetteer, tmp_path):
    rows = invented(gazetteer, 200)
    path = write(tmp_path / "a.csv", [row.cells for row in rows])
    trial = take(units, path, is_trial=True)
    assert (count(Family), count(HeldRegistration), count(StagedRegistration)) == (0, 0, 0)
    with reading(SYSTEM) as work:
        assert get_batch(work, trial.batch_id).state is BatchState.TRIED
    assert outcomes(trial.batch_id) == outcomes(take(units, path).batch_id)


def test_a_cut_file_leaves_nothing_behind(units, gazetteer, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "_CHUNK_ROWS", 50)
    path = write(tmp_path / "a.csv", [row.cells for row in invented(gazetteer, 200)])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InvalidInput) as caught:
        take(units, path)
    assert caught.value.code in ("file.cut", "csv.open_quote")
    assert [count(model) for model in (Family, HeldRegistration, StagedRegistration, ImportRow)] == [0, 0, 0, 0]
    with reading(SYSTEM) as work:
        (batch,), _total = list_batches(work, Page())
    assert batch.state is BatchState.FAILED
    assert batch.failure.code == caught.value.code


def test_what_breaks_off_leaves_nothing_behind(units, gazetteer, monkeypatch):
    monkeypatch.setattr(importing, "_CHUNK_ROWS", 20)

    def breaking():
        yield from invented(gazetteer, 50)
        raise KeyboardInterrupt

    table = InventedTable(breaking(), 100)
    with pytest.raises(KeyboardInterrupt):
        import_families(units, nullcontext(table), ImportFamilies("a.csv"))
    assert [count(model) for model in (Family, StagedRegistration, ImportRow)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("name,size\nAli,5\n", "columns.missing"),
        (",".join(HEADER) + "\n", "file.no_rows"),
        ("", "file.empty"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(units, tmp_path, content, code):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(InvalidInput) as caught:
        take(units, tmp_path / "a.csv")
    assert caught.value.code == code


def test_rows_longer_than_the_header_are_refused_alone(units, gazetteer, tmp_path):
    rows = [list(row.cells.values()) for row in invented(gazetteer, 2, with_faults=False)]
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, rows[0], [*rows[1], "more"]])
    done = take(units, tmp_path / "a.csv")
    assert outcomes(done.batch_id) == {2: Outcome.REGISTERED, 3: Outcome.REFUSED}


def test_another_import_of_the_same_sheets_meanwhile_refuses_the_file(units, gazetteer, tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", [row.cells for row in invented(gazetteer, 20, with_faults=False)])
    stage = importing._stage

    def stage_late(*args):
        stage(*args)
        monkeypatch.setattr(importing, "_stage", stage)
        take(units, path)

    monkeypatch.setattr(importing, "_stage", stage_late)
    with pytest.raises(Conflict) as caught:
        take(units, path)
    assert caught.value.code == "import.taken_meanwhile"
    assert (count(Family), count(StagedRegistration)) == (20, 0)


def test_one_audit_entry_tells_of_the_file(units, gazetteer, tmp_path):
    done = take(units, write(tmp_path / "a.csv", [row.cells for row in invented(gazetteer, 80)]))
    with reading(SYSTEM) as work:
        (entry,) = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "families.imported"))
        assert entry.detail == {str(outcome): number for outcome, number in done.counts.items()}
        assert entry.record_digest is not None


def test_a_registrar_imports_only_into_the_own_area(gazetteer, tmp_path, person, store):
    registrar = person(Role.REGISTRAR, DADU)
    rows = [row.cells for row in invented(gazetteer, 60, with_faults=False)]
    done = take(lambda: unit_of_work(registrar, at=AT), write(tmp_path / "a.csv", rows))
    found = outcomes(done.batch_id)
    for number, row in enumerate(rows, 2):
        is_own = row["location/district"] == "Dadu"
        assert found[number] is (Outcome.REGISTERED if is_own else Outcome.REFUSED)
    with reading(registrar) as work:
        assert get_batch(work, done.batch_id).imported_by == registrar.id
        assert search_families(work, FamilyFilter(), Page())[1] == done.counts[Outcome.REGISTERED]
    with reading(person(Role.COORDINATOR, DADU)) as work:
        assert get_batch(work, done.batch_id)
    with reading(person(Role.COORDINATOR, LARKANA)) as work:
        assert list_batches(work, Page()) == ([], 0)
        with pytest.raises(NotFound):
            get_batch(work, done.batch_id)
    with pytest.raises(Forbidden):
        take(lambda: unit_of_work(person(Role.COORDINATOR, DADU)), tmp_path / "a.csv")


def test_a_row_does_not_name_a_family_of_another_area(gazetteer, tmp_path, person, units):
    cells = [row.cells for row in invented(gazetteer, 60, with_faults=False)]
    dadu, larkana = (next(row for row in cells if row["location/district"] == name) for name in ("Dadu", "Larkana"))
    take(units, write(tmp_path / "a.csv", [dadu]))
    registrar = person(Role.REGISTRAR, LARKANA)
    held = larkana | {"head/cnic": dadu["head/cnic"], "_uuid": "other"}
    done = take(lambda: unit_of_work(registrar, at=AT), write(tmp_path / "b.csv", [held]))
    with reading(registrar) as work:
        (row,), _total = list_import_rows(work, get_batch(work, done.batch_id), Page())
    assert (row.outcome, row.family_id, row.code) == (Outcome.HELD, None, None)


def test_progress_is_told(units, gazetteer, monkeypatch):
    monkeypatch.setattr(importing, "_CHUNK_ROWS", 20)
    told = []
    table = InventedTable(invented(gazetteer, 50), 50)
    import_families(units, nullcontext(table), ImportFamilies("a.csv"), lambda rows, share: told.append((rows, share)))
    assert told == [(20, 0.4), (40, 0.8), (50, 1.0)]


def test_facts_arrive_as_told(units, gazetteer, tmp_path):
    cells = invented(gazetteer, 1)[0].cells
    done = take(units, write(tmp_path / "a.csv", [cells]))
    with reading(SYSTEM) as work:
        (line,), _total = list_import_rows(work, get_batch(work, done.batch_id), Page())
        family = get_family(work, line.family_id)
    assert family.head_name == cells["head/name"]
    assert family.cnic.full() == cells["head/cnic"]
    assert family.phone.e164() == "+92" + cells["head/phone"].replace("-", "")[1:]
    assert f"{family.lat:.6f} {family.lon:.6f}" == " ".join(cells["location/gps"].split()[:2])
    assert family.gps_accuracy_m == float(cells["location/gps"].split()[3])
    assert (family.enumerator, family.surveyed_on.isoformat()) == (cells["enumerator"], cells["today"])
    assert (family.registered_at, family.import_batch_id) == (AT, done.batch_id)
    assert [str(getattr(family, name)) for name in ("size", "men", "women", "boys", "girls", "livestock_lost")] == [
        cells[f"household/{name}"] for name in ("size", "men", "women", "boys", "girls")
    ] + [cells["damage/livestock_lost"]]
