"""Whether a family is eligible, and why: the criteria of a campaign and the facts of a family in, a verdict out."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from relief.kernel.messages import N_
from relief.programmes.criteria import Criterion, Group, Join, Leaf


class FamilyFacts(NamedTuple):
    """What the criteria may ask about one family; `area_ids` are its UC and all areas above it."""

    area_ids: frozenset[int]
    house_damage: str
    is_displaced: bool
    is_woman_headed: bool
    disabled: int
    pregnant_lactating: int
    psc_score: int | None
    size: int


class Reason(enum.StrEnum):
    """What decided: a test that the family met, one that it did not meet, or one that nobody can answer for it."""

    AREA_MET = "area.met"
    AREA_NOT_MET = "area.not_met"
    HOUSE_DAMAGE_MET = "house_damage.met"
    HOUSE_DAMAGE_NOT_MET = "house_damage.not_met"
    DISPLACED_MET = "displaced.met"
    DISPLACED_NOT_MET = "displaced.not_met"
    WOMAN_HEADED_MET = "woman_headed.met"
    WOMAN_HEADED_NOT_MET = "woman_headed.not_met"
    DISABILITY_MET = "disability.met"
    DISABILITY_NOT_MET = "disability.not_met"
    PREGNANT_LACTATING_MET = "pregnant_lactating.met"
    PREGNANT_LACTATING_NOT_MET = "pregnant_lactating.not_met"
    PSC_SCORE_MET = "psc_score.met"
    PSC_SCORE_NOT_MET = "psc_score.not_met"
    PSC_SCORE_UNKNOWN = "psc_score.unknown"
    FAMILY_SIZE_MET = "family_size.met"
    FAMILY_SIZE_NOT_MET = "family_size.not_met"
    EVERYONE = "everyone"
    NO_PACKAGE = "no_package"

    @classmethod
    def of(cls, kind: Criterion, is_met: bool | None) -> Reason:
        """Return the reason that a test's answer gives; None is "not known"."""
        return _REASONS[kind, is_met]

    @property
    def label(self) -> str:
        """The reason in words, a msgid."""
        return _LABELS[self]


_ANSWERS = {True: "met", False: "not_met", None: "unknown"}
_REASONS = {
    (kind, is_met): Reason(f"{kind}.{answer}")
    for kind in Criterion
    for is_met, answer in _ANSWERS.items()
    if is_met is not None or kind is Criterion.PSC_SCORE
}
_LABELS = {
    Reason.AREA_MET: N_("Lives in a chosen area"),
    Reason.AREA_NOT_MET: N_("Lives outside the chosen areas"),
    Reason.HOUSE_DAMAGE_MET: N_("House damaged as required"),
    Reason.HOUSE_DAMAGE_NOT_MET: N_("House not damaged as required"),
    Reason.DISPLACED_MET: N_("Displaced by the flood"),
    Reason.DISPLACED_NOT_MET: N_("Not displaced"),
    Reason.WOMAN_HEADED_MET: N_("Headed by a woman"),
    Reason.WOMAN_HEADED_NOT_MET: N_("Not headed by a woman"),
    Reason.DISABILITY_MET: N_("A member with a disability"),
    Reason.DISABILITY_NOT_MET: N_("No member with a disability"),
    Reason.PREGNANT_LACTATING_MET: N_("A pregnant or lactating member"),
    Reason.PREGNANT_LACTATING_NOT_MET: N_("No pregnant or lactating member"),
    Reason.PSC_SCORE_MET: N_("Poverty score within the limits"),
    Reason.PSC_SCORE_NOT_MET: N_("Poverty score outside the limits"),
    Reason.PSC_SCORE_UNKNOWN: N_("No poverty score recorded"),
    Reason.FAMILY_SIZE_MET: N_("Number of members within the limits"),
    Reason.FAMILY_SIZE_NOT_MET: N_("Number of members outside the limits"),
    Reason.EVERYONE: N_("Every registered family is eligible"),
    Reason.NO_PACKAGE: N_("The campaign has no package for a family of this size"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a family is in, and the answers that made it so: what it met if it is in, what it did not if it is out."""

    is_eligible: bool
    reasons: tuple[Reason, ...]


NO_PACKAGE = Verdict(is_eligible=False, reasons=(Reason.NO_PACKAGE,))

Judge = Callable[[FamilyFacts], Verdict]
_Probe = Callable[[FamilyFacts], bool | None]


def verdict_of(criteria: Group, facts: FamilyFacts) -> Verdict:
    """Return whether the family meets the criteria, and why. A missing poverty score meets no limit, not even 0 to 100."""
    return judge_of(criteria)(facts)


def judge_of(criteria: Group) -> Judge:
    """Return the criteria as a function to be asked about many families.

    Each combination of answers is reasoned about once and remembered: 186,331 families give a few dozen.
    """
    probes = [_probe_of(leaf) for leaf in criteria.leaves()]
    known: dict[tuple[bool | None, ...], Verdict] = {}

    def judge(facts: FamilyFacts) -> Verdict:
        answers = tuple([probe(facts) for probe in probes])
        verdict = known.get(answers)
        if verdict is None:
            is_met, reasons = _explain(criteria, iter(answers))
            verdict = known[answers] = Verdict(is_met, tuple(dict.fromkeys(reasons)) or (Reason.EVERYONE,))
        return verdict

    return judge


def _explain(part: Group | Leaf, answers: Iterator[bool | None]) -> tuple[bool, list[Reason]]:
    """Return whether the part holds, with the answers that agree with it: those against it did not decide."""
    if isinstance(part, Leaf):
        answer = next(answers)
        return answer is True, [Reason.of(part.kind, answer)]
    sides = [_explain(one, answers) for one in part.parts]
    holds = (all if part.join is Join.ALL else any)(is_met for is_met, _ in sides)
    return holds, [reason for is_met, reasons in sides if is_met == holds for reason in reasons]


def _probe_of(leaf: Leaf) -> _Probe:
    match leaf.kind:
        case Criterion.AREA:
            areas = frozenset(leaf.values)
            return lambda facts: not areas.isdisjoint(facts.area_ids)
        case Criterion.HOUSE_DAMAGE:
            damages = frozenset(leaf.values)
            return lambda facts: facts.house_damage in damages
        case Criterion.DISPLACED:
            return lambda facts: facts.is_displaced
        case Criterion.WOMAN_HEADED:
            return lambda facts: facts.is_woman_headed
        case Criterion.DISABILITY:
            return lambda facts: facts.disabled > 0
        case Criterion.PREGNANT_LACTATING:
            return lambda facts: facts.pregnant_lactating > 0
        case Criterion.PSC_SCORE:
            least, most = (int(value) for value in leaf.values)
            return lambda facts: None if facts.psc_score is None else least <= facts.psc_score <= most
        case Criterion.FAMILY_SIZE:
            low, high = (int(value) for value in leaf.values)
            return lambda facts: low <= facts.size <= high
