"""One page of a list: sorting, paging and filters live in the address, so that a list can be shared and gone back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlencode

from flask import request

LARGEST_PAGE = 100_000


@dataclass(slots=True)
class Listing:
    """Which rows are asked for, in which order; `total` is set once the query has counted."""

    path: str
    sort: str
    descending: bool
    page: int
    page_size: int
    arguments: dict[str, list[str]] = field(default_factory=dict)
    total: int = 0

    @classmethod
    def of_request(cls, *, sorts: Sequence[str], page_size: int = 50, descending: bool = False) -> Self:
        """Return the listing of this address; what it does not know falls back to the first sort and page.

        Args: sorts: allowed values of `sort`, the first is the default; descending: the default direction.
        """
        arguments = request.args.to_dict(flat=False)
        sort = request.args.get("sort", "")
        direction = request.args.get("down", "1" if descending and sort not in sorts else "")
        page = request.args.get("page", "1")
        return cls(
            request.path,
            sort if sort in sorts else sorts[0],
            direction == "1",
            min(max(int(page), 1), LARGEST_PAGE) if page.isascii() and page.isdigit() and len(page) < 10 else 1,
            page_size,
            {name: values for name, values in arguments.items() if name != "lang"},
        )

    @property
    def limit(self) -> int:
        """How many rows a page has."""
        return self.page_size

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.page_size

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.page_size))

    @property
    def first(self) -> int:
        """The number of the first row shown, counted from 1; 0 for an empty page."""
        return self.offset + 1 if self.offset < self.total else 0

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return min(self.offset + self.page_size, self.total)

    def url(self, **changes: str | int | None) -> str:
        """Return this address with some arguments changed; None takes one away."""
        return _address(self.path, self.arguments, changes)

    def sort_url(self, key: str) -> str:
        """Return the address sorted by that column; a second time turns the order round."""
        turned = key == self.sort and not self.descending
        return self.url(sort=key, down="1" if turned else "0", page=None)


def address_with(**changes: str | int | None) -> str:
    """Return the address of this request with some arguments changed; None takes one away."""
    return _address(request.path, request.args.to_dict(flat=False), changes)


def _address(path: str, arguments: Mapping[str, list[str]], changes: Mapping[str, str | int | None]) -> str:
    changed = {name: [] if value is None else [str(value)] for name, value in changes.items()}
    query = urlencode({**arguments, **changed}, doseq=True)
    return f"{quote(path)}?{query}" if query else quote(path)
