"""What a phone takes along to work offline, and what it brings back."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterable, Iterator

from apiflask import APIBlueprint
from flask import Response, request
from flask_babel import gettext as _

from relief.api import models
from relief.api.access import PHONES, Answer, current_device, signed_by_device
from relief.api.document import SIGNED, refuses
from relief.kernel.errors import InvalidInput
from relief.store.work import reading, unit_of_work
from relief.sync.envelopes import Batch, Envelope
from relief.sync.intake import EventAnswer, receive_batch
from relief.sync.manifest import build_manifest, next_sequence
from relief.sync.wire import unb64

bp = APIBlueprint("api_sync", __name__, url_prefix="/api/v1")

_FRAMES = "application/octet-stream"
_GZIP = 16 + zlib.MAX_WBITS


@bp.post("/manifest")
@bp.doc(
    tags=["Sync"], operation_id="takeManifest", security=SIGNED,
    responses={
        **refuses(400, 401, 403, 413, 415),
        200: {
            "description": "Frames: each a length in four bytes, big-endian, and so many bytes.",
            "content": {_FRAMES: {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)  # fmt: skip
@signed_by_device()
@bp.input(models.AskManifest, arg_name="wanted")
def take_manifest(wanted: models.AskManifest) -> Answer:
    """All that a phone takes along

    The first frame is a header in JSON with its Ed25519 signature; then come the parts that the header names, in its order, but
    for those that the phone holds already. A later manifest has a higher number, and of what did not change only the names.
    """
    device = current_device()
    with unit_of_work(PHONES) as work:
        sequence = next_sequence(work, device)
    with reading(PHONES) as work:
        manifest = build_manifest(work, device, sequence)
    return _streamed(manifest.frames(wanted.have))


@bp.post("/sync/batches")
@bp.doc(tags=["Sync"], operation_id="sendBatch", security=SIGNED, responses=refuses(400, 401, 403, 413, 415))
@signed_by_device(also_revoked=True)
@bp.input(models.Batch, arg_name="sent")
@bp.output(models.BatchResult, description="Every event is answered for, and kept.")
def send_batch(sent: models.Batch) -> models.BatchResult:
    """What a phone recorded

    At most 500 events, judged one by one in their order. What cannot be opened or is not signed by the phone is rejected and kept;
    no event keeps another from being taken. A revoked phone may still send.
    """
    keys = {name: _bytes(key) for name, key in sent.keys.items()}
    envelopes = [Envelope(str(one.id), one.counter, one.key, _bytes(one.iv), _bytes(one.sealed)) for one in sent.events]
    answer = receive_batch(PHONES, Batch(str(sent.device), sent.sent_at, keys, envelopes))
    return models.BatchResult(
        server_time=answer.server_time,
        received=len(answer.answers),
        results=[_result(one) for one in answer.answers],
        sequence=current_device().manifest_no,
    )


def _bytes(text: str) -> bytes:
    """Return the bytes of base64url; none where it is no such text, for one bad event must not keep the others back."""
    try:
        return unb64(text)
    except InvalidInput:
        return b""


def _result(one: EventAnswer) -> models.EventResult:
    first = models.First(point=one.first.point, at=one.first.at) if one.first else None
    message = _(one.message) if one.message else None
    return models.EventResult(
        id=uuid.UUID(one.event_id), answer=one.answer, reason=one.reason or None, message=message, first=first
    )


def _streamed(frames: Iterable[bytes]) -> Response:
    """Return the frames as an answer that is written while it is made, packed where the phone takes that."""
    answer = Response(mimetype=_FRAMES)
    answer.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        answer.content_encoding, frames = "gzip", _packed(frames)
    answer.response = frames
    return answer


def _packed(frames: Iterable[bytes]) -> Iterator[bytes]:
    packing = zlib.compressobj(wbits=_GZIP)
    for frame in frames:
        if packed := packing.compress(frame):
            yield packed
    yield packing.flush()
