"""What goes over the wire: the models that requests are read into, answers are written from, and the document is made of."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from relief.accounts.rules import DeviceState
from relief.sync.rules import MOST_EVENTS, Answer
from relief.sync.wire import iso_ms

MOST_PARTS = 50_000


def b64(bytes_: int) -> Any:
    """Return the pattern of so many bytes in base64url without padding; one value has one spelling."""
    whole, rest = divmod(bytes_, 3)
    last = {0: "", 1: "[A-Za-z0-9_-][AQgw]", 2: "[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]"}[rest]
    return Field(pattern=f"^[A-Za-z0-9_-]{{{4 * whole}}}{last}$")


Key32 = Annotated[str, b64(32)]
Signature = Annotated[str, b64(64)]
PointOnCurve = Annotated[str, b64(65)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
# As phones write it themselves: always UTC, always milliseconds.
Moment = Annotated[
    dt.datetime, PlainSerializer(iso_ms, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]  # fmt: skip


def _whole(value: object) -> object:
    """Return 1 for 1.0: JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Wire(BaseModel):
    """What all have in common: a number is no text; what a newer phone says beside is passed over."""

    model_config = ConfigDict(strict=True, extra="ignore")


def example(**values: Any) -> ConfigDict:
    """Return the setting that shows the model by an example."""
    return ConfigDict(json_schema_extra={"examples": [values]})


_DEVICE = "7f0c8f9e-0f35-4c0e-9a55-3c1f4a5be0d1"
_EVENT = "0b7e2f6a-55a1-4b0c-8d0e-9c2f1a7d4e33"
_NOW = "2022-09-20T06:00:00.000Z"
_POINT = {"number": 12, "code": "DADU-12", "name": "Government School Fareedabad"}
_DAYS = {"first_on": "2022-09-20", "last_on": "2022-09-26"}
_KEY = "kz1EXnZUMLm0yCWFnKeMBQOhB4BxVYaPn8UTdCcVxfM"


class Health(Wire):
    """The server answers, and so does its database."""

    model_config = example(status="ok", server_time=_NOW)

    status: Annotated[str, Field(description="Always `ok`; otherwise the answer is a problem.")]
    server_time: Annotated[
        Moment, Field(description="The server's clock, by which a phone learns how far its own is off.")
    ]


class Point(Wire):
    """A distribution point."""

    number: Annotated[int, Field(description="As tokens name it.")]
    code: str
    name: str


class ServerKeys(Wire):
    """The server's public keys."""

    manifest: Annotated[Key32, Field(description="Ed25519: signs the header of every manifest.")]
    seal: Annotated[
        PointOnCurve, Field(description="P-256, uncompressed: content keys are sealed to it by HPKE (RFC 9180).")
    ]


class EnrolDevice(Wire):
    """A phone that scanned an invitation."""

    model_config = example(
        code="ZP1fWQkyTmFK6sY1p5mX0i4DqfEw8bJ2oNqUe7RcVvU",
        public_key=_KEY,
        proof="x" * 85 + "A",
        label="Chrome, Android",
    )

    code: Annotated[
        Key32, Field(description="The text after `#enrol=` in the invitation's QR code: one use, within 24 hours.")
    ]
    public_key: Annotated[
        Key32, Field(description="The Ed25519 key that the phone made; its private half never leaves it.")
    ]
    proof: Annotated[Signature, Field(description='Signature by that key over `"relief enrol 1\\n"` and the code.')]
    label: Annotated[str, Field(max_length=80, description="What the phone says of itself.")] = ""


class DeviceFacts(Wire):
    """Who a phone is and where it is used."""

    device: Annotated[uuid.UUID, Field(description="Its id.")]
    name: Annotated[str, Field(description="What the office calls it.")]
    point: Annotated[Point, Field(description="Where it is used.")]
    first_on: Annotated[dt.date, Field(description="The first day on which it is used.")]
    last_on: Annotated[dt.date, Field(description="The last day on which it is used.")]
    server_time: Moment


class EnrolledDevice(DeviceFacts):
    """What an enrolled phone is told."""

    model_config = example(
        device=_DEVICE, name="Phone 3", point=_POINT, **_DAYS, secret=_KEY,
        server_keys={"manifest": _KEY, "seal": "B" + "x" * 85 + "w"}, server_time=_NOW,
    )  # fmt: skip

    secret: Annotated[
        Key32, Field(description="Half of what seals the roster on the phone; the PIN is the other half.")
    ]
    server_keys: ServerKeys


class OwnDevice(DeviceFacts):
    """What a phone may know of itself."""

    model_config = example(device=_DEVICE, name="Phone 3", state="active", point=_POINT, **_DAYS, server_time=_NOW)

    state: Annotated[DeviceState, Field(description="A revoked phone may still send what it holds, and nothing else.")]


class SignInOperator(Wire):
    """A person who is about to work on the phone."""

    model_config = example(email="ayesha@relief.example", password="river goat lamp tin")  # noqa: S106

    email: Annotated[str, Field(min_length=1, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class Operator(Wire):
    """What the person signs with while there is no signal."""

    model_config = example(operator=7, name="Ayesha Soomro", credential=_KEY, staffed_on=["2022-09-20", "2022-09-21"])

    operator: Annotated[int, Field(description="The number of the account, as events name it.")]
    name: str
    credential: Annotated[
        Key32, Field(description="Key of the HMAC in each event of this person. Told once; a new one ends it.")
    ]
    staffed_on: Annotated[
        list[dt.date], Field(description="The days on which the person is assigned to the phone's point.")
    ]


class AskManifest(Wire):
    """What the phone holds already."""

    model_config = example(have=["4f53cda18c2baa0c0354bb5f9a3ecbe5", "9f86d081884c7d659a2feaa0c55ad015"])

    have: Annotated[
        list[Digest],
        Field(
            max_length=MOST_PARTS, description="Digests of parts that it keeps: the first 16 bytes of SHA-256, in hex."
        ),
    ]


class SealedEvent(Wire):
    """One event as the phone sealed it. What is inside is judged event by event, and no event keeps others from being taken."""

    id: Annotated[uuid.UUID, Field(description="Made by the phone before the event was first written down.")]
    counter: Annotated[int, Field(ge=1, le=2**53 - 1, description="1, 2, 3 ... without gaps."), BeforeValidator(_whole)]
    key: Annotated[str, Field(max_length=64, description="Which of `keys` it is sealed under.")]
    iv: Annotated[str, Field(max_length=64, description="base64url of 12 random bytes.")]
    sealed: Annotated[
        str,
        Field(
            max_length=2**20,
            description="base64url of AES-256-GCM over the signed event, with the id as additional data.",
        ),
    ]


class Batch(Wire):
    """Events of one phone, in the order of their counters. Sent again after any broken connection, it has no second effect."""

    model_config = example(
        device=_DEVICE, sent_at=_NOW, keys={"k1": "BA" + "x" * 20},
        events=[{"id": _EVENT, "counter": 1, "key": "k1", "iv": "AAECAwQFBgcICQoL", "sealed": "x" * 24}],
    )  # fmt: skip

    device: Annotated[uuid.UUID, Field(description="Whose events these are; another phone may send them.")]
    sent_at: Annotated[AwareDatetime, Field(description="When, by the clock of the phone that sends.")]
    keys: Annotated[
        dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=1024)]],
        Field(max_length=MOST_EVENTS, description="Content keys by name, each sealed to the server: HPKE, base64url."),
    ]
    events: Annotated[list[SealedEvent], Field(max_length=MOST_EVENTS)]


class First(Wire):
    """Where and when the family had received before."""

    point: Annotated[str, Field(description="The name of the point.")]
    at: Moment


class EventResult(Wire):
    """The last word on one event: the phone need not send it again."""

    id: uuid.UUID
    answer: Annotated[Answer, Field(description="What became of it. Each answer is final.")]
    reason: Annotated[str | None, Field(description="Why it is a conflict or was rejected, for programs.")]
    message: Annotated[str | None, Field(description="The same, in the language of the request.")]
    first: Annotated[First | None, Field(description="With a conflict: the hand-over that was first.")]


class BatchResult(Wire):
    """An answer for each event, in their order. When it arrives, all of them are on the server's disk."""

    model_config = example(
        server_time=_NOW, received=2, sequence=41,
        results=[
            {"id": _EVENT, "answer": "created", "reason": None, "message": None, "first": None},
            {"id": "5a1f6a0e-3c77-4c55-8f0c-7d1f0a9b6c21", "answer": "conflict", "reason": "redemption.already_given",
             "message": "This was given before.", "first": {"point": "Mosque Mehar", "at": _NOW}},
        ],
    )  # fmt: skip

    server_time: Moment
    received: Annotated[int, Field(description="How many events came.")]
    results: list[EventResult]
    sequence: Annotated[int, Field(description="The number of the newest manifest of the phone that sends.")]


class ProblemField(Wire):
    """One field that is wrong."""

    field: Annotated[str, Field(description="Where it stands: `events.3.counter`.")]
    code: Annotated[str, Field(description="The reason, for programs.")]
    detail: Annotated[str, Field(description="The reason, in the language of the request.")]


class ProblemDocument(Wire):
    """Why a request was refused (RFC 9457)."""

    model_config = example(
        type="/api/v1/docs#problem-401", title="Who asks cannot be told", status=401, code="device.bad_signature",
        detail="The phone's signature on this request does not hold.",
    )  # fmt: skip

    type: Annotated[str, Field(description="Address of the explanation of its kind.")]
    title: Annotated[str, Field(description="The kind, in the language of the request.")]
    status: int
    detail: Annotated[str, Field(description="What happened and how to go on, in the language of the request.")]
    code: Annotated[str, Field(description="The reason, for programs; it never changes.")]
    errors: Annotated[list[ProblemField] | None, Field(description="Each field that is wrong.")] = None
    fault: Annotated[str | None, Field(description="With status 500: the number under which the server logged it.")] = (
        None
    )
