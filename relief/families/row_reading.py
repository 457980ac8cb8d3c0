"""Reading the rows of a file as registrations, thousands at a time: what can be taken, and what is wrong with the rest."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from relief.families.columns import Columns
from relief.families.entries import Entry
from relief.families.questions import (
    AROUND,
    DISTRICT,
    ENUMERATOR,
    GPS,
    QUESTIONS,
    SUBMISSION,
    SURVEYED,
    TALUKA,
    UC,
    Question,
)  # fmt: skip
from relief.families.rules import UC_AMBIGUOUS, Flag, Registration, flags_of, problems_of
from relief.files.table import Row
from relief.geography.gazetteer import NOT_FOUND, Gazetteer
from relief.geography.locator import Locator
from relief.kernel.errors import Problem
from relief.kernel.messages import N_

# Answers kept in mind for each question: in a long file nearly all but the numbers of persons have come before.
_MOST_REMEMBERED = 20_000


class GoodRow(NamedTuple):
    """A row that may be taken."""

    row: Row
    entry: Entry


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is refused, with every reason."""

    row: Row
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where rows may lie: names, boundaries, and the Union Councils in which the actor may register."""

    gazetteer: Gazetteer
    locator: Locator
    allowed_ucs: frozenset[int]


class _Memory(dict[str, Any]):
    """The answers to one question by their text."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self.has_problems = False

    def __missing__(self, text: str) -> Any:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        answer = self[text] = self._question.answer(text)
        self.has_problems = self.has_problems or type(answer) is Problem
        return answer


class RowReader:
    """Reads the rows of one file. A refusal names each thing that is wrong, so that a row is mended once."""

    def __init__(self, columns: Columns, places: Places, *, on: dt.date) -> None:
        self._columns, self._places, self._on = columns, places, on
        self._memories = {question.name: _Memory(question) for question in (*QUESTIONS, *AROUND)}

    def read(self, rows: Sequence[Row]) -> tuple[list[GoodRow], list[BadRow]]:
        """Return the rows that may be taken and those that are refused, each in the order of the file."""
        batch = _Batch(rows, len(self._columns.header))
        around = {question.name: self._answers(question, batch) for question in AROUND}
        answers = {question.name: self._answers(question, batch) for question in QUESTIONS}
        accuracies = _fill_points(answers["lon"], answers["lat"], around[GPS.name], batch)
        self._place(batch, around, answers)
        sheets = zip(around[SUBMISSION.name], around[ENUMERATOR.name], around[SURVEYED.name], strict=True)
        facts = zip(batch.uc_ids, *answers.values(), accuracies, strict=True)
        good: list[GoodRow] = []
        for n, (row, sheet, values) in enumerate(zip(rows, sheets, facts, strict=True)):
            if n in batch.problems:
                continue
            registration = Registration(*values)
            problems = problems_of(registration, on=self._on)
            if problems:
                batch.problems[n] = problems
                continue
            flags = flags_of(registration, on=self._on, distance_m=batch.distances[n])
            if n in batch.flags:
                flags.append(batch.flags[n])
            good.append(GoodRow(row, Entry(registration, tuple(flags), *sheet)))
        return good, [BadRow(rows[n], tuple(batch.problems[n])) for n in sorted(batch.problems)]

    def _answers(self, question: Question, batch: _Batch) -> list[Any]:
        place = self._columns.places.get(question.name)
        if place is None:
            return [question.default] * batch.size
        memory = self._memories[question.name]
        answers = list(map(memory.__getitem__, batch.columns[place]))
        for n, answer in enumerate(answers) if memory.has_problems else ():
            if type(answer) is Problem:
                batch.problems[n].append(answer)
                answers[n] = question.default
        return answers

    def _place(self, batch: _Batch, around: dict[str, list[Any]], answers: dict[str, list[Any]]) -> None:
        """Find the Union Council of each row, and how far outside it the row's GPS position lies."""
        lon, lat = _degrees(answers["lon"]), _degrees(answers["lat"])
        written = zip(around[DISTRICT.name], around[TALUKA.name], around[UC.name], strict=True)
        matches = self._places.gazetteer.find_ucs(written, lon, lat)
        batch.uc_ids = matches.area_id.tolist()
        for n, problem in matches.problems.items():
            if batch.uc_ids[n] == NOT_FOUND:
                batch.problems[n].append(problem)
            else:
                batch.flags[n] = Flag(UC_AMBIGUOUS, problem.params)
        for n, uc_id in enumerate(batch.uc_ids):
            if uc_id != NOT_FOUND and uc_id not in self._places.allowed_ucs:
                message = N_("This Union Council lies outside the area in which you may register families.")
                batch.problems[n].append(Problem(UC.name, "area.outside_scope", message))
        distances = self._places.locator.distance_to_area_m(lon, lat, matches.area_id)
        batch.distances = [None if math.isnan(distance) else distance for distance in distances.tolist()]


class _Batch:
    """Some rows turned into columns, and what is found out about them, by their place."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        self.size = len(rows)
        self.problems: dict[int, list[Problem]] = defaultdict(list)
        self.flags: dict[int, Flag] = {}
        self.uc_ids: list[int] = [NOT_FOUND] * len(rows)
        self.distances: list[float | None] = [None] * len(rows)
        cells = [row.cells for row in rows]
        for n, row in enumerate(rows):
            if len(row.cells) > width:
                cells[n] = row.cells[:width]
                if any(row.cells[width:]):
                    message = N_(
                        "The row has more cells than the header: a separator stands in a cell outside quotation marks."
                    )
                    self.problems[n].append(Problem("", "row.too_many_cells", message))
        self.columns = list(zip(*cells, strict=True))


def _fill_points(lon: list[Any], lat: list[Any], gps: list[Any], batch: _Batch) -> list[float | None]:
    """Take the position from the combined column where the single ones are empty; return the accuracies."""
    accuracies: list[float | None] = [None] * len(gps)
    for n, position in enumerate(gps):
        if position is not None:
            accuracies[n] = position[2]
            if lon[n] is None and lat[n] is None:
                lat[n], lon[n] = position[:2]
        if (lon[n] is None) != (lat[n] is None) and n not in batch.problems:
            message = N_("Latitude and longitude come together or not at all.")
            batch.problems[n].append(Problem("lat" if lat[n] is None else "lon", "gps.half", message))
    return accuracies


def _degrees(values: Iterable[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([math.nan if value is None else value for value in values], dtype=float)
