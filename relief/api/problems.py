"""From refusals and faults to problem documents (RFC 9457): what happened, why, and how to go on; never a stack trace."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, request
from flask.json import dumps
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from relief.kernel.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotAuthentic,
    NotFound,
    Problem,
    ReliefError,
    RuleViolation,
)
from relief.kernel.messages import N_

MEDIA_TYPE = "application/problem+json"
TOO_MANY_REQUESTS = 429
# The page that explains each kind; the fragment is its status.
TYPES = "/api/v1/docs#problem-"

_STATUSES: Mapping[type[ReliefError], int] = {
    InvalidInput: 400,
    NotAuthentic: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    RuleViolation: 422,
}
# Refusals that end by themselves: a client waits and asks again.
_PASSING = frozenset({"sign_in.wait"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one status share, as msgids; `text` is for what the framework refuses before any code of ours."""

    title: str
    text: str
    code: str


KINDS: Mapping[int, Kind] = {
    400: Kind(N_("This cannot be read"), N_("The request cannot be understood. Nothing was changed."), "request.bad"),
    401: Kind(N_("Who asks cannot be told"), N_("The request carries no proof of who sent it."), "request.unsigned"),
    403: Kind(N_("You may not do this"), N_("This is not allowed from here."), "request.forbidden"),
    404: Kind(N_("Not found"), N_("There is nothing at this address."), "request.no_such_address"),
    405: Kind(N_("This address does not take that method"), N_("Ask with a method that the answer names in Allow."),
              "request.wrong_method"),
    409: Kind(N_("This collides with what is already recorded"), N_("The request collides with another. Nothing was changed."),
              "request.conflict"),
    413: Kind(N_("Too large"), N_("What you sent is larger than %(size)s MB, packed or unpacked. Send it in parts."),
              "request.too_large"),
    415: Kind(N_("This encoding is not known"), N_("A body may be sent plain or packed with gzip."), "request.bad_encoding"),
    422: Kind(N_("A rule forbids this"), N_("The request is understood, and a rule forbids it."), "request.refused"),
    429: Kind(N_("Too many attempts"), N_("Wait, then ask again."), "request.wait"),
    500: Kind(N_("Something went wrong"), N_("The fault is ours, and nothing was saved. Send it again later. Number: %(fault)s"),
              "fault"),
}  # fmt: skip

LARGEST_BODY = 16 * 2**20


def answer_error(error: Exception) -> ResponseReturnValue:
    """Return the problem document of an error, or the answer itself where it is a redirection."""
    if isinstance(error, ReliefError):
        return _answer_refusal(error)
    if isinstance(error, HTTPException):
        return _answer_http(error)
    return _answer_fault(error)


def label(thing: ReliefError | Problem) -> str:
    """Return the words of a refusal in the language of the request."""
    said: Callable[[object], str] = current_app.extensions["relief.api.label"]
    return said(thing)


def register(app: Flask, words: Callable[[object], str]) -> None:
    """Keep how refusals are put into words: the same as on the pages."""
    app.extensions["relief.api.label"] = words


def _answer_refusal(error: ReliefError) -> Response:
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 400)
    if error.code in _PASSING:
        status = TOO_MANY_REQUESTS
    problems = error.problems if isinstance(error, InvalidInput) else ()
    errors = [{"field": problem.field, "code": problem.code, "detail": label(problem)} for problem in problems]
    answer = _document(status, error.code, label(error), errors=errors)
    if status == TOO_MANY_REQUESTS and "seconds" in error.params:
        answer.headers["Retry-After"] = str(error.params["seconds"])
    return answer


def _answer_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    kind = KINDS.get(error.code, KINDS[400])
    answer = _document(error.code, kind.code, _(kind.text, size=LARGEST_BODY // 2**20, fault=""))
    for name in ("Allow", "Accept-Encoding", "Retry-After"):
        if value := error.get_response().headers.get(name):
            answer.headers[name] = value
    return answer


def _answer_fault(error: Exception) -> Response:
    if current_app.config["PROPAGATE_EXCEPTIONS"]:
        raise error
    number = secrets.token_hex(4)
    current_app.logger.error("Fault %s at %s %s", number, request.method, request.path, exc_info=error)
    return _document(500, KINDS[500].code, _(KINDS[500].text, fault=number), fault=number)


def _document(status: int, code: str, detail: str, **more: Any) -> Response:
    title = KINDS.get(status, KINDS[400]).title
    body = {"type": f"{TYPES}{status}", "title": _(title), "status": status, "detail": detail, "code": code}
    body |= {name: value for name, value in more.items() if value}
    answer = Response(dumps(body), status, mimetype=MEDIA_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer
