"""Tables of the people who work with Relief, what was granted to them, and where they are signed in."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped

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
