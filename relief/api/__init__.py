"""The API for phones: everything under /api/v1. Every module of addresses is listed here, and only here."""

from __future__ import annotations

from collections.abc import Callable

from apiflask import APIFlask
from flask import request

from relief.api import devices, document, problems, service, sync

PREFIX = "/api/"
BLUEPRINTS = (service.bp, devices.bp, sync.bp)

VERSION = document.VERSION
answer_error = problems.answer_error


def register(app: APIFlask, words: Callable[[object], str]) -> None:
    """Give the application its API. Args: words: what puts a refusal into the language of the request."""
    app.config.update(document.SETTINGS)
    app.spec_processor(document.complete)
    problems.register(app, words)
    for bp in BLUEPRINTS:
        app.register_blueprint(bp)


def is_asked() -> bool:
    """Return whether this request is one to the API, whether or not there is anything at its address."""
    return request.path.startswith(PREFIX)
