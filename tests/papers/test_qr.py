"""QR codes: the bulk encoder draws what the library draws, and readers read it."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from relief.papers import qr, qr_batch
from relief.papers.qr import ALPHANUMERIC, QUIET_MODULES, Level, encode, svg
from relief.papers.qr_batch import encode_many
from relief.papers.rt1 import to_compact_text, to_url_text
from tests.papers.samples import HOST, random_tokens


def read(modules: np.ndarray, scale: int = 4) -> list[str]:
    """Return what a reader finds in the picture of a code."""
    picture = np.pad(np.where(modules, 0, 255).astype(np.uint8), QUIET_MODULES, constant_values=255)
    return [found.text for found in zxingcpp.read_barcodes(np.kron(picture, np.ones((scale, scale), np.uint8)))]


# The lengths of the hosts give the versions 8 (sizes below and above its fill), 9, 10 and 11.
HOSTS = ("a.pk", HOST, "relief-distribution.srso.example.org", "x" * 60 + ".example.org:8443", "y" * 100)


@pytest.mark.parametrize("host", HOSTS)
def test_bulk_codes_of_addresses_equal_the_librarys(host):
    texts = [to_url_text(token, host) for token in random_tokens(40)]
    many = encode_many(texts, Level.Q)
    assert all((code == encode(text, Level.Q)).all() for code, text in zip(many, texts, strict=True))


@pytest.mark.parametrize("level", Level)
def test_bulk_codes_of_compact_texts_equal_the_librarys_at_every_level(level):
    texts = [to_compact_text(token) for token in random_tokens(40)]
    many = encode_many(texts, level)
    assert all((code == encode(text, level)).all() for code, text in zip(many, texts, strict=True))


@given(
    st.text(ALPHANUMERIC, max_size=80).filter(lambda head: not head[-1:].isdigit()),
    st.lists(st.integers(10**30, 10**31 - 1), min_size=1, max_size=3),
    st.sampled_from(Level),
)
def test_bulk_codes_of_any_head_and_digits_equal_the_librarys(head, numbers, level):
    texts = [f"{head}{number}" for number in numbers]
    for code, text in zip(encode_many(texts, level), texts, strict=True):
        assert (code == encode(text, level)).all()


def test_the_compact_form_fills_version_5_and_the_address_fits_version_8():
    assert encode(to_compact_text(random_tokens(1)[0]), Level.M).shape == (37, 37)
    assert encode(to_url_text(random_tokens(1)[0], HOST), Level.Q).shape == (49, 49)


def test_more_codes_than_a_batch_keep_their_order(monkeypatch):
    texts = [to_compact_text(token) for token in random_tokens(25)]
    whole = encode_many(texts, Level.M)
    monkeypatch.setattr(qr_batch, "_BATCH", 10)
    assert (encode_many(texts, Level.M) == whole).all()


def test_a_reader_reads_every_code():
    texts = [to_url_text(token, HOST) for token in random_tokens(30)]
    assert [read(code) for code in encode_many(texts, Level.Q)] == [[text] for text in texts]


def test_the_smallest_and_largest_token_read_too():
    for token in (bytes(78) + b"\1", b"\xff" * 79):
        text = to_url_text(token, HOST)
        assert read(encode_many([text], Level.Q)[0]) == [text]


@pytest.mark.parametrize(
    "texts",
    [
        ["R1:AB", "R1:ABC"],
        ["R1:AB", "R1:ab"],
        ["R1:AB", "R1:Aé"],
        ["HTTPS://A/V/" + "1" * 30, "HTTPS://B/V/" + "1" * 30],
        ["HTTPS://A/V/" + "1" * 30, "HTTPS://A/V/" + "1" * 29 + "A"],
        ["https://a/v/" + "1" * 30],
    ],
)
def test_texts_of_different_shapes_are_refused(texts):
    with pytest.raises(ValueError, match=r"batch|bulk"):
        encode_many(texts, Level.Q)


def test_no_texts_make_no_codes():
    assert len(encode_many([], Level.Q)) == 0


def test_the_svg_shows_the_modules_in_their_quiet_zone():
    text = to_url_text(random_tokens(1)[0], HOST)
    root = ET.fromstring(svg(text, Level.Q, label='Token of "Ali" <b>'))
    side = int(root.get("viewBox").split()[2])
    assert root.get("aria-label") == 'Token of "Ali" <b>'
    drawn = np.zeros((side, side), np.bool_)
    for part in root[1].get("d").split("M")[1:]:
        x, y, width = (int(number) for number in part.replace("h", " ").split("v")[0].split())
        drawn[y, x : x + width] = True
    assert (drawn == np.pad(encode(text, Level.Q), QUIET_MODULES)).all()


def test_any_text_can_be_one_code():
    for text in ("https://relief.example.org/", "ٹوکن", "1" * 40, "A1", "family F-00012345-67"):
        assert read(encode(text, Level.M)) == [text]
    assert len(qr.segments_of(to_url_text(random_tokens(1)[0], HOST))) == 2
