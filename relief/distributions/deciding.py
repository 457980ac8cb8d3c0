"""Gathers the facts of one presented token at one table, for the desk's card and for the record alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relief.distributions.claims import (
    Claim,
    Due,
    PackageLineOf,
    Table,
    find_claims,
    find_dues,
    key_verdict,
    package_of,
)
from relief.distributions.presenting import Presented
from relief.distributions.rules import RedemptionFacts, Refusal, proof_suffices, refusal_of
from relief.families.identity import cnics_of
from relief.kernel.errors import InvalidInput
from relief.kernel.identity import Cnic
from relief.kernel.text import fold_digits
from relief.programmes.rules import Proof
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules said of one presentation, and what they said it about; parts are None where nothing was found."""

    refusal: Refusal | None
    claim: Claim | None
    package: list[PackageLineOf]
    due: Due | None


@dataclass(frozen=True, slots=True)
class HolderCheck:
    """Which proof of the holder was made, and the digits that were told where the proof has any.

    None for the digits: they were compared at a table without the server, which can only note that.
    """

    proof: Proof
    answer: str | None = ""


@dataclass(frozen=True, slots=True)
class Presentation:
    """What is held out at a table, the proof of the holder, and what is to be given: amounts by line, None for all owed.

    Whoever stands at a desk was asked for at its door; of who worked with a phone, the last two tell.
    """

    table: Table
    presented: Presented
    check: HolderCheck
    given: Mapping[int, int] | None = None
    is_operator_assigned: bool = True
    is_device_trusted: bool = True


def decide(work: Work, presentation: Presentation) -> Decision:
    """Return whether to give, for showing it: another table may be asked meanwhile."""
    return decide_many(work, [presentation], lock=False)[0]


def decide_many(work: Work, presentations: Sequence[Presentation], *, lock: bool) -> list[Decision]:
    """Return whether to give, for each as if it came alone; `lock` in a unit that may record it."""
    claims = find_claims(work, [(each.presented, each.table.campaign_id) for each in presentations], lock=lock)
    packages: dict[tuple[int, int], list[PackageLineOf]] = {}
    for claim in claims:
        if claim is not None and (claim.campaign_id, claim.band_no) not in packages:
            packages[claim.campaign_id, claim.band_no] = package_of(work, claim.campaign_id, claim.band_no)
    wanted = [
        (claim, packages[claim.campaign_id, claim.band_no], each.table.instalment_no)
        for each, claim in zip(presentations, claims, strict=True)
        if claim is not None
    ]
    dues = iter(find_dues(work, wanted))
    cnics = _cnics(work, presentations, claims)
    decisions = []
    for each, claim in zip(presentations, claims, strict=True):
        due = next(dues) if claim else None
        refusal = refusal_of(_facts(work, each, claim, due, cnics))
        package = packages[claim.campaign_id, claim.band_no] if claim else []
        decisions.append(Decision(refusal, claim, package, due))
    return decisions


def _facts(
    work: Work, each: Presentation, claim: Claim | None, due: Due | None, cnics: Mapping[int, Cnic | None]
) -> RedemptionFacts:
    table, presented = each.table, each.presented
    is_genuine, key_state = key_verdict(work, presented.token, claim) if presented.token else (None, None)
    has_cnic, holder_matches = _check_holder(claim, each.check, cnics)
    return RedemptionFacts(
        is_readable=presented.is_readable,
        is_genuine=is_genuine,
        key_state=key_state,
        token_state=claim.token_state if claim else None,
        is_of_this_campaign=claim is not None and claim.campaign_id == table.campaign_id,
        # Read under the lock: since the table was looked up the campaign may have been closed.
        campaign_state=claim.campaign_state if claim else table.campaign_state,
        is_expired=claim is not None and table.held_on > claim.expires_on,
        is_distribution_day=table.day_id is not None,
        is_at_its_point=claim is not None and claim.point_no in (0, table.point_no),
        is_operator_assigned=each.is_operator_assigned,
        is_device_trusted=each.is_device_trusted,
        is_anything_owed=due is not None,
        is_within_owed=due is not None and _is_within(each.given, due.owed),
        proof_suffices=proof_suffices(required=table.proof_required, given=each.check.proof, has_cnic=has_cnic),
        holder_matches=holder_matches,
    )


def _is_within(given: Mapping[int, int] | None, owed: Mapping[int, int]) -> bool:
    if given is None:
        return True
    return any(given.values()) and all(0 <= amount <= owed.get(line_no, 0) for line_no, amount in given.items())


# The strongest proof suffices for everybody and none for nobody who must bring one: the number on record changes nothing.
_KNOWS_NO_NUMBER = {Proof.CNIC_SEEN, Proof.NONE}


def _cnics(work: Work, presentations: Sequence[Presentation], claims: Sequence[Claim | None]) -> dict[int, Cnic | None]:
    """Return the numbers on record of the families whose proof can be held against them."""
    asked = {
        claim.family_id
        for each, claim in zip(presentations, claims, strict=True)
        if claim is not None and each.check.proof not in _KNOWS_NO_NUMBER
    }
    return dict(cnics_of(work, asked))


def _check_holder(claim: Claim | None, check: HolderCheck, cnics: Mapping[int, Cnic | None]) -> tuple[bool, bool]:
    """Return whether the family has a CNIC on record, and whether the digits told are its digits."""
    if claim is None or check.proof in _KNOWS_NO_NUMBER:
        return True, True
    cnic = cnics.get(claim.family_id)
    if check.answer is None:
        return cnic is not None, True
    if check.proof is Proof.LAST_FOUR:
        return cnic is not None, cnic is not None and fold_digits(check.answer).strip() == cnic.last_four
    if check.proof is Proof.HOLDER_TAG:
        return cnic is not None, cnic is not None and _is_number(check.answer, cnic)
    return cnic is not None, True


def _is_number(answer: str, cnic: Cnic) -> bool:
    try:
        return Cnic.parse(answer) == cnic
    except InvalidInput:
        return False
