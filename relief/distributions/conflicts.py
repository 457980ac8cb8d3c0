"""The conflict desk's decisions."""

from __future__ import annotations

from relief.audit.trail import Deed, record
from relief.distributions.model import ConflictCase, HandOver
from relief.distributions.rules import ConflictState
from relief.geography.model import Area
from relief.kernel.errors import NotFound, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.kernel.text import clean
from relief.store.work import Work

SHORTEST_DECISION = 10


def decide_conflict(work: Work, hand_over_id: int, decision: str) -> None:
    """Close the conflict with the coordinator's finding; its value stays unexplained in the books until finance clears it.

    Who made the hand-over does not decide on it.
    Raises: NotFound "conflict.not_found"; RuleViolation "conflict.decided", "conflict.own", "conflict.decision_missing".
    """
    text = clean(decision)
    case = work.session.get(ConflictCase, hand_over_id, with_for_update=True)
    event = work.session.get(HandOver, hand_over_id)
    if case is None or event is None:
        raise NotFound("conflict.not_found", N_("There is no such conflict."))
    area = work.session.get_one(Area, event.uc_id)
    if not work.actor.may(Permission.CONFLICT_DECIDE, area.path):
        raise NotFound("conflict.not_found", N_("There is no such conflict."))
    if case.state is ConflictState.DECIDED:
        raise RuleViolation("conflict.decided", N_("This conflict was decided before."))
    if work.actor.id == event.operator_id and not work.actor.is_system:
        raise RuleViolation("conflict.own", N_("You made this hand-over yourself: another coordinator decides on it."))
    if len(text) < SHORTEST_DECISION:
        raise RuleViolation("conflict.decision_missing", N_("Say what was found and what follows, in a sentence."))
    case.state, case.decision = ConflictState.DECIDED, text
    case.decided_at, case.decided_by = work.at, int(work.actor.id)
    record(work, Deed("conflict.decided", "hand_over", hand_over_id, event.uc_id, {"reason": case.reason.value}))
