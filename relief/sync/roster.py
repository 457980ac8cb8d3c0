"""What a phone takes along of one campaign: its point's roster in shards, typed codes in buckets, bitmaps over all serials.

Every part is the same bytes for the same facts, so that a phone that has a part is never sent it again.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import numpy as np

from relief.entitlements.token_queries import CODE_CONTEXT
from relief.kernel.codes import FamilyCode
from relief.kernel.names import mask_name
from relief.store.statement import Statement
from relief.store.work import Work

SHARD_SIZE: Final = 256
CODES_A_BUCKET: Final = 256
DIGEST_BYTES: Final = 16

# A family is of the roster of the point that its latest token names, or that serves its Union Council if the token names none.
_ROSTER = Statement(
    "SELECT e.serial, t.reissue, e.band_no, f.number, f.head_name, f.size, t.holder_tag,"
    " CASE WHEN f.cnic_sealed IS NULL THEN 0 ELSE 1 END, t.code_sealed"
    " FROM entitlement e JOIN token t ON t.entitlement_id = e.id JOIN family f ON f.id = e.family_id"
    " WHERE e.campaign_id = :campaign_id AND (t.point_no = :point_no OR (t.point_no = 0 AND e.uc_id IN"
    " (SELECT s.uc_id FROM point_service s WHERE s.campaign_id = :campaign_id AND s.point_id = :point_id)))"
    " AND NOT EXISTS (SELECT 1 FROM token n WHERE n.entitlement_id = e.id AND n.reissue > t.reissue)"
    " ORDER BY e.serial"
)
_LAST_SERIAL = Statement("SELECT MAX(serial) FROM entitlement WHERE campaign_id = :campaign_id")
_REVOKED = Statement(
    "SELECT e.serial FROM token t JOIN entitlement e ON e.id = t.entitlement_id"
    " WHERE e.campaign_id = :campaign_id AND t.state = 'revoked'"
)
_REPLACED = Statement(
    "SELECT e.serial FROM token t JOIN entitlement e ON e.id = t.entitlement_id"
    " WHERE e.campaign_id = :campaign_id AND t.reissue > 0"
)
_REDEEMED = Statement(
    "SELECT h.instalment_no, e.serial FROM hand_over h JOIN entitlement e ON e.id = h.entitlement_id"
    " WHERE h.campaign_id = :campaign_id AND h.served <> 0"
    " GROUP BY h.instalment_no, h.entitlement_id, e.serial HAVING SUM(h.served) > 0"
)
_RESTS = Statement(
    "SELECT e.serial, o.instalment_no, o.line_no, o.owed - o.given FROM owed_line o"
    " JOIN entitlement e ON e.id = o.entitlement_id WHERE e.campaign_id = :campaign_id AND o.given < o.owed"
    " AND EXISTS (SELECT 1 FROM owed_line g WHERE g.entitlement_id = o.entitlement_id"
    " AND g.instalment_no = o.instalment_no AND g.given > 0) ORDER BY e.serial, o.instalment_no, o.line_no"
)


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A piece that is sent as it is, known by its digest."""

    content: bytes
    digest: str

    @classmethod
    def of(cls, content: bytes) -> Part:
        """Return the content with the first 16 bytes of its SHA-256, in hex."""
        return cls(content, hashlib.sha256(content).digest()[:DIGEST_BYTES].hex())

    @classmethod
    def of_json(cls, value: Any) -> Part:
        """Return the part that holds the value as JSON."""
        return cls.of(compact_json(value).encode())


@dataclass(slots=True, repr=False)
class CampaignParts:
    """The parts of one campaign, by what they hold."""

    last_serial: int
    families: int = 0
    # By the first serial of each shard, in order.
    shards: dict[int, Part] = field(default_factory=dict)
    bucket_count: int = 1
    buckets: dict[int, Part] = field(default_factory=dict)
    revoked: Part = field(default_factory=lambda: Part.of(b""))
    replaced: Part = field(default_factory=lambda: Part.of(b""))
    redeemed: dict[int, Part] = field(default_factory=dict)
    rests: Part = field(default_factory=lambda: Part.of_json({}))

    def header(self) -> dict[str, Any]:
        """Return what the manifest's header says of them."""
        return {
            "families": self.last_serial,
            "roster": {
                "rows": self.families, "shard_size": SHARD_SIZE,
                "parts": [{"from": first, "digest": part.digest} for first, part in self.shards.items()],
            },
            "codes": {
                "buckets": self.bucket_count,
                "parts": [{"bucket": number, "digest": part.digest} for number, part in self.buckets.items()],
            },
            "revoked": self.revoked.digest,
            "replaced": self.replaced.digest,
            "redeemed": {str(number): part.digest for number, part in self.redeemed.items()},
            "rests": self.rests.digest,
        }  # fmt: skip

    def in_order(self) -> Iterator[Part]:
        """Yield the parts in the order of the header."""
        yield from self.shards.values()
        yield from self.buckets.values()
        yield from (self.revoked, self.replaced, *self.redeemed.values(), self.rests)


@dataclass(frozen=True, slots=True)
class RosterOf:
    """Whose roster: a campaign at a point. Without `with_families` only the bitmaps are taken along."""

    campaign_id: int
    instalments: int
    point_id: int
    point_no: int
    with_families: bool


def parts_of(work: Work, wanted: RosterOf) -> CampaignParts:
    """Return the parts of a campaign as they stand in this unit's view."""
    campaign = {"campaign_id": wanted.campaign_id}
    parts = CampaignParts(_LAST_SERIAL.row(work, campaign)[0] or 0)
    parts.revoked = _bitmap(parts.last_serial, (row[0] for row in _REVOKED.stream(work, campaign)))
    parts.replaced = _bitmap(parts.last_serial, (row[0] for row in _REPLACED.stream(work, campaign)))
    redeemed: dict[int, list[int]] = {number: [] for number in range(1, wanted.instalments + 1)}
    for instalment_no, serial in _REDEEMED.stream(work, campaign):
        redeemed[instalment_no].append(serial)
    parts.redeemed = {number: _bitmap(parts.last_serial, serials) for number, serials in redeemed.items()}
    if wanted.with_families:
        serials = _add_families(work, parts, wanted)
        parts.rests = Part.of_json(_rests(work, campaign, serials))
    return parts


def compact_json(value: Any) -> str:
    """Return JSON without spaces, letters unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _add_families(work: Work, parts: CampaignParts, wanted: RosterOf) -> set[int]:
    codes: list[tuple[str, int]] = []
    params = {"campaign_id": wanted.campaign_id, "point_id": wanted.point_id, "point_no": wanted.point_no}
    unseal = work.keys.unseal
    for shard, rows in groupby(_ROSTER.stream(work, params), key=lambda row: (row[0] - 1) // SHARD_SIZE):
        lines = []
        for serial, reissue, band_no, number, head_name, size, tag, has_cnic, sealed in rows:
            code = unseal(bytes(sealed), CODE_CONTEXT)
            codes.append((code, serial))
            name, family_code = mask_name(head_name), str(FamilyCode.of(number))
            lines.append((serial, reissue, band_no, family_code, name, size, tag, has_cnic, code))
        parts.shards[shard * SHARD_SIZE + 1] = Part.of_json(lines)
    parts.families = len(codes)
    _add_codes(parts, codes)
    return {serial for _code, serial in codes}


def _add_codes(parts: CampaignParts, codes: list[tuple[str, int]]) -> None:
    while parts.bucket_count * CODES_A_BUCKET < len(codes):
        parts.bucket_count *= 2
    buckets: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for code in codes:
        buckets[int(code[0][:9]) % parts.bucket_count].append(code)
    parts.buckets = {number: Part.of_json(buckets[number]) for number in sorted(buckets)}


def _bitmap(last_serial: int, serials: Iterable[int]) -> Part:
    bits = np.zeros(last_serial + 1, dtype=np.bool_)
    bits[np.fromiter(serials, dtype=np.int64)] = True
    return Part.of(np.packbits(bits, bitorder="little").tobytes())


def _rests(work: Work, campaign: dict[str, int], serials: set[int]) -> dict[str, dict[str, dict[str, int]]]:
    rests: dict[str, dict[str, dict[str, int]]] = {}
    for serial, instalment_no, line_no, owed in _RESTS.stream(work, campaign):
        if serial in serials:
            rests.setdefault(str(serial), {}).setdefault(str(instalment_no), {})[str(line_no)] = owed
    return rests
