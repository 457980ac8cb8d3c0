"""The two texts of a token, and what scanners, keyboards and other people's codes make of them."""

import base45
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relief.kernel.errors import InvalidInput
from relief.papers.rt1 import DIGITS, TOKEN_BYTES, parse_text, sign, to_compact_text, to_url_text
from tests.papers.samples import HOST, KEY, body

TOKEN = sign(body(), KEY).pack()
URL, COMPACT = to_url_text(TOKEN, HOST), to_compact_text(TOKEN)
TOKENS = st.binary(min_size=TOKEN_BYTES, max_size=TOKEN_BYTES)
TO_URDU = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
TO_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def code_of(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse_text(text)
    assert str(caught.value)
    assert text.strip() not in str(caught.value) or not text.strip(), "a token's text is a secret, in messages too"
    return caught.value.code


def test_the_texts_are_those_of_the_format():
    assert f"HTTPS://RELIEF.EXAMPLE.ORG/V/{int.from_bytes(TOKEN):0191d}" == URL
    assert "R1:" + base45.b45encode(TOKEN).decode() == COMPACT
    assert len(COMPACT) == 122


@given(TOKENS)
def test_every_token_comes_back_from_both_texts(token):
    assert parse_text(to_url_text(token, HOST)) == token
    assert parse_text(to_compact_text(token)) == token


@pytest.mark.parametrize("text", [URL, COMPACT], ids=["url", "compact"])
@pytest.mark.parametrize(
    "spoil",
    [
        str.lower,
        str.title,
        lambda text: f"  {text}\r\n",
        lambda text: f"\t{text}\t",
        lambda text: f"]Q1{text}",
        lambda text: f"\x02{text}\x03\x00",
        lambda text: f"\ufeff\u200e{text}\u200b",
        lambda text: f"\u2068{text[:40]}\u200d{text[40:]}\u2069\xa0",
        lambda text: text.translate(TO_URDU),
        lambda text: text.translate(TO_ARABIC),
        lambda text: f"{text[:50]}\n{text[50:]}",
    ],
)
def test_what_scanners_and_keyboards_add_is_taken_away(text, spoil):
    assert parse_text(spoil(text)) == TOKEN


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "a.b", "localhost", "another.example.net", "xn--mgbai9azgqp6j.pk"])
def test_any_host_serves(host):
    assert parse_text(to_url_text(TOKEN, host)) == TOKEN
    assert parse_text(f"http://{host}/v/{URL[-DIGITS:]}") == TOKEN


@pytest.mark.parametrize(
    "host", ["", "a b", "a/b", "relief.example.org/x", "ریلیف.پاک", "a_b.org", "x" * 101, "a..b", "a:"]
)
def test_a_host_that_no_code_can_carry_is_refused(host):
    with pytest.raises(InvalidInput) as caught:
        to_url_text(TOKEN, host)
    assert caught.value.code == "token.unfit_host"


@pytest.mark.parametrize("text", ["", "   ", "\r\n", "\u200b", "]Q1"])
def test_nothing_scanned_is_said_so(text):
    assert code_of(text) == "token.no_text"


@pytest.mark.parametrize(
    "text",
    [
        "https://www.easypaisa.com.pk/pay?id=123456789012345678901234567890",
        "https://shop.example/v/12345",
        "https://shop.example/v/",
        "WIFI:T:WPA;S:NGO Office;P:secret;;",
        "00020101021226580014A000000677010112011300668012345675204000053037645802PK6304ABCD",
        "BEGIN:VCARD\nFN:Ali\nEND:VCARD",
        "4510212345671",
        "1234 5678 9012",
        "F-00012345-67",
        "R2:" + COMPACT[3:],
        "HC1:" + COMPACT[3:],
        URL[-DIGITS:],
        "ftp://relief.example.org/V/" + URL[-DIGITS:],
        "https://a b/V/" + URL[-DIGITS:],
        "یہ ٹوکن نہیں ہے",
        "x" * 100_000,
        URL * 50,
    ],
)
def test_other_texts_are_not_ours(text):
    assert code_of(text) == "token.not_ours"


@pytest.mark.parametrize(
    "text",
    [
        URL[:-1],
        URL[:-60],
        URL + "0",
        URL + "/",
        URL + "?utm=1",
        URL + URL,
        URL[:-DIGITS] + "0" + URL[-DIGITS:],
        URL[:-DIGITS] + str(1 << 632),
        URL[:-DIGITS] + "9" * DIGITS,
        COMPACT[:-1],
        COMPACT + "0",
        COMPACT + COMPACT,
        COMPACT[:60] + COMPACT[61:],
        COMPACT[:60] + "_" + COMPACT[61:],
        "R1:",
        "R1:" + ":::" * 39 + ":0",
        "R1:" + COMPACT[3:-2] + "::",
    ],
)
def test_what_was_not_read_whole_is_damaged(text):
    assert code_of(text) == "token.damaged"


@given(st.text())
def test_no_text_breaks_the_reader(text):
    with pytest.raises(InvalidInput):
        parse_text(text)


PIECES = st.sampled_from(
    ["HTTPS://", "https://", "a.pk", "/V/", "/v/", "R1:", "]Q1", URL, COMPACT, URL[-DIGITS:], "\u200f", " ", "٠", "%00"]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5), st.integers(0, 10**191).map(str)), max_size=6).map("".join))
def test_a_text_that_is_taken_is_the_spelling_of_its_token(text):
    try:
        token = parse_text(text)
    except InvalidInput:
        return
    assert len(token) == TOKEN_BYTES
    plain = "".join(
        letter for letter in text.translate(dict(zip(map(ord, "٠"), "0", strict=True))) if letter.isprintable()
    )
    spellings = (f"{int.from_bytes(token):0191d}", to_compact_text(token))
    assert plain.upper().strip().endswith(spellings)


@given(TOKENS, st.integers(0, 121), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"))
def test_a_changed_letter_never_reads_as_the_same_token(token, place, letter):
    text = to_compact_text(token)
    changed = text[:place] + letter + text[place + 1 :]
    try:
        assert changed == text or parse_text(changed) != token
    except InvalidInput:
        assert changed != text
