"""The figures of an allocation: families in and out and why, and what they cost, for each Union Council."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from relief.kernel.money import Money
from relief.ledger.rules import Cost
from relief.programmes.eligibility import Reason, Verdict


@dataclass(frozen=True, slots=True)
class JudgedAlike:
    """So many families of one place with the same verdict and package."""

    uc_id: int
    band_no: int
    verdict: Verdict
    families: int


@dataclass(slots=True)
class PlaceTally:
    """The figures of one area."""

    families_in: int = 0
    families_out: int = 0
    cost: Money = Money.ZERO


@dataclass(slots=True)
class Tally:
    """The figures of all areas, by the id of the Union Council, and how many families each reason decided about.

    A family with two reasons counts under both, so that the counts of reasons add up to more than the families.
    """

    families_in: int = 0
    families_out: int = 0
    cost: Cost = field(default_factory=Cost)
    places: dict[int, PlaceTally] = field(default_factory=lambda: defaultdict(PlaceTally))
    reasons_in: Counter[Reason] = field(default_factory=Counter)
    reasons_out: Counter[Reason] = field(default_factory=Counter)

    @classmethod
    def of(cls, judged: Iterable[JudgedAlike], costs: Mapping[int, Cost]) -> Tally:
        """Return the figures of the families. Args: costs: what a family of each band costs in all instalments."""
        tally = cls()
        for alike in judged:
            tally.add(alike, costs.get(alike.band_no, Cost()))
        return tally

    def add(self, alike: JudgedAlike, cost: Cost) -> None:
        """Count the families, each of whom costs so much if it is in."""
        place, families = self.places[alike.uc_id], alike.families
        reasons = self.reasons_in if alike.verdict.is_eligible else self.reasons_out
        for reason in alike.verdict.reasons:
            reasons[reason] += families
        if alike.verdict.is_eligible:
            place.families_in += families
            place.cost += cost.total * families
            self.families_in += families
            self.cost = Cost(self.cost.cash + cost.cash * families, self.cost.goods + cost.goods * families)
        else:
            place.families_out += families
            self.families_out += families

    def rolled_up(self, area_of: Mapping[int, int]) -> dict[int, PlaceTally]:
        """Return the figures of larger areas. Args: area_of: for each Union Council the area it lies in."""
        areas: dict[int, PlaceTally] = defaultdict(PlaceTally)
        for uc_id, place in self.places.items():
            area = areas[area_of[uc_id]]
            area.families_in += place.families_in
            area.families_out += place.families_out
            area.cost += place.cost
        return dict(areas)


def costs_of(bands: Iterable[tuple[int, Cost]], instalments: int) -> dict[int, Cost]:
    """Return what a family of each band costs in all instalments. Args: bands: number and cost in one instalment."""
    return {band_no: Cost(cost.cash * instalments, cost.goods * instalments) for band_no, cost in bands}
