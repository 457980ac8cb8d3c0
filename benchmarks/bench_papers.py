"""Measures papers: tokens signed and verified, QR codes, print sheets, each beside what the same run can do at most.

Run it alone by `python -m benchmarks.bench_papers`. Rates are a core's: work over processor time.
"""

from __future__ import annotations

import datetime as dt
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from nacl.bindings import crypto_sign
from nacl.signing import SigningKey

from relief.kernel.codes import FamilyCode, TokenCode
from relief.papers.qr import Level, encode
from relief.papers.qr_batch import encode_many
from relief.papers.rt1 import Token, TokenBody, sign_many, signed_bytes, to_compact_text, to_url_text, verify
from relief.papers.sheet import ENGLISH, Printing, SheetHeading, SheetToken, SheetWords, TokenSheet, print_parts

HOST = "relief.example.org"
KEY = SigningKey(b"a key of the benches, of 32 byte")
MADE_AT = dt.datetime(2022, 10, 1, tzinfo=dt.UTC)
# As long as the translations are, in the script that costs most to set.
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


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate with what is asked of it and what it is held against, both per second and core."""

    name: str
    rate: float
    asked: float
    against: str
    against_rate: float

    def __str__(self) -> str:
        share = self.rate / self.against_rate
        verdict = "" if self.rate >= self.asked else "  TOO SLOW"
        return (
            f"{self.name:34} {self.rate:>9,.0f}/s   asked {self.asked:>7,.0f}/s{verdict}"
            f"   {share:.2f} x {self.against} ({self.against_rate:,.0f}/s)"
        )


def measure(count: int = 4000) -> list[Figure]:
    """Return all figures, over so many tokens."""
    bodies = [TokenBody(1, 7, n, 0, 2, n % 40, dt.date(2022, 12, 31), n * 7 % 65536) for n in range(1, count + 1)]
    tokens = sign_many(bodies, KEY)
    return [*signing(bodies, tokens), *codes(tokens), *sheets(tokens)]


def rate(work: Callable[[], object], count: int, *, times: int = 3) -> float:
    """Return the best rate of a few runs, by processor time."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return count / best


def signing(bodies: list[TokenBody], tokens: list[bytes]) -> list[Figure]:
    """Tokens signed and verified, against the bare calls of libsodium on the same bytes."""
    messages, count = [signed_bytes(token[:15]) for token in tokens], len(tokens)
    signed = [token[15:] for token in tokens]
    secret = bytes(KEY) + bytes(KEY.verify_key)
    bare_sign = rate(lambda: [crypto_sign(message, secret) for message in messages], count)
    bare_verify = rate(lambda: list(map(KEY.verify_key.verify, messages, signed)), count)
    sign_rate = rate(lambda: sign_many(bodies, KEY), count)
    verify_rate = rate(lambda: [verify(Token.unpack(token), KEY.verify_key) for token in tokens], count)
    return [
        Figure("tokens signed", sign_rate, 26_000, "bare signatures", bare_sign),
        Figure("tokens verified", verify_rate, 10_000, "bare verifications", bare_verify),
    ]


def codes(tokens: list[bytes]) -> list[Figure]:
    """QR codes in bulk, against the library one by one."""
    figures = []
    forms = (
        ("QR codes, addresses, level Q", [to_url_text(token, HOST) for token in tokens], Level.Q),
        ("QR codes, compact, level M", [to_compact_text(token) for token in tokens], Level.M),
    )
    for name, texts, level in forms:
        sample = texts[:100]
        one_by_one = rate(lambda sample=sample, level=level: [encode(text, level) for text in sample], 100, times=2)
        bulk = rate(lambda texts=texts, level=level: encode_many(texts, level), len(texts))
        figures.append(Figure(name, bulk, 20_000, "the library, mask fixed", one_by_one))
    return figures


def sheets(tokens: list[bytes]) -> list[Figure]:
    """Tokens printed in two languages, against the same pages with the codes and next to no words."""
    figures = []
    bare_words = SheetWords("en", dict.fromkeys(ENGLISH.texts, ""))
    for name, host in (("sheet, 8 a page, English and Sindhi", HOST), ("sheet, 10 a page", None)):
        full = rate(
            lambda host=host: print_all(full_sheet(tokens), Printing(SINDHI, host, MADE_AT)), len(tokens), times=2
        )
        bare = rate(
            lambda host=host: print_all(bare_sheet(tokens), Printing(bare_words, host, MADE_AT)), len(tokens), times=2
        )
        figures.append(Figure(name, full, 500, "codes alone", bare))
    return figures


def print_all(sheet: TokenSheet, printing: Printing) -> int:
    """Print a sheet part by part and return its size."""
    return sum(len(part.pdf) for part in print_parts(sheet, printing))


def full_sheet(tokens: list[bytes]) -> TokenSheet:
    """A sheet as it is handed out, each name another."""
    heading = SheetHeading(
        "Sindh Rural Support Organisation", "Flood response 2022", "Butt Serai, Mehar, Dadu", "1 October"
    )
    goods = ("Wheat flour 20 kg × 2", "Cooking oil 5 l", "Rice 10 kg", "PKR 25,000")
    point, dates = "Government Primary School Butt Serai", "3 to 5 October 2022"
    return TokenSheet(
        "PK70304U14",
        heading,
        [
            SheetToken(
                token, TokenCode.of(n), FamilyCode.of(n), f"Zainab Bibi {n}", f"زينب بيبي {n}", goods, point, dates
            )
            for n, token in enumerate(tokens, start=1)
        ],
    )


def bare_sheet(tokens: list[bytes]) -> TokenSheet:
    """The same tokens without words."""
    code, family_code = TokenCode.of(1), FamilyCode.of(1)
    return TokenSheet(
        "bare",
        SheetHeading("", "", "", ""),
        [SheetToken(token, code, family_code, "", "", (), "", "") for token in tokens],
    )


def main() -> int:
    """Print the figures; exit status 1 where one is too slow."""
    figures = measure()
    for figure in figures:
        print(figure)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    return int(any(figure.rate < figure.asked for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
