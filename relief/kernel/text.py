"""What is done to every text that comes in: invisible marks out, digits and spellings folded to one form."""

from __future__ import annotations

import re
import unicodedata

# Zero-width and direction marks ride along when a CNIC is pasted from a chat or a spreadsheet; bidirectional overrides can
# make one name look like another. Zero-width (non-)joiners are dropped too: names stay readable without them.
_INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x00AD, 0x061C, 0xFEFF, 0xFFFC]
)
_DIGITS = {ord(mark): str(n % 10) for n, mark in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")}

# Urdu, Sindhi and Arabic keyboards write one sound with several letters, and typists mix them. Folded for search only.
_SCRIPT_FOLDS = str.maketrans(
    {
        **dict.fromkeys("آأإٱ", "ا"), **dict.fromkeys("يىئےېۍ", "ی"), **dict.fromkeys("كڪ", "ک"), **dict.fromkeys("ةۃۀھہۂە", "ه"),
        **dict.fromkeys("ؤ", "و"), **dict.fromkeys("ں", "ن"), "ء": None, "ـ": None,
    }
)  # fmt: skip
_NOT_WORD = re.compile(r"[\W_]+")
# A whole number, plain or with its groups whole: a decimal comma taken for one of these would make 25,00 into 2500.
WHOLE_NUMBER = r"[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"


def clean(text: str) -> str:
    """Return the text in NFC with no invisible or control characters and with single spaces, trimmed."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()  # Most cells of a file pass here; the full way costs ten times as much.
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))  # A mark in between keeps a letter from its accent.
    # Half a surrogate pair comes in with JSON and goes into no database.
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text).split())


def fold_digits(text: str) -> str:
    """Return the text with Arabic and Urdu digits written as 0 to 9."""
    return text if text.isascii() else text.translate(_DIGITS)


def search_key(text: str) -> str:
    """Return the key under which a name is found: lower case, no accents or punctuation, one letter for each sound's variants.

    The scripts stay apart: an Urdu and a Sindhi spelling of one name meet here, a Roman one does not.
    """
    text = fold_digits(clean(text))
    if not text.isascii():
        # Presentation forms decompose to letters, capitals among them, that fold in turn.
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        text = text.translate(_SCRIPT_FOLDS)
    return _NOT_WORD.sub(" ", text.casefold()).strip()
