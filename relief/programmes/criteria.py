"""The criteria of a campaign: tests on a family's facts, joined by "all" and "any"; written as JSON, checked once, then a value."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from relief.kernel.errors import InvalidInput, Problem
from relief.kernel.messages import N_
from relief.programmes.rules import LARGEST_FAMILY

# What the registration form asks about the house, from nothing to all lost.
DAMAGES: Final = ("none", "partial", "full")
# The bands of the poverty scorecard (BISP/NSER, 0 is the poorest), by which programmes choose their limits.
PSC_BANDS: Final = ((0, 11), (12, 18), (19, 23), (24, 100))

_DEEPEST: Final = 6
_MOST_TESTS: Final = 40
_MOST_AREAS: Final = 1_000
_LARGEST_ID: Final = 2**53


class Join(enum.StrEnum):
    """How the parts of a group count together."""

    ALL = "all"
    ANY = "any"


class Criterion(enum.StrEnum):
    """What can be asked about a family."""

    AREA = "area"
    HOUSE_DAMAGE = "house_damage"
    DISPLACED = "displaced"
    WOMAN_HEADED = "woman_headed"
    DISABILITY = "disability"
    PREGNANT_LACTATING = "pregnant_lactating"
    PSC_SCORE = "psc_score"
    FAMILY_SIZE = "family_size"

    @property
    def label(self) -> str:
        """What it asks, a msgid."""
        return _TEST_LABELS[self]


_TEST_LABELS = {
    Criterion.AREA: N_("Lives in certain areas"),
    Criterion.HOUSE_DAMAGE: N_("Damage to the house"),
    Criterion.DISPLACED: N_("Displaced by the flood"),
    Criterion.WOMAN_HEADED: N_("Headed by a woman"),
    Criterion.DISABILITY: N_("A member with a disability"),
    Criterion.PREGNANT_LACTATING: N_("A pregnant or lactating member"),
    Criterion.PSC_SCORE: N_("Poverty score"),
    Criterion.FAMILY_SIZE: N_("Number of members"),
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test: `values` are the areas or kinds of damage that pass, or the lowest and the highest figure."""

    kind: Criterion
    values: tuple[int | str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the test as it is stored."""
        key = _KEYS.get(self.kind)
        return {"test": self.kind.value} | ({key: list(self.values)} if key else {})


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that must all hold, or of which one must. All of nothing holds for every family."""

    join: Join
    parts: tuple[Leaf | Group, ...]

    def as_json(self) -> dict[str, object]:
        """Return the group as it is stored."""
        return {self.join.value: [part.as_json() for part in self.parts]}

    def leaves(self) -> Iterator[Leaf]:
        """Yield the tests from the first to the last, whatever groups they stand in."""
        for part in self.parts:
            if isinstance(part, Leaf):
                yield part
            else:
                yield from part.leaves()

    def area_ids(self) -> frozenset[int]:
        """Return the areas that any test names."""
        return frozenset(int(value) for leaf in self.leaves() if leaf.kind is Criterion.AREA for value in leaf.values)


EVERYONE: Final = Group(Join.ALL, ())

_BETWEEN, _IN = "between", "in"
_KEYS: Mapping[Criterion, str] = {
    Criterion.AREA: _IN, Criterion.HOUSE_DAMAGE: _IN, Criterion.PSC_SCORE: _BETWEEN, Criterion.FAMILY_SIZE: _BETWEEN,
}  # fmt: skip


def check_criteria(data: object, field: str = "criteria") -> Group:
    """Return the criteria that the JSON value describes.

    Args:
        data: `{"all": [..]}` or `{"any": [..]}` over further groups and tests: `{"test": "area", "in": [area ids]}`,
            `{"test": "house_damage", "in": ["partial", "full"]}`, `{"test": "psc_score", "between": [0, 18]}` (ends
            included), `{"test": "family_size", "between": [5, 60]}`, and without more `displaced`, `woman_headed`,
            `disability`, `pregnant_lactating`.
        field: what the problems call the value; the place within it follows, "criteria.all.1.between".
    Raises: InvalidInput "input.invalid" with a problem for each thing that is wrong.
    """
    found = _read_group(data, field, depth=1)
    if sum(1 for _ in found.leaves()) > _MOST_TESTS:
        raise _too_many(field)
    return found


def _read_group(data: object, field: str, *, depth: int) -> Group:
    join, parts = _opened(data, field)
    if depth > _DEEPEST:
        raise _bad(field, "criteria.too_deep", N_("Groups stand at most %(count)s deep in each other."), count=_DEEPEST)
    if not parts and (join is Join.ANY or depth > 1):
        raise _bad(field, "criteria.empty_group", N_("This group is empty: choose at least one criterion."))
    if len(parts) > _MOST_TESTS:
        raise _too_many(field)
    read: list[Leaf | Group] = []
    problems: list[Problem] = []
    for number, part in enumerate(parts, 1):
        place = f"{field}.{join}.{number}"
        try:
            is_group = isinstance(part, dict) and "test" not in part
            read.append(_read_group(part, place, depth=depth + 1) if is_group else _read_leaf(part, place))
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidInput.of(problems)
    return Group(join, tuple(read))


def _opened(data: object, field: str) -> tuple[Join, list[object]]:
    if isinstance(data, dict) and len(data) == 1:
        ((key, parts),) = data.items()
        if key in set(Join) and isinstance(parts, list):
            return Join(key), parts
    raise _bad(
        field,
        "criteria.not_a_group",
        N_("Write a group as %(example)s, with nothing else beside it."),
        example='{"all": [..]} / {"any": [..]}',
    )


def _read_leaf(data: object, field: str) -> Leaf:
    name = data.get("test") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(name, str) or name not in set(Criterion):
        raise _bad(
            field,
            "criteria.unknown_test",
            N_("Write a criterion as %(example)s; known are: %(tests)s."),
            example='{"test": "displaced"}',
            tests=", ".join(Criterion),
        )
    kind = Criterion(name)
    keys = ["test", *filter(None, [_KEYS.get(kind)])]
    if set(data) != set(keys):
        raise _bad(
            field,
            "criteria.wrong_keys",
            N_("The criterion %(test)s takes: %(keys)s."),
            test=name,
            keys=", ".join(keys),
        )
    if len(keys) == 1:
        return Leaf(kind)
    values = _VALUES[kind](data[keys[1]])
    if values is None:
        message, params = _WANTED[kind]
        raise _bad(f"{field}.{keys[1]}", f"criteria.bad_{kind}", message, **params)
    return Leaf(kind, values)


def _too_many(field: str) -> InvalidInput:
    return _bad(field, "criteria.too_many", N_("Criteria have at most %(count)s tests in all."), count=_MOST_TESTS)


def _bad(field: str, code: str, message: str, **params: object) -> InvalidInput:
    return InvalidInput.of([Problem(field, code, message, params)])


def _areas(value: object) -> tuple[int | str, ...] | None:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_AREAS or not all(map(_is_whole, value)):
        return None
    return tuple(sorted(set(value))) if all(0 < number <= _LARGEST_ID for number in value) else None


def _damages(value: object) -> tuple[int | str, ...] | None:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and v in DAMAGES for v in value):
        return None
    return tuple(damage for damage in DAMAGES if damage in value)


def _limits(lowest: int, highest: int) -> Callable[[object], tuple[int | str, ...] | None]:
    def read(value: object) -> tuple[int | str, ...] | None:
        if not isinstance(value, list) or len(value) != 2 or not all(map(_is_whole, value)):
            return None
        low, high = value
        return (low, high) if lowest <= low <= high <= highest else None

    return read


def _is_whole(value: object) -> bool:
    # In Python True is the number 1; in somebody's JSON it is a mistake.
    return isinstance(value, int) and not isinstance(value, bool)


_VALUES: Mapping[Criterion, Callable[[object], tuple[int | str, ...] | None]] = {
    Criterion.AREA: _areas,
    Criterion.HOUSE_DAMAGE: _damages,
    Criterion.PSC_SCORE: _limits(PSC_BANDS[0][0], PSC_BANDS[-1][1]),
    Criterion.FAMILY_SIZE: _limits(1, LARGEST_FAMILY),
}
_BETWEEN_WANTED = N_(
    "Write the lowest and the highest figure as whole numbers from %(low)s to %(high)s, the lowest first."
)
_WANTED: Mapping[Criterion, tuple[str, dict[str, object]]] = {
    Criterion.AREA: (N_("Write a list of the ids of areas, at least one."), {}),
    Criterion.HOUSE_DAMAGE: (N_("Write a list of: %(damages)s; at least one."), {"damages": ", ".join(DAMAGES)}),
    Criterion.PSC_SCORE: (_BETWEEN_WANTED, {"low": PSC_BANDS[0][0], "high": PSC_BANDS[-1][1]}),
    Criterion.FAMILY_SIZE: (_BETWEEN_WANTED, {"low": 1, "high": LARGEST_FAMILY}),
}
