"""What loading boundaries found and did, row by row."""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter
from dataclasses import dataclass
from typing import Any

from relief.kernel.errors import Problem
from relief.kernel.messages import N_


class Outcome(enum.StrEnum):
    """What became of one feature."""

    LOADED = "loaded"
    JOINED = "joined"
    DUPLICATE = "duplicate"
    UNMATCHED = "unmatched"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The outcome in words, a msgid."""
        return _OUTCOME_LABELS[self]


_OUTCOME_LABELS = {
    Outcome.LOADED: N_("Loaded"), Outcome.JOINED: N_("Joined to another part"), Outcome.DUPLICATE: N_("The same twice"),
    Outcome.UNMATCHED: N_("No such area"), Outcome.REFUSED: N_("Refused"),
}  # fmt: skip


class MatchedBy(enum.StrEnum):
    """How the area of a feature was told."""

    CODE = "code"
    NAME = "name"
    SIMILAR_NAME = "similar_name"
    POSITION = "position"
    ADDED = "added"

    @property
    def label(self) -> str:
        """The way in words, a msgid."""
        return _MATCHED_LABELS[self]


_MATCHED_LABELS = {
    MatchedBy.CODE: N_("by code"), MatchedBy.NAME: N_("by name"), MatchedBy.SIMILAR_NAME: N_("by a similar name"),
    MatchedBy.POSITION: N_("by position"), MatchedBy.ADDED: N_("as new areas"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowReport:
    """One feature: where it stands in the file, how the file names it, and what became of it."""

    layer: str
    row: int
    level: str
    name: str | None
    code: str | None
    outcome: Outcome
    matched_by: MatchedBy | None = None
    area_code: str | None = None
    area_name: str | None = None
    remarks: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two areas of one level that share ground."""

    level: str
    one_code: str
    other_code: str
    km2: float
    # Of the smaller one.
    share: float


@dataclass(frozen=True, slots=True)
class Gap:
    """Ground of an area that none of its parts in the file covers."""

    level: str
    parent_code: str
    km2: float
    share: float


@dataclass(frozen=True, slots=True)
class Outside:
    """An area that lies partly outside the one above it."""

    level: str
    code: str
    parent_code: str
    km2: float
    share: float


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The whole of a load, as done or as it would be done."""

    file: str
    edition: str
    # None for a dry run, and where the content is loaded already.
    edition_id: int | None
    # The edition that already holds exactly this content: nothing is to be done.
    same_as_edition_id: int | None
    rows: tuple[RowReport, ...]
    overlaps: tuple[Overlap, ...]
    gaps: tuple[Gap, ...]
    outside: tuple[Outside, ...]
    # What holds for the file as a whole.
    remarks: tuple[Problem, ...]
    # How all areas stand afterwards: with a real boundary, with a schematic one, and the codes of those with none.
    real: int
    schematic: int
    without_boundary: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows had each outcome, and how many were added as new areas."""
        outcomes = Counter(row.outcome for row in self.rows)
        added = sum(row.matched_by is MatchedBy.ADDED for row in self.rows)
        return {**{outcome.value: outcomes[outcome] for outcome in Outcome}, "added": added}

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain values, remarks as code and English sentence."""

        def plain(value: Any) -> Any:
            if isinstance(value, Problem):
                return {"field": value.field, "code": value.code, "text": str(value)}
            if dataclasses.is_dataclass(value):
                return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return [plain(item) for item in value] if isinstance(value, tuple) else value

        return {"counts": self.counts, **plain(self)}
