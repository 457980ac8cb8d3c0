"""Reading papers on a phone: the same texts, the same tokens, the same refusals as relief/papers/rt1.py."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from playwright.sync_api import Page

from relief.distributions.presenting import Presented
from relief.kernel.codes import TokenCode
from relief.kernel.identity import Cnic
from relief.papers import rt1

KEY = SigningKey(bytes(range(32)))
URDU = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def body(**changes: object) -> rt1.TokenBody:
    values: dict[str, object] = {
        "key_id": 3, "campaign": 12, "serial": 186_331, "reissue": 1, "entitlement": 2, "point": 4711,
        "expires_on": dt.date(2026, 11, 30), "holder_tag": 51_000,
    }  # fmt: skip
    return rt1.TokenBody(**(values | changes))  # type: ignore[arg-type]


TOKEN = rt1.sign(body(), KEY).pack()
# Each number at the sizes where its CBOR changes.
BODIES = [
    body(),
    body(serial=1, reissue=0, entitlement=1, point=0, holder_tag=0, key_id=0, campaign=0),
    body(serial=2**24 - 1, reissue=255, entitlement=255, point=65_535, holder_tag=65_535, key_id=255, campaign=65_535),
    *(body(entitlement=n) for n in (23, 24, 255)),
    *(body(point=n) for n in (23, 24, 255, 256)),
    body(expires_on=dt.date(2020, 1, 1)),
    body(expires_on=dt.date(2020, 1, 1) + dt.timedelta(days=65_535)),
]


def parse(phone: Page, *texts: str) -> list[dict[str, object]]:
    """What the phone makes of the texts, bytes as hex."""
    script = """async (texts) => Promise.all(texts.map(async (text) => {
        const read = await scan.rt1.parseText(text);
        return read.bytes ? { ...read, bytes: scan.bytes.toHex(read.bytes) } : read;
    }))"""
    found: list[dict[str, object]] = phone.evaluate(script, list(texts))
    return found


def verified(phone: Page, tokens: list[bytes], key: bytes) -> list[bool]:
    script = """async ([tokens, key]) => Promise.all(
        tokens.map((token) => scan.rt1.verify(scan.bytes.fromHex(token), scan.bytes.fromHex(key))))"""
    found: list[bool] = phone.evaluate(script, [[token.hex() for token in tokens], key.hex()])
    return found


def test_both_texts_of_a_token_are_read(phone: Page):
    for each in BODIES:
        token = rt1.sign(each, KEY).pack()
        texts = [rt1.to_url_text(token, "relief.example.org"), rt1.to_compact_text(token)]
        texts += [texts[0].lower(), texts[0].replace("HTTPS", "http"), f"\u200e]Q3{texts[1]}\r\n"]
        for read in parse(phone, *texts):
            assert (read["kind"], read["bytes"]) == ("token", token.hex())
        said = read["body"]
        assert said == {
            "keyId": each.key_id, "campaign": each.campaign, "serial": each.serial, "reissue": each.reissue,
            "entitlement": each.entitlement, "point": each.point, "expiresOn": each.expires_on.isoformat(),
            "holderTag": each.holder_tag,
        }  # fmt: skip


def test_signatures_made_by_the_server_hold_on_the_phone(phone: Page):
    tokens = [rt1.sign(each, KEY).pack() for each in BODIES]
    assert verified(phone, tokens, bytes(KEY.verify_key)) == [True] * len(tokens)
    script = "tokens => tokens.map((token) => scan.bytes.toHex(scan.rt1.signedBytes(scan.bytes.fromHex(token))))"
    assert phone.evaluate(script, [token.hex() for token in tokens]) == [
        rt1.signed_bytes(each.pack()).hex() for each in BODIES
    ]


def test_every_flipped_bit_of_a_token_is_noticed(phone: Page):
    flipped = [bytearray(TOKEN) for _ in range(len(TOKEN) * 8)]
    for bit, token in enumerate(flipped):
        token[bit >> 3] ^= 1 << (bit & 7)
    assert verified(phone, [bytes(token) for token in flipped], bytes(KEY.verify_key)) == [False] * 632


def test_a_signature_has_one_spelling(phone: Page):
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(TOKEN[-32:], "little") + order
    assert verified(phone, [TOKEN[:-32] + s.to_bytes(32, "little")], bytes(KEY.verify_key)) == [False]


def test_another_key_and_no_key_do_not_verify(phone: Page):
    other = bytes(SigningKey(bytes(32)).verify_key)
    assert (
        verified(phone, [TOKEN], other)
        == verified(phone, [TOKEN], b"\xff" * 32)
        == verified(phone, [TOKEN], b"")
        == [False]
    )
    assert verified(phone, [TOKEN[:-1], TOKEN + b"\0", b""], bytes(KEY.verify_key)) == [False] * 3


@pytest.mark.parametrize("digits", [None, URDU, ARABIC], ids=["western", "urdu", "arabic"])
def test_codes_are_read_in_every_keyboards_digits(phone: Page, digits: dict[int, int] | None):
    for number in (0, 1, 97, 1_234_567_890, 9_999_999_999):
        code = TokenCode.of(number)
        for text in (
            code.digits,
            code.grouped(),
            f" {code.grouped().replace(' ', '-')}\n",
            f"\u200f{code.digits}\u200f",
        ):
            typed = text.translate(digits) if digits else text
            assert parse(phone, typed) == [{"kind": "code", "digits": code.digits}]


def test_every_single_and_swapped_digit_of_a_code_is_noticed(phone: Page):
    digits = TokenCode.of(1_234_567_890).digits
    wrong = {digits[:i] + d + digits[i + 1 :] for i in range(12) for d in "0123456789" if d != digits[i]}
    wrong |= {digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :] for i in range(11) if digits[i] != digits[i + 1]}
    wrong |= {digits[:-2] + f"{(int(digits[-2:]) + 97) % 100:02d}", digits[:-1], f"{digits}0"}
    assert {read["kind"] for read in parse(phone, *sorted(wrong))} == {"other"}


def test_what_is_no_paper_of_ours_is_told_apart(phone: Page):
    url = rt1.to_url_text(TOKEN, "relief.example.org")
    newer = rt1.to_compact_text(b"\x20" + TOKEN[1:])
    told = {
        "WIFI:S:shop;T:WPA;P:secret;;": "not_ours", "https://shop.example/v/12345": "not_ours", "": "not_ours",
        "x" * 1001: "not_ours", "امداد": "not_ours", url[:-1]: "damaged", url + "0": "damaged", "R1:ABC": "damaged",
        f"HTTPS://A/V/{'9' * 191}": "damaged", rt1.to_compact_text(TOKEN)[:-1] + "é": "not_ours", newer: "unknown_version",
        "R2:!": "damaged",
    }  # fmt: skip
    found = parse(phone, *told)
    assert {text: read["reason"] for text, read in zip(told, found, strict=True)} == told
    digests = [Presented.read(text).digest.hex() for text in told]
    assert [read["digest"] for read in found if read["reason"] != "unknown_version"] == [
        digest for digest, reason in zip(digests, told.values(), strict=True) if reason != "unknown_version"
    ]


def test_page_and_server_read_the_same_into_any_text(phone: Page):
    @settings(max_examples=20)
    @given(st.lists(st.text(max_size=40) | _nearly_tokens(), min_size=50, max_size=50))
    def check(texts: list[str]) -> None:
        for text, read in zip(texts, parse(phone, *texts), strict=True):
            expected = Presented.read(text)
            if str(read["kind"]) in ("page", "other"):
                assert not expected.is_readable, text
            elif read["kind"] == "code":
                assert expected.code is not None and expected.code.digits == read["digits"], text
            else:
                assert expected.token is not None and expected.token.pack().hex() == read["bytes"], text

    check()


def _nearly_tokens() -> st.SearchStrategy[str]:
    whole = st.sampled_from(
        [rt1.to_compact_text(TOKEN), rt1.to_url_text(TOKEN, "a.example"), TokenCode.of(42).grouped()]
    )
    noise = st.sampled_from(["", " ", "\u200b", "\t", "\x00", "]Q1", "é", "۰", "-", ":", "0"])
    return st.builds(lambda text, at, more: text[:at] + more + text[at:], whole, st.integers(0, 200), noise)


def test_base45_is_that_of_the_rfc(phone: Page):
    vectors = {b"AB": "BB8", b"Hello!!": "%69 VD92EX0", b"base-45": "UJCLQE7W581", b"": "", b"\xff\xff": "FGW"}
    for plain, text in vectors.items():
        assert phone.evaluate("hex => scan.bytes.toBase45(scan.bytes.fromHex(hex))", plain.hex()) == text
        assert phone.evaluate("text => scan.bytes.toHex(scan.bytes.fromBase45(text))", text) == plain.hex()
    for text in ("GGW", ":::", "A", "ab", "::", "É12"):
        assert phone.evaluate("text => scan.bytes.fromBase45(text)", text) is None


def test_the_holder_tag_is_the_servers(phone: Page):
    key, cnic = bytes(range(32)), Cnic.parse("45102-1234567-1")
    script = """async ([key, serial, digits]) =>
        scan.rt1.holderTagOf(await scan.crypto.importHmac(scan.bytes.fromHex(key)), serial, digits)"""
    for serial in (1, 70_000, 2**24 - 1):
        assert phone.evaluate(script, [key.hex(), serial, cnic.digits]) == rt1.holder_tag(key, serial, cnic)


def test_a_browser_without_ed25519_reads_tokens_as_well(old_phone: Page):
    tokens = [rt1.sign(each, KEY).pack() for each in BODIES]
    assert verified(old_phone, tokens, bytes(KEY.verify_key)) == [True] * len(tokens)
    flipped = []
    for bit in range(0, 632, 7):
        token = bytearray(TOKEN)
        token[bit >> 3] ^= 1 << (bit & 7)
        flipped.append(bytes(token))
    assert verified(old_phone, flipped, bytes(KEY.verify_key)) == [False] * len(flipped)
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(TOKEN[-32:], "little") + order
    assert verified(old_phone, [TOKEN[:-32] + s.to_bytes(32, "little")], bytes(KEY.verify_key)) == [False]
