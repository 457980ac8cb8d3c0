import pytest
from flask import Flask

from relief.web.listing import Listing, address_with

SORTS = ("code", "name")


def listing(address: str, **options) -> Listing:
    with Flask("tests").test_request_context(address):
        return Listing.of_request(sorts=SORTS, **options)


def test_the_address_says_which_rows_are_shown():
    found = listing("/families/?sort=name&down=1&page=3", page_size=20)
    assert (found.sort, found.descending, found.offset, found.limit) == ("name", True, 40, 20)
    found.total = 45
    assert (found.first, found.last, found.pages) == (41, 45, 3)


@pytest.mark.parametrize(
    "query", ["sort=password", "page=0", "page=-1", "page=x", "page=٣", "page=" + "9" * 30, "down=2"]
)
def test_what_is_not_known_falls_back(query: str):
    found = listing(f"/families/?{query}")
    assert (found.sort, found.descending) == ("code", False)
    assert 1 <= found.page <= 100_000


def test_a_page_beyond_the_end_shows_nothing():
    found = listing("/families/?page=9")
    found.total = 45
    assert (found.first, found.last, found.pages) == (0, 45, 1)
    assert listing("/families/").first == 0


def test_filters_stay_in_every_link():
    found = listing("/families/?q=a%26b&state=held&state=active&lang=ur")
    assert found.url(page=2) == "/families/?q=a%26b&state=held&state=active&page=2"
    assert found.sort_url("code") == "/families/?q=a%26b&state=held&state=active&sort=code&down=1"
    assert found.sort_url("name").endswith("sort=name&down=0")


def test_a_default_order_may_be_downwards():
    found = listing("/families/", descending=True)
    assert found.descending
    assert not listing("/families/?sort=code&down=0", descending=True).descending


def test_an_address_is_kept_but_for_what_changes():
    with Flask("tests").test_request_context("/users/?q=x&lang=en"):
        assert address_with(lang="ur") == "/users/?q=x&lang=ur"
        assert address_with(lang=None, q=None) == "/users/"
