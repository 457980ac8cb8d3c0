"""The keyring: what one seals no other reads, a second start changes nothing, and nobody else may look."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from relief.kernel.errors import Conflict, NotFound
from relief.keys import Keyring

CNIC = "4510212345671"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a keyring will lie."""
    return tmp_path / "instance" / "keys"


@pytest.fixture
def keys(folder: Path) -> Keyring:
    """A fresh keyring."""
    return Keyring.create(folder)


@pytest.fixture
def others(tmp_path: Path) -> Keyring:
    """The keyring of another instance."""
    return Keyring.create(tmp_path / "other")


def cannot_unseal(keys: Keyring, sealed: bytes, context: str = "family.cnic") -> bool:
    with pytest.raises(Conflict) as refusal:
        keys.unseal(sealed, context)
    return refusal.value.code == "keys.cannot_unseal" and CNIC not in str(refusal.value)


@given(text=st.text(max_size=60), context=st.text(min_size=1, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_is_sealed_is_read_back(keys: Keyring, text: str, context: str):
    assert keys.unseal(keys.seal(text, context), context) == text


def test_one_text_is_never_sealed_alike_and_never_shows(keys: Keyring):
    sealed = {keys.seal(CNIC, "family.cnic") for _ in range(50)}
    assert len(sealed) == 50 and not any(CNIC.encode() in blob for blob in sealed)


def test_a_column_is_sealed_as_its_texts_are(keys: Keyring):
    sealed = keys.seal_many([CNIC, None, "x"], "family.cnic")
    assert [blob and keys.unseal(blob, "family.cnic") for blob in sealed] == [CNIC, None, "x"]
    assert keys.index_many([CNIC, None, "x"], "cnic") == [keys.index(CNIC, "cnic"), None, keys.index("x", "cnic")]


def test_a_value_moved_to_another_column_is_not_read(keys: Keyring):
    assert cannot_unseal(keys, keys.seal(CNIC, "family.cnic"), "family.phone")


def test_two_keyrings_cannot_read_each_other(keys: Keyring, others: Keyring):
    assert cannot_unseal(others, keys.seal(CNIC, "family.cnic"))
    assert keys.index(CNIC, "cnic") != others.index(CNIC, "cnic")
    assert keys.tag(b"1", "holder") != others.tag(b"1", "holder")


def test_an_edited_or_cut_value_is_not_read(keys: Keyring):
    sealed = keys.seal(CNIC, "family.cnic")
    for place in range(len(sealed)):
        assert cannot_unseal(keys, sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
        assert cannot_unseal(keys, sealed[:place])


def test_an_index_finds_the_same_text_for_the_same_purpose_only(keys: Keyring, folder: Path):
    index = keys.index(CNIC, "cnic")
    assert len(index) == 16 and index == keys.index(CNIC, "cnic") == Keyring.open(folder).index(CNIC, "cnic")
    assert len({index, keys.index(CNIC, "phone"), keys.index(CNIC[:-1], "cnic"), keys.tag(CNIC.encode(), "cnic")}) == 4
    assert len(keys.tag(b"", "holder")) == 32


def test_a_second_start_keeps_the_master(keys: Keyring, folder: Path):
    sealed, master = keys.seal(CNIC, "family.cnic"), (folder / "master.key").read_bytes()
    assert Keyring.create(folder).unseal(sealed, "family.cnic") == CNIC
    assert Keyring.open(folder).unseal(sealed, "family.cnic") == CNIC
    assert (folder / "master.key").read_bytes() == master


def test_many_first_starts_at_once_make_one_master(folder: Path):
    gate = threading.Barrier(8)

    def start() -> bytes:
        gate.wait()
        return Keyring.create(folder).index(CNIC, "cnic")

    with ThreadPoolExecutor(8) as pool:
        assert len({made.result() for made in [pool.submit(start) for _ in range(8)]}) == 1
    assert [path.name for path in folder.iterdir()] == ["master.key"]


def test_a_lost_keyring_is_named_and_never_made_anew(folder: Path):
    with pytest.raises(NotFound) as refusal:
        Keyring.open(folder)
    assert refusal.value.code == "keys.missing" and str(folder) in str(refusal.value)
    assert not folder.exists()


def test_a_cut_master_is_not_used(keys: Keyring, folder: Path):
    (folder / "master.key").write_bytes(b"x" * 31)
    with pytest.raises(AssertionError):
        Keyring.open(folder)


def test_only_the_owner_may_look(keys: Keyring, folder: Path):
    keys.make_signing_key("campaign-1")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "master.key": 0o600, "campaign-1.sealed": 0o600,
    }  # fmt: skip


def test_nothing_shows_the_keys(keys: Keyring, folder: Path):
    master = (folder / "master.key").read_bytes()
    assert master.hex() not in repr(keys) and repr(master) not in repr(keys)


def test_a_signing_key_signs_and_outlives_a_restart(keys: Keyring, folder: Path):
    public = keys.make_signing_key("campaign-1")
    for holder in (keys, Keyring.open(folder)):
        signed = holder.signing_key("campaign-1").sign(b"token")
        assert VerifyKey(public).verify(signed) == b"token"
    with pytest.raises(BadSignatureError):
        VerifyKey(keys.make_signing_key("campaign-2")).verify(signed)


def test_a_signing_key_lies_sealed_on_the_disk(keys: Keyring, folder: Path):
    keys.make_signing_key("campaign-1")
    assert bytes(keys.signing_key("campaign-1")) not in (folder / "campaign-1.sealed").read_bytes()


def test_a_signing_key_is_never_overwritten(keys: Keyring, folder: Path):
    public = keys.make_signing_key("campaign-1")
    for holder in (keys, Keyring.open(folder)):
        with pytest.raises(Conflict) as refusal:
            holder.make_signing_key("campaign-1")
        assert refusal.value.code == "keys.name_taken"
    assert bytes(Keyring.open(folder).signing_key("campaign-1").verify_key) == public


def test_a_signing_key_of_another_keyring_or_name_is_not_used(
    keys: Keyring, others: Keyring, folder: Path, tmp_path: Path
):
    keys.make_signing_key("campaign-1")
    sealed = (folder / "campaign-1.sealed").read_bytes()
    (tmp_path / "other" / "campaign-1.sealed").write_bytes(sealed)
    (folder / "campaign-2.sealed").write_bytes(sealed)
    for holder, name in ((others, "campaign-1"), (keys, "campaign-2")):
        with pytest.raises(Conflict) as refusal:
            holder.signing_key(name)
        assert refusal.value.code == "keys.cannot_unseal"


def test_a_signing_key_whose_making_was_rolled_back_is_forgotten(keys: Keyring):
    first = keys.make_signing_key("campaign-1")
    keys.forget_signing_key("campaign-1")
    keys.forget_signing_key("campaign-1")
    with pytest.raises(NotFound) as refusal:
        keys.signing_key("campaign-1")
    assert refusal.value.code == "keys.no_signing_key"
    assert keys.make_signing_key("campaign-1") != first


@pytest.mark.parametrize("name", ["", "../master", "a/b", "A", "a.b", "x" * 61])
def test_a_name_that_is_no_file_name_is_a_bug(keys: Keyring, name: str):
    with pytest.raises(AssertionError):
        keys.signing_key(name)


def test_a_start_that_was_cut_short_does_not_stop_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def power_cut(*_paths: object) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="power cut"):
        patch.setattr("os.link", power_cut)
        patch.setattr("pathlib.Path.unlink", lambda _path: None)
        Keyring.create(folder)
    assert [path.name for path in folder.iterdir()] != []
    assert Keyring.create(folder).index(CNIC, "cnic") == Keyring.open(folder).index(CNIC, "cnic")


SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
INFO = b"relief outbox 1"


def sealed_for(keys: Keyring, secret: bytes, info: bytes = INFO) -> bytes:
    """Seal as a phone does, from the public key alone."""
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), keys.seal_public_key())
    return SUITE.encrypt(secret, public, info)


def test_what_a_phone_seals_only_this_instance_opens(keys: Keyring, others: Keyring, folder: Path):
    secret = bytes(range(32))
    sealed = sealed_for(keys, secret)
    assert len(keys.seal_public_key()) == 65 and len(sealed) == 65 + 32 + 16
    assert keys.unseal_hpke(sealed, INFO) == Keyring.open(folder).unseal_hpke(sealed, INFO) == secret
    with pytest.raises(Conflict, match="another keyring"):
        others.unseal_hpke(sealed, INFO)


def test_what_was_sealed_wrongly_is_refused_and_breaks_nothing(keys: Keyring):
    sealed = sealed_for(keys, bytes(32))
    broken = [sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :] for place in range(len(sealed))]
    for wrong in (
        b"",
        sealed[:40],
        sealed[:65],
        sealed + b"x",
        bytes(113),
        sealed_for(keys, bytes(32), b"else"),
        *broken,
    ):
        with pytest.raises(Conflict) as refusal:
            keys.unseal_hpke(wrong, INFO)
        assert refusal.value.code == "keys.cannot_unseal"


def test_the_servers_own_keys_are_made_once_whoever_asks_first(folder: Path):
    rings = [Keyring.create(folder) for _ in range(16)]
    start = threading.Barrier(len(rings))

    def ask(ring: Keyring) -> tuple[bytes, bytes]:
        start.wait()
        return bytes(ring.manifest_key().verify_key), ring.seal_public_key()

    with ThreadPoolExecutor(len(rings)) as pool:
        assert len(set(pool.map(ask, rings))) == 1
    for file in ("server-manifest.sealed", "server-seal.sealed"):
        assert stat.S_IMODE((folder / file).stat().st_mode) == 0o600
