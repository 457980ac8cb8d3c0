"""Who may use an address of the API: each view says it by one decorator, and a test proves that none forgets to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from flask import g, request
from flask.typing import ResponseReturnValue

from relief.api.bodies import body_digest
from relief.kernel.actor import Actor
from relief.kernel.errors import NotAuthentic
from relief.kernel.messages import N_
from relief.store.work import glancing, unit_of_work
from relief.sync.requests import (
    KnownDevice,
    SignedRequest,
    authenticate_request,
    find_enrolled,
    note_contact,
    unknown,
)

P = ParamSpec("P")
R = TypeVar("R")
Answer = ResponseReturnValue

# No person stands behind a phone's request; who scanned stands in each event.
PHONES = Actor.system("phones")


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares: open to everyone, or to phones that sign what they ask, if need be to revoked ones as well."""

    is_public: bool = False
    also_revoked: bool = False


def for_everyone(view: Callable[P, R]) -> Callable[P, R]:
    """Open the view to everybody: what comes proves itself, or nothing needs a proof."""
    return _declare(view, Access(is_public=True))


def signed_by_device(*, also_revoked: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Open the view to enrolled phones: the request bears the signature of the phone's own key. No cookie is looked at.

    Stands above whatever reads the body: nobody's body is parsed before it is known whose it is.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            g.device = _authenticate(also_revoked=also_revoked)
            return view(*args, **kwargs)

        return _declare(guarded, Access(also_revoked=also_revoked))

    return decorate


def current_device() -> KnownDevice:
    """Return the phone that signed this request."""
    device = g.device
    assert isinstance(device, KnownDevice)
    return device


def access_of(view: Callable[..., object]) -> Access | None:
    """Return what a view function declares, None if it forgot."""
    declared = getattr(view, "access", None)
    return declared if isinstance(declared, Access) else None


def _authenticate(*, also_revoked: bool) -> KnownDevice:
    named = [
        request.headers.get(name, "") for name in ("Relief-Device", "Relief-Time", "Relief-Nonce", "Relief-Signature")
    ]
    if not all(named):  # Before the body is read: a stranger costs nothing.
        raise NotAuthentic("device.unsigned", N_("Only an enrolled phone may ask this, and it signs what it asks."))
    device, time, nonce, signature = named
    with glancing(PHONES) as work:
        if find_enrolled(work, device) is None:  # 16 kB may unpack to 16 MB, all of it to be hashed: not for strangers.
            raise unknown()
    signed = SignedRequest(device, time, nonce, signature, request.method, request.path, body_digest())
    with glancing(PHONES) as work:
        known = authenticate_request(work, signed, also_revoked=also_revoked)
    if known.is_news:
        with unit_of_work(PHONES) as work:
            note_contact(work, known)
    return known


def _declare(view: Callable[P, R], access: Access) -> Callable[P, R]:
    vars(view)["access"] = access
    return view
