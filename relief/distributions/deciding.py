"""Gathers the facts of one presented token at one table, for the desk's card and for the record alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from relief.distributions.claims import (
    Claim,
    Due,
    PackageLineOf,
    Table,
    find_claim,
    find_due,
    key_verdict,
    package_of,
)
from relief.distributions.presenting import Presented
from relief.distributions.rules import RedemptionFacts, Refusal, proof_suffices, refusal_of
from relief.families.identity import cnic_of
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
    """What is held out at the table, the proof of the holder, and what is to be given: amounts by line, None for all owed."""

    presented: Presented
    check: HolderCheck
    given: Mapping[int, int] | None = None


def decide(work: Work, table: Table, presentation: Presentation, *, lock: bool) -> Decision:
    """Return whether to give; `lock` in a unit that may record it."""
    presented = presentation.presented
    claim = find_claim(work, presented, campaign_id=table.campaign_id, lock=lock)
    is_genuine, key_state = key_verdict(work, presented.token, claim) if presented.token else (None, None)
    package = package_of(work, claim.campaign_id, claim.band_no) if claim else []
    due = find_due(work, claim, package, table.instalment_no) if claim else None
    has_cnic, holder_matches = _check_holder(work, claim, presentation.check)
    facts = RedemptionFacts(
        is_readable=presented.is_readable,
        is_genuine=is_genuine,
        key_state=key_state,
        token_state=claim.token_state if claim else None,
        is_of_this_campaign=claim is not None and claim.campaign_id == table.campaign_id,
        # Read under the lock: since the table was looked up the campaign may have been closed.
        campaign_state=claim.campaign_state if claim else table.campaign_state,
        on=table.held_on,
        expires_on=claim.expires_on if claim else table.held_on,
        is_distribution_day=table.day_id is not None,
        is_at_its_point=claim is not None and claim.point_no in (0, table.point_no),
        is_anything_owed=due is not None,
        is_within_owed=due is not None and _is_within(presentation.given, due.owed),
        proof_suffices=proof_suffices(required=table.proof_required, given=presentation.check.proof, has_cnic=has_cnic),
        holder_matches=holder_matches,
    )
    return Decision(refusal_of(facts), claim, package, due)


# The strongest proof suffices for everybody and none for nobody who must bring one: the number on record changes nothing.
_KNOWS_NO_NUMBER = {Proof.CNIC_SEEN, Proof.NONE}


def _is_within(given: Mapping[int, int] | None, owed: Mapping[int, int]) -> bool:
    if given is None:
        return True
    return any(given.values()) and all(0 <= amount <= owed.get(line_no, 0) for line_no, amount in given.items())


def _check_holder(work: Work, claim: Claim | None, check: HolderCheck) -> tuple[bool, bool]:
    """Return whether the family has a CNIC on record, and whether the digits told are its digits."""
    if claim is None or check.proof in _KNOWS_NO_NUMBER:
        return True, True
    cnic = cnic_of(work, claim.family_id)
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
