"""Phones and who works on them: invited, enrolled with their own key, revoked; credentials made and ended."""

from __future__ import annotations

import base64
import secrets
import uuid
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from relief.accounts.model import Device, DeviceOperator
from relief.accounts.rules import INVITATION_FOR, DeviceState
from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotAuthentic, NotFound, Problem, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.text import clean
from relief.keys import Keyring
from relief.store.work import Work

SECRET_BYTES = 32
LONGEST_LABEL = 80
LONGEST_REASON = 300
PUBLIC_KEY_BYTES, SIGNATURE_BYTES = 32, 64
ENROL_PREFIX = b"relief enrol 1\n"
_CODE_PURPOSE = "device invitation"
_SECRET, _CREDENTIAL = "device.secret", "device_operator.credential"


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """What a phone sends of itself with the code that it scanned."""

    code: str
    public_key: bytes
    # The signature by that key over `ENROL_PREFIX` and the code: whoever sends the key also holds its private half.
    proof: bytes
    description: str = ""


def invite(work: Work, label: str) -> tuple[Device, str]:
    """Add a phone that is still to come; return it and the code that lets it in, which is kept nowhere.

    Raises: InvalidInput "device.label_missing", "text.too_long".
    """
    code = _new_code()
    device = Device(
        uuid=str(uuid.uuid4()), label=_label(label), description="", state=DeviceState.INVITED,
        invite_index=_index_of(work.keys, code), invite_expires_at=work.at + INVITATION_FOR, manifest_no=0,
        invited_at=work.at, invited_by=int(work.actor.id),
    )  # fmt: skip
    work.session.add(device)
    work.session.flush()
    return device, code


def invite_again(work: Work, device: Device) -> str:
    """Return a new code for a phone that has not come yet; the earlier one is worth nothing from now on.

    Raises: RuleViolation "device.not_invited".
    """
    if device.state is not DeviceState.INVITED:
        raise RuleViolation(
            "device.not_invited", N_("This phone was enrolled or revoked before. Enrol it as a new one.")
        )
    code = _new_code()
    device.invite_index, device.invite_expires_at = _index_of(work.keys, code), work.at + INVITATION_FOR
    device.invited_at, device.invited_by = work.at, int(work.actor.id)
    work.session.flush()
    return code


def enrol(work: Work, enrolment: Enrolment) -> tuple[Device, bytes, bool]:
    """Take the phone's key for the code; return the device, its secret, and whether this is news.

    The same phone that asks again, having heard no answer, gets the same one.
    Raises: NotAuthentic "device.bad_proof", NotFound "device.code_unknown", RuleViolation "device.code_expired",
        Forbidden "device.revoked", Conflict "device.code_used", "device.key_taken".
    """
    check_proof(enrolment)
    wanted = select(Device).where(Device.invite_index == _index_of(work.keys, enrolment.code)).with_for_update()
    device = work.session.scalars(wanted).one_or_none()
    if device is None:
        raise NotFound("device.code_unknown", N_("This code is not known here. Ask the office to show a new one."))
    if device.state is DeviceState.REVOKED:
        raise revoked()
    if work.at >= device.invite_expires_at:
        raise RuleViolation("device.code_expired", N_("This code is over 24 hours old. Ask the office for a new one."))
    if device.state is DeviceState.ACTIVE:
        if device.public_key != enrolment.public_key or device.secret_sealed is None:
            raise Conflict("device.code_used", N_("A phone was enrolled with this code before. Ask for a new one."))
        return device, _unseal(work.keys, device.secret_sealed, _SECRET), False
    secret = secrets.token_bytes(SECRET_BYTES)
    device.state, device.enrolled_at, device.public_key = DeviceState.ACTIVE, work.at, enrolment.public_key
    device.description = clean(enrolment.description)[:LONGEST_LABEL]
    device.secret_sealed, device.last_seen_at = _seal(work.keys, secret, _SECRET), work.at
    try:
        work.session.flush()
    except IntegrityError:
        message = N_("This phone is enrolled already. To use it elsewhere, revoke it and clear its data first.")
        raise Conflict("device.key_taken", message) from None
    return device, secret, True


def revoke(work: Work, device: Device, reason: str) -> None:
    """Shut a phone out for good, with all who work on it. Raises: InvalidInput "reason.missing", RuleViolation."""
    reason = clean(reason)
    if not reason:
        raise InvalidInput.of([Problem("reason", "reason.missing", N_("Write the reason."))])
    if len(reason) > LONGEST_REASON:
        raise InvalidInput.of([_too_long("reason", LONGEST_REASON)])
    if device.state is DeviceState.REVOKED:
        raise RuleViolation("device.already_revoked", N_("This phone was revoked before."))
    device.state, device.revoked_at = DeviceState.REVOKED, work.at
    device.revoked_by, device.revoked_reason = int(work.actor.id), reason
    work.session.execute(
        update(DeviceOperator)
        .where(DeviceOperator.device_id == device.id, DeviceOperator.ended_at.is_(None))
        .values(ended_at=work.at)
    )
    work.session.flush()


def open_credential(work: Work, device_id: int, user_id: int) -> bytes:
    """Return a new credential of a person on a phone; the earlier one ends."""
    _end_credentials(work, DeviceOperator.user_id == user_id, DeviceOperator.device_id == device_id)
    credential = secrets.token_bytes(SECRET_BYTES)
    sealed = _seal(work.keys, credential, _CREDENTIAL)
    work.session.add(
        DeviceOperator(device_id=device_id, user_id=user_id, credential_sealed=sealed, made_at=work.at, ended_at=None)
    )
    work.session.flush()
    return credential


def end_credentials(work: Work, user_id: int) -> None:
    """End what a person signs with on every phone: the account was shut, or the role taken away."""
    _end_credentials(work, DeviceOperator.user_id == user_id)


def unseal_credential(keys: Keyring, sealed: bytes) -> bytes:
    """Return the 32 bytes of an operator's credential, also of one that ended: events come in late."""
    return _unseal(keys, sealed, _CREDENTIAL)


def check_proof(enrolment: Enrolment) -> None:
    """Refuse a key whose private half the sender does not hold. Raises: NotAuthentic "device.bad_proof"."""
    if not is_signed_by(enrolment.public_key, ENROL_PREFIX + enrolment.code.encode(), enrolment.proof):
        raise NotAuthentic("device.bad_proof", N_("The phone's own signature does not hold. Scan the code again."))


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the Ed25519 signature of the message holds under the key."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(public_key).verify(message, signature)
    except BadSignatureError:
        return False
    return True


def revoked() -> Forbidden:
    """Return the refusal of a phone that was shut out."""
    return Forbidden(
        "device.revoked",
        N_("This phone was revoked: it gets no more lists. Send what it still holds, and hand it in."),
    )


def _end_credentials(work: Work, *conditions: object) -> None:
    work.session.execute(
        update(DeviceOperator)
        .where(DeviceOperator.ended_at.is_(None), *conditions)  # type: ignore[arg-type]
        .values(ended_at=work.at)
        .execution_options(synchronize_session=False)
    )


def _label(text: str) -> str:
    label = clean(text)
    if not label:
        message = N_("Give the phone a name, such as the number on its sticker.")
        raise InvalidInput.of([Problem("label", "device.label_missing", message)])
    if len(label) > LONGEST_LABEL:
        raise InvalidInput.of([_too_long("label", LONGEST_LABEL)])
    return label


def _too_long(field: str, count: int) -> Problem:
    return Problem(field, "text.too_long", N_("Write at most %(count)s characters."), {"count": count})


def _new_code() -> str:
    return secrets.token_urlsafe(32)


def _index_of(keys: Keyring, code: str) -> bytes:
    return keys.index(code, _CODE_PURPOSE)


def _seal(keys: Keyring, secret: bytes, context: str) -> bytes:
    return keys.seal(base64.b64encode(secret).decode(), context)


def _unseal(keys: Keyring, sealed: bytes, context: str) -> bytes:
    return base64.b64decode(keys.unseal(sealed, context))
