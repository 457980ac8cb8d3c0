"""The token: its bytes, its signature, its COSE form."""

import datetime as dt
import struct

import cbor2
import cwt
import pytest
from cwt.exceptions import VerifyError
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys import CoseKey
from pycose.messages import CoseMessage

from relief.kernel.errors import InvalidInput
from relief.kernel.identity import Cnic
from relief.papers.rt1 import (
    BODY_BYTES,
    TOKEN_BYTES,
    Token,
    TokenBody,
    expand,
    holder_tag,
    sign,
    sign_many,
    signed_bytes,
    verify,
)
from tests.papers.samples import KEY, OTHER_KEY, body

BODIES = st.builds(
    TokenBody,
    key_id=st.integers(0, 0xFF),
    campaign=st.integers(0, 0xFFFF),
    serial=st.integers(0, 0xFFFFFF),
    reissue=st.integers(0, 0xFF),
    entitlement=st.integers(0, 0xFF),
    point=st.integers(0, 0xFFFF),
    expires_on=st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 1) + dt.timedelta(0xFFFF)),
    holder_tag=st.integers(0, 0xFFFF),
)
# The order of Ed25519's group (RFC 8032): adding it to s gives a second spelling of a signature.
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
PAKISTAN = dt.timezone(dt.timedelta(hours=5))


# --- Bytes -------------------------------------------------------------------------------------------------------------


def test_a_token_has_the_bytes_of_the_format():
    token = sign(body(), KEY)
    # version and flags | key | campaign | serial | reissue | entitlement | point | days since 2020-01-01 | holder tag
    assert token.body.pack().hex(" ") == "10 01 00 07 02 d7 db 00 02 01 37 04 47 be ef"
    # The signature of this body by this key never changes: phones in the field hold tokens that are signed this way.
    assert token.pack().hex() == token.body.pack().hex() + (
        "40a69bc1997a9c8c92852a4f600d1a4cc43f6b97ac8fba8b1a0f79d295051dbc"
        "5cb312a79046361bedcc40cd68a060bcbfe7c799c93ff556c159af62b980a308"
    )


@given(BODIES)
def test_every_body_comes_back_as_it_went_out(one):
    assert TokenBody.unpack(one.pack()) == one
    assert len(one.pack()) == BODY_BYTES


@pytest.mark.parametrize(
    "changed",
    [
        {"serial": 1 << 24},
        {"point": 1 << 16},
        {"campaign": -1},
        {"reissue": 256},
        {"expires_on": dt.date(2019, 12, 31)},
    ],
)
def test_a_number_never_spills_into_its_neighbour(changed):
    with pytest.raises(struct.error):
        body(**changed).pack()


@pytest.mark.parametrize("length", [0, 14, 16, 78, 80])
def test_bytes_of_another_length_are_damaged(length):
    for unpack in (Token.unpack, TokenBody.unpack):
        with pytest.raises(InvalidInput, match="not read whole"):
            unpack(bytes(length))


@pytest.mark.parametrize("first", [0x00, 0x11, 0x20, 0xFF])
def test_another_version_or_flag_is_unknown(first):
    with pytest.raises(InvalidInput) as caught:
        Token.unpack(bytes([first]) + sign(body(), KEY).pack()[1:])
    assert caught.value.code == "token.unknown_version"


def test_a_token_does_not_show_its_signature():
    token = sign(body(), KEY)
    assert token.signature.hex()[:8] not in repr(token)
    assert str(token.signature)[2:10] not in repr(token)


# --- Signature ---------------------------------------------------------------------------------------------------------


def test_a_signed_token_is_genuine_and_says_what_it_said():
    assert verify(Token.unpack(sign(body(), KEY).pack()), KEY.verify_key) == body()


def test_a_token_of_another_key_is_not_genuine():
    with pytest.raises(InvalidInput) as caught:
        verify(sign(body(), OTHER_KEY), KEY.verify_key)
    assert caught.value.code == "token.not_genuine"


@pytest.mark.parametrize("place", range(TOKEN_BYTES * 8))
def test_a_token_with_one_bit_flipped_is_refused(place):
    packed = bytearray(sign(body(), KEY).pack())
    packed[place // 8] ^= 0x80 >> place % 8
    with pytest.raises(InvalidInput) as caught:
        verify(Token.unpack(bytes(packed)), KEY.verify_key)
    assert caught.value.code == ("token.unknown_version" if place < 8 else "token.not_genuine")


def test_a_signature_has_one_spelling():
    packed = sign(body(), KEY).pack()
    s = int.from_bytes(packed[-32:], "little") + GROUP_ORDER
    with pytest.raises(InvalidInput):
        verify(Token.unpack(packed[:-32] + s.to_bytes(32, "little")), KEY.verify_key)


def test_bulk_signing_makes_the_same_tokens():
    bodies = [body(serial=serial, point=serial * 7) for serial in range(1, 50)]
    assert sign_many(bodies, KEY) == [sign(one, KEY).pack() for one in bodies]


# --- COSE --------------------------------------------------------------------------------------------------------------


def meant_payload(one: TokenBody) -> dict:
    packed = one.pack()
    midnight = dt.datetime.combine(one.expires_on, dt.time(), PAKISTAN) + dt.timedelta(days=1)
    others = [packed[0], one.entitlement, one.point, packed[13:15]]
    return {4: int(midnight.timestamp()), 7: packed[2:8], -70001: others}


@given(BODIES)
def test_what_is_signed_is_the_deterministic_sig_structure(one):
    protected = cbor2.dumps({1: -8, 4: one.pack()[1:4]}, canonical=True)
    payload = cbor2.dumps(meant_payload(one), canonical=True)
    assert signed_bytes(one.pack()) == cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


@given(BODIES)
def test_the_expanded_token_is_deterministic_cbor(one):
    expanded = expand(sign(one, KEY))
    assert cbor2.dumps(cbor2.loads(expanded), canonical=True) == expanded


@given(BODIES)
def test_pycose_verifies_the_expanded_token(one):
    message = CoseMessage.decode(expand(sign(one, KEY)))
    message.key = CoseKey.from_dict({"KTY": "OKP", "CURVE": "ED25519", "X": bytes(KEY.verify_key)})
    assert message.verify_signature()
    message.key = CoseKey.from_dict({"KTY": "OKP", "CURVE": "ED25519", "X": bytes(OTHER_KEY.verify_key)})
    assert not message.verify_signature()


def cwt_key(kid: bytes) -> cwt.COSEKey:
    return cwt.COSEKey.new({1: 1, 2: kid, 3: -8, -1: 6, -2: bytes(KEY.verify_key)})


def test_cwt_verifies_the_expanded_token_and_reads_its_claims():
    one = body(expires_on=dt.date(2199, 1, 1))
    claims = cwt.decode(expand(sign(one, KEY)), cwt_key(one.pack()[1:4]))
    assert claims == meant_payload(one)


def test_cwt_refuses_the_expanded_token_after_its_day():
    one = body(expires_on=dt.date(2022, 12, 31))
    with pytest.raises(VerifyError, match="expired"):
        cwt.decode(expand(sign(one, KEY)), cwt_key(one.pack()[1:4]))


# --- Holder ------------------------------------------------------------------------------------------------------------


def test_the_holder_tag_depends_on_key_serial_and_cnic():
    cnic = Cnic.parse("45102-1234567-1")
    tag = holder_tag(b"k" * 32, 7, cnic)
    assert 0 < tag < 1 << 16
    assert tag == holder_tag(b"k" * 32, 7, Cnic.parse("۴۵۱۰۲۱۲۳۴۵۶۷۱"))
    assert tag not in {
        holder_tag(b"K" * 32, 7, cnic),
        holder_tag(b"k" * 32, 8, cnic),
        holder_tag(b"k" * 32, 7, Cnic.parse("45102-1234567-2")),
    }


def test_only_a_family_without_cnic_has_the_tag_zero():
    assert holder_tag(b"k" * 32, 7, None) == 0
    cnic = Cnic.parse("45102-1234567-1")
    assert all(holder_tag(b"k" * 32, serial, cnic) for serial in range(200_000))
