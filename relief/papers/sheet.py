"""Print sheets of tokens: A4 pages to be cut up, each token with its QR code, in English and one language of the place."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import numpy as np

from relief.kernel.codes import FamilyCode, TokenCode
from relief.kernel.errors import RuleViolation
from relief.kernel.messages import N_
from relief.kernel.text import clean
from relief.papers.document import compile_pdf, release_memory
from relief.papers.qr import QUIET_MODULES, Level
from relief.papers.qr_batch import encode_many
from relief.papers.rt1 import to_compact_text, to_url_text

# What stands on every sheet; a face translates the texts and hands them in as `SheetWords`.
SHEET_TEXTS: Final[Mapping[str, str]] = {
    "keep": N_("Keep this paper. Bring your CNIC. It is free: nobody may ask you for money."),
    "package": N_("You receive"),
    "come": N_("Come to"),
    "cut": N_("Cut along the lines."),
    "page": N_("Page %(page)s of %(pages)s"),
}

_TEMPLATE: Final = "token_sheet.typ"
# Pages of one PDF in a large batch: the memory of one compilation grows with them.
PART_PAGES: Final = 50
# Up to here one PDF is made without much memory (some 250 MB); more tokens than this go into a zip.
ONE_PDF_TOKENS: Final = 1000
# Ten parts of so many tokens fit into memory together; making room after each takes a quarter of their time.
_SMALL_PART: Final = 100
_NAME_LENGTH, _PLACE_LENGTH, _PACKAGE_LINES = 60, 90, 8
# How large what stands between names and instruction is set, by how many characters it has; beyond, its end is cut off.
_DETAIL_SIZES: Final = ((145, 7.5), (210, 6.4), (10_000, 5.6))
# A word longer than a column is broken, or its end would be cut off.
_LONG_WORD: Final = re.compile(r"\S{21,}")


@dataclass(frozen=True, slots=True)
class SheetForm:
    """How many codes of which size stand on a page; the sizes were measured on damaged prints."""

    rows: int
    code_mm: int
    level: Level
    columns: int = 2

    @property
    def per_page(self) -> int:
        """How many tokens a page holds."""
        return self.columns * self.rows


URL_FORM: Final = SheetForm(rows=4, code_mm=50, level=Level.Q)
COMPACT_FORM: Final = SheetForm(rows=5, code_mm=40, level=Level.M)


@dataclass(frozen=True, slots=True)
class SheetToken:
    """One token with what is printed beside its code."""

    token: bytes = field(repr=False)  # The 79 bytes, a secret like the code below.
    code: TokenCode = field(repr=False)
    family_code: FamilyCode
    head_name: str
    head_name_local: str  # In Urdu or Sindhi script; "" where it is not known.
    package_lines: tuple[str, ...]
    point_name: str
    dates: str


@dataclass(frozen=True, slots=True)
class SheetHeading:
    """What the tokens of one sheet share. Organisation and campaign, or the note in its place, stand on each token too."""

    organisation: str
    campaign: str
    place: str  # The UC with its taluka and district, or the distribution point.
    printed: str  # When, as people read it.
    note: str = ""  # "Demonstration: not valid" and the like.


@dataclass(frozen=True, slots=True)
class TokenSheet:
    """The tokens of one place, in the order of printing."""

    name: str  # What its file is called: an area's code or a point's name.
    heading: SheetHeading
    tokens: Sequence[SheetToken]


@dataclass(frozen=True, slots=True)
class SheetWords:
    """The texts of a sheet in one language."""

    language: str  # "en", "ur" or "sd"
    texts: Mapping[str, str]

    @classmethod
    def of(cls, language: str, translate: Callable[[str], str]) -> SheetWords:
        """Return the texts as `translate` gives each msgid in that language."""
        return cls(language, {name: translate(msgid) for name, msgid in SHEET_TEXTS.items()})


ENGLISH: Final = SheetWords("en", SHEET_TEXTS)


@dataclass(frozen=True, slots=True)
class Printing:
    """How sheets are printed."""

    words: SheetWords  # The language beside English; English itself where there is none.
    host: str | None  # The public address, "relief.example.org"; without one the codes are compact.
    made_at: dt.datetime

    @property
    def form(self) -> SheetForm:
        """The form that the codes can have."""
        return COMPACT_FORM if self.host is None else URL_FORM


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One PDF of a sheet: its pages follow those of the part before it."""

    pdf: bytes
    first_page: int
    token_count: int


def print_sheet(sheet: TokenSheet, printing: Printing) -> bytes:
    """Return the sheet as one PDF. Raises: RuleViolation "sheet.no_tokens", "document.fonts_missing"."""
    (part,) = print_parts(sheet, printing, part_pages=max(1, len(sheet.tokens)))
    return part.pdf


def print_parts(sheet: TokenSheet, printing: Printing, *, part_pages: int = PART_PAGES) -> Iterator[SheetPart]:
    """Yield the sheet as PDFs of at most so many pages, so that a large one needs no more memory than a small one.

    Raises: RuleViolation "sheet.no_tokens", "document.fonts_missing".
    """
    if not sheet.tokens:
        raise RuleViolation("sheet.no_tokens", N_("There are no tokens to print here. Issue them first."))
    step = part_pages * printing.form.per_page
    for start in range(0, len(sheet.tokens), step):
        tokens = sheet.tokens[start : start + step]
        first_page = start // printing.form.per_page + 1
        yield SheetPart(_print_part(sheet, printing, tokens, first_page), first_page, len(tokens))
        release_memory(at_once=len(tokens) > _SMALL_PART)


def write_zip(target: BinaryIO, sheets: Iterable[TokenSheet], printing: Printing) -> Iterator[int]:
    """Write the sheets into a zip file, part by part, yielding how many tokens each part added; sheets without any are left out.

    Nothing is written after the last value was taken, so take them all.
    """
    stamp = printing.made_at.timetuple()[:6]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # PDFs are packed already.
        for number, sheet in enumerate((sheet for sheet in sheets if sheet.tokens), start=1):
            # The number keeps the order of printing, and two places of one name apart.
            stem = f"{number:04d}-{re.sub(r'[^0-9A-Za-z]+', '-', sheet.name).strip('-')[:60] or 'sheet'}"
            for part in print_parts(sheet, printing):
                archive.writestr(zipfile.ZipInfo(f"{stem}-p{part.first_page:04d}.pdf", stamp), part.pdf)
                yield part.token_count


def _print_part(sheet: TokenSheet, printing: Printing, tokens: Sequence[SheetToken], first_page: int) -> bytes:
    form, host = printing.form, printing.host
    texts = [to_compact_text(t.token) if host is None else to_url_text(t.token, host) for t in tokens]
    modules = encode_many(texts, form.level)
    pixels = np.where(modules, np.uint8(0), np.uint8(255)).tobytes()
    labels_length = sum(len(words.texts["package"] + words.texts["come"]) for words in _languages(printing.words))
    cells = [_cell(token, labels_length) for token in tokens]
    pages = [cells[start : start + form.per_page] for start in range(0, len(cells), form.per_page)]
    labels = _page_labels(printing, first_page, len(pages), len(sheet.tokens))
    shared = _shared(sheet.heading, printing, modules.shape[1])
    # Without pages the template sets the instruction alone, which the pages then show as a picture.
    instruction = compile_pdf(_TEMPLATE, shared | {"pages": []}, made_at=printing.made_at)
    return compile_pdf(
        _TEMPLATE,
        shared | {"pages": pages, "page_labels": labels},
        made_at=printing.made_at,
        files={"codes.bin": pixels, "instruction.pdf": instruction},
        is_tagged=False,  # Tags make it three times as large; what is handed out is the paper.
    )


def _shared(heading: SheetHeading, printing: Printing, modules: int) -> dict[str, Any]:
    """Return what the template prints on every page."""
    form = printing.form
    return {
        "form": {
            "columns": form.columns,
            "rows": form.rows,
            "code_mm": form.code_mm,
            "modules": modules,
            "quiet": QUIET_MODULES,
        },
        "language": printing.words.language,
        "words": [dict(words.texts) for words in _languages(printing.words)],
        "organisation": _text(heading.organisation, _NAME_LENGTH),
        "campaign": _text(heading.campaign, _NAME_LENGTH),
        "place": _text(heading.place, _PLACE_LENGTH),
        "printed": _text(heading.printed, _NAME_LENGTH),
        "note": _text(heading.note, _NAME_LENGTH),
    }


def _languages(words: SheetWords) -> list[SheetWords]:
    return [ENGLISH] if words.language == ENGLISH.language else [ENGLISH, words]


def _page_labels(printing: Printing, first: int, count: int, tokens: int) -> list[list[str]]:
    total = -(-tokens // printing.form.per_page)
    patterns = [words.texts["page"] for words in _languages(printing.words)]
    return [[pattern % {"page": page, "pages": total} for pattern in patterns] for page in range(first, first + count)]


def _cell(token: SheetToken, labels_length: int) -> dict[str, Any]:
    """Return what the template prints of one token."""
    serial, reissue = int.from_bytes(token.token[4:7]), token.token[7]
    lines = [_unbroken(_text(line, _NAME_LENGTH)) for line in token.package_lines[:_PACKAGE_LINES]]
    if (left_out := len(token.package_lines) - _PACKAGE_LINES) > 0:
        lines.append(f"+ {left_out} …")
    point, dates = _text(token.point_name, _NAME_LENGTH), _text(token.dates, _NAME_LENGTH)
    length = labels_length + len(" · ".join([*lines, point, dates]))
    return {
        "names": [_named(name) for name in (token.head_name, token.head_name_local) if name],
        "family": str(token.family_code),
        "number": f"#{serial}-{reissue}" if reissue else f"#{serial}",
        "package": lines,
        "point": point,
        "dates": dates,
        "details_pt": next(size for longest, size in _DETAIL_SIZES if length <= longest),
        "code": token.code.grouped(),
    }


def _named(name: str) -> dict[str, Any]:
    """Return a name and whether it reads from the right, as its first letter tells."""
    text = _text(name, _NAME_LENGTH)
    directions = (unicodedata.bidirectional(letter) for letter in text)
    first = next((direction for direction in directions if direction in ("L", "R", "AL")), "L")
    return {"text": text, "rtl": first != "L"}


def _text(text: str, longest: int) -> str:
    """Return a text fit for print: no invisible marks, not too long, and with places to break words wider than a column."""
    text = clean(text)
    if len(text) > longest:
        text = text[: longest - 1].rstrip() + "…"
    return _LONG_WORD.sub(lambda word: "\u200b".join(re.findall(".{1,10}", word[0])), text)


def _unbroken(text: str) -> str:
    """Return a short text so that it stays on one line: "PKR 25,000"."""
    return text.replace(" ", "\u00a0") if len(text) <= 20 else text
