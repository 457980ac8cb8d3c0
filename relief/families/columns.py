"""Finding in the header of a file which column answers which question."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relief.families.questions import AROUND, QUESTIONS, UC, Question
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean

# Added to a file of refused rows, and passed over when it is sent again.
REFUSED_COLUMN, REFUSED_REASON = "refused_column", "refused_reason"

_NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """The places of the questions in one file."""

    header: tuple[str, ...]
    places: Mapping[str, int]

    def column_of(self, name: str) -> str:
        """Return what the file calls the column of a question; our own name for it where the file has none."""
        place = self.places.get(name)
        return self.header[place] if place is not None else _COLUMNS[name]


def find_columns(header: Sequence[str]) -> Columns:
    """Return where the questions stand: by the whole column name first, else by its part after the last group.

    Raises: InvalidInput "columns.missing", "columns.twice".
    """
    whole, last = defaultdict(list), defaultdict(list)
    for place, column in enumerate(header):
        whole[_key(column)].append(place)
        last[_key(column.rpartition("/")[2])].append(place)
    places: dict[str, int] = {}
    for question in (*QUESTIONS, *AROUND):
        found = _find(question, whole) or [place for place in _find(question, last) if place not in places.values()]
        if len(found) > 1:
            raise InvalidInput(
                "columns.twice",
                N_("The columns %(columns)s both seem to hold: %(question)s. Take one out."),
                columns=", ".join(header[place] for place in found),
                question=question.label,
            )
        if found:
            places[question.name] = found[0]
    _check_required(places)
    return Columns(tuple(header), places)


def _find(question: Question, places: Mapping[str, list[int]]) -> list[int]:
    names = (question.column, question.column.rpartition("/")[2], *question.other_columns.split(), question.name)
    for name in names:  # The first name that is there counts: a form may have `uc` and `uc_code`.
        if found := places.get(_key(name)):
            return found
    return []


def _check_required(places: Mapping[str, int]) -> None:
    # A sheet without the question of consent is one that was filled in after asking for it.
    missing = [question.column for question in (UC, *QUESTIONS) if _is_needed(question) and question.name not in places]
    if "cnic" not in places and "cnic_verified_by" not in places:
        missing.append(_COLUMNS["cnic"])
    if missing:
        raise InvalidInput(
            "columns.missing",
            N_(
                "These columns are missing: %(columns)s. The first row must name them, here or without the part before the /."
            ),
            columns=", ".join(missing),
        )


def _is_needed(question: Question) -> bool:
    return question is UC or question.is_required


def _key(column: str) -> str:
    return _NOT_WORD.sub("_", clean(column).casefold()).strip("_")


_COLUMNS = {question.name: question.column for question in (*QUESTIONS, *AROUND)}
