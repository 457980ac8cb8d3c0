"""Phones: enrolling one, what it may know of itself, and signing people in on it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from apiflask import APIBlueprint
from flask import request

from relief.accounts.devices import Enrolment
from relief.accounts.proving import prove_password
from relief.api import models
from relief.api.access import PHONES, current_device, for_everyone, signed_by_device
from relief.api.document import SIGNED, refuses
from relief.kernel.errors import NotAuthentic
from relief.kernel.messages import N_
from relief.kernel.text import clean
from relief.store.work import unit_of_work
from relief.sync.enrolment import enrol_device
from relief.sync.operators import sign_in_operator
from relief.sync.requests import KnownDevice
from relief.sync.wire import b64, unb64

bp = APIBlueprint("api_devices", __name__, url_prefix="/api/v1/devices")


@bp.post("")
@bp.doc(tags=["Devices"], operation_id="enrolDevice", responses=refuses(400, 401, 403, 404, 409, 413, 415, 422))
@for_everyone
@bp.input(models.EnrolDevice, arg_name="wanted")
@bp.output(models.EnrolledDevice, 201, "The phone is enrolled.")
def enrol(wanted: models.EnrolDevice) -> models.EnrolledDevice:
    """Enrol a phone

    The code of an invitation and the phone's own key make it known here. Asked again with the same key, the answer is the same.
    """
    enrolment = Enrolment(wanted.code, unb64(wanted.public_key), unb64(wanted.proof), wanted.label)
    with unit_of_work(PHONES) as work:
        enrolled = enrol_device(work, enrolment)
        at = work.at
    keys = models.ServerKeys(manifest=b64(enrolled.manifest_key), seal=b64(enrolled.seal_key))
    own = _own(enrolled.device, at)
    return models.EnrolledDevice(**own, secret=b64(enrolled.secret), server_keys=keys)


@bp.get("/me")
@bp.doc(tags=["Devices"], operation_id="showDevice", security=SIGNED, responses=refuses(400, 401, 403, 413, 415))
@signed_by_device()
@bp.output(models.OwnDevice, description="The phone.")
def show() -> models.OwnDevice:
    """What a phone may know of itself"""
    device = current_device()
    return models.OwnDevice(**_own(device, dt.datetime.now(dt.UTC)), state=device.state)


@bp.post("/me/operators")
@bp.doc(
    tags=["Devices"], operation_id="signInOperator", security=SIGNED,
    responses=refuses(400, 401, 403, 413, 415, 429),
)  # fmt: skip
@signed_by_device()
@bp.input(models.SignInOperator, arg_name="wanted")
@bp.output(models.Operator, 201, "The person may work on this phone.")
def sign_in(wanted: models.SignInOperator) -> models.Operator:
    """Sign a person in on the phone

    Only point staff over the phone's point. The answer holds a new credential; an earlier one of the same person on this phone
    ends. Wrong passwords are counted as on the sign-in page, and after too many the answer says how long to wait.
    """
    attempt = prove_password(clean(wanted.email), wanted.password, request.remote_addr or "unknown")
    if attempt is None:
        raise NotAuthentic("sign_in.wrong", N_("The e-mail address or the password is wrong."))
    with unit_of_work(PHONES) as work:
        signed_in = sign_in_operator(work, current_device(), attempt)
    return models.Operator(
        operator=signed_in.user_id,
        name=signed_in.name,
        credential=b64(signed_in.credential),
        staffed_on=signed_in.staffed_on,
    )


def _own(device: KnownDevice, at: dt.datetime) -> dict[str, Any]:
    point = models.Point(number=device.point.number, code=device.point.code, name=device.point.name)
    return {
        "device": uuid.UUID(device.uuid), "name": device.label, "point": point, "first_on": device.days.first_on,
        "last_on": device.days.last_on, "server_time": at,
    }  # fmt: skip
