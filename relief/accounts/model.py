"""Tables of the people who work with Relief, what was granted to them, where they are signed in, and their phones."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped

from relief.accounts.rules import DeviceState
from relief.kernel.permissions import Role
from relief.store.columns import EnumText, Instant, Key, internal, personal, sensitive
from relief.store.db import Model


class User(Model):
    """One person, one account: what they do is theirs by this row, so rows are never removed, only disabled."""

    __tablename__ = "user_account"  # "user" is a reserved word of PostgreSQL
    __table_args__ = (CheckConstraint("id > 0", name="not_the_system"),)

    id: Mapped[int] = internal(Key, primary_key=True)
    # In lower case: a person has one account however the address is typed.
    email: Mapped[str] = personal(Text, unique=True)
    name: Mapped[str] = personal(Text)
    # Argon2id in its own text form, which names the costs it was made with.
    password_hash: Mapped[str] = sensitive(Text)
    # Set where somebody else knows the password: it was generated, or given by an administrator.
    must_change_password: Mapped[bool] = internal(Boolean)
    # Changes with every grant; whatever was remembered about the person under an older stamp no longer counts.
    stamp: Mapped[str] = internal(Text)
    counts_in_lakhs: Mapped[bool] = internal(Boolean)
    added_at: Mapped[dt.datetime] = internal(Instant)
    added_by: Mapped[int] = internal(Key)
    disabled_at: Mapped[dt.datetime | None] = internal(Instant)
    disabled_reason: Mapped[str | None] = internal(Text)


class RoleGrant(Model):
    """A role of a person over an area and all that lies in it; ended, never removed."""

    __tablename__ = "role_grant"
    __table_args__ = (
        Index(
            "uq_role_grant_open",
            "user_id",
            "role",
            "area_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = internal(Key, primary_key=True)
    user_id: Mapped[int] = internal(Key, ForeignKey("user_account.id"))
    role: Mapped[Role] = internal(EnumText(Role))
    area_id: Mapped[int] = internal(Key, ForeignKey("area.id"), index=True)
    granted_by: Mapped[int] = internal(Key)
    granted_at: Mapped[dt.datetime] = internal(Instant)
    ended_by: Mapped[int | None] = internal(Key)
    ended_at: Mapped[dt.datetime | None] = internal(Instant)


class SignInSession(Model):
    """One browser in which a person is signed in. The cookie holds a random text, this row only its hash."""

    __tablename__ = "sign_in_session"
    __table_args__ = (Index("ix_sign_in_session_user_id_open", "user_id", "ended_at"),)

    id: Mapped[int] = internal(Key, primary_key=True)
    token_hash: Mapped[bytes] = sensitive(LargeBinary, unique=True)
    user_id: Mapped[int] = internal(Key, ForeignKey("user_account.id"))
    started_at: Mapped[dt.datetime] = internal(Instant)
    # Written at most every ten minutes.
    seen_at: Mapped[dt.datetime] = internal(Instant)
    expires_at: Mapped[dt.datetime] = internal(Instant)
    ended_at: Mapped[dt.datetime | None] = internal(Instant)
    # "Chrome, Android": enough for a person to tell their own devices apart.
    device: Mapped[str] = personal(Text)
    # Keyed index of the network address: an address from which the person came before is told from a stranger's.
    address_index: Mapped[bytes] = personal(LargeBinary)


class SignInThrottle(Model):
    """Failed attempts counted for one account or one network address, under a keyed index; it outlives a restart."""

    __tablename__ = "sign_in_throttle"

    key: Mapped[bytes] = personal(LargeBinary, primary_key=True)
    failures: Mapped[int] = internal(Integer)
    failed_at: Mapped[dt.datetime] = internal(Instant)
    # No attempt is looked at before this instant.
    closed_until: Mapped[dt.datetime] = internal(Instant)


class Device(Model):
    """A phone that works offline: invited by a code shown once, active by the public key that it made, revoked for good."""

    __tablename__ = "device"
    __table_args__ = (
        CheckConstraint("state <> 'active' OR (public_key IS NOT NULL AND secret_sealed IS NOT NULL)", name="active_has_keys"),
        CheckConstraint("(state = 'revoked') = (revoked_at IS NOT NULL)", name="revoked_at_some_time"),
    )  # fmt: skip

    id: Mapped[int] = internal(Key, primary_key=True)
    uuid: Mapped[str] = internal(Text, unique=True)
    # What the office calls it: the number on its sticker.
    label: Mapped[str] = internal(Text)
    # What it says of itself: "Chrome, Android".
    description: Mapped[str] = internal(Text)
    state: Mapped[DeviceState] = internal(EnumText(DeviceState))
    # Ed25519, 32 bytes; the private half never leaves the phone.
    public_key: Mapped[bytes | None] = internal(LargeBinary, unique=True)
    # Keyed index of the one-time code. It stays after the use: the same code again is told from one that never was.
    invite_index: Mapped[bytes] = sensitive(LargeBinary, unique=True)
    invite_expires_at: Mapped[dt.datetime] = internal(Instant)
    # Half of what the roster on the phone is sealed with; the other half is the PIN.
    secret_sealed: Mapped[bytes | None] = sensitive(LargeBinary)
    # The number of its newest manifest.
    manifest_no: Mapped[int] = internal(Integer)
    # When it was last heard of, and how far its clock then was ahead; written when either has changed enough to matter.
    last_seen_at: Mapped[dt.datetime | None] = internal(Instant)
    clock_offset_ms: Mapped[int | None] = internal(Key)
    invited_at: Mapped[dt.datetime] = internal(Instant)
    invited_by: Mapped[int] = internal(Key)
    enrolled_at: Mapped[dt.datetime | None] = internal(Instant)
    revoked_at: Mapped[dt.datetime | None] = internal(Instant)
    revoked_by: Mapped[int | None] = internal(Key)
    revoked_reason: Mapped[str | None] = internal(Text)


class DeviceOperator(Model):
    """A person signed in on a phone. The credential proves who scanned; it is kept after its end, for what comes in late."""

    __tablename__ = "device_operator"
    __table_args__ = (
        Index("ix_device_operator_device_id", "device_id", "user_id"),
        Index("ix_device_operator_user_id", "user_id"),
        Index("uq_device_operator_open", "device_id", "user_id", unique=True,
              sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = internal(Key, primary_key=True)
    device_id: Mapped[int] = internal(Key, ForeignKey("device.id"))
    user_id: Mapped[int] = internal(Key, ForeignKey("user_account.id"))
    credential_sealed: Mapped[bytes] = sensitive(LargeBinary)
    made_at: Mapped[dt.datetime] = internal(Instant)
    ended_at: Mapped[dt.datetime | None] = internal(Instant)
