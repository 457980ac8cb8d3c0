"""A whole response in a database."""

from collections.abc import Iterator

import pytest

from tests.factories.books import fill_books
from tests.support.databases import Databases


@pytest.fixture
def database_url(databases: Databases, backend: str) -> Iterator[str]:
    """A database with the books in it."""
    url = databases.prepared(backend, "books", fill_books)
    yield url
    databases.give_back(url)
