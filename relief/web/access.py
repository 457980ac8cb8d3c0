"""Who may use a route: each view says it by one decorator, and a test proves that none forgets to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from relief.kernel.actor import SYSTEM_ID, Actor
from relief.kernel.errors import Forbidden
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.web.session import current_sign_in
from relief.web.shell import say

P = ParamSpec("P")
Answer = ResponseReturnValue

# Somebody without an account: may see what is public, and nothing that needs a permission.
PUBLIC = Actor(SYSTEM_ID, "public")


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares: open to everyone, or to people with any of the permissions (none named: everybody signed in)."""

    is_public: bool = False
    permissions: tuple[Permission, ...] = ()


def needs(*permissions: Permission) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Open the view to signed-in people who were granted any of the permissions over any area; rows are scoped below."""

    def decorate(view: Callable[P, Answer]) -> Callable[P, Answer]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
            current = current_sign_in()
            if current is None:
                return ask_to_sign_in()
            if current.must_change_password:
                say(_("Choose a password of your own first."), "info")
                return redirect(url_for("accounts.show"))
            if not any(current.actor.may(permission) for permission in permissions):
                raise Forbidden("access.forbidden", N_("Your role does not allow this here. Ask your coordinator."))
            return view(*args, **kwargs)

        return _declare(guarded, Access(permissions=permissions))

    return decorate


def signed_in(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Open the view to everybody who is signed in."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Answer:
        return view(*args, **kwargs) if current_sign_in() is not None else ask_to_sign_in()

    return _declare(guarded, Access())


def for_everyone(view: Callable[P, Answer]) -> Callable[P, Answer]:
    """Open the view to the public."""
    return _declare(view, Access(is_public=True))


def current_actor() -> Actor:
    """Return the person of this request, or the public, which was granted nothing."""
    current = current_sign_in()
    return current.actor if current else PUBLIC


def access_of(view: Callable[..., object]) -> Access | None:
    """Return what a view function declares, None if it forgot."""
    declared = getattr(view, "access", None)
    return declared if isinstance(declared, Access) else None


def ask_to_sign_in() -> Answer:
    """Send the browser to the sign-in page, and back to where it wanted to go."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else url_for("home.index")
    address = url_for("accounts.sign_in", next=wanted if wanted != "/" else None)
    if request.headers.get("HX-Request"):
        return "", 401, {"HX-Redirect": address}  # A redirect would put the sign-in page into the middle of this one.
    return redirect(address)


def safe_path(wanted: str) -> str:
    """Return a path of this site to go on to after signing in; anything else becomes the home page."""
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_local and "\\" not in wanted else url_for("home.index")


def _declare(view: Callable[P, Answer], access: Access) -> Callable[P, Answer]:
    vars(view)["access"] = access
    return view
