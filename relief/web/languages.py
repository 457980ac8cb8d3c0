"""The language of a page: chosen by the reader, else what the browser asks for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel

from relief.web import formats
from relief.web.listing import address_with

# The names are in the languages themselves: who cannot read the page can still find the way out of it.
LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "ur": "اردو", "sd": "سنڌي"})
_RIGHT_TO_LEFT = frozenset({"ur", "sd"})
_COOKIE = "relief_language"
_ONE_YEAR = 365 * 24 * 3600


def register(app: Flask) -> None:
    """Give the application its languages."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "en")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Asia/Karachi")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", "translations")
    Babel(app, locale_selector=select_language)
    app.after_request(_remember)


def select_language() -> str:
    """Return the code of the language of this request."""
    if not has_request_context():
        return "en"
    chosen = request.args.get("lang", "")
    if chosen in LANGUAGES:
        g.chosen_language = chosen
        return chosen
    remembered = request.cookies.get(_COOKIE, "")
    if remembered in LANGUAGES:
        return remembered
    wanted = (tag.replace("_", "-").partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((language for language in wanted if language in LANGUAGES), "en")


def direction(language: str | None = None) -> str:
    """Return "rtl" or "ltr", of the page's language if none is named."""
    return "rtl" if (language or formats.language()) in _RIGHT_TO_LEFT else "ltr"


def language_links() -> list[tuple[str, str, str]]:
    """Return (code, own name, address of this page in it). A page that answered a form is asked for afresh."""
    return [(code, name, address_with(lang=code)) for code, name in LANGUAGES.items()]


def _remember(response: Response) -> Response:
    chosen = g.get("chosen_language")
    if chosen and response.mimetype == "text/html":  # Programs ask each time anew.
        response.set_cookie(_COOKIE, chosen, max_age=_ONE_YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response
