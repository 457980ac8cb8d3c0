"""Writing workbooks and CSV."""

import datetime as dt
import io
import re
import zipfile
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook

from relief.files import writing
from relief.files.writing import write_csv, write_workbook
from relief.kernel.errors import InvalidInput
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity

HOSTILE = [
    '=HYPERLINK("http://x.test","pay")',
    "+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2",
    "https://x.test",
    "0371",
    "<b>",
    "",
]


def test_a_workbook_never_holds_a_formula_a_link_or_a_guessed_number(tmp_path):
    write_workbook(tmp_path / "a.xlsx", ["h"] * len(HOSTILE), [HOSTILE], sheet="s")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as opened:
        xml = opened.read("xl/worksheets/sheet1.xml").decode()
        styles = opened.read("xl/styles.xml").decode()
        assert not any("hyperlink" in name.lower() for name in opened.namelist())
    assert "<f>" not in xml
    assert "<hyperlink" not in xml
    assert not re.search(r"<v>", xml)
    assert 'quotePrefix="1"' in styles
    rows = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert rows[1] == HOSTILE


def test_typed_values_become_numbers_and_dates(tmp_path):
    row = [
        Money(123450),
        Quantity(7),
        5,
        Decimal("0.5"),
        dt.date(2022, 9, 5),
        dt.datetime(2022, 9, 5, 8, tzinfo=dt.UTC),
        None,
    ]
    assert write_workbook(tmp_path / "a.xlsx", list("abcdefg"), [row], sheet="s") == 1
    rows = CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()
    assert rows[1][:4] == [1234.5, 7, 5, 0.5]
    assert rows[1][4] == dt.date(2022, 9, 5)
    assert rows[1][5] == dt.datetime.fromisoformat("2022-09-05T08:00")


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_MOST_ROWS", 3)
    with pytest.raises(InvalidInput) as caught:
        write_workbook(tmp_path / "a.xlsx", ["a"], [["1"]] * 3, sheet="s")
    assert caught.value.code == "workbook.too_many_rows"


def test_csv_has_a_mark_and_guards_text_but_not_numbers():
    out = io.StringIO()
    write_csv(out, ["=h", "n"], [["=1", -5], ["+9", Decimal("-0.5")]])
    assert out.getvalue() == "\ufeff'=h,n\r\n'=1,-5\r\n'+9,-0.5\r\n"
