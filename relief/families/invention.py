"""Invented registrations in the shape of a KoboToolbox export, with what must become of each: for demonstrations and tests."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from relief.families.invented_faults import FAULTS, Fault
from relief.families.invented_names import MEN, TRIBES, WOMEN
from relief.files.table import Table
from relief.geography.gazetteer import Gazetteer
from relief.geography.model import Level
from relief.geography.names import place_key

HEADER = (
    "start", "end", "today", "deviceid", "enumerator", "consent", "location/district", "location/taluka", "location/uc",
    "location/village", "location/gps", "_location/gps_latitude", "_location/gps_longitude", "head/name", "head/name_ur",
    "head/father_husband_name", "head/cnic", "head/cnic_lost_verified_by", "head/gender", "head/birth_date", "head/phone",
    "household/size", "household/men", "household/women", "household/boys", "household/girls", "household/disabled",
    "household/pregnant_lactating", "damage/house", "damage/livestock_lost", "displaced", "psc_score", "_id", "_uuid",
    "_submission_time", "_validation_status", "_index",
)  # fmt: skip

_FIRST_DAY = dt.datetime(2022, 9, 5, 8, tzinfo=dt.timezone(dt.timedelta(hours=5)))
# One row in so many has a fault or an oddity of the field.
_ONE_FAULT_IN = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A Union Council in which families are invented."""

    district: str
    taluka: str
    uc: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Invented:
    """One invented row: its cells by column, and what must become of it ("ok", "refuse", "flag", "duplicate", "repeat")."""

    cells: dict[str, str]
    expect: str = "ok"
    why: str = "plain"


def places_in(gazetteer: Gazetteer, districts: Iterable[str] | None = None) -> list[Place]:
    """Return the named Union Councils of the districts (by English name), or of all, by code."""
    wanted = None if districts is None else set(districts)
    ucs = sorted((a for a in gazetteer.areas.values() if a.level is Level.UC and a.is_named), key=lambda a: a.code)
    names = Counter((uc.parent_id, place_key(uc.name_en)) for uc in ucs)
    places = []
    for uc in ucs:
        taluka = gazetteer.areas[uc.parent_id or 0]
        district = gazetteer.areas[taluka.parent_id or 0]
        is_wanted = wanted is None or district.name_en in wanted
        # Without GPS, a name that stands twice in its taluka would be a doubt of its own.
        if is_wanted and uc.lon is not None and uc.lat is not None and names[uc.parent_id, place_key(uc.name_en)] == 1:
            places.append(Place(district.name_en, taluka.name_en, uc.name_en, uc.lon, uc.lat))
    return places


def invent(places: Sequence[Place], count: int, *, seed: int = 1, with_faults: bool = True) -> Iterator[Invented]:
    """Yield that many rows, always the same for a seed.

    With faults, the classes of `FAULTS` take turns, so that a few hundred rows have each of them.
    """
    chance = _Chance(seed)
    inventor = _Inventor(places, chance)
    faults = _Turns(FAULTS)
    # Rows that later ones refer to: the same sheet, the same CNIC.
    earlier: list[dict[str, str]] = []
    for index in range(count):
        row = inventor.row(index)
        fault = faults.next() if with_faults and index % _ONE_FAULT_IN == _ONE_FAULT_IN - 1 and earlier else None
        if fault is None:
            if len(earlier) < 1_000:
                earlier.append(dict(row))
            yield Invented(row)
        else:
            model = earlier.pop(chance.below(len(earlier))) if fault.needs_model else {}
            fault.apply(row, model, chance.below(1 << 30))
            yield Invented(row, fault.expect, fault.why)


class InventedTable(Table):
    """Invented rows as a table to import, without a file."""

    def __init__(self, rows: Iterable[Invented], count: int) -> None:
        super().__init__(HEADER, header_row=1)
        self._invented, self._count, self._read = iter(rows), max(count, 1), 0

    def _records(self) -> Iterator[list[str]]:
        for one in self._invented:
            self._read += 1
            yield list(one.cells.values())

    def share_read(self) -> float:
        """Return how much of the rows was read so far, 0 to 1."""
        return self._read / self._count


class _Chance:
    """Numbers that are the same on every version of Python: only `random()` promises that."""

    def __init__(self, seed: int) -> None:
        self._next = random.Random(seed).random  # noqa: S311 - nothing here is a secret

    def below(self, limit: int) -> int:
        return int(self._next() * limit)

    def spread(self, width: float) -> float:
        return (self._next() - 0.5) * width


class _Turns:
    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults, self._turn = faults, 0

    def next(self) -> Fault:
        self._turn += 1
        return self._faults[(self._turn - 1) % len(self._faults)]


class _Inventor:
    def __init__(self, places: Sequence[Place], chance: _Chance) -> None:
        self._places, self._chance = places, chance

    def row(self, index: int) -> dict[str, str]:
        """Return a plain row without any fault."""
        below = self._chance.below
        at = _FIRST_DAY + dt.timedelta(minutes=7 * (index % 12_000), seconds=index // 12_000)
        values = (
            at.isoformat(), (at + dt.timedelta(minutes=6)).isoformat(), at.date().isoformat(),
            f"collect:{10**9 + below(9 * 10**9)}", f"so_{1 + below(24):02d}", "yes",
            *self._place(), *self._head(index), *self._household(), str(250_000 + index), self._uuid(index),
            f"{(at + dt.timedelta(hours=9)).replace(tzinfo=None).isoformat()}", "", str(index + 1),
        )  # fmt: skip
        return dict(zip(HEADER, values, strict=True))

    def _place(self) -> tuple[str, ...]:
        chance = self._chance
        place = self._places[chance.below(len(self._places))]
        lon, lat = place.lon + chance.spread(0.006), place.lat + chance.spread(0.006)
        village = f"Goth {MEN[chance.below(len(MEN))][0]} {TRIBES[chance.below(len(TRIBES))]}"
        gps = f"{lat:.6f} {lon:.6f} {20 + chance.below(400) / 10} {3 + chance.below(120) / 10}"
        return place.district, place.taluka, place.uc, village, gps, f"{lat:.6f}", f"{lon:.6f}"

    def _head(self, index: int) -> tuple[str, ...]:
        below = self._chance.below
        is_woman = below(100) < 62
        names = WOMEN if is_woman else MEN
        roman, urdu, sindhi = names[below(len(names))]
        born = dt.date(1945, 1, 1) + dt.timedelta(days=below(57 * 365))
        # No province's CNICs begin with 9, no operator has 039x: no invented number is anybody's. Each is given once.
        cnic = f"9{1 + index // 10**7 % 9}{below(1000):03d}-{index % 10**7:07d}-{below(10)}"
        return (
            f"{roman} {TRIBES[below(len(TRIBES))]}", urdu if below(10) else sindhi, MEN[below(len(MEN))][0], cnic, "",
            "female" if is_woman else "male", born.isoformat(), f"039{below(10)}-{below(10**7):07d}",
        )  # fmt: skip

    def _household(self) -> tuple[str, ...]:
        below = self._chance.below
        men, women, boys, girls = below(4), 1 + below(3), below(5), below(5)
        return (
            str(men + women + boys + girls), str(men), str(women), str(boys), str(girls),
            "1" if below(12) == 0 else "0", "1" if below(6) == 0 else "0",
            ("none", "partial", "full", "full", "partial")[below(5)], str((0, 0, 0, 1, 2, 5)[below(6)]),
            ("yes", "no")[below(2)], str(below(41)),
        )  # fmt: skip

    def _uuid(self, index: int) -> str:
        below = self._chance.below
        return f"{index:08x}-{below(1 << 16):04x}-4{below(1 << 12):03x}-8{below(1 << 12):03x}-{below(1 << 48):012x}"
