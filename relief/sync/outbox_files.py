"""Files that a phone exported because it never gets a signal: brought in by a coordinator, by the same way as what is sent."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from relief.kernel.actor import Actor
from relief.kernel.errors import InvalidInput, NotFound
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.store.work import reading
from relief.sync.device_queries import get_device
from relief.sync.envelopes import Batch, Envelope
from relief.sync.intake import EventAnswer, receive_batch
from relief.sync.requests import find_enrolled
from relief.sync.rules import MOST_EVENTS
from relief.sync.wire import unb64


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Event(_Strict):
    id: uuid.UUID
    counter: int = Field(ge=1, le=2**31 - 1)
    key: str
    iv: str
    sealed: str


class _Batch(_Strict):
    device: uuid.UUID
    sent_at: AwareDatetime
    keys: dict[str, str]
    events: Annotated[list[_Event], Field(max_length=MOST_EVENTS)]


class _File(_Strict):
    format: Literal["relief outbox 1"]
    batches: list[_Batch]


def import_outbox(actor: Actor, device_id: int, content: bytes, *, at: dt.datetime | None = None) -> list[EventAnswer]:
    """Take in the file of a phone, batch by batch, and return an answer for each event in its order.

    It opens units of work of its own; a file that was cut off in between is brought in again without a second effect.
    Raises: NotFound "device.not_found", InvalidInput "outbox.unreadable", "outbox.other_device".
    """
    with reading(actor, at=at) as work:
        uuid_of_device = get_device(work, device_id, Permission.DEVICE_MANAGE).device.uuid
        found = find_enrolled(work, uuid_of_device)
        if found is None:
            raise NotFound("device.not_enrolled", N_("No phone was enrolled with this code yet."))
        # The file was days on its way: how far the clock is off was seen when the phone last spoke for itself.
        sent_at = work.at + dt.timedelta(milliseconds=found[0].clock_offset_ms)
    answers: list[EventAnswer] = []
    for batch in _read(content, uuid_of_device, sent_at):
        answers += receive_batch(actor, batch, at=at).answers
    return answers


def _read(content: bytes, device: str, sent_at: dt.datetime) -> list[Batch]:
    try:
        file = _File.model_validate_json(content)
    except ValidationError:
        raise InvalidInput(
            "outbox.unreadable", N_("This is not a file that the scan app exported, or it was cut off.")
        ) from None
    if any(str(batch.device) != device for batch in file.batches):
        raise InvalidInput(
            "outbox.other_device", N_("This file is of another phone. Bring it in on that phone's page.")
        )
    return [
        Batch(
            device, sent_at, {name: _bytes(key) for name, key in batch.keys.items()}, list(map(_envelope, batch.events))
        )
        for batch in file.batches
    ]


def _envelope(event: _Event) -> Envelope:
    return Envelope(str(event.id), event.counter, event.key, _bytes(event.iv), _bytes(event.sealed))


def _bytes(text: str) -> bytes:
    """Return the bytes of base64url; none where it is no such text: one bad event must not keep the others back."""
    try:
        return unb64(text)
    except InvalidInput:
        return b""
