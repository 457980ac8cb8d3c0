"""Laying the criteria of a campaign over its families, many at a time and few in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from relief.geography.model import Level
from relief.geography.queries import list_areas
from relief.programmes.eligibility import NO_PACKAGE, FamilyFacts, Verdict, judge_of
from relief.programmes.queries import BandRow, CampaignRow
from relief.programmes.rules import LARGEST_FAMILY
from relief.store.statement import Statement
from relief.store.work import Work

CHUNK = 10_000

Told = Callable[[int], object]
"""Is told how many more families were worked on."""

_FACTS = Statement(
    "SELECT f.id, f.uc_id, f.house_damage, f.is_displaced, f.gender, f.disabled, f.pregnant_lactating, f.psc_score, f.size"
    " FROM family f WHERE f.state = 'active' AND f.uc_id IN (SELECT id FROM area WHERE level = 'uc' AND path LIKE :under)"
    " AND NOT EXISTS (SELECT 1 FROM entitlement e WHERE e.campaign_id = :campaign_id AND e.family_id = f.id)"
    " ORDER BY f.id"
)


class Judged(NamedTuple):
    """One family's verdict; `band_no` is its package, 0 if it is out."""

    family_id: int
    uc_id: int
    band_no: int
    verdict: Verdict


def judged_families(work: Work, campaign: CampaignRow, bands: Sequence[BandRow], told: Told) -> Iterator[list[Judged]]:
    """Yield, in chunks by their ids, the verdicts on the active families of the campaign's area that it has not entitled yet."""
    judge = judge_of(campaign.criteria)
    sizes = _bands_by_size(bands)
    lineages = {
        uc.id: frozenset(int(part) for part in uc.path.strip("/").split("/"))
        for uc in list_areas(work, Level.UC, campaign.area_path)
    }
    rows = _FACTS.stream(work, {"under": f"{campaign.area_path}%", "campaign_id": campaign.id})
    while chunk := list(islice(rows, CHUNK)):
        judged = []
        for family_id, uc_id, damage, is_displaced, gender, disabled, pregnant, score, size in chunk:
            is_woman_headed = gender == "female"
            facts = FamilyFacts(
                lineages[uc_id], damage, bool(is_displaced), is_woman_headed, disabled, pregnant, score, size
            )
            verdict = judge(facts)
            band_no = sizes[min(size, LARGEST_FAMILY)] if verdict.is_eligible else 0
            if verdict.is_eligible and not band_no:
                verdict = NO_PACKAGE
            judged.append(Judged(family_id, uc_id, band_no, verdict))
        yield judged
        told(len(judged))


def _bands_by_size(bands: Sequence[BandRow]) -> list[int]:
    """Return the number of the band for each size of family, 0 where there is none; the last size stands for larger ones too."""
    sizes = [0] * (LARGEST_FAMILY + 1)
    for band in bands:
        sizes[band.size_from : band.size_to + 1] = [band.band_no] * (band.size_to + 1 - band.size_from)
    return sizes
