"""Giving out family numbers, one registration after another."""

from __future__ import annotations

from sqlalchemy import func, select

from relief.families.model import Family
from relief.store.locks import take_turn
from relief.store.work import Work


def last_number(work: Work) -> int:
    """Return the highest family number, and hold the turn to give out the next ones until the unit ends.

    Whoever holds the turn also knows that no family with the same CNIC appears meanwhile.
    """
    take_turn(work, "family numbers")
    return work.session.scalar(select(func.max(Family.number))) or 0
