"""The land in which the tests of allocations and tokens happen."""

import pytest

from relief.store.db import Store
from tests.factories.campaigns import Land, build_land


@pytest.fixture
def land(store: Store) -> Land:
    """Two districts, a fund of ten million rupees, a programme and two items."""
    return build_land()
