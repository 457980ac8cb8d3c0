"""Reading CSV and workbooks: every row is read, or the file is refused with the reason."""

import contextlib
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from relief.files.reading import open_table
from relief.files.writing import write_csv, write_workbook
from relief.kernel.errors import InvalidInput


def read(path: Path, sheet: str | None = None):
    with open_table(path, sheet=sheet) as table:
        return table.header, list(table.rows())


def read_bytes(tmp_path: Path, content: bytes):
    path = tmp_path / "table"
    path.write_bytes(content)
    return read(path)


def refusal(tmp_path: Path, content: bytes) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        read_bytes(tmp_path, content)
    assert "%(" not in str(caught.value)
    return caught.value


TEXT = "name,village,size\nسکندر علی,Goth É,5\nرضیہ,گوٹھ,6\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_told_apart(tmp_path, encoding):
    header, rows = read_bytes(tmp_path, TEXT.encode(encoding))
    assert header == ("name", "village", "size")
    assert rows[0] == (2, ["سکندر علی", "Goth É", "5"])
    assert rows[1].cells[0] == "رضیہ"


def test_windows_arabic_is_read(tmp_path):
    _header, rows = read_bytes(tmp_path, "name,size\nسکندر,5\n".encode("cp1256"))
    assert rows[0].cells == ["سکندر", "5"]


def test_windows_western_is_read(tmp_path):
    _header, rows = read_bytes(tmp_path, "name,size\nRené – Zoë,5\n".encode("cp1252"))
    assert rows[0].cells == ["René – Zoë", "5"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(tmp_path, separator, end):
    text = end.join([f"name{separator}size", f"Ali{separator}5", f"Sasui{separator}6"]) + end
    assert [row.cells for row in read_bytes(tmp_path, text.encode())[1]] == [["Ali", "5"], ["Sasui", "6"]]


def test_the_separator_line_of_excel_is_no_row(tmp_path):
    assert read_bytes(tmp_path, b"sep=;\r\nname;size\r\nAli;5\r\n") == (("name", "size"), [(2, ["Ali", "5"])])


def test_quoted_line_breaks_and_separators_stay_in_their_cell(tmp_path):
    _header, rows = read_bytes(tmp_path, b'name,size\n"Ali, son of\nBux",5\nSasui,"6"\n')
    assert rows == [(2, ["Ali, son of\nBux", "5"]), (3, ["Sasui", "6"])]


def test_empty_rows_are_passed_over_and_counted(tmp_path):
    _header, rows = read_bytes(tmp_path, b"name,size\n\n,\nAli,5\n")
    assert rows == [(4, ["Ali", "5"])]


def test_a_short_row_is_filled_and_a_long_one_keeps_its_surplus(tmp_path):
    _header, rows = read_bytes(tmp_path, b"a,b,c\n1\n1,2,3,4\n")
    assert rows == [(2, ["1", "", ""]), (3, ["1", "2", "3", "4"])]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b" \r\n ", "file.empty"),
        (b",,\n1,2,3\n", "file.no_header"),
        (b"name,size\n\x00\x01\x02\x03", "file.binary"),
        (b'name,size\nAli,"5\nSasui,6\n', "csv.open_quote"),
        (b'name,size\n"Ali"x,5\n', "csv.malformed"),
        (b"name,size\n" + b"x" * 200_000 + b",5\n", "csv.malformed"),
        (b"name,size\nAli,5\nSas", "file.cut"),
        ("name,size\nAli,5\nسکندر".encode()[:-1], "file.cut"),
        (TEXT.encode("utf-16")[:-3], "file.cut"),
        (TEXT.encode() + b"Ali\xe9,x,5\n", "file.text_damaged"),
        (b"PK\x03\x04 and no zip", "zip.damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "workbook.old_format"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "workbook.password"),
        (b",".join([b"c"] * 2001), "file.too_many_columns"),
    ],
)
def test_what_cannot_be_read_whole_is_refused(tmp_path, content, code):
    assert refusal(tmp_path, content).code == code


def test_a_cut_names_the_row(tmp_path):
    assert refusal(tmp_path, b"name,size\nAli,5\nSas").params == {"row": 3}


def test_what_we_write_we_read_back(tmp_path):
    rows = [["=1+1", "'=1", "+92 300 1234567", "-5", "plain"], ["<script>", "سکندر", 'a "quoted"', "two\nlines", ""]]
    with (tmp_path / "out.csv").open("w", encoding="utf-8", newline="") as file:
        assert write_csv(file, ["a", "b", "c", "d", "=e"], rows) == 2
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    header, back = read(tmp_path / "out.csv")
    assert header == ("a", "b", "c", "d", "=e")
    assert [row.cells for row in back] == rows
    write_workbook(tmp_path / "out.xlsx", ["a", "b", "c", "d", "=e"], rows, sheet="rows")
    header, back = read(tmp_path / "out.xlsx")
    assert header == ("a", "b", "c", "d", "=e")
    assert [row.cells for row in back] == rows


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return path


def test_numbers_in_a_workbook_read_as_they_look(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"s": [["cnic", "lat", "size"], [4679757023001, 67.90642800000001, 5]]})
    assert read(path)[1] == [(2, ["4679757023001", "67.906428", "5"])]


def test_a_table_that_starts_lower_keeps_its_row_numbers(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"s": [[], ["name"], ["Ali"], [], ["Sasui"]]})
    assert read(path) == (("name",), [(3, ["Ali"]), (5, ["Sasui"])])


def test_empty_and_hidden_sheets_do_not_count(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"Sheet1": [["name"], ["Ali"]], "Sheet2": []})
    assert read(path)[1] == [(2, ["Ali"])]


def test_of_several_sheets_one_must_be_named(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"families": [["name"], ["Ali"]], "members": [["name"], ["Sasui"]]})
    with pytest.raises(InvalidInput, match="families, members") as caught:
        read(path)
    assert caught.value.code == "workbook.which_sheet"
    assert read(path, "members")[1] == [(2, ["Sasui"])]
    with pytest.raises(InvalidInput) as caught:
        read(path, "others")
    assert caught.value.code == "workbook.no_such_sheet"


def changed(path: Path, name: str, content: bytes) -> Path:
    """Write the workbook again with one member changed or added."""
    with zipfile.ZipFile(path) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    members[name] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member, data in members.items():
            new.writestr(member, data)
    return path


def sheet_xml(cells: str) -> bytes:
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="A1:XFD1048576"/><sheetData>{cells}</sheetData></worksheet>'
    ).encode()


def test_a_wrong_stated_dimension_changes_nothing(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"s": [["name"], ["Ali"]]})
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for n, text in ((1, "name"), (2, "Ali"))
    )
    for stated in (b"A1:XFD1048576", b"A1"):
        xml = sheet_xml(cells).replace(b"A1:XFD1048576", stated)
        assert read(changed(path, "xl/worksheets/sheet1.xml", xml)) == (("name",), [(2, ["Ali"])])


@pytest.mark.parametrize(
    "far", ['r="XFD1048576"', 'r="xfd1048576"', "r = 'XFD1048576'", 'r="A4294967295"', 'r="ZZ299999"', '\tr="DA200000"']
)
def test_two_cells_far_apart_do_not_fill_the_memory(tmp_path, far):
    path = workbook(tmp_path / "a.xlsx", {"s": [["name"], ["Ali"]]})
    cells = f'<row r="1"><c r="A1"><v>1</v></c><c {far}><v>1</v></c></row>'
    with pytest.raises(InvalidInput) as caught:
        read(changed(path, "xl/worksheets/sheet1.xml", sheet_xml(cells)))
    assert caught.value.code == "workbook.too_large"


def test_a_wide_but_small_sheet_is_read(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"s": [[f"c{n}" for n in range(800)], [str(n) for n in range(800)]]})
    assert len(read(path)[0]) == 800


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("xl/vbaProject.bin", "workbook.macros"),
        ("xl/workbook.bin", "workbook.binary"),
        ("../evil", "zip.path_leads_out"),
    ],
)
def test_foreign_members_are_refused(tmp_path, name, code):
    path = workbook(tmp_path / "a.xlsx", {"s": [["name"], ["Ali"]]})
    with pytest.raises(InvalidInput) as caught:
        read(changed(path, name, b"x"))
    assert caught.value.code == code


def test_damaged_xml_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"s": [["name"], ["Ali"]]})
    for xml in (b"<worksheet><sheetData><row", sheet_xml('<row r="1"><c r="A1" t="s"><v>99999</v></c></row>')):
        with pytest.raises(InvalidInput) as caught:
            read(changed(path, "xl/worksheets/sheet1.xml", xml))
        assert caught.value.code in ("workbook.unreadable", "file.no_header", "file.empty")


def test_a_zip_without_a_workbook_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        opened.writestr("a.txt", "x")
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path / "a.zip")
    assert caught.value.code == "workbook.none"


def test_a_workbook_cut_in_half_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"s": [["name"], *([f"Ali {n}"] for n in range(500))]})
    content = path.read_bytes()
    for part in (2, 3, 10):
        path.write_bytes(content[: len(content) * (part - 1) // part])
        with pytest.raises(InvalidInput) as caught:
            read(path)
        assert caught.value.code == "zip.damaged"


def test_a_flipped_byte_never_gives_other_rows_in_silence(tmp_path):
    rows = [["name"], *([f"Ali {n}"] for n in range(200))]
    path = workbook(tmp_path / "a.xlsx", {"s": rows})
    content = bytearray(path.read_bytes())
    for place in range(0, len(content), 97):
        content[place] ^= 0x40
        path.write_bytes(content)
        with contextlib.suppress(InvalidInput):
            _header, back = read(path)
            assert [row.cells for row in back] == rows[1:]
        content[place] ^= 0x40


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"s": [["name"], ["Ali"]]})
    changed(path, "xl/media/bomb", b"\0" * 5_000_000)
    content = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = content.rfind(signature)
        assert struct.unpack_from("<I", content, at + offset) == (5_000_000,)
        struct.pack_into("<I", content, at + offset, 10)
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read(path)
    assert caught.value.code == "zip.damaged"
