"""What a paper is worth, and how wrong answers are slowed down: every combination of facts."""

import datetime as dt
import itertools

import pytest

from relief.entitlements.rules import OF_ONE_ADDRESS, OF_ONE_TOKEN, KeyState, Standing, TokenState, standing_of

FACTS = list(itertools.product((None, *KeyState), (None, *TokenState), (True, False), (True, False)))


@pytest.mark.parametrize(("key_state", "token_state", "is_genuine", "is_expired"), FACTS)
def test_the_first_thing_against_a_paper_counts(key_state, token_state, is_genuine: bool, is_expired: bool) -> None:
    standing = standing_of(key_state, token_state, is_genuine=is_genuine, is_expired=is_expired)
    if not is_genuine:
        assert standing is Standing.NOT_GENUINE
    elif key_state is KeyState.REVOKED:
        assert standing is Standing.KEY_REVOKED
    elif token_state is not TokenState.ISSUED:
        names = {None: Standing.UNKNOWN, TokenState.REVOKED: Standing.REVOKED, TokenState.REPLACED: Standing.REPLACED}
        assert standing is names[token_state]
    else:
        assert standing is (Standing.EXPIRED if is_expired else Standing.VALID)


@pytest.mark.parametrize("standing", Standing)
def test_every_standing_has_a_word(standing: Standing) -> None:
    assert standing.label


@pytest.mark.parametrize("throttle", [OF_ONE_TOKEN, OF_ONE_ADDRESS])
def test_the_wait_doubles_up_to_its_end(throttle) -> None:
    waits = [throttle.wait_after(failures) for failures in range(1, throttle.free + 30)]
    assert waits[: throttle.free - 1] == [dt.timedelta(0)] * (throttle.free - 1)
    assert waits[throttle.free - 1 : throttle.free + 1] == [throttle.first_wait, throttle.first_wait * 2]
    assert waits == sorted(waits)
    assert waits[-1] == throttle.longest_wait


def test_guessing_the_last_four_digits_takes_years() -> None:
    waited, guesses = dt.timedelta(0), 0
    while waited < dt.timedelta(days=365):
        guesses += 1
        waited += OF_ONE_TOKEN.wait_after(guesses)
    assert guesses < 500, "of ten thousand"
