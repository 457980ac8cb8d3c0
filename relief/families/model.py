"""Tables of families, their history, and the files they came in."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy.orm import Mapped

from relief.families.rules import FamilyState, Gender, HouseDamage
from relief.kernel.codes import FamilyCode
from relief.kernel.messages import N_
from relief.store.append_only import AppendOnly
from relief.store.columns import EnumText, Instant, JsonText, Key, internal, personal, sensitive
from relief.store.db import Model


class Outcome(enum.StrEnum):
    """What became of one row of a file."""

    REGISTERED = "registered"
    REGISTERED_WITH_WARNING = "registered_with_warning"
    REFUSED = "refused"
    HELD = "held"
    REPEATED = "repeated"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _OUTCOME_LABELS[self]


class BatchState(enum.StrEnum):
    """Where an import stands. Nothing of a file counts before all of it is applied."""

    READING = "reading"
    APPLIED = "applied"
    TRIED = "tried"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _BATCH_LABELS[self]


class HeldState(enum.StrEnum):
    """Whether a person has decided on a registration that was held."""

    WAITING = "waiting"
    REGISTERED = "registered"
    DISMISSED = "dismissed"

    @property
    def label(self) -> str:
        """The word for it, a msgid."""
        return _HELD_LABELS[self]


_OUTCOME_LABELS = {
    Outcome.REGISTERED: N_("Registered"), Outcome.REGISTERED_WITH_WARNING: N_("Registered with a warning"),
    Outcome.REFUSED: N_("Refused"), Outcome.HELD: N_("Held: same CNIC"), Outcome.REPEATED: N_("Already here"),
}  # fmt: skip
_BATCH_LABELS = {
    BatchState.READING: N_("Not finished"), BatchState.APPLIED: N_("Imported"), BatchState.TRIED: N_("Trial run"),
    BatchState.FAILED: N_("Refused"),
}  # fmt: skip
_HELD_LABELS = {
    HeldState.WAITING: N_("Waits for a decision"), HeldState.REGISTERED: N_("Registered as another family"),
    HeldState.DISMISSED: N_("Dismissed: the same family"),
}  # fmt: skip


class RegistrationColumns:
    """What was told at registration; the same for a family, a held registration and a staged row.

    CNIC and phone are sealed; their indexes are keyed hashes that find a number again and tell nothing of it.
    """

    uc_id: Mapped[int] = personal(Key)
    village: Mapped[str] = personal(Text)
    head_name: Mapped[str] = personal(Text)
    head_name_local: Mapped[str | None] = personal(Text)
    father_name: Mapped[str | None] = personal(Text)
    # The keys of both names, each word after a space: " sikandar ali سکندر علی".
    search_key: Mapped[str] = personal(Text)
    gender: Mapped[Gender] = personal(EnumText(Gender))
    birth_on: Mapped[dt.date | None] = personal(Date)
    cnic_sealed: Mapped[bytes | None] = sensitive(LargeBinary)
    cnic_index: Mapped[bytes | None] = sensitive(LargeBinary)
    cnic_verified_by: Mapped[str | None] = personal(Text)
    phone_sealed: Mapped[bytes | None] = sensitive(LargeBinary)
    phone_index: Mapped[bytes | None] = sensitive(LargeBinary)
    size: Mapped[int] = personal(Integer)
    men: Mapped[int] = personal(Integer)
    women: Mapped[int] = personal(Integer)
    boys: Mapped[int] = personal(Integer)
    girls: Mapped[int] = personal(Integer)
    disabled: Mapped[int] = sensitive(Integer)
    pregnant_lactating: Mapped[int] = sensitive(Integer)
    house_damage: Mapped[HouseDamage] = personal(EnumText(HouseDamage))
    livestock_lost: Mapped[int] = personal(Integer)
    is_displaced: Mapped[bool] = personal(Boolean)
    psc_score: Mapped[int | None] = sensitive(Integer)
    # Where the family was met, degrees (EPSG:4326).
    lon: Mapped[float | None] = personal(Float)
    lat: Mapped[float | None] = personal(Float)
    gps_accuracy_m: Mapped[float | None] = personal(Float)
    # Doubts for a person to look at: [[code, params], ..]; null when there are none.
    flags: Mapped[Any] = internal(JsonText, nullable=True)
    # The form's own id of this answer sheet, and a keyed hash of what was told: the same sheet sent again changes nothing.
    submission_id: Mapped[str] = internal(Text)
    content_index: Mapped[bytes] = internal(LargeBinary)
    enumerator: Mapped[str | None] = personal(Text)
    surveyed_on: Mapped[dt.date | None] = internal(Date)


class Family(RegistrationColumns, Model):
    """One registered family; `number` is what its code is made of."""

    __tablename__ = "family"
    __table_args__ = (
        ForeignKeyConstraint(["uc_id"], ["area.id"]),
        CheckConstraint("number BETWEEN 1 AND 99999999", name="number_fits_code"),
        CheckConstraint("size = men + women + boys + girls AND size > 0", name="size_adds_up"),
        CheckConstraint("cnic_index IS NOT NULL OR cnic_verified_by IS NOT NULL", name="known_by_cnic_or_witness"),
        CheckConstraint("(cnic_index IS NULL) = (cnic_sealed IS NULL)", name="cnic_whole"),
        CheckConstraint("(lon IS NULL) = (lat IS NULL)", name="point"),
        Index("uq_family_cnic_index", "cnic_index", unique=True),
        Index("uq_family_submission_id", "submission_id", unique=True),
        # Covers the count by area.
        Index("ix_family_uc_id", "uc_id", "state"),
        Index("ix_family_import_batch_id", "import_batch_id"),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    number: Mapped[int] = internal(Integer, unique=True)
    state: Mapped[FamilyState] = internal(EnumText(FamilyState))
    registered_at: Mapped[dt.datetime] = internal(Instant)
    registered_by: Mapped[int] = internal(Key)
    import_batch_id: Mapped[int | None] = internal(ForeignKey("import_batch.id"))
    # Rises with each amendment, so that two people who amend at once do not undo each other.
    version: Mapped[int] = internal(Integer)

    @property
    def code(self) -> FamilyCode:
        """The code by which people name the family."""
        return FamilyCode.of(self.number)


class FamilyChange(AppendOnly, Model):
    """One amendment of a family: which facts changed, and sealed with them what they were and became."""

    __tablename__ = "family_change"

    id: Mapped[int] = internal(Key, primary_key=True)
    family_id: Mapped[int] = internal(ForeignKey("family.id"), index=True)
    changed_at: Mapped[dt.datetime] = internal(Instant)
    changed_by: Mapped[int] = internal(Key)
    changed_by_name: Mapped[str] = personal(Text)
    reason: Mapped[str] = personal(Text)
    facts: Mapped[Any] = internal(JsonText)
    # Sealed JSON: {fact: [old text, new text]}; a CNIC or phone in it is masked even so.
    values_sealed: Mapped[bytes] = sensitive(LargeBinary)


class HeldRegistration(RegistrationColumns, Model):
    """A registration under a CNIC that a family already has: kept whole until a person has decided."""

    __tablename__ = "held_registration"
    __table_args__ = (
        ForeignKeyConstraint(["uc_id"], ["area.id"]),
        Index("uq_held_registration_submission_id", "submission_id", unique=True),
        Index("ix_held_registration_state", "state"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    # The family that has the CNIC.
    family_id: Mapped[int] = internal(ForeignKey("family.id"), index=True)
    held_at: Mapped[dt.datetime] = internal(Instant)
    held_by: Mapped[int] = internal(Key)
    import_batch_id: Mapped[int | None] = internal(ForeignKey("import_batch.id"))
    state: Mapped[HeldState] = internal(EnumText(HeldState))
    decided_at: Mapped[dt.datetime | None] = internal(Instant)
    decided_by: Mapped[int | None] = internal(Key)
    decision_reason: Mapped[str] = personal(Text)
    # The family that it became.
    registered_family_id: Mapped[int | None] = internal(ForeignKey("family.id"))


class ImportBatch(Model):
    """One file of registrations, as sent."""

    __tablename__ = "import_batch"

    id: Mapped[int] = internal(Integer, primary_key=True)
    file_name: Mapped[str] = internal(Text)
    state: Mapped[BatchState] = internal(EnumText(BatchState))
    started_at: Mapped[dt.datetime] = internal(Instant)
    finished_at: Mapped[dt.datetime | None] = internal(Instant)
    imported_by: Mapped[int] = internal(Key)
    imported_by_name: Mapped[str] = personal(Text)
    header: Mapped[Any] = internal(JsonText)
    # The smallest area in which all its families lie: who may see that area may see the file's outcome.
    area_path: Mapped[str | None] = internal(Text)
    # How many rows had each outcome.
    counts: Mapped[Any] = internal(JsonText)
    # Why the whole file was refused, a msgid with its parameters.
    failure: Mapped[Any] = internal(JsonText, nullable=True)


class ImportRow(Model):
    """What became of one row; row 1 is the header. A refused row keeps its cells, sealed, so that it can be sent back."""

    __tablename__ = "import_row"

    batch_id: Mapped[int] = internal(ForeignKey("import_batch.id"), primary_key=True)
    row_number: Mapped[int] = internal(Integer, primary_key=True)
    outcome: Mapped[Outcome] = internal(EnumText(Outcome))
    # The family registered, repeated, or standing in the way.
    family_id: Mapped[int | None] = internal(ForeignKey("family.id"))
    # Why: [{"column", "code", "message", "params"}, ..]; null where there is nothing to say.
    problems: Mapped[Any] = personal(JsonText, nullable=True)
    cells_sealed: Mapped[bytes | None] = sensitive(LargeBinary)


class StagedRegistration(RegistrationColumns, Model):
    """A good row of a file that is still being read; decided and removed when the whole file is applied.

    Without foreign keys: they are checked when the row becomes a family, and twice costs seconds for a large file.
    """

    __tablename__ = "staged_registration"

    batch_id: Mapped[int] = internal(Integer, primary_key=True)
    row_number: Mapped[int] = internal(Integer, primary_key=True)
    outcome: Mapped[Outcome | None] = internal(EnumText(Outcome))
    family_id: Mapped[int | None] = internal(Key)
