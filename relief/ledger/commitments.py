"""Promising a fund's money to a purpose, and releasing what was not needed."""

from __future__ import annotations

from relief.audit.trail import Deed, digest_of, record
from relief.kernel.errors import Conflict, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.ledger.balances import change_figures, lock_figures
from relief.ledger.rules import Cost
from relief.ledger.sealing import SEGMENT
from relief.store.columns import instant_text
from relief.store.statement import Statement
from relief.store.work import Work

_FIND = Statement(
    "SELECT id, fund_id, amount_paisa, goods_paisa FROM commitment"
    " WHERE source_kind = :source_kind AND source_id = :source_id"
)
_APPEND = Statement(
    "INSERT INTO commitment (fund_id, amount_paisa, goods_paisa, source_kind, source_id, at, actor_id)"
    " VALUES (:fund_id, :amount_paisa, :goods_paisa, :source_kind, :source_id, :at, :actor_id) RETURNING id"
)
_DISBURSED = Statement(
    "SELECT CAST(COALESCE(SUM(CASE WHEN debit IN ('5100', '5200') THEN amount_paisa ELSE 0 END)"
    " - SUM(CASE WHEN credit IN ('5100', '5200') THEN amount_paisa ELSE 0 END), 0) AS BIGINT)"
    " FROM posting WHERE fund_id = :fund_id"
)


def commit_fund(work: Work, fund_id: int, cost: Cost, source_kind: str, source_id: str) -> int:
    """Promise money of a fund to what the source names, an approved allocation, and return the commitment's id.

    Who may do so is decided where the source is approved. The same promise again is answered with the first one's id.
    Raises: NotFound "fund.not_found", RuleViolation "fund.too_little", Conflict "commitment.exists_with_different_content".
    """
    assert cost.cash >= Money.ZERO and cost.goods >= Money.ZERO and cost.total, "a promise is of something"
    return _append(work, fund_id, cost, source_kind, source_id)


def release_commitment(work: Work, fund_id: int, cost: Cost, source_kind: str, source_id: str) -> int:
    """Give back to a fund what was promised and will not be handed over, and return the release's id.

    Raises: NotFound "fund.not_found", RuleViolation "commitment.already_given" where that would leave less promised than was
        handed over, Conflict "commitment.exists_with_different_content".
    """
    assert cost.cash >= Money.ZERO and cost.goods >= Money.ZERO and cost.total, "a release is of something"
    left = lock_figures(work, fund_id).committed.total - cost.total
    given = Money(_DISBURSED.row(work, {"fund_id": fund_id})[0])
    if left < given and _FIND.row(work, {"source_kind": source_kind, "source_id": source_id}) is None:
        raise RuleViolation(
            "commitment.already_given",
            N_(
                "Families have received %(given)s of this fund; after the release only %(left)s would be promised to them."
            ),
            given=given,
            left=left,
        )
    return _append(work, fund_id, -cost, source_kind, source_id)


def _append(work: Work, fund_id: int, cost: Cost, source_kind: str, source_id: str) -> int:
    lock_figures(work, fund_id)  # Whoever sends the same again waits here, and then finds the first.
    values = {
        "fund_id": fund_id, "amount_paisa": cost.total.paisa, "goods_paisa": cost.goods.paisa,
        "source_kind": source_kind, "source_id": source_id, "at": instant_text(work.at), "actor_id": int(work.actor.id),
    }  # fmt: skip
    earlier = _FIND.row(work, values)
    if earlier is not None:
        if tuple(earlier[1:]) != (fund_id, cost.total.paisa, cost.goods.paisa):
            raise Conflict(
                "commitment.exists_with_different_content",
                N_("Money was promised for this before, with another sum or from another fund. Nothing was changed."),
            )
        return int(earlier[0])
    change_figures(work, fund_id, lambda figures: figures.commit(cost), cost.total)
    commitment_id = int(_APPEND.row(work, values)[0])
    detail = {"paisa": cost.total.paisa, "goods_paisa": cost.goods.paisa, "source": f"{source_kind} {source_id}"}
    action = "fund.committed" if cost.total > Money.ZERO else "fund.commitment_released"
    digest = digest_of((commitment_id, *values.values()))
    record(work, Deed(action, "commitment", commitment_id, detail=detail, segment=SEGMENT, record_digest=digest))
    return commitment_id
