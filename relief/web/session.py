"""The sign-in behind a request: a cookie with a random text, and the row that says whose it is.

What else a browser keeps (the form token, messages, the campaign in hand) lies in Flask's signed cookie: nothing in it says who
somebody is, so a copy of it is worth nothing, and no page view writes to the database.
"""

from __future__ import annotations

import re

from flask import Response, current_app, g, request, session

from relief.accounts import queries, rules, sign_in
from relief.accounts.queries import SignIn
from relief.accounts.sign_in import Attempt
from relief.kernel.actor import Actor
from relief.store.work import glancing, unit_of_work

_SYSTEM = Actor.system("sign-in")
_BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("HeadlessChrome", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def current_sign_in() -> SignIn | None:
    """Return the sign-in of this request, looked up once; None for the public."""
    if "sign_in" not in g:
        g.sign_in = _load()
        g.counts_in_lakhs = g.sign_in is not None and g.sign_in.counts_in_lakhs
    found: SignIn | None = g.sign_in
    return found


def open_session(attempt: Attempt) -> None:
    """Sign the browser in after the right password."""
    with unit_of_work(_SYSTEM) as work:
        g.new_sign_in_token = sign_in.start_sign_in(work, attempt, device_name(request.user_agent.string))
    session.clear()  # A form token from before the sign-in must not serve after it.


def close_session() -> None:
    """Sign this browser out: the row ends, so that a copied cookie is dead as well."""
    current = current_sign_in()
    if current is not None:
        with unit_of_work(current.actor) as work:
            sign_in.end_sign_in(work, current.session_id)
    session.clear()
    g.new_sign_in_token = ""


def set_cookie(response: Response) -> Response:
    """Give the browser its new sign-in cookie, or take the old one away."""
    token = g.get("new_sign_in_token")
    if token is None:
        return response
    lifetime = rules.LONGEST_SIGN_IN if token else 0
    response.set_cookie(
        _cookie_name(), token, max_age=lifetime, secure=request.is_secure, httponly=True, samesite="Lax"
    )
    return response


def device_name(user_agent: str) -> str:
    """Return "Chrome, Android" of a browser's long description of itself."""
    browser = next((name for mark, name in _BROWSERS if re.search(rf"\b{mark}/", user_agent)), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part) or "?"


def client_address() -> str:
    """Return the network address that the request came from."""
    return request.remote_addr or "unknown"


def _load() -> SignIn | None:
    token = request.cookies.get(_cookie_name(), "")
    if not token or len(token) > 64:
        return None
    with glancing(_SYSTEM) as work:
        found = queries.find_sign_in(work, token)
    if found is not None and work.at - found.seen_at >= rules.SEEN_STEP:
        with unit_of_work(_SYSTEM) as work:
            sign_in.note_seen(work, found.session_id)
    return found


def _cookie_name() -> str:
    return str(current_app.config["SIGN_IN_COOKIE_NAME"])
