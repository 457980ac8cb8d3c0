"""Finds what one hand-over needs to know: the token, its entitlement and campaign, the day, and what is still owed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nacl.signing import VerifyKey

from relief.distributions.presenting import Presented
from relief.entitlements.rules import KeyState, TokenState
from relief.kernel.errors import InvalidInput, NotFound
from relief.kernel.messages import N_
from relief.papers import rt1
from relief.programmes.rules import CampaignState, LineKind, Proof
from relief.store.statement import Lookup, Statement
from relief.store.work import Work


@dataclass(frozen=True, slots=True)
class Table:
    """Where and for which campaign a hand-over is made; `day_id` is None when no distribution was planned there that day."""

    campaign_id: int
    campaign_state: CampaignState
    proof_required: Proof
    fund_id: int
    point_id: int
    point_no: int
    location_id: int
    uc_id: int
    area_path: str
    held_on: dt.date
    day_id: int | None
    instalment_no: int
    is_staffed_by_actor: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A token and the entitlement that it proves."""

    token_id: int
    token_state: TokenState
    key_id: int
    point_no: int
    expires_on: dt.date
    holder_tag: int
    entitlement_id: int
    serial: int
    band_no: int
    uc_id: int
    family_id: int
    campaign_id: int
    reissue: int
    public_key: bytes
    key_state: KeyState
    campaign_state: CampaignState


@dataclass(frozen=True, slots=True)
class PackageLineOf:
    """One line of what a band receives in each instalment: paisa of cash, or units of an item."""

    line_no: int
    kind: LineKind
    item_id: int | None
    owed: int
    unit_cost_paisa: int

    def value_paisa(self, amount: int) -> int:
        """The value of that much of the line: of cash itself, of goods at the cost fixed with the package."""
        return amount if self.kind is LineKind.CASH else amount * self.unit_cost_paisa


@dataclass(frozen=True, slots=True)
class Due:
    """What may go over the table now: the instalment, its lines with what is still owed of each (never all zero).

    `opening_id` is set when the instalment was opened and left something owed; `reopens_id` names the void that freed it.
    """

    instalment_no: int
    owed: Mapping[int, int]
    opening_id: int | None
    reopens_id: int | None


_TABLE = """
SELECT c.id, c.state, c.proof_required, c.fund_id, p.id, p.number, p.location_id, p.uc_id, a.path,
       d.held_on, d.id, d.instalment_no, (SELECT 1 FROM day_staff s WHERE s.day_id = d.id AND s.user_id = :user_id)
FROM {source} JOIN area a ON a.id = p.uc_id {where}
"""
_DAY = Statement(
    _TABLE.format(
        source="distribution_day d JOIN campaign c ON c.id = d.campaign_id JOIN point p ON p.id = d.point_id",
        where="WHERE d.id = :day_id",
    )
)
_PLACE = Statement(
    _TABLE.format(
        source="campaign c JOIN point p ON p.id = :point_id LEFT JOIN distribution_day d"
        " ON d.campaign_id = c.id AND d.point_id = p.id AND d.held_on = :held_on",
        where="WHERE c.id = :campaign_id",
    )
)
_CLAIM = """
SELECT {{n}}, t.id, t.state, t.key_id, t.point_no, t.expires_on, t.holder_tag, e.id, e.serial, e.band_no, e.uc_id,
       e.family_id, c.id, t.reissue, k.public_key, k.state, c.state
FROM {{wanted}} {source} JOIN campaign c ON c.id = e.campaign_id
     JOIN campaign_key k ON k.campaign_id = c.id AND k.key_id = t.key_id
WHERE {where}
"""


class _Finder:
    """One way to look tokens up, with and without the locks: one hand-over at a time decides on an entitlement, and none while
    its campaign is being closed, which counts what was given. Entitlements are locked in one order, so that two units that
    want the same ones never wait in a ring.
    """

    def __init__(self, *names: str, source: str, where: str) -> None:
        sql = _CLAIM.format(source=source, where=where)
        self._plain = Lookup(names, sql)
        self._locking = Lookup(names, sql + " ORDER BY e.id {for_update of e} {for_share of c}")

    def find(self, work: Work, wanted: Mapping[int, Mapping[str, Any]], *, lock: bool) -> dict[int, Claim]:
        """Return the claims found, under the keys of what was wanted."""
        if not wanted:
            return {}
        keys = list(wanted)
        rows = (self._locking if lock else self._plain).rows(work, list(wanted.values()))
        return {keys[n]: _as_claim(row) for n, *row in rows}


_BY_SERIAL = _Finder(
    "campaign_no", "serial", "reissue",
    source="entitlement e JOIN token t ON t.entitlement_id = e.id",
    where="c.number = {w}campaign_no AND e.serial = {w}serial AND t.reissue = {w}reissue",
)  # fmt: skip
_BY_CODE = _Finder(
    "code_index",
    source="token t JOIN entitlement e ON e.id = t.entitlement_id",
    where="t.code_index = {w}code_index",
)
_BY_FAMILY = _Finder(
    "number", "campaign_id",
    source="family f JOIN entitlement e ON e.family_id = f.id JOIN token t ON t.entitlement_id = e.id",
    where="f.number = {w}number AND c.id = {w}campaign_id"
    " AND t.reissue = (SELECT MAX(x.reissue) FROM token x WHERE x.entitlement_id = e.id)",
)  # fmt: skip
_KEY = Statement(
    "SELECT k.public_key, k.state FROM campaign_key k JOIN campaign c ON c.id = k.campaign_id"
    " WHERE c.number = :campaign_no AND k.key_id = :key_id"
)
_PACKAGE = Statement(
    "SELECT l.line_no, l.kind, l.item_id, l.quantity, l.amount_paisa, l.unit_cost_paisa FROM package_line l"
    " JOIN package_band b ON b.id = l.band_id WHERE b.campaign_id = :campaign_id AND b.band_no = :band_no ORDER BY l.line_no"
)
_EVENTS = Lookup(
    ("entitlement_id",),
    "SELECT {n}, h.id, h.instalment_no, h.served FROM {wanted} hand_over h"
    " WHERE h.entitlement_id = {w}entitlement_id AND h.kind IN ('opening', 'void') ORDER BY h.id",
)
_OWED = Lookup(
    ("entitlement_id",),
    "SELECT {n}, o.instalment_no, o.line_no, o.owed - o.given FROM {wanted} owed_line o"
    " WHERE o.entitlement_id = {w}entitlement_id",
)


def table_of_day(work: Work, day_id: int) -> Table:
    """Return the table of a distribution day. Raises: NotFound "day.not_found"."""
    row = _DAY.row(work, {"day_id": day_id, "user_id": int(work.actor.id)})
    if row is None:
        raise NotFound("day.not_found", N_("There is no such distribution day."))
    return _as_table(row)


def table_at(work: Work, *, campaign_id: int, point_id: int, held_on: dt.date) -> Table:
    """Return the table at a point on a date, planned or not. Raises: NotFound "point.not_found"."""
    place = {"campaign_id": campaign_id, "point_id": point_id, "held_on": held_on.isoformat()}
    row = _PLACE.row(work, {**place, "user_id": int(work.actor.id)})
    if row is None:
        raise NotFound("point.not_found", N_("There is no such point or campaign."))
    return _as_table((*row[:9], row[9] or held_on, *row[10:]))


def find_claims(work: Work, wanted: Sequence[tuple[Presented, int]], *, lock: bool) -> list[Claim | None]:
    """Return for each (presented, campaign of the table) the token, or None if no such token was ever issued; `lock` in a unit
    that may give.
    """
    by_serial: dict[int, Mapping[str, Any]] = {}
    by_code: dict[int, Mapping[str, Any]] = {}
    by_family: dict[int, Mapping[str, Any]] = {}
    for place, (presented, campaign_id) in enumerate(wanted):
        if presented.token is not None:
            body = presented.token.body
            by_serial[place] = {"campaign_no": body.campaign, "serial": body.serial, "reissue": body.reissue}
        elif presented.code is not None:
            by_code[place] = {"code_index": work.keys.index(presented.code.digits, "token code")}
        elif presented.family_code is not None:
            by_family[place] = {"number": presented.family_code.number, "campaign_id": campaign_id}
    found = {
        **_BY_SERIAL.find(work, by_serial, lock=lock),
        **_BY_CODE.find(work, by_code, lock=lock),
        **_BY_FAMILY.find(work, by_family, lock=lock),
    }
    for place in by_serial:
        token = wanted[place][0].token
        if place in found and token is not None and not _is_of(found[place], token.body):
            del found[place]
    return [found.get(place) for place in range(len(wanted))]


def key_verdict(work: Work, token: rt1.Token, claim: Claim | None) -> tuple[bool, KeyState | None]:
    """Return whether the token's signature holds under the key that it names, and that key's state."""
    if claim is not None:
        public_key, state = claim.public_key, claim.key_state
    else:
        row = _KEY.row(work, {"campaign_no": token.body.campaign, "key_id": token.body.key_id})
        if row is None:
            return False, None
        public_key, state = bytes(row[0]), KeyState(row[1])
    try:
        rt1.verify(token, _verify_key(public_key))
    except InvalidInput:
        return False, state
    return True, state


def package_of(work: Work, campaign_id: int, band_no: int) -> list[PackageLineOf]:
    """Return the lines of a band of a campaign's package, in order."""
    rows = _PACKAGE.rows(work, {"campaign_id": campaign_id, "band_no": band_no})
    return [
        PackageLineOf(line_no, LineKind(kind), item_id, amount if kind == LineKind.CASH else quantity, cost)
        for line_no, kind, item_id, quantity, amount, cost in rows
    ]


def find_dues(work: Work, wanted: Sequence[tuple[Claim, Sequence[PackageLineOf], int]]) -> list[Due | None]:
    """Return for each (claim, package, instalment) the first instalment up to that one with something still owed, or None."""
    entitlements = [{"entitlement_id": claim.entitlement_id} for claim, _package, _instalment in wanted]
    events: dict[int, list[tuple[int, int, int]]] = {}
    for place, *event in _EVENTS.rows(work, entitlements) if wanted else ():
        events.setdefault(place, []).append((event[0], event[1], event[2]))
    begun = sorted(events)  # Few scans: mostly nothing was given yet.
    rests: dict[int, dict[int, dict[int, int]]] = {place: {} for place in begun}
    for n, instalment_no, line_no, amount in (
        _OWED.rows(work, [entitlements[place] for place in begun]) if begun else ()
    ):
        rests[begun[n]].setdefault(instalment_no, {})[line_no] = amount
    return [
        _due(package, up_to, sorted(events.get(place, ())), rests.get(place, {}))
        for place, (_claim, package, up_to) in enumerate(wanted)
    ]


def _due(
    package: Sequence[PackageLineOf],
    up_to_instalment: int,
    events: Sequence[tuple[int, int, int]],
    rest: Mapping[int, Mapping[int, int]],
) -> Due | None:
    openings: dict[int, int] = {}
    voids: dict[int, int] = {}
    for event_id, instalment_no, served in events:
        if served > 0:
            openings[instalment_no] = event_id
        elif served < 0:
            del openings[instalment_no]
            voids[instalment_no] = event_id
    whole = {line.line_no: line.owed for line in package}
    for instalment_no in range(1, up_to_instalment + 1):
        owed = rest.get(instalment_no, whole)
        if any(owed.values()):
            return Due(instalment_no, owed, openings.get(instalment_no), voids.get(instalment_no))
    return None


@lru_cache(maxsize=256)
def _verify_key(public: bytes) -> VerifyKey:
    return VerifyKey(public)


def _is_of(claim: Claim, body: rt1.TokenBody) -> bool:
    said = (body.key_id, body.point, body.expires_on, body.holder_tag, body.entitlement)
    return said == (claim.key_id, claim.point_no, claim.expires_on, claim.holder_tag, claim.band_no)


def _as_table(row: Any) -> Table:
    return Table(
        campaign_id=row[0], campaign_state=CampaignState(row[1]), proof_required=Proof(row[2]), fund_id=row[3],
        point_id=row[4], point_no=row[5], location_id=row[6], uc_id=row[7], area_path=row[8], held_on=as_day(row[9]),
        day_id=row[10], instalment_no=row[11] or 0, is_staffed_by_actor=row[12] is not None,
    )  # fmt: skip


def _as_claim(row: Any) -> Claim:
    return Claim(
        token_id=row[0], token_state=TokenState(row[1]), key_id=row[2], point_no=row[3], expires_on=as_day(row[4]),
        holder_tag=row[5], entitlement_id=row[6], serial=row[7], band_no=row[8], uc_id=row[9], family_id=row[10],
        campaign_id=row[11], reissue=row[12], public_key=bytes(row[13]), key_state=KeyState(row[14]),
        campaign_state=CampaignState(row[15]),
    )  # fmt: skip


def as_day(value: dt.date | str) -> dt.date:
    """Return the date of a value as the driver gave it: SQLite keeps dates as text."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value
