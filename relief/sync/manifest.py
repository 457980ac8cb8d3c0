"""The manifest: all that one phone takes along to work offline, signed and numbered, sent in parts that it does not have yet."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from relief.accounts.devices import revoked
from relief.audit.queries import is_demonstration
from relief.distributions.claims import as_day
from relief.distributions.device_assignments import DAYS_BEFORE, days_staffed
from relief.entitlements.signing import holder_key
from relief.kernel.dates import local_day
from relief.programmes.rules import CampaignState
from relief.store.statement import Statement
from relief.store.work import Work
from relief.sync.device_queries import devices_of_point, operators_of
from relief.sync.requests import KnownDevice
from relief.sync.roster import CampaignParts, Part, RosterOf, compact_json, parts_of
from relief.sync.wire import b64, iso_ms

VERSION: Final = 1
SIGNED_PREFIX: Final = "relief manifest 1\n"
# So long a phone that hears nothing keeps its roster.
ROSTER_HOURS: Final = 48
_LENGTH: Final = struct.Struct(">I")

_NEXT = Statement("UPDATE device SET manifest_no = manifest_no + 1 WHERE id = :id RETURNING manifest_no")
_CAMPAIGNS = Statement(
    "SELECT c.id, c.number, c.code, c.name, c.state, c.starts_on, c.ends_on, c.proof_required, c.instalments, d.held_on,"
    " d.instalment_no FROM distribution_day d JOIN campaign c ON c.id = d.campaign_id"
    " WHERE d.point_id = :point_id AND d.held_on BETWEEN :first_on AND :last_on ORDER BY c.number, d.held_on"
)
_KEYS = Statement("SELECT key_id, public_key, state FROM campaign_key WHERE campaign_id = :campaign_id ORDER BY key_id")
_LINES = Statement(
    "SELECT b.band_no, l.line_no, l.kind, l.quantity, l.amount_paisa, i.code, i.name_en, i.name_ur, i.name_sd, i.unit"
    " FROM package_band b JOIN package_line l ON l.band_id = b.id LEFT JOIN item i ON i.id = l.item_id"
    " WHERE b.campaign_id = :campaign_id ORDER BY b.band_no, l.line_no"
)


@dataclass(frozen=True, slots=True, repr=False)
class Manifest:
    """A signed header, and the parts that it names, in its order."""

    sequence: int
    header_text: str
    signature: bytes
    parts: tuple[Part, ...]

    def frames(self, have: Collection[str] = ()) -> Iterator[bytes]:
        """Yield what is sent: each frame its length in four bytes and its content. Parts whose digest is in `have` stay out."""
        yield _frame(compact_json({"header": self.header_text, "signature": b64(self.signature)}).encode())
        sent = set(have)
        for part in self.parts:
            if part.digest not in sent:
                sent.add(part.digest)  # Two empty bitmaps are one part.
                yield _frame(part.content)


def next_sequence(work: Work, device: KnownDevice) -> int:
    """Return the number of the manifest that is to be built, one above all before it; in a writing unit of its own.

    The number is taken before the view that the manifest shows: a higher number never hides what a lower one showed.
    """
    return int(_NEXT.row(work, {"id": device.id})[0])


def build_manifest(work: Work, device: KnownDevice, sequence: int) -> Manifest:
    """Return the manifest of a phone for its own point, as things stand in this unit's view; a reading unit will do.

    Raises: Forbidden "device.revoked".
    """
    if device.is_revoked:
        raise revoked()
    campaigns: list[dict[str, Any]] = []
    parts: list[Part] = []
    for campaign in _campaigns(work, device):
        pieces = _parts_of(work, device, campaign)
        campaigns.append(_header_of(work, campaign, pieces))
        parts += pieces.in_order()
    header_text = compact_json(_header(work, device, sequence) | {"campaigns": campaigns})
    signature = work.keys.manifest_key().sign((SIGNED_PREFIX + header_text).encode()).signature
    return Manifest(sequence, header_text, signature, tuple(parts))


@dataclass(slots=True)
class _Campaign:
    """A campaign with its days at the point."""

    id: int
    number: int
    code: str
    name: str
    state: CampaignState
    starts_on: dt.date
    ends_on: dt.date
    proof_required: str
    instalments: int
    days: list[tuple[dt.date, int]] = field(default_factory=list)


def _campaigns(work: Work, device: KnownDevice) -> list[_Campaign]:
    """Return the campaigns with a day at the phone's point while it is there, or in the weeks before."""
    first_on, last_on = device.days.first_on - DAYS_BEFORE, device.days.last_on
    params = {"point_id": device.point.id, "first_on": first_on.isoformat(), "last_on": last_on.isoformat()}
    found: dict[int, _Campaign] = {}
    for campaign_id, number, code, name, state, starts_on, ends_on, proof, instalments, *day in _CAMPAIGNS.rows(
        work, params
    ):
        if campaign_id not in found:
            span = as_day(starts_on), as_day(ends_on)
            found[campaign_id] = _Campaign(
                campaign_id, number, code, name, CampaignState(state), *span, proof, instalments
            )
        found[campaign_id].days.append((as_day(day[0]), day[1]))
    return list(found.values())


def _parts_of(work: Work, device: KnownDevice, campaign: _Campaign) -> CampaignParts:
    # Families are taken along for the days at hand only: a phone whose days are over has nobody's name on it.
    is_at_hand = campaign.state is CampaignState.ACTIVE and local_day(work.at) <= device.days.last_on
    with_families = is_at_hand and any(on in device.days for on, _instalment in campaign.days)
    return parts_of(
        work, RosterOf(campaign.id, campaign.instalments, device.point.id, device.point.number, with_families)
    )


def _header(work: Work, device: KnownDevice, sequence: int) -> dict[str, Any]:
    point, now = device.point, iso_ms(work.at)
    operators = operators_of(work, device.id)
    staffed = days_staffed(work, point.id, [one.user_id for one in operators], device.days)
    others = [other for other in devices_of_point(work, point.id) if other.id != device.id]
    return {
        "version": VERSION, "device": device.uuid, "sequence": sequence, "issued_at": now, "server_time": now,
        "roster_hours": ROSTER_HOURS,
        "point": {
            "number": point.number, "code": point.code, "name": point.name, "lon": point.lon, "lat": point.lat
        },
        "first_on": device.days.first_on.isoformat(), "last_on": device.days.last_on.isoformat(),
        "operators": [
            {"id": one.user_id, "name": one.name, "staffed_on": [on.isoformat() for on in staffed[one.user_id]]}
            for one in operators
        ],
        "devices": [
            {"device": other.uuid, "name": other.label, "public_key": b64(other.public_key or b"")} for other in others
        ],
    }  # fmt: skip


def _header_of(work: Work, campaign: _Campaign, parts: CampaignParts) -> dict[str, Any]:
    params = {"campaign_id": campaign.id}
    bands: dict[int, list[dict[str, Any]]] = {}
    for row in _LINES.rows(work, params):
        bands.setdefault(row[0], []).append(_line(*row[1:]))
    return {
        "number": campaign.number, "code": campaign.code, "name": campaign.name, "state": campaign.state.value,
        "starts_on": campaign.starts_on.isoformat(), "ends_on": campaign.ends_on.isoformat(),
        "instalments": campaign.instalments, "proof_required": campaign.proof_required,
        "is_demonstration": is_demonstration(work),
        "keys": [
            {"id": key_id, "public_key": b64(bytes(public_key)), "state": state}
            for key_id, public_key, state in _KEYS.rows(work, params)
        ],
        "days": [{"on": on.isoformat(), "instalment": instalment} for on, instalment in campaign.days],
        "bands": [{"band": band, "lines": lines} for band, lines in bands.items()],
        "holder_key": b64(holder_key(work.keys, campaign.number)),
        **parts.header(),
    }  # fmt: skip


def _line(line_no: int, kind: str, quantity: int, amount_paisa: int, *item: str | None) -> dict[str, Any]:
    # Cash has no name of its own in a package; the currency's code is the same in every language.
    code, name_en, name_ur, name_sd, unit = item if item[0] is not None else ("PKR",) * 5
    return {
        "line": line_no, "kind": kind, "owed": quantity or amount_paisa, "code": code,
        "name": {"en": name_en, "ur": name_ur or name_en, "sd": name_sd or name_en}, "unit": unit,
    }  # fmt: skip


def _frame(content: bytes) -> bytes:
    return _LENGTH.pack(len(content)) + content
