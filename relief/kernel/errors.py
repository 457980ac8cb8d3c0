"""The ways in which Relief refuses, each with a stable code and a sentence that a staff member can act on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from relief.kernel.messages import N_


class ReliefError(Exception):
    """A refusal: `code` is stable for programs, `message` is a msgid with %(name)s places filled from `params`."""

    def __init__(self, code: str, message: str, /, **params: object) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field of an input; `field` is the name that the form or file gives it."""

    field: str
    code: str
    message: str
    params: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


class InvalidInput(ReliefError):
    """The input cannot be understood or is out of range. Carries one problem a field where it is a form."""

    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """Return one refusal for all the problems of a form, so that a person mends them in one go."""
        error = cls("input.invalid", N_("Please mend what is marked and send again."))
        error.problems = tuple(problems)
        return error


class NotFound(ReliefError):
    """The object does not exist, or lies outside the areas of the person who asks: both look the same."""


class Forbidden(ReliefError):
    """The person may not do this."""


class Conflict(ReliefError):
    """The input collides with what is already recorded."""


class RuleViolation(ReliefError):
    """The input is understood, and a rule of the work forbids it."""


class NotAuthentic(ReliefError):
    """Who asks cannot be told: the proof that came with the request does not hold."""
