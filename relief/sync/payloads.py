"""What stands in a phone's event: read from the very bytes that the phone signed, or refused as a whole."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from relief.distributions.presenting import Presented
from relief.distributions.rules import Refusal, VerdictState
from relief.programmes.rules import Proof
from relief.sync.rules import EventKind
from relief.sync.wire import unb64

LONGEST_PAYLOAD = 16 * 1024
# Paisa: a sum that no package holds still fits the columns of sums over a batch.
MOST_OF_A_LINE = 10**12

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# As `crypto.randomUUID` writes it: one id has one spelling.
Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Instant = Annotated[dt.datetime, Field(strict=False)]
_VERDICTS = {VerdictState.GIVE.value, VerdictState.WAIT.value, *Refusal}


def _verdict(value: Any) -> Any:
    if value not in _VERDICTS:
        raise ValueError("no verdict of the staff card")
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Gps(_Strict):
    """Where the phone believed to be."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    accuracy_m: float = Field(ge=0, le=1e7)


class Proxy(_Strict):
    """Who took it for the family."""

    name: str = Field(max_length=120)
    relation: str = Field(max_length=60)
    last_four: str = Field(max_length=4)


class Payload(_Strict):
    """One event, field by field as the phone wrote it."""

    v: Literal[1]
    id: Uuid
    device: Uuid
    counter: int = Field(ge=1, le=2**31 - 1)
    previous: Hash
    kind: Annotated[EventKind, Field(strict=False)]
    operator: int = Field(ge=1, le=2**31 - 1)
    point: int = Field(ge=1, le=65_535)
    campaign: int | None = Field(ge=0, le=65_535)
    token: str | None = Field(max_length=120)
    code: str | None = Field(max_length=20)
    other: Hash | None
    instalment: int | None = Field(ge=1, le=1_000)
    given: (
        dict[Annotated[int, Field(strict=False, ge=1, le=1_000)], Annotated[int, Field(ge=0, le=MOST_OF_A_LINE)]] | None
    ) = Field(max_length=50)
    proof: Annotated[Proof, Field(strict=False)]
    answer: str | None = Field(max_length=20)
    proxy: Proxy | None
    at: Instant
    on: Annotated[dt.date, Field(strict=False)]
    gps: Gps | None
    verdict: Annotated[str, BeforeValidator(_verdict)]
    sequence: int = Field(ge=0)
    undoes: Uuid | None
    reason: str = Field(max_length=300)
    photo: Hash | None
    signature_image: Hash | None

    def model_post_init(self, _context: Any) -> None:
        """Refuse an instant without a zone, and an event that lacks what its kind is about."""
        if self.at.tzinfo is None:
            raise ValueError("an instant is aware")
        if self.kind is EventKind.UNDO and self.undoes is None:
            raise ValueError("an undo names what it undoes")
        if self.kind is EventKind.HAND_OVER and self.campaign is None:
            raise ValueError("a hand-over is one of a campaign")

    @property
    def presented(self) -> Presented:
        """What was held out at the table."""
        if self.token is not None:
            return Presented.of_packed(unb64(self.token))
        return Presented.read(self.code) if self.code is not None else Presented(bytes.fromhex(self.other or ""))

    @property
    def taken_by_proxy(self) -> str:
        """Who took it for the family, in one line."""
        if self.proxy is None:
            return ""
        parts = (self.proxy.name, self.proxy.relation, self.proxy.last_four and f"…{self.proxy.last_four}")
        return ", ".join(part for part in parts if part)
