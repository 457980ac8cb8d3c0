"""The verdict at the table, over every combination of facts."""

import itertools

import pytest

from relief.distributions.rules import RedemptionFacts, Refusal, proof_suffices, refusal_of
from relief.entitlements.rules import KeyState, TokenState
from relief.programmes.rules import CampaignState, Proof

# Each fact with its good values first, and the reason that any other value gives, in the order of the staff card.
CARD = [
    ("is_readable", [True], {False: Refusal.UNREADABLE}),
    ("is_genuine", [True, None], {False: Refusal.NOT_GENUINE}),
    ("key_state", [KeyState.ACTIVE, KeyState.RETIRED, None], {KeyState.REVOKED: Refusal.KEY_REVOKED}),
    ("token_state", [TokenState.ISSUED],
     {None: Refusal.UNKNOWN, TokenState.REVOKED: Refusal.TOKEN_REVOKED, TokenState.REPLACED: Refusal.TOKEN_REPLACED}),
    ("is_of_this_campaign", [True], {False: Refusal.OTHER_CAMPAIGN}),
    ("campaign_state", [CampaignState.ACTIVE], {CampaignState.CLOSED: Refusal.CAMPAIGN_NOT_RUNNING}),
    ("is_expired", [False], {True: Refusal.EXPIRED}),
    ("is_distribution_day", [True], {False: Refusal.NOT_ON_THIS_DAY}),
    ("is_at_its_point", [True], {False: Refusal.OTHER_POINT}),
    ("is_operator_assigned", [True], {False: Refusal.NOT_ASSIGNED}),
    ("is_device_trusted", [True], {False: Refusal.DEVICE_NOT_TRUSTED}),
    ("is_anything_owed", [True], {False: Refusal.ALREADY_GIVEN}),
    ("is_within_owed", [True], {False: Refusal.MORE_THAN_OWED}),
    ("proof_suffices", [True], {False: Refusal.PROOF_MISSING}),
    ("holder_matches", [True], {False: Refusal.HOLDER_DOES_NOT_MATCH}),
]  # fmt: skip
ORDER = list(Refusal)


def expected(values):
    """The reason that stands first on the card, found the slow way."""
    wrong = [bad[value] for (_, good, bad), value in zip(CARD, values, strict=True) if value not in good]
    return min(wrong, key=ORDER.index, default=None)


def test_the_first_reason_on_the_card_is_given_for_every_combination_of_facts():
    names = [name for name, _, _ in CARD]
    choices = [[*good[:1], *bad] for _, good, bad in CARD]
    for values in itertools.product(*choices):
        facts = RedemptionFacts(**dict(zip(names, values, strict=True)))
        assert refusal_of(facts) is expected(values), values


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, good, _ in CARD for value in good])
def test_good_facts_give(name, value):
    facts = {key: good[0] for key, good, _ in CARD} | {name: value}
    assert refusal_of(RedemptionFacts(**facts)) is None


@pytest.mark.parametrize(("required", "given", "has_cnic"), [*itertools.product(Proof, Proof, [True, False])])
def test_a_proof_suffices_if_it_is_as_strong_or_if_the_card_was_lost(required, given, has_cnic):
    order = list(Proof)
    stronger = order.index(given) <= order.index(required)
    vouched = not has_cnic and given in (Proof.PHOTO, Proof.WITNESS)
    assert proof_suffices(required=required, given=given, has_cnic=has_cnic) is (stronger or vouched)


def test_every_reason_has_a_sentence_for_staff():
    assert all(len(refusal.message) > 20 for refusal in Refusal)
