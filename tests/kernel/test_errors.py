"""Refusals: a stable code, and a sentence with its places filled."""

import pytest

from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, Problem, ReliefError, RuleViolation
from relief.kernel.messages import N_

KINDS = [InvalidInput, NotFound, Forbidden, Conflict, RuleViolation]


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_keeps_its_code_its_message_and_what_fills_it(kind: type[ReliefError]):
    error = kind("stock.short", "Only %(left)s of %(item)s are left.", left=3, item="tents")
    assert (error.code, error.message, error.params) == (
        "stock.short", "Only %(left)s of %(item)s are left.", {"left": 3, "item": "tents"},
    )  # fmt: skip
    assert str(error) == "Only 3 of tents are left."
    assert isinstance(error, ReliefError)


@pytest.mark.parametrize("make", [lambda text: ReliefError("c", text), lambda text: Problem("f", "c", text)])
def test_a_message_without_places_may_hold_a_percent_sign(make):
    assert str(make("Use 100% of it.")) == "Use 100% of it."


def test_a_refused_form_tells_all_its_problems_at_once():
    problems = [
        Problem("cnic", "cnic.wrong_length", "Here are %(count)s.", {"count": 12}),
        Problem("name", "n", "Missing."),
    ]
    error = InvalidInput.of(problems)
    assert error.code == "input.invalid" and error.problems == tuple(problems)
    assert [str(problem) for problem in error.problems] == ["Here are 12.", "Missing."]
    assert InvalidInput("other", "Other.").problems == ()


def test_a_marked_message_is_the_message():
    assert N_("Here are %(count)s.") == "Here are %(count)s."
