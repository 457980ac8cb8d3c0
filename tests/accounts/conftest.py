"""Areas, and a unit of work at a fixed instant."""

from collections.abc import Iterator

import pytest

from relief.store.db import Store
from relief.store.work import Work, unit_of_work
from tests.factories.people import AT, SYSTEM, Areas, put_five_areas


@pytest.fixture
def work(store: Store) -> Iterator[Work]:
    """A writing unit of the system."""
    with unit_of_work(SYSTEM, at=AT) as work:
        yield work


@pytest.fixture
def areas(work: Work) -> Areas:
    """Five areas."""
    return put_five_areas(work)
