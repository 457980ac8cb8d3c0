"""Point staff sign in on a phone while it has a signal, and get what they sign with when it has none."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from relief.accounts.devices import open_credential, revoked
from relief.accounts.model import User
from relief.accounts.queries import actor_of
from relief.accounts.sign_in import Attempt, forgive
from relief.audit.trail import Deed, record
from relief.distributions.device_assignments import days_staffed
from relief.kernel.errors import Forbidden
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import Work
from relief.sync.requests import KnownDevice


@dataclass(frozen=True, slots=True)
class SignedInOperator:
    """A person on a phone: the credential is shown to the phone once."""

    user_id: int
    name: str
    credential: bytes = field(repr=False)
    staffed_on: list[dt.date]


def sign_in_operator(work: Work, device: KnownDevice, attempt: Attempt) -> SignedInOperator:
    """Let a person work on the phone after the right password; an earlier credential on the same phone ends.

    The attempt was begun, and the password looked at, before this unit: see `accounts.sign_in`.
    Raises: Forbidden "device.revoked", "operator.password_not_own", "operator.not_point_staff".
    """
    assert attempt.user_id is not None
    if device.is_revoked:
        raise revoked()
    user = work.session.get_one(User, attempt.user_id)
    if user.must_change_password:
        message = N_("Somebody else knows this password. Sign in on the web first and choose one of your own.")
        raise Forbidden("operator.password_not_own", message)
    if not actor_of(work, user.id).may(Permission.HAND_OVER, device.point.area_path):
        message = N_("You are not point staff over %(point)s. Ask your coordinator.")
        raise Forbidden("operator.not_point_staff", message, point=device.point.name)
    forgive(work, attempt)
    credential = open_credential(work, device.id, user.id)
    staffed = days_staffed(work, device.point.id, [user.id], device.days)[user.id]
    detail = {"device": device.uuid, "point": device.point.code}
    record(work, Deed("device.operator_signed_in", "user", user.id, device.point.uc_id, detail, segment="accounts"))
    return SignedInOperator(user.id, user.name, credential, staffed)
