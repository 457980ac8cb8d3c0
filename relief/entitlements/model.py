"""Tables of allocations, entitlements and tokens."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped

from relief.entitlements.rules import AllocationState, KeyState, TokenState
from relief.store.append_only import AppendOnly
from relief.store.columns import EnumText, Instant, JsonText, Key, Paisa, internal, personal, public, sensitive
from relief.store.db import Model


class Allocation(Model):
    """A campaign's package laid over its families: proposed by one person, decided by another.

    The figures are those proposed; `families_entitled` counts who was still registered when it was approved.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="maker_is_not_checker"),
        CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided_by_somebody"),
        # For entitlements to name both in one reference.
        UniqueConstraint("id", "campaign_id"),
        Index("uq_allocation_open", "campaign_id", unique=True, sqlite_where=text("state = 'proposed'"),
              postgresql_where=text("state = 'proposed'")),
    )  # fmt: skip

    id: Mapped[int] = internal(Integer, primary_key=True)
    campaign_id: Mapped[int] = internal(ForeignKey("campaign.id"), index=True)
    state: Mapped[AllocationState] = internal(EnumText(AllocationState))
    families_in: Mapped[int] = internal(Integer)
    families_out: Mapped[int] = internal(Integer)
    families_entitled: Mapped[int] = internal(Integer, default=0)
    # Cash and goods together, for all instalments; `goods_paisa` is the goods alone.
    cost_paisa: Mapped[int] = internal(Paisa)
    goods_paisa: Mapped[int] = internal(Paisa, default=0)
    proposed_at: Mapped[dt.datetime] = internal(Instant)
    proposed_by: Mapped[int] = internal(Key)
    decided_at: Mapped[dt.datetime | None] = internal(Instant)
    decided_by: Mapped[int | None] = internal(Key)
    decision_reason: Mapped[str] = internal(Text)


class VerdictGround(AppendOnly, Model):
    """One combination of reasons on which verdicts of an allocation rest: a few dozen for hundreds of thousands of families."""

    __tablename__ = "verdict_ground"

    allocation_id: Mapped[int] = internal(ForeignKey("allocation.id"), primary_key=True)
    ground_no: Mapped[int] = internal(Integer, primary_key=True)
    is_eligible: Mapped[bool] = internal(Boolean)
    reasons: Mapped[Any] = sensitive(JsonText)


class Verdict(AppendOnly, Model):
    """What the criteria said of one family in one allocation; kept also of those who are out. `uc_id` is its place then."""

    __tablename__ = "verdict"
    __table_args__ = (
        ForeignKeyConstraint(
            ["allocation_id", "ground_no"], ["verdict_ground.allocation_id", "verdict_ground.ground_no"]
        ),
        # The figures of each Union Council are read from the index alone.
        Index("ix_verdict_uc", "allocation_id", "uc_id", "is_eligible", "ground_no", "band_no"),
    )

    allocation_id: Mapped[int] = internal(Integer, primary_key=True)
    family_id: Mapped[int] = internal(ForeignKey("family.id"), primary_key=True)
    # Copied from the family, which holds the reference: PostgreSQL checks each one row by row.
    uc_id: Mapped[int] = personal(Key)
    is_eligible: Mapped[bool] = internal(Boolean)
    # 0 for a family that is out.
    band_no: Mapped[int] = internal(Integer)
    ground_no: Mapped[int] = sensitive(Integer)


class Entitlement(AppendOnly, Model):
    """What one family may receive in one campaign. `serial` is dense from 1 in its campaign; `uc_id` is the family's place then."""

    __tablename__ = "entitlement"
    __table_args__ = (
        ForeignKeyConstraint(["allocation_id", "campaign_id"], ["allocation.id", "allocation.campaign_id"]),
        UniqueConstraint("campaign_id", "family_id"),
        UniqueConstraint("campaign_id", "serial"),
        CheckConstraint("serial BETWEEN 1 AND 16777215", name="serial_fits_token"),
        Index("ix_entitlement_uc", "campaign_id", "uc_id", "band_no"),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    campaign_id: Mapped[int] = internal(Integer)
    serial: Mapped[int] = internal(Integer)
    family_id: Mapped[int] = internal(ForeignKey("family.id"), index=True)
    band_no: Mapped[int] = internal(Integer)
    uc_id: Mapped[int] = personal(ForeignKey("area.id"))
    allocation_id: Mapped[int] = internal(Integer)


class CampaignKey(Model):
    """The public half of a key that signs a campaign's tokens; the private half lies sealed in the keyring."""

    __tablename__ = "campaign_key"
    __table_args__ = (
        UniqueConstraint("campaign_id", "key_id"),
        CheckConstraint("key_id BETWEEN 1 AND 255", name="number_fits_token"),
        Index("uq_campaign_key_active", "campaign_id", unique=True, sqlite_where=text("state = 'active'"),
              postgresql_where=text("state = 'active'")),
    )  # fmt: skip

    id: Mapped[int] = internal(Integer, primary_key=True)
    campaign_id: Mapped[int] = internal(ForeignKey("campaign.id"))
    key_id: Mapped[int] = public(Integer)
    public_key: Mapped[bytes] = public(LargeBinary)
    state: Mapped[KeyState] = internal(EnumText(KeyState))
    made_at: Mapped[dt.datetime] = internal(Instant)
    made_by: Mapped[int] = internal(Key)


class Token(Model):
    """A printed proof of an entitlement. Its text is never stored: it is signed anew, to the same bytes, when printed.

    `point_no` is the number of the distribution point named in the token (0: any point of the campaign).
    """

    __tablename__ = "token"
    __table_args__ = (
        UniqueConstraint("entitlement_id", "reissue"),
        CheckConstraint("reissue BETWEEN 0 AND 255", name="reissue_fits_token"),
        Index("uq_token_issued", "entitlement_id", unique=True, sqlite_where=text("state = 'issued'"),
              postgresql_where=text("state = 'issued'")),
    )  # fmt: skip

    id: Mapped[int] = internal(Key, primary_key=True)
    entitlement_id: Mapped[int] = internal(ForeignKey("entitlement.id"))
    reissue: Mapped[int] = internal(Integer)
    key_id: Mapped[int] = internal(Integer)
    point_no: Mapped[int] = internal(Integer)
    expires_on: Mapped[dt.date] = public(Date)
    holder_tag: Mapped[int] = sensitive(Integer)
    code_index: Mapped[bytes] = sensitive(LargeBinary, unique=True)
    code_sealed: Mapped[bytes] = sensitive(LargeBinary)
    state: Mapped[TokenState] = internal(EnumText(TokenState))
    state_reason: Mapped[str] = internal(Text)
    issued_at: Mapped[dt.datetime] = internal(Instant)
    issued_by: Mapped[int] = internal(Key)


class HolderCheckThrottle(Model):
    """Wrong answers about one token, or from one network address, counted under a keyed index; it outlives a restart."""

    __tablename__ = "holder_check_throttle"

    key: Mapped[bytes] = personal(LargeBinary, primary_key=True)
    failures: Mapped[int] = internal(Integer)
    failed_at: Mapped[dt.datetime] = internal(Instant, index=True)
    # No answer is looked at before this instant.
    closed_until: Mapped[dt.datetime] = internal(Instant)
