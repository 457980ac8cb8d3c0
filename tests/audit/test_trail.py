"""What seals rows: the same bytes for the same row of either database."""

import datetime as dt
import hashlib
import json

import pytest

from relief.audit.trail import digest_of

AT = dt.datetime(2022, 9, 5, 11, 30, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=5)))


@pytest.mark.parametrize(
    ("of_postgresql", "of_sqlite"),
    [
        ((True, False, 1, 0), (1, 0, 1, 0)),
        ((AT, AT.date()), ("2022-09-05T06:30:00.000005Z", "2022-09-05")),
        ((memoryview(b"\x00\xff"), b"\x01"), ("00ff", "01")),
        (('سنڌ "x"\n', None, 1.5), ('سنڌ "x"\n', None, 1.5)),
    ],
)  # fmt: skip
def test_both_databases_seal_a_row_alike(of_postgresql: tuple, of_sqlite: tuple):
    assert digest_of(of_postgresql, (1,)) == digest_of(of_sqlite, (1,))
    canonical = json.dumps([of_sqlite, (1,)], ensure_ascii=False, separators=(",", ":")).encode()
    assert digest_of(of_sqlite, (1,)) == hashlib.sha256(canonical).digest()


@pytest.mark.parametrize("other", [((1, "2"),), ((1, 2), ()), ((2, 1),), ((1,), (2,)), ((1, None),), ()])
def test_other_rows_have_another_digest(other: tuple):
    assert digest_of((1, 2)) != digest_of(*other)
