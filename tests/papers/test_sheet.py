"""Printed sheets: what a reader and an eye find on the page."""

import dataclasses
import io
import re
import tempfile
import zipfile

import numpy as np
import pypdfium2 as pdfium
import pytest
import zxingcpp

from relief.kernel.errors import RuleViolation
from relief.papers import document
from relief.papers.qr import Level
from relief.papers.rt1 import parse_text
from relief.papers.sheet import (
    COMPACT_FORM,
    ENGLISH,
    SHEET_TEXTS,
    URL_FORM,
    SheetWords,
    TokenSheet,
    print_parts,
    print_sheet,
    write_zip,
)
from tests.papers.samples import HOST, SINDHI, packed_tokens, printing, sheet

DPI = 150


def pages_of(pdf: bytes) -> list[pdfium.PdfPage]:
    return list(pdfium.PdfDocument(pdf))


def picture(page: pdfium.PdfPage, dpi: int = DPI) -> np.ndarray:
    return page.render(scale=dpi / 72, grayscale=True).to_numpy()


def codes_on(page: pdfium.PdfPage) -> list[zxingcpp.Barcode]:
    """Return the codes of a page in the order of reading."""
    found = zxingcpp.read_barcodes(picture(page), formats=zxingcpp.BarcodeFormat.QRCode)
    return sorted(found, key=lambda code: (round(code.position.top_left.y / DPI), code.position.top_left.x))


def text_of(page: pdfium.PdfPage) -> str:
    return page.get_textpage().get_text_range().replace("\xa0", " ")


@pytest.mark.parametrize(("host", "per_page"), [(HOST, 8), (None, 10)])
@pytest.mark.parametrize("words", [ENGLISH, SINDHI], ids=["english", "sindhi"])
def test_every_code_reads_back_from_the_page_in_order(host, per_page, words):
    count = per_page + 3
    pages = pages_of(print_sheet(sheet(count), printing(words=words, host=host)))
    assert [len(codes_on(page)) for page in pages] == [per_page, 3]
    read = [parse_text(code.text) for page in pages for code in codes_on(page)]
    assert read == packed_tokens(count)


@pytest.mark.parametrize(("host", "form"), [(HOST, URL_FORM), (None, COMPACT_FORM), ("x" * 100, URL_FORM)])
def test_codes_have_the_size_and_level_of_their_form(host, form):
    (page,) = pages_of(print_sheet(sheet(2), printing(host=host)))
    for code in codes_on(page):
        side_mm = (code.position.top_right.x - code.position.top_left.x) / DPI * 25.4
        assert side_mm == pytest.approx(form.code_mm, abs=1)
        assert code.ec_level == form.level.name


def test_no_form_is_smaller_or_weaker_than_damaged_prints_bear():
    for form in (URL_FORM, COMPACT_FORM):
        assert form.code_mm >= 30
        assert form.level is not Level.L


def test_a_code_reads_with_a_tenth_of_it_covered():
    (page,) = pages_of(print_sheet(sheet(1), printing()))
    spoiled = picture(page).copy()
    spot = codes_on(page)[0].position
    x, y = (spot.top_left.x + spot.bottom_right.x) // 2, (spot.top_left.y + spot.bottom_right.y) // 2
    spoiled[y : y + 90, x : x + 90] = 255
    assert [parse_text(code.text) for code in zxingcpp.read_barcodes(spoiled)] == packed_tokens(1)


def test_the_page_says_what_the_family_and_the_staff_need():
    one = sheet(9)
    first, second = (text_of(page) for page in pages_of(print_sheet(one, printing())))
    for words in ("Zainab Bibi", "#1", str(one.tokens[0].family_code), one.tokens[0].code.grouped(), "Cooking oil 5 l"):
        assert words in first
    for words in ("SRSO", "Flood response 2022", "Butt Serai, Mehar, Dadu", "Cut along the lines.", "Keep this paper."):
        assert words in first
        assert words in second
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in second


def test_a_replacement_is_numbered_so():
    one = sheet(1)
    token = bytearray(one.tokens[0].token)
    token[7] = 2
    (page,) = pages_of(print_sheet(with_tokens(one, token=bytes(token)), printing()))
    assert "#1-2" in text_of(page)


def with_tokens(one: TokenSheet, **changed: object) -> TokenSheet:
    return dataclasses.replace(one, tokens=[dataclasses.replace(token, **changed) for token in one.tokens])


def test_the_language_of_the_place_is_set_in_its_own_script():
    pdf = print_sheet(sheet(1), printing(words=SINDHI))
    assert b"NotoNaskhArabic" in pdf
    (page,) = pages_of(pdf)
    letters = re.sub(r"[^\u0600-\u06ff]", "", text_of(page))
    assert set("سنڀالي").issubset(letters)
    assert b"NotoNaskhArabic" not in print_sheet(sheet(1, head_name_local=""), printing())


def ink_of_name(name: str) -> np.ndarray:
    """Return which columns of the line under the family's code have ink, to the left of the code."""
    (page,) = pages_of(print_sheet(sheet(1, head_name=name, head_name_local=""), printing()))
    return (picture(page, 300)[175:232, 90:575].reshape(57, -1) < 128).any(axis=0)


def test_letters_of_a_local_name_are_joined_and_begin_at_the_right():
    joined, apart = ink_of_name("محمد محمد"), ink_of_name("م ح م د م ح م د")
    blots = [int((np.diff(ink.astype(int)) == 1).sum()) for ink in (joined, apart)]
    assert blots == [2, 8], "two words of joined letters, and the same letters apart"
    assert np.flatnonzero(joined).max() > 440
    assert np.flatnonzero(ink_of_name("Ali")).max() < 120


HOSTILE = [
    '#set page(fill: red) #panic() #eval("1+1") #read("/etc/passwd")',
    "$ x^2 $ \\ @ref *bold* _it_ `raw` = heading // comment /* */ ]]] }}}",
    "<script>alert(1)</script> ${7*7} {{7*7}} =HYPERLINK(1)",
    "W" * 500,
    "\u202eevil\u202c \u2066x\u2069 😀🎉 \x00\x07 ok",
    "محمد" * 100,
    "/" * 300,
    "",
]


@pytest.mark.parametrize(
    "hostile", HOSTILE, ids=["code", "markup", "script", "wide", "marks", "joined", "slashes", "empty"]
)
@pytest.mark.parametrize("host", [HOST, None], ids=["url", "compact"])
def test_a_hostile_name_is_text_and_moves_nothing(hostile, host):
    plain = print_sheet(sheet(9), printing(words=SINDHI, host=host))
    spoiled = print_sheet(
        sheet(
            9,
            head_name=hostile,
            head_name_local=hostile,
            package_lines=(hostile,) * 30,
            point_name=hostile,
            dates=hostile,
        ),
        printing(words=SINDHI, host=host),
    )
    assert len(pages_of(spoiled)) == len(pages_of(plain))
    for page, meant in zip(pages_of(spoiled), pages_of(plain), strict=True):
        places = [(code.text, code.position) for code in codes_on(page)]
        assert [text for text, _ in places] == [code.text for code in codes_on(meant)]
        for (_, place), code in zip(places, codes_on(meant), strict=True):
            assert abs(place.top_left.x - code.position.top_left.x) <= 1
            assert abs(place.top_left.y - code.position.top_left.y) <= 1
        assert str(sheet(1).tokens[0].family_code) in text_of(pages_of(spoiled)[0])
        assert "Keep this paper." in text_of(page)


def test_markup_in_a_name_is_printed_as_it_stands():
    (page,) = pages_of(print_sheet(sheet(1, head_name='#eval("1+1") *b* $x$ \\ <i>'), printing()))
    assert '#eval("1+1")*b*$x$\\<i>' in re.sub(r"\s", "", text_of(page))


def test_a_demonstration_says_so_on_every_token():
    one = sheet(9)
    marked = dataclasses.replace(one, heading=dataclasses.replace(one.heading, note="Invented: not valid"))
    first, second = (text_of(page) for page in pages_of(print_sheet(marked, printing())))
    assert first.count("Invented: not valid") == 8 + 1
    assert second.count("Invented: not valid") == 1 + 1


def test_a_full_package_with_its_place_and_days_fits():
    goods = (
        "Wheat flour 20 kg × 2",
        "Cooking oil 5 l × 2",
        "Rice 10 kg",
        "Tent",
        "Hygiene kit",
        "Nets × 3",
        "PKR 25,000",
    )
    for host in (HOST, None):
        (page,) = pages_of(print_sheet(sheet(1, package_lines=goods), printing(words=SINDHI, host=host)))
        box = page.get_textpage()
        assert "5 October 2022" in " ".join(text_of(page).split())
        lowest_details = min(box.get_charbox(n)[1] for n in range_of(box, "October"))
        assert lowest_details > max(box.get_charbox(n)[3] for n in range_of(box, "Keep")), (
            "the days stand over the rest"
        )


def range_of(page: pdfium.PdfTextPage, word: str) -> range:
    start, count = page.search(word).get_next()
    return range(start, start + count)


def test_many_package_lines_are_counted_where_they_do_not_fit():
    (page,) = pages_of(print_sheet(sheet(1, package_lines=tuple(f"i{n}" for n in range(12))), printing()))
    assert "i7" in text_of(page)
    assert "+ 4" in text_of(page)


def test_the_same_sheet_gives_the_same_file():
    assert print_sheet(sheet(3), printing()) == print_sheet(sheet(3), printing())


def test_parts_follow_each_other():
    parts = list(print_parts(sheet(20), printing(), part_pages=1))
    assert [(part.first_page, part.token_count) for part in parts] == [(1, 8), (2, 8), (3, 4)]
    labels = [text_of(pages_of(part.pdf)[0]) for part in parts]
    assert all(f"Page {number} of 3" in label for number, label in enumerate(labels, start=1))
    codes = [parse_text(code.text) for part in parts for page in pages_of(part.pdf) for code in codes_on(page)]
    assert codes == packed_tokens(20)


def test_a_zip_holds_the_sheets_of_all_places_in_order():
    target, again = io.BytesIO(), io.BytesIO()
    sheets = [
        sheet(9),
        TokenSheet("empty", sheet(1).heading, []),
        sheet(2),
        TokenSheet("../../گوٹھ", sheet(1).heading, sheet(1).tokens),
    ]
    assert list(write_zip(target, sheets, printing())) == [9, 2, 1]
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == ["0001-PK70304U14-p0001.pdf", "0002-PK70304U14-p0001.pdf", "0003-sheet-p0001.pdf"]
        assert archive.testzip() is None
        assert archive.read("0002-PK70304U14-p0001.pdf") == print_sheet(sheet(2), printing())
    list(write_zip(again, sheets, printing()))
    assert again.getvalue() == target.getvalue()


def test_a_sheet_without_tokens_is_refused():
    with pytest.raises(RuleViolation) as caught:
        print_sheet(sheet(0), printing())
    assert caught.value.code == "sheet.no_tokens"


def test_missing_fonts_are_said_rather_than_names_left_out(monkeypatch, tmp_path):
    document._fonts.cache_clear()
    monkeypatch.setattr("relief.config.STATIC", tmp_path)
    with pytest.raises(RuleViolation) as caught:
        print_sheet(sheet(1), printing())
    assert caught.value.code == "document.fonts_missing"


def test_no_token_is_left_on_the_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    print_sheet(sheet(2), printing())
    assert list(tmp_path.iterdir()) == []


def test_words_are_the_translations_of_every_text():
    words = SheetWords.of("ur", str.upper)
    assert words.texts.keys() == SHEET_TEXTS.keys()
    assert words.texts["come"] == "COME TO"
