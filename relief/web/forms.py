"""Reading a form: every value is parsed once, all problems are gathered, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, cast, overload

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict

from relief.kernel.errors import Conflict, InvalidInput, Problem, ReliefError, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.quantity import Quantity
from relief.kernel.text import clean, fold_digits
from relief.web.refusals import status_of

T = TypeVar("T")
E = TypeVar("E", bound=enum.StrEnum)

LARGEST_NUMBER = 10**12
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")


class Form:
    """The values of one form: as typed if it was sent, else the initial ones, with the problems found in them.

    The reading methods return a stand-in where a value is bad: `refuse_problems` ends the reading and raises.
    """

    def __init__(
        self,
        typed: MultiDict[str, str] | None,
        files: Mapping[str, FileStorage] | None = None,
        initial: Mapping[str, object] | None = None,
        *,
        key: str = "form",
    ) -> None:
        self.is_sent = typed is not None
        self.key = key
        self.problems: list[Problem] = []
        self.status = 200
        # What a field offers to choose from after an answer that fitted several things.
        self.candidates: dict[str, list[tuple[str, str]]] = {}
        self._typed: MultiDict[str, str] = typed if typed is not None else MultiDict()
        self._files = files or {}
        self._initial = initial or {}

    @classmethod
    def of_request(cls, initial: Mapping[str, object] | None = None, /, **values: object) -> Self:
        """Return the form of this request: sent if it is a POST; `initial` and keywords fill a fresh one."""
        start = {**(initial or {}), **values}
        if request.method == "POST":
            return cls(request.form, request.files, start)
        return cls(None, None, start)

    @classmethod
    def of_query(cls, **values: object) -> Self:
        """Return the form of a search or filter, which is sent by GET and lives in the address."""
        return cls(request.args or None, None, values)

    # --- What the page shows ---

    def value(self, name: str) -> str:
        """Return the text that the field shows: what was typed, else the initial value."""
        return self._typed.get(name, "") if self.is_sent else _as_text(self._initial.get(name))

    def values(self, name: str) -> list[str]:
        """Return all texts of a field that has several: ticked boxes."""
        if self.is_sent:
            return self._typed.getlist(name)
        initial = self._initial.get(name) or ()
        many = initial if isinstance(initial, Iterable) and not isinstance(initial, str) else (initial,)
        return [_as_text(value) for value in many]

    def is_ticked(self, name: str) -> bool:
        """Return whether a box shows ticked."""
        return bool(self._typed.get(name) if self.is_sent else self._initial.get(name))

    def problem(self, name: str) -> Problem | None:
        """Return the first problem of a field."""
        return next((problem for problem in self.problems if problem.field == name), None)

    # --- Reading ---

    @overload
    def parse(self, name: str, parser: Callable[[str], T]) -> T: ...
    @overload
    def parse(self, name: str, parser: Callable[[str], T], *, required: bool) -> T | None: ...
    def parse(self, name: str, parser: Callable[[str], T], *, required: bool = True) -> T | None:
        """Return the value by a parser that raises InvalidInput; None for an empty field that may be empty."""
        text = clean(self._typed.get(name, ""))
        if not text:
            return self._missing(name) if required else None
        try:
            return parser(text)
        except InvalidInput as error:
            self.problems.append(Problem(name, error.code, error.message, error.params))
            return cast(T, None)

    @overload
    def text(self, name: str, *, longest: int = ...) -> str: ...
    @overload
    def text(self, name: str, *, longest: int = ..., required: bool) -> str | None: ...
    def text(self, name: str, *, longest: int = 200, required: bool = True) -> str | None:
        """Return the text without invisible marks."""

        def parser(text: str) -> str:
            if len(text) > longest:
                raise InvalidInput("text.too_long", N_("Write at most %(count)s characters."), count=longest)
            return text

        return self.parse(name, parser, required=required)

    def secret(self, name: str) -> str:
        """Return a password exactly as typed."""
        return self._typed.get(name, "") or self._missing(name)

    @overload
    def number(self, name: str, *, low: int = ..., high: int = ...) -> int: ...
    @overload
    def number(self, name: str, *, low: int = ..., high: int = ..., required: bool) -> int | None: ...
    def number(self, name: str, *, low: int = 0, high: int = LARGEST_NUMBER, required: bool = True) -> int | None:
        """Return a whole number typed in any digits."""

        def parser(text: str) -> int:
            digits = fold_digits(text).replace(",", "").replace("٬", "")
            if not re.fullmatch(r"-?[0-9]{1,15}", digits):
                raise InvalidInput("number.not_whole", N_("Write a whole number in digits, such as 12."))
            if not low <= int(digits) <= high:
                raise InvalidInput(
                    "number.out_of_range", N_("Write a number from %(low)s to %(high)s."), low=low, high=high
                )
            return int(digits)

        return self.parse(name, parser, required=required)

    @overload
    def money(self, name: str) -> Money: ...
    @overload
    def money(self, name: str, *, required: bool) -> Money | None: ...
    def money(self, name: str, *, required: bool = True) -> Money | None:
        """Return a sum of rupees, not negative."""

        def parser(text: str) -> Money:
            money = Money.parse(text)
            if money < Money.ZERO:
                raise InvalidInput("money.negative", N_("Write a sum that is not negative."))
            return money

        return self.parse(name, parser, required=required)

    @overload
    def day(self, name: str) -> dt.date: ...
    @overload
    def day(self, name: str, *, required: bool) -> dt.date | None: ...
    def day(self, name: str, *, required: bool = True) -> dt.date | None:
        """Return a day from a date picker (2022-09-14) or as typed, day first (14/09/2022)."""
        return self.parse(name, parse_day, required=required)

    @overload
    def choice(self, name: str, kind: type[E]) -> E: ...
    @overload
    def choice(self, name: str, kind: type[E], *, required: bool) -> E | None: ...
    def choice(self, name: str, kind: type[E], *, required: bool = True) -> E | None:
        """Return the member that was chosen."""
        return self.parse(name, lambda text: _member(kind, text), required=required)

    def choices(self, name: str, kind: type[E]) -> tuple[E, ...]:
        """Return the members that were ticked, in the order of the enum; none is allowed."""
        try:
            ticked = {_member(kind, text) for text in self._typed.getlist(name) if text}
        except InvalidInput as error:
            self.problems.append(Problem(name, error.code, error.message))
            return ()
        return tuple(member for member in kind if member in ticked)

    def flag(self, name: str) -> bool:
        """Return whether the box is ticked."""
        return bool(self._typed.get(name))

    @overload
    def file(self, name: str) -> FileStorage: ...
    @overload
    def file(self, name: str, *, required: bool) -> FileStorage | None: ...
    def file(self, name: str, *, required: bool = True) -> FileStorage | None:
        """Return the uploaded file."""
        upload = self._files.get(name)
        if upload is not None and upload.filename:
            return upload
        return self._missing(name, N_("Choose a file.")) if required else None

    def names(self, start: str) -> list[str]:
        """Return the names of the fields sent that begin so: the rows of a repeated group."""
        return [name for name in self._typed if name.startswith(start)]

    # --- Problems ---

    def add_problem(self, name: str, code: str, message: str, **params: object) -> None:
        """Note a problem of a field that only several values together show."""
        self.problems.append(Problem(name, code, message, params))

    def refuse_problems(self) -> None:
        """End the reading. Raises: InvalidInput with all the problems found."""
        if self.problems:
            found, self.problems = self.problems, []
            raise InvalidInput.of(found)

    def attempt(self) -> Attempt:
        """Return a context for reading the form and doing its work, which keeps refusals to show them beside the fields."""
        return Attempt(self)

    def keep(self, error: ReliefError) -> None:
        """Take the problems of a refusal to show them in the form."""
        self.status = status_of(error)
        problems = error.problems if isinstance(error, InvalidInput) else ()
        self.problems.extend(problems or [Problem("", error.code, error.message, error.params)])

    def _missing(self, name: str, message: str = N_("This is missing.")) -> Any:
        self.problems.append(Problem(name, "field.missing", message))
        return None


class Attempt:
    """Runs what a sent form asks for; a refusal that the sender can mend stays on the form instead of leaving the view."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def __enter__(self) -> bool:
        return self._form.is_sent

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, (InvalidInput, Conflict, RuleViolation)):
            return False
        self._form.keep(error)
        return True


def parse_event_id(text: str) -> str:
    """Return the id that a page gave its form, so that the form sent twice counts once. Raises: InvalidInput."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidInput("form.event_id", N_("This form has lost its own number. Open the page anew.")) from None


def parse_day(text: str) -> dt.date:
    """Return the day of 2022-09-14 or 14/09/2022. Raises: InvalidInput "day.not_a_day"."""
    text = fold_digits(text)
    try:
        match = _DAY_FIRST.fullmatch(text)
        return dt.date(*(int(part) for part in reversed(match.groups()))) if match else dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("day.not_a_day", N_("Write a day as 14/09/2022: day, month, year.")) from None


def _member(kind: type[E], text: str) -> E:
    try:
        return kind(text)
    except ValueError:
        raise InvalidInput("choice.unknown", N_("Choose one of the answers shown.")) from None


def _as_text(value: object) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case Money():
            rupees, paisa = divmod(value.paisa, 100)
            return f"{rupees}.{paisa:02d}" if paisa else str(rupees)
        case Quantity():
            return str(value.count)
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)
