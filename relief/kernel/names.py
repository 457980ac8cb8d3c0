"""The name of a person, in any script, as it was given."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean, search_key

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name of 1 to 120 characters. It may look like a script or a formula: it is kept and shown as text."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name without invisible marks. Raises: InvalidInput "name.missing", "name.too_long"."""
        name = clean(text)
        if not name:
            raise InvalidInput("name.missing", N_("A name is missing."))
        if len(name) > LONGEST_NAME:
            raise InvalidInput("name.too_long", N_("A name has at most %(count)s characters."), count=LONGEST_NAME)
        return cls(name)

    @property
    def key(self) -> str:
        """The key under which a search finds the name."""
        return search_key(self.text)

    def __str__(self) -> str:
        return self.text


def mask_name(name: str) -> str:
    """Return "A••• S•••" for a name in any script: enough to ask a holder by, too little to tell who it is elsewhere."""
    return " ".join(map(_masked_word, name.split()))


@lru_cache(maxsize=20_000)  # Given names repeat from family to family.
def _masked_word(word: str) -> str:
    # A letter is written with the marks over and under it.
    end = next((n for n, mark in enumerate(word) if n and not unicodedata.combining(mark)), len(word))
    return f"{word[:end]}•••"
