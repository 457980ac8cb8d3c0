"""Compares the books event by event, so that no error makes up for another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from relief.kernel.permissions import Permission
from relief.programmes.rules import LineKind
from relief.reports.differences import Difference, Kind
from relief.reports.scope import Scope
from relief.store.statement import Statement
from relief.store.work import Work

# A hand-over's number as other tables hold it: as text. An attacker may have written anything there.
_NUMBER = {
    "sqlite": "CAST({0}.source_id AS INTEGER)",
    "postgresql": "CASE WHEN {0}.source_id ~ '^[0-9]{{1,18}}$' THEN CAST({0}.source_id AS BIGINT) END",
}


class _Check:
    """A statement for each database, whose rows become differences."""

    def __init__(self, sql: str, read: Callable[[Any], Iterator[Difference]]) -> None:
        self._statements = {
            dialect: Statement(sql.replace("<e.number>", number.format("e")).replace("<m.number>", number.format("m")))
            for dialect, number in _NUMBER.items()
        }
        self._read = read

    def run(self, work: Work) -> Iterator[Difference]:
        for row in self._statements[work.dialect].stream(work, {}):
            yield from self._read(row)


def differences_in(work: Work) -> Iterator[Difference]:
    """Yield every difference within the areas in which the actor may read funds. Raises: Forbidden."""
    scope = Scope.of(work, Permission.FUND_READ)
    for check in _CHECKS:
        for difference in check.run(work):
            if scope.sees(difference.area_id):
                yield difference


def _net(account: str) -> str:
    return (
        f"CAST(SUM(CASE WHEN p.debit = '{account}' THEN p.amount_paisa WHEN p.credit = '{account}' THEN -p.amount_paisa"
        " ELSE 0 END) AS BIGINT)"
    )


_ELSEWHERE = (
    "q.places > 1 OR q.campaign_id <> h.campaign_id OR q.area_id <> h.uc_id OR q.point_id <> h.point_id"
    " OR q.posted_on <> h.given_on"
)
_ENTRIES = f"""
SELECT q.entry_id, q.cash, q.goods, q.unexplained, q.campaign_id, q.area_id, CASE WHEN {_ELSEWHERE} THEN 1 ELSE 0 END,
       h.id, h.campaign_id, h.uc_id, h.cash_paisa, h.goods_paisa, h.unexplained_paisa
FROM (
  SELECT e.id AS entry_id, e.source_id, <e.number> AS number,
         {_net("5100")} AS cash, {_net("5200")} AS goods, {_net("1900")} AS unexplained,
         MIN(p.campaign_id) AS campaign_id, MIN(p.area_id) AS area_id, MIN(p.point_id) AS point_id, MIN(p.posted_on) AS posted_on,
         CASE WHEN MIN(p.campaign_id) = MAX(p.campaign_id) AND MIN(p.area_id) = MAX(p.area_id) AND COUNT(*) = COUNT(p.area_id)
               AND MIN(p.point_id) = MAX(p.point_id) AND MIN(p.posted_on) = MAX(p.posted_on) THEN 1 ELSE 2 END AS places
  FROM journal_entry e LEFT JOIN posting p ON p.entry_id = e.id WHERE e.source_kind = 'hand_over' GROUP BY e.id, e.source_id
) q LEFT JOIN hand_over h ON h.id = q.number AND CAST(h.id AS TEXT) = q.source_id
WHERE h.id IS NULL OR q.cash <> h.cash_paisa OR q.goods <> h.goods_paisa OR q.unexplained <> h.unexplained_paisa OR {_ELSEWHERE}
ORDER BY q.entry_id
"""


def _of_entry(row: Any) -> Iterator[Difference]:
    entry_id, cash, goods, unexplained, campaign_id, area_id, is_elsewhere, number, campaign, uc_id, *recorded = row
    posted = (cash, goods, unexplained)
    if number is None:
        yield Difference(Kind.POSTED_NOT_REDEEMED, campaign_id, area_id, entry_id=entry_id, found=sum(posted))
        return
    for kind, expected, found in zip((Kind.CASH, Kind.GOODS, Kind.UNEXPLAINED), recorded, posted, strict=True):
        if expected != found:
            yield Difference(kind, campaign, uc_id, number, entry_id, expected=expected, found=found)
    if is_elsewhere:
        sums = {"expected": sum(recorded), "found": sum(posted)}
        yield Difference(Kind.POSTED_ELSEWHERE, campaign, uc_id, number, entry_id, **sums)


_NOT_POSTED = """
SELECT h.id, h.campaign_id, h.uc_id, h.cash_paisa + h.goods_paisa + h.unexplained_paisa, 0 FROM hand_over h
WHERE (h.cash_paisa <> 0 OR h.goods_paisa <> 0 OR h.unexplained_paisa <> 0)
  AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.source_kind = 'hand_over' AND e.source_id = CAST(h.id AS TEXT))
ORDER BY h.id
"""

_LINES = """
SELECT h.id, h.campaign_id, h.uc_id, h.cash_paisa + h.goods_paisa + h.unexplained_paisa, COALESCE(l.value, 0)
FROM hand_over h LEFT JOIN (
  SELECT hand_over_id, CAST(SUM(value_paisa) AS BIGINT) AS value,
         CAST(SUM(CASE kind WHEN 'cash' THEN value_paisa ELSE 0 END) AS BIGINT) AS cash
  FROM hand_over_line GROUP BY hand_over_id
) l ON l.hand_over_id = h.id
WHERE h.cash_paisa + h.goods_paisa + h.unexplained_paisa <> COALESCE(l.value, 0)
   OR (h.kind NOT IN ('conflict', 'withdrawal') AND h.cash_paisa <> COALESCE(l.cash, 0))
ORDER BY h.id
"""

# Units that leave are positive. A void puts back only what the books had of the goods: the units that its hand-over took from
# nowhere are the third part.
_STOCK = """
SELECT h.id, h.campaign_id, h.uc_id, COALESCE(l.units, 0), COALESCE(s.units, 0) - COALESCE(undone.unbooked, 0)
FROM hand_over h
LEFT JOIN (SELECT hand_over_id, CAST(SUM(quantity) AS BIGINT) AS units FROM hand_over_line GROUP BY hand_over_id) l
  ON l.hand_over_id = h.id
LEFT JOIN (
  SELECT <m.number> AS number, CAST(SUM(CASE WHEN m.to_location_id IS NULL THEN m.quantity ELSE -m.quantity END) AS BIGINT) AS units
  FROM movement m WHERE m.source_kind = 'hand_over' GROUP BY <m.number>
) s ON s.number = h.id
LEFT JOIN (
  SELECT <m.number> AS number, CAST(SUM(m.quantity) AS BIGINT) AS unbooked FROM movement m
  WHERE m.source_kind = 'hand_over' AND m.from_location_id IS NULL AND m.to_location_id IS NULL GROUP BY <m.number>
) undone ON undone.number = h.voids_id
WHERE COALESCE(l.units, 0) <> COALESCE(s.units, 0) - COALESCE(undone.unbooked, 0)
ORDER BY h.id
"""


def _of_hand_over(kind: Kind) -> Callable[[Any], Iterator[Difference]]:
    def read(row: Any) -> Iterator[Difference]:
        number, campaign_id, area_id, expected, found = row
        is_units = kind is Kind.STOCK
        yield Difference(kind, campaign_id, area_id, number, expected=expected, found=found, is_units=is_units)

    return read


_MOVED = """
SELECT m.source_id, CAST(SUM(m.quantity) AS BIGINT) FROM movement m LEFT JOIN hand_over h
  ON h.id = <m.number> AND CAST(h.id AS TEXT) = m.source_id
WHERE m.source_kind = 'hand_over' AND h.id IS NULL GROUP BY m.source_id ORDER BY m.source_id
"""


def _of_movement(row: Any) -> Iterator[Difference]:
    yield Difference(Kind.MOVED_NOT_REDEEMED, subject=str(row[0]), found=row[1], is_units=True)


# One list of what is booked as given and, taken off, of what the hand-overs say: what is left over differs.
_GIVEN = """
SELECT e.id, e.campaign_id, e.uc_id, q.booked, q.handed_over, l.kind
FROM (
  SELECT entitlement_id, line_no, CAST(SUM(booked) AS BIGINT) AS booked, CAST(SUM(handed_over) AS BIGINT) AS handed_over
  FROM (
    SELECT entitlement_id, instalment_no, line_no, given AS booked, 0 AS handed_over FROM owed_line
    UNION ALL
    SELECT h.entitlement_id, h.instalment_no, l.line_no, 0, l.quantity + l.amount_paisa
    FROM hand_over_line l JOIN hand_over h ON h.id = l.hand_over_id WHERE h.kind NOT IN ('conflict', 'withdrawal')
  ) both_books GROUP BY entitlement_id, instalment_no, line_no HAVING SUM(booked) <> SUM(handed_over)
) q JOIN entitlement e ON e.id = q.entitlement_id
LEFT JOIN package_band b ON b.campaign_id = e.campaign_id AND b.band_no = e.band_no
LEFT JOIN package_line l ON l.band_id = b.id AND l.line_no = q.line_no ORDER BY e.id, q.line_no
"""

_OWED = """
SELECT e.id, e.campaign_id, e.uc_id, COALESCE(l.quantity + l.amount_paisa, 0), o.owed, l.kind
FROM owed_line o JOIN entitlement e ON e.id = o.entitlement_id
LEFT JOIN package_band b ON b.campaign_id = e.campaign_id AND b.band_no = e.band_no
LEFT JOIN package_line l ON l.band_id = b.id AND l.line_no = o.line_no
WHERE o.owed <> COALESCE(l.quantity + l.amount_paisa, 0) ORDER BY e.id
"""


def _of_entitlement(kind: Kind) -> Callable[[Any], Iterator[Difference]]:
    def read(row: Any) -> Iterator[Difference]:
        number, campaign_id, area_id, expected, found, line_kind = row
        yield Difference(
            kind, campaign_id, area_id, entitlement_id=number, expected=expected, found=found, is_units=line_kind == LineKind.ITEM
        )  # fmt: skip

    return read


_COMMITTED = """
SELECT c.id, COALESCE(p.paisa, 0), COALESCE(e.paisa, 0) FROM campaign c
LEFT JOIN (
  SELECT a.campaign_id, CAST(SUM(m.amount_paisa) AS BIGINT) AS paisa FROM commitment m
  JOIN allocation a ON CAST(a.id AS TEXT) = m.source_id WHERE m.source_kind = 'allocation' GROUP BY a.campaign_id
) p ON p.campaign_id = c.id
LEFT JOIN (
  SELECT n.campaign_id, CAST(SUM(n.families * k.paisa) AS BIGINT) AS paisa
  FROM (SELECT campaign_id, band_no, COUNT(*) AS families FROM entitlement GROUP BY campaign_id, band_no) n
  JOIN (
    SELECT b.campaign_id, b.band_no, SUM(l.amount_paisa + l.quantity * l.unit_cost_paisa) * MAX(o.instalments) AS paisa
    FROM package_band b JOIN package_line l ON l.band_id = b.id JOIN campaign o ON o.id = b.campaign_id
    GROUP BY b.campaign_id, b.band_no
  ) k ON k.campaign_id = n.campaign_id AND k.band_no = n.band_no GROUP BY n.campaign_id
) e ON e.campaign_id = c.id
WHERE COALESCE(p.paisa, 0) <> COALESCE(e.paisa, 0) ORDER BY c.id
"""


def _of_campaign(row: Any) -> Iterator[Difference]:
    yield Difference(Kind.COMMITTED, row[0], expected=row[1], found=row[2])


# Received, bought, spent directly: by the accounts between which the money went.
_FUNDS = """
SELECT f.code, b.received_paisa, COALESCE(p.received, 0), b.purchased_paisa, COALESCE(p.purchased, 0), b.spent_directly_paisa,
       COALESCE(p.spent, 0), b.committed_paisa, COALESCE(c.amount, 0), b.committed_goods_paisa, COALESCE(c.goods, 0)
FROM fund f JOIN fund_balance b ON b.fund_id = f.id
LEFT JOIN (
  SELECT fund_id,
    CAST(SUM(CASE WHEN credit = '3000' THEN amount_paisa WHEN debit = '3000' THEN -amount_paisa ELSE 0 END) AS BIGINT) AS received,
    CAST(SUM(CASE WHEN debit = '1200' AND credit = '1000' THEN amount_paisa WHEN debit = '1000' AND credit = '1200'
             THEN -amount_paisa ELSE 0 END) AS BIGINT) AS purchased,
    CAST(SUM(CASE WHEN debit = '5900' THEN amount_paisa WHEN credit = '5900' THEN -amount_paisa ELSE 0 END) AS BIGINT) AS spent
  FROM posting GROUP BY fund_id
) p ON p.fund_id = f.id
LEFT JOIN (
  SELECT fund_id, CAST(SUM(amount_paisa) AS BIGINT) AS amount, CAST(SUM(goods_paisa) AS BIGINT) AS goods
  FROM commitment GROUP BY fund_id
) c ON c.fund_id = f.id
ORDER BY f.code
"""


def _of_fund(row: Any) -> Iterator[Difference]:
    code, *figures = row
    for balance, entries in zip(figures[::2], figures[1::2], strict=True):
        if balance != entries:
            yield Difference(Kind.FUND, subject=code, expected=balance, found=entries)


_ON_HAND = """
SELECT l.code, i.code, f.code, l.area_id, q.on_hand, q.moved FROM (
  SELECT location_id, item_id, fund_id, CAST(SUM(on_hand) AS BIGINT) AS on_hand, CAST(SUM(moved) AS BIGINT) AS moved
  FROM (
    SELECT location_id, item_id, fund_id, quantity AS on_hand, 0 AS moved FROM stock_on_hand
    UNION ALL SELECT to_location_id, item_id, fund_id, 0, quantity FROM movement WHERE to_location_id IS NOT NULL
    UNION ALL SELECT from_location_id, item_id, fund_id, 0, -quantity FROM movement WHERE from_location_id IS NOT NULL
  ) both_books GROUP BY location_id, item_id, fund_id HAVING SUM(on_hand) <> SUM(moved)
) q JOIN location l ON l.id = q.location_id JOIN item i ON i.id = q.item_id JOIN fund f ON f.id = q.fund_id
ORDER BY l.code, i.code, f.code
"""


def _of_stock(row: Any) -> Iterator[Difference]:
    *subject, area_id, on_hand, moved = row
    yield Difference(
        Kind.ON_HAND, area_id=area_id, subject=" / ".join(subject), expected=on_hand, found=moved, is_units=True
    )


_CHECKS = (
    _Check(_ENTRIES, _of_entry),
    _Check(_NOT_POSTED, _of_hand_over(Kind.REDEEMED_NOT_POSTED)),
    _Check(_LINES, _of_hand_over(Kind.LINES)),
    _Check(_STOCK, _of_hand_over(Kind.STOCK)),
    _Check(_MOVED, _of_movement),
    _Check(_GIVEN, _of_entitlement(Kind.GIVEN)),
    _Check(_OWED, _of_entitlement(Kind.OWED)),
    _Check(_COMMITTED, _of_campaign),
    _Check(_FUNDS, _of_fund),
    _Check(_ON_HAND, _of_stock),
)
