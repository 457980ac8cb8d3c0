"""From refusals and faults to pages: what happened, where, and how to go on; never a stack trace."""

from __future__ import annotations

import secrets
import time

from flask import Flask, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from relief.kernel.errors import InvalidInput, ReliefError
from relief.web.formats import label
from relief.web.refusals import status_of
from relief.web.security import mask_tokens
from relief.web.shell import shell


def register(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(ReliefError, answer_refusal)
    app.register_error_handler(CSRFError, answer_stale_form)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, answer_fault)


def answer_refusal(error: ReliefError) -> ResponseReturnValue:
    """Answer a refusal that no form took up."""
    status = status_of(error)
    problems = [label(problem) for problem in error.problems] if isinstance(error, InvalidInput) else []
    return _page(status, _title(status), label(error), problems)


def answer_stale_form(_error: CSRFError) -> ResponseReturnValue:
    """Answer a form whose token is missing or from before a sign-in."""
    text = _("You signed in or out since this form was opened, or your browser keeps no cookies. Nothing was changed.")
    return _page(400, _("This form is out of date"), text, [_("Go back, load the page again, and send it once more.")])


def answer_http(error: HTTPException) -> ResponseReturnValue:
    """Answer what the framework refuses: unknown addresses, wrong methods, uploads that are too large."""
    if error.code is None or error.code < 400:
        return error
    texts = {
        400: _("The request cannot be understood. Nothing was changed."),
        403: _("Your role does not allow this here. Ask your coordinator."),
        404: _("There is nothing at this address, or it lies outside your areas."),
        405: _("This address only takes a form. Go back to the page with the form."),
        413: _(
            "What you sent is larger than %(size)s MB. Send the file in parts.",
            size=current_app.config["MAX_CONTENT_LENGTH"] // 2**20,
        ),
    }
    text = texts.get(error.code, _("The request cannot be answered. Nothing was changed."))
    answer = current_app.make_response(_page(error.code, _title(error.code), text))
    if error.code == 405 and error.get_response().headers.get("Allow"):
        answer.headers["Allow"] = error.get_response().headers["Allow"]
    return answer


def answer_fault(error: Exception) -> ResponseReturnValue:
    """Answer a fault of the program: a number for the person to name, the trace in the log under the same number."""
    if current_app.config["PROPAGATE_EXCEPTIONS"]:
        raise error
    number = secrets.token_hex(4)
    # The database may be what is at fault: the page does without it.
    g.setdefault("sign_in", None)
    shell().looked_up_at = time.monotonic()
    current_app.logger.error("Fault %s at %s %s", number, request.method, mask_tokens(request.path), exc_info=error)
    text = _(
        "The fault is ours. What you sent was not saved. Try again; if it happens again, tell the administrator this number:"
    )
    return _page(500, _("Something went wrong"), text, [number])


def _title(status: int) -> str:
    titles = {
        400: _("This cannot be read"),
        403: _("You may not do this"),
        404: _("Not found"),
        405: _("This page is not for opening"),
        409: _("This collides with what is already recorded"),
        413: _("Too large"),
        422: _("A rule forbids this"),
    }
    return str(titles.get(status, _("This did not work")))


def _page(status: int, title: str, text: str, details: list[str] | None = None) -> tuple[str, int]:
    address = url_for("home.index")
    return render_template(
        "errors/error.html", status=status, title=title, text=text, details=details or [], home=address
    ), status
