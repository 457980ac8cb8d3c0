"""Reading the audit trail."""

from __future__ import annotations

from sqlalchemy import select

from relief.audit.model import AuditEntry
from relief.store.work import Work

# The deed of filling a database with an invented response. Whatever shows or prints from such a database says so.
DEMONSTRATION_LOADED = "demonstration.loaded"


def is_demonstration(work: Work) -> bool:
    """Return whether the database holds an invented response."""
    loaded = select(AuditEntry.id).where(AuditEntry.action == DEMONSTRATION_LOADED)
    return work.session.scalar(loaded.limit(1)) is not None
