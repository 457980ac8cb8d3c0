"""What keeps a page safe in the browser: form tokens, content policy, headers, host names; and what logs may hold."""

from __future__ import annotations

import ipaddress
import logging
import re
import secrets
from collections.abc import Mapping

from flask import Flask, Response, current_app, g, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import BadRequest, Forbidden

csrf = CSRFProtect()

_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS: Mapping[str, str] = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
}
_TOKEN_ADDRESS = re.compile(r"(/V/)[^\s?#\"']+", re.IGNORECASE)


def register(app: Flask) -> None:
    """Put the protections in front of and behind every view."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # A form may stay open for a day; its token lives as long as the sign-in.
    app.config["WTF_CSRF_SSL_STRICT"] = False  # It asks for a referrer, and our pages send none.
    csrf.init_app(app)
    app.before_request(_check_host)
    app.before_request(_check_origin)
    app.after_request(_set_headers)
    app.jinja_env.globals |= {"csp_nonce": csp_nonce, "csrf_token": generate_csrf}
    for name in ("werkzeug", "granian.access", "_granian", app.logger.name):
        logging.getLogger(name).addFilter(_mask_record)


def csp_nonce() -> str:
    """Return the one-time word that marks this answer's own scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def mask_tokens(text: str) -> str:
    """Return the text with the digits of token addresses taken out: a token's text is a secret."""
    return _TOKEN_ADDRESS.sub(r"\1***", text)


def _check_host() -> None:
    """Refuse a foreign host name: addresses in mails and on sheets are made of it, and other sites could point theirs here.

    Bare IP addresses are let through: a laptop hub in a tent has no name, and no foreign site can bear one.
    """
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    if host not in current_app.config["OWN_HOSTS"] and not _is_ip_address(host.strip("[]")):
        raise BadRequest("unknown host name")


def _check_origin() -> None:
    """Refuse what another site sends in a person's name, beside the form token; browsers too old to tell rely on that."""
    is_foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
    if is_foreign and request.method not in ("GET", "HEAD", "OPTIONS"):
        raise Forbidden("sent from another site")


def _set_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _content_policy())
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _content_policy() -> str:
    policy = {name: [value] for name, value in _POLICY.items()}
    if "csp_nonce" in g:
        for name in ("script-src", "style-src"):
            policy[name].append(f"'nonce-{g.csp_nonce}'")
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _mask_record(record: logging.LogRecord) -> bool:
    record.msg = mask_tokens(str(record.msg))
    if isinstance(record.args, tuple):
        record.args = tuple(mask_tokens(arg) if isinstance(arg, str) else arg for arg in record.args)
    return True
