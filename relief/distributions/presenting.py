"""What is held out at a table: the text of a QR code, a typed code, or on a late list a family's code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from relief.kernel.codes import FamilyCode, TokenCode
from relief.kernel.errors import InvalidInput
from relief.papers import rt1


@dataclass(frozen=True, slots=True, repr=False)
class Presented:
    """One of a scanned token, a typed code, a family's code; none of them when nothing could be read.

    `digest` tells two presentations apart without keeping the text, which is a secret. No `repr`: it would land in a log.
    """

    digest: bytes
    token: rt1.Token | None = None
    code: TokenCode | None = None
    family_code: FamilyCode | None = None

    @classmethod
    def read(cls, text: str, *, allow_family_code: bool = False) -> Self:
        """Return what the text is; never refuses, since what cannot be read is shown or recorded as such."""
        digest = hashlib.sha256(text.strip().encode()).digest()
        try:
            return cls(digest, code=TokenCode.parse(text))
        except InvalidInput:
            pass
        if allow_family_code:
            try:
                return cls(digest, family_code=FamilyCode.parse(text))
            except InvalidInput:
                pass
        try:
            return cls.of_packed(rt1.parse_text(text))
        except InvalidInput:
            return cls(digest)

    @classmethod
    def of_packed(cls, packed: bytes) -> Self:
        """Return a scanned token from its bytes, or what could not be read."""
        # The digest of the token, not of its spelling: both forms of a sheet are the same token.
        digest = hashlib.sha256(packed).digest()
        try:
            return cls(digest, token=rt1.Token.unpack(packed))
        except InvalidInput:
            return cls(digest)

    @property
    def is_readable(self) -> bool:
        """Whether anything was understood."""
        return (self.token or self.code or self.family_code) is not None
