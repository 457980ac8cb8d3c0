"""The key under which a place's name is found: spaces, suffixes and common spellings do not count."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache

from relief.kernel.text import search_key

# What people write round a name. Folded as `search_key` folds them.
_GENERIC = frozenset(
    search_key(word)
    for word in (
        "district", "distt", "taluka", "tehsil", "talka", "uc", "union", "council", "province",
        "ضلع", "ضلعو", "تحصیل", "تعلقہ", "تعلقو", "یونین", "یونیئن", "کونسل", "ڪائونسل", "صوبہ", "صوبو",
    )
)  # fmt: skip
_SPELLINGS = {
    **dict.fromkeys(("mohammad", "mohammed", "muhammed", "mohamed", "mohd", "mohamad"), "muhammad"),
    **dict.fromkeys(("bux", "bukhsh", "baksh", "bakhsh", "buksh"), "bux"),
}


@lru_cache(maxsize=65_536)
def place_key(text: str) -> str:
    """Return the key of a place's name: "Tando Mohammad Khan District" and "TANDO MUHAMMAD KHAN" have one key.

    Empty for a text without letters or digits.
    """
    words = search_key(text).split()
    telling = [word for word in words if word not in _GENERIC] or words
    return "".join(_SPELLINGS.get(word, word) for word in telling)


def likeness(one: str, other: str) -> float:
    """Return how alike two keys are, 0 to 1."""
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def closest(key: str, known: Iterable[str], *, at_most: int = 3, likeness_floor: float = 0.7) -> list[str]:
    """Return the known keys most like this one, best first."""
    return difflib.get_close_matches(key, list(known), n=at_most, cutoff=likeness_floor)
