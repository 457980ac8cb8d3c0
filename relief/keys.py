"""The keyring: field encryption, blind indexes, keys that sign and that open, sealed at rest outside database and backup."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey

from relief.kernel.errors import Conflict, NotFound
from relief.kernel.messages import N_

_NONCE_BYTES = 12
_INDEX_BYTES = 16
_MASTER = "master.key"
_MANIFEST_KEY, _SEAL_KEY = "server-manifest", "server-seal"
_SEAL_KEY_BYTES = 32
# RFC 9180, as phones seal to this server: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
_HPKE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class Keyring:
    """The keys of one instance. Every key in use is derived from the master or sealed by it; nothing shows in `repr`."""

    def __init__(self, folder: Path, master: bytes) -> None:
        self._folder = folder
        self._master = master
        self._fields = AESGCM(self._derive("fields"))
        self._signing_seal = AESGCM(self._derive("signing keys"))
        self._index_keys: dict[str, bytes] = {}
        self._signing_keys: dict[str, SigningKey] = {}
        self._seal_key: ec.EllipticCurvePrivateKey | None = None

    @classmethod
    def create(cls, folder: Path) -> Keyring:
        """Make a keyring in the folder, or open the one that lies there: a second start never makes a second master."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _write_once(folder / _MASTER, os.urandom(32))
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Keyring:
        """Open the keyring in the folder. Raises: NotFound "keys.missing"."""
        try:
            master = (folder / _MASTER).read_bytes()
        except FileNotFoundError:
            raise NotFound(
                "keys.missing",
                N_(
                    "The keyring %(path)s is missing. Without it no CNIC can be read: put it back from its own safe copy."
                ),
                path=str(folder / _MASTER),
            ) from None
        assert len(master) == 32, "the master key is 32 bytes; this file is cut or foreign"
        return cls(folder, master)

    def seal(self, text: str, context: str) -> bytes:
        """Return the text encrypted for storage; `context` names the column and must be given again to unseal."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._fields.encrypt(nonce, text.encode(), context.encode())

    def seal_many(self, texts: Iterable[str | None], context: str) -> list[bytes | None]:
        """Return each text encrypted, None for None: one call for a whole column of an import."""
        encrypt, about, random = self._fields.encrypt, context.encode(), os.urandom
        sealed: list[bytes | None] = []
        for text in texts:
            if text is None:
                sealed.append(None)
                continue
            nonce = random(_NONCE_BYTES)
            sealed.append(nonce + encrypt(nonce, text.encode(), about))
        return sealed

    def unseal(self, sealed: bytes, context: str) -> str:
        """Return the text that was sealed. Raises: Conflict "keys.cannot_unseal" for another keyring or an edited value."""
        return _open_sealed(self._fields, sealed, context).decode()

    def index(self, text: str, purpose: str) -> bytes:
        """Return the 16-byte keyed blind index under which a sealed value is found again."""
        return hmac.digest(self._index_key(purpose), text.encode(), "sha256")[:_INDEX_BYTES]

    def index_many(self, texts: Iterable[str | None], purpose: str) -> list[bytes | None]:
        """Return the blind index of each text, None for None."""
        key = self._index_key(purpose)
        return [None if text is None else hmac.digest(key, text.encode(), "sha256")[:_INDEX_BYTES] for text in texts]

    def tag(self, data: bytes, purpose: str) -> bytes:
        """Return the 32-byte keyed HMAC-SHA256 of the data."""
        return hmac.digest(self._index_key(purpose), data, "sha256")

    def make_signing_key(self, name: str) -> bytes:
        """Make an Ed25519 key under a new name, sealed at rest; return its 32-byte public half.

        Raises: Conflict "keys.name_taken".
        """
        key = SigningKey.generate()
        nonce = os.urandom(_NONCE_BYTES)
        try:
            _write_once(self._file_of(name), nonce + self._signing_seal.encrypt(nonce, bytes(key), name.encode()))
        except FileExistsError:
            raise Conflict(
                "keys.name_taken", N_("The keyring already holds a key named %(name)s."), name=name
            ) from None
        self._signing_keys[name] = key
        return bytes(key.verify_key)

    def signing_key(self, name: str) -> SigningKey:
        """Return the signing key of that name. Raises: NotFound "keys.no_signing_key", Conflict "keys.cannot_unseal"."""
        if name not in self._signing_keys:
            try:
                sealed = self._file_of(name).read_bytes()
            except FileNotFoundError:
                raise NotFound(
                    "keys.no_signing_key", N_("This machine does not hold the signing key %(name)s."), name=name
                ) from None
            self._signing_keys[name] = SigningKey(_open_sealed(self._signing_seal, sealed, name))
        return self._signing_keys[name]

    def forget_signing_key(self, name: str) -> None:
        """Remove a key whose making was rolled back; a key that signed anything is never removed."""
        self._signing_keys.pop(name, None)
        self._file_of(name).unlink(missing_ok=True)

    def manifest_key(self) -> SigningKey:
        """Return the key that signs what phones take along; made when it is first asked for."""
        if _MANIFEST_KEY not in self._signing_keys and not self._file_of(_MANIFEST_KEY).exists():
            with contextlib.suppress(Conflict):  # Another process made it a moment before: that one stays.
                self.make_signing_key(_MANIFEST_KEY)
        return self.signing_key(_MANIFEST_KEY)

    def seal_public_key(self) -> bytes:
        """Return the P-256 key to which phones seal, as an uncompressed point of 65 bytes; made when first asked for."""
        return self._opening_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def unseal_hpke(self, sealed: bytes, info: bytes) -> bytes:
        """Return what was sealed to this instance's key by HPKE in a single shot (RFC 9180): encapsulated key, then ciphertext.

        Raises: Conflict "keys.cannot_unseal".
        """
        try:
            return _HPKE.decrypt(sealed, self._opening_key(), info)
        except (InvalidTag, ValueError):
            raise _cannot_unseal() from None

    def _opening_key(self) -> ec.EllipticCurvePrivateKey:
        if self._seal_key is None:
            file = self._file_of(_SEAL_KEY)
            if not file.exists():
                made = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
                nonce = os.urandom(_NONCE_BYTES)
                secret = made.to_bytes(_SEAL_KEY_BYTES)
                with contextlib.suppress(FileExistsError):
                    _write_once(file, nonce + self._signing_seal.encrypt(nonce, secret, _SEAL_KEY.encode()))
            # Read back also by its maker: of two that made one at the same moment, one file stands.
            value = int.from_bytes(_open_sealed(self._signing_seal, file.read_bytes(), _SEAL_KEY))
            self._seal_key = ec.derive_private_key(value, ec.SECP256R1())
        return self._seal_key

    def _index_key(self, purpose: str) -> bytes:
        if purpose not in self._index_keys:
            self._index_keys[purpose] = self._derive(f"index {purpose}")
        return self._index_keys[purpose]

    def _derive(self, purpose: str) -> bytes:
        return HKDF(
            hashes.SHA256(), 32, salt=hashlib.sha256(b"relief keyring 1").digest(), info=purpose.encode()
        ).derive(self._master)

    def _file_of(self, name: str) -> Path:
        assert re.fullmatch(r"[a-z0-9-]{1,60}", name), "a key's name is a file name"
        return self._folder / f"{name}.sealed"


def _open_sealed(seal: AESGCM, sealed: bytes, context: str) -> bytes:
    try:
        return seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError):  # ValueError: what is left of it is too short to be a sealed value at all.
        raise _cannot_unseal() from None


def _cannot_unseal() -> Conflict:
    return Conflict(
        "keys.cannot_unseal", N_("A sealed value was changed, or belongs to another keyring than this instance's.")
    )


def _write_once(path: Path, content: bytes) -> None:
    """Write a new file whole and durable, readable by its owner alone; a crash leaves no half file under its name."""
    # A name of its own: in a container every start has the same process number, also after a crash that left a draft.
    number, draft = tempfile.mkstemp(suffix=".draft", dir=path.parent)
    with os.fdopen(number, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # Unlike rename, a link fails where the name is taken.
    finally:
        Path(draft).unlink()
