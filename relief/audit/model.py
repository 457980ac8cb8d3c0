"""Tables of the audit trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from relief.store.append_only import AppendOnly
from relief.store.columns import Instant, JsonText, Key, internal
from relief.store.db import Model


class AuditEntry(AppendOnly, Model):
    """One deed. Rows of a segment form a chain: each holds the hash of the one before it.

    `record_digest` seals the rows that the deed wrote elsewhere; `detail` holds codes and counts, never a CNIC, phone or name.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (UniqueConstraint("segment", "position"),)

    id: Mapped[int] = internal(Key, primary_key=True)
    segment: Mapped[str] = internal(Text)
    position: Mapped[int] = internal(Integer)
    at: Mapped[dt.datetime] = internal(Instant)
    actor_id: Mapped[int] = internal(Key)
    action: Mapped[str] = internal(Text, index=True)
    subject_kind: Mapped[str] = internal(Text)
    subject_id: Mapped[str] = internal(Text)
    area_id: Mapped[int | None] = internal(Integer)
    detail: Mapped[Any] = internal(JsonText)
    record_digest: Mapped[bytes | None] = internal(LargeBinary)
    previous_hash: Mapped[bytes] = internal(LargeBinary)
    entry_hash: Mapped[bytes] = internal(LargeBinary)


class AuditHead(Model):
    """The end of each chain; its row is the lock that keeps the links of a segment in order."""

    __tablename__ = "audit_head"

    segment: Mapped[str] = internal(Text, primary_key=True)
    position: Mapped[int] = internal(Integer)
    entry_hash: Mapped[bytes] = internal(LargeBinary)
