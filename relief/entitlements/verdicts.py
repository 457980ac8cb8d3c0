"""Writing the verdicts of an allocation, hashed and counted on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Table

from relief.entitlements.judging import Judged
from relief.entitlements.model import Verdict, VerdictGround
from relief.entitlements.sealing import GROUND, VERDICT, Seal
from relief.programmes.eligibility import Verdict as Finding
from relief.store.bulk import insert_rows
from relief.store.columns import canonical_json
from relief.store.statistics import refresh_statistics
from relief.store.work import Work

_VERDICT: Final = Verdict.metadata.tables[Verdict.__tablename__]
_GROUND: Final = VerdictGround.metadata.tables[VerdictGround.__tablename__]
_VERDICT_COLUMNS = ("allocation_id", "family_id", "uc_id", "is_eligible", "band_no", "ground_no")
_GROUND_COLUMNS = ("allocation_id", "ground_no", "is_eligible", "reasons")


class VerdictBook:
    """The verdicts of one allocation while they are written; `counts` is by Union Council, band and verdict."""

    def __init__(self, work: Work, allocation_id: int) -> None:
        self.counts: Counter[tuple[int, int, Finding]] = Counter()
        self.seal = Seal()
        self._work, self._allocation_id = work, allocation_id
        self._grounds: dict[Finding, int] = {}

    def write(self, judged: Sequence[Judged]) -> None:
        """Write some families' verdicts; combinations of reasons not met before go first."""
        new = dict.fromkeys(one.verdict for one in judged if one.verdict not in self._grounds)
        self._grounds |= {finding: number for number, finding in enumerate(new, len(self._grounds) + 1)}
        self._insert(_GROUND, _GROUND_COLUMNS, [(self._grounds[f], f.is_eligible, list(f.reasons)) for f in new])
        rows = [(one[0], one[1], one[3].is_eligible, one[2], self._grounds[one[3]]) for one in judged]
        self._insert(_VERDICT, _VERDICT_COLUMNS, rows)
        self.seal.add(VERDICT, rows)
        self.counts.update([one[1:] for one in judged])

    def close(self) -> None:
        """Seal the combinations of reasons after the last verdict."""
        refresh_statistics(self._work, _VERDICT, changed=self.counts.total())
        self.seal.add(
            GROUND, ((number, f.is_eligible, canonical_json(list(f.reasons))) for f, number in self._grounds.items())
        )

    def _insert(self, table: Table, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
        number = self._allocation_id
        insert_rows(self._work, table, columns, ((number, *row) for row in rows))
