import datetime as dt

import pytest

from relief.accounts import rules
from relief.kernel.actor import Grant
from relief.kernel.permissions import Role

SECOND = dt.timedelta(seconds=1)
AT = dt.datetime(2022, 9, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 15), (6, 30), (7, 60), (8, 120), (9, 240), (10, 480), (11, 900), (12, 900), (10_000, 900)],
)
def test_the_wait_doubles_and_stops_growing(failures, seconds):
    assert rules.wait_after(failures, free=5) == seconds * SECOND


@pytest.mark.parametrize(
    ("unused", "left", "is_over"),
    [
        (dt.timedelta(0), SECOND, False),
        (rules.IDLE_LIMIT - SECOND, SECOND, False),
        (rules.IDLE_LIMIT, SECOND, True),
        (dt.timedelta(0), dt.timedelta(0), True),
        (dt.timedelta(0), -SECOND, True),
    ],
)
def test_a_sign_in_ends_unused_or_at_its_end(unused, left, is_over):
    assert rules.is_over(AT - unused, AT + left, AT) is is_over


ADMINISTRATOR_OF_ALL = Grant(Role.ADMINISTRATOR, 1, "/1/")
ADMINISTRATOR_OF_PART = Grant(Role.ADMINISTRATOR, 2, "/1/2/")
REGISTRAR = Grant(Role.REGISTRAR, 1, "/1/")


@pytest.mark.parametrize(
    ("removed", "remaining", "leaves_nobody"),
    [
        ([], [], False),
        ([REGISTRAR], [], False),
        ([ADMINISTRATOR_OF_ALL], [], True),
        ([ADMINISTRATOR_OF_ALL], [REGISTRAR], True),
        ([ADMINISTRATOR_OF_ALL], [ADMINISTRATOR_OF_PART], True),
        ([ADMINISTRATOR_OF_PART], [ADMINISTRATOR_OF_ALL], False),
        ([ADMINISTRATOR_OF_ALL], [ADMINISTRATOR_OF_ALL], False),
    ],
)
def test_an_area_keeps_an_administrator(removed, remaining, leaves_nobody):
    assert rules.leaves_nobody(removed, remaining) is leaves_nobody


def test_a_path_covers_itself_and_what_lies_in_it_alone():
    assert rules.is_covered("/1/2/", ["/1/"])
    assert rules.is_covered("/1/2/", ["/1/2/"])
    assert not rules.is_covered("/1/20/", ["/1/2/"])
    assert not rules.is_covered("/1/", ["/1/2/"])
