"""A table from outside in one uniform shape, whatever file it came in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean

MOST_COLUMNS = 2_000


class Row(NamedTuple):
    """One row as text. `number` is the one a spreadsheet shows; there are at least as many cells as columns."""

    number: int
    cells: list[str]


class Table(ABC):
    """Rows under a header, read once from top to bottom. Rows with nothing in them are passed over."""

    def __init__(self, header: Sequence[str], header_row: int) -> None:
        self.header = tuple(clean(name) for name in header)
        self.header_row = header_row
        if not any(self.header):
            raise InvalidInput("file.no_header", N_("The first row must name the columns; here it is empty."))
        if len(self.header) > MOST_COLUMNS:
            raise InvalidInput(
                "file.too_many_columns", N_("A table has at most %(count)s columns."), count=MOST_COLUMNS
            )

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header. A row longer than the header keeps its surplus cells."""
        width = len(self.header)
        for number, cells in enumerate(self._records(), self.header_row + 1):
            if any(cells):
                short_by = width - len(cells)
                yield Row(number, cells + [""] * short_by if short_by > 0 else cells)

    @abstractmethod
    def _records(self) -> Iterator[list[str]]:
        """Yield every record below the header, empty ones too."""

    @abstractmethod
    def share_read(self) -> float:
        """Return how much of the file was read so far, 0 to 1."""
