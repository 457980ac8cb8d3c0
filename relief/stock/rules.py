"""Kinds of places and movements of goods."""

from __future__ import annotations

import enum

from relief.kernel.messages import N_


class LocationKind(enum.StrEnum):
    """What kind of place holds goods."""

    WAREHOUSE = "warehouse"
    POINT = "point"

    @property
    def label(self) -> str:
        """The kind's name, a msgid."""
        return _PLACE_LABELS[self]


_PLACE_LABELS = {LocationKind.WAREHOUSE: N_("Warehouse"), LocationKind.POINT: N_("Distribution point")}


class NoteKind(enum.StrEnum):
    """What a goods note is about."""

    RECEIPT = "receipt"
    TRANSFER = "transfer"
    REVERSAL = "reversal"

    @property
    def label(self) -> str:
        """The kind's name, a msgid."""
        return _NOTE_LABELS[self]


_NOTE_LABELS = {
    NoteKind.RECEIPT: N_("Goods received"),
    NoteKind.TRANSFER: N_("Goods sent on"),
    NoteKind.REVERSAL: N_("Reversal"),
}


class MovementKind(enum.StrEnum):
    """Why goods moved."""

    RECEIPT = "receipt"
    TRANSFER = "transfer"
    HAND_OVER = "hand_over"
    VOID = "void"
    CONFLICT = "conflict"
    REVERSAL = "reversal"

    @property
    def label(self) -> str:
        """The kind's name, a msgid."""
        return _LABELS[self]


_LABELS = {
    MovementKind.RECEIPT: N_("Received"),
    MovementKind.TRANSFER: N_("Sent on"),
    MovementKind.HAND_OVER: N_("Handed over"),
    MovementKind.VOID: N_("Put back"),
    MovementKind.CONFLICT: N_("Left the table in a conflict"),
    MovementKind.REVERSAL: N_("Reversed"),
}
