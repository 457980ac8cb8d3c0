"""What a refusal is to HTTP and to the reader: its status and its words in the language of the page."""

from __future__ import annotations

from relief.kernel.errors import Conflict, Forbidden, InvalidInput, NotAuthentic, NotFound, ReliefError, RuleViolation

_STATUSES: dict[type[ReliefError], int] = {
    InvalidInput: 400,
    NotAuthentic: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    RuleViolation: 422,
}


def status_of(error: ReliefError) -> int:
    """Return the HTTP status of the kind of refusal."""
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 400)
