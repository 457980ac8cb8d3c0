"""Tokens and sheets for the tests of papers."""

import datetime as dt
import random

from nacl.signing import SigningKey

from relief.kernel.codes import FamilyCode, TokenCode
from relief.papers.rt1 import TokenBody, sign_many
from relief.papers.sheet import ENGLISH, Printing, SheetHeading, SheetToken, SheetWords, TokenSheet

KEY = SigningKey(b"a key of the tests, of 32 bytes.")
OTHER_KEY = SigningKey(b"another key, which nobody trusts")
HOST = "relief.example.org"
MADE_AT = dt.datetime(2022, 10, 1, 9, 30, tzinfo=dt.UTC)

SINDHI = SheetWords(
    "sd",
    {
        "keep": "هي پرچي سنڀالي رکو. پنهنجو شناختي ڪارڊ گڏ آڻيو. هي مفت آهي: ڪنهن کي به پئسا نه ڏيو.",
        "package": "اوهان کي ملندو",
        "come": "هتي اچو",
        "cut": "ليڪن تي ڪٽيو.",
        "page": "صفحو %(page)s، ڪل %(pages)s",
    },
)


def body(**changed: object) -> TokenBody:
    """A token body with some fields changed."""
    fields = {
        "key_id": 1,
        "campaign": 7,
        "serial": 186_331,
        "reissue": 0,
        "entitlement": 2,
        "point": 311,
        "expires_on": dt.date(2022, 12, 31),
        "holder_tag": 0xBEEF,
    }
    return TokenBody(**{**fields, **changed})


def packed_tokens(count: int) -> list[bytes]:
    """Signed tokens with the serials from 1."""
    return sign_many([body(serial=serial) for serial in range(1, count + 1)], KEY)


def random_tokens(count: int, seed: int = 1) -> list[bytes]:
    """Tokens of random bytes: no code of them is like another."""
    return [random.Random(seed * 1000 + n).randbytes(79) for n in range(count)]


def sheet(count: int, **changed: object) -> TokenSheet:
    """A sheet of so many tokens, each with the same words but for those that are changed."""
    words = {
        "head_name": "Zainab Bibi",
        "head_name_local": "زينب بيبي",
        "package_lines": ("Wheat flour 20 kg", "Cooking oil 5 l", "PKR 25,000"),
        "point_name": "Government Primary School Butt Serai",
        "dates": "3 to 5 October 2022",
    }
    tokens = [
        SheetToken(
            token=token, code=TokenCode.of(1_234_567 + n), family_code=FamilyCode.of(n + 1), **{**words, **changed}
        )
        for n, token in enumerate(packed_tokens(count))
    ]
    heading = SheetHeading("SRSO", "Flood response 2022", "Butt Serai, Mehar, Dadu", "1 October 2022")
    return TokenSheet("PK70304U14", heading, tokens)


def printing(*, words: SheetWords = ENGLISH, host: str | None = HOST) -> Printing:
    """A way of printing."""
    return Printing(words, host, MADE_AT)
