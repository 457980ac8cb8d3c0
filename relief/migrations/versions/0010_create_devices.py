"""Create the tables of phones, of who works on them, and of where they are used."""

import sqlalchemy as sa
from alembic import op

from relief.store.columns import Instant, Key

revision = "0010_create_devices"
down_revision = "0009_create_distributions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "device",
        sa.Column("id", Key, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("invite_index", sa.LargeBinary(), nullable=False),
        sa.Column("invite_expires_at", Instant(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("manifest_no", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=True),
        sa.Column("clock_offset_ms", Key, nullable=True),
        sa.Column("invited_at", Instant(), nullable=False),
        sa.Column("invited_by", Key, nullable=False),
        sa.Column("enrolled_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_by", Key, nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state <> 'active' OR (public_key IS NOT NULL AND secret_sealed IS NOT NULL)",
            name=op.f("ck_device_active_has_keys"),
        ),
        sa.CheckConstraint(
            "(state = 'revoked') = (revoked_at IS NOT NULL)", name=op.f("ck_device_revoked_at_some_time")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("invite_index", name=op.f("uq_device_invite_index")),
        sa.UniqueConstraint("public_key", name=op.f("uq_device_public_key")),
        sa.UniqueConstraint("uuid", name=op.f("uq_device_uuid")),
    )
    op.create_table(
        "device_operator",
        sa.Column("id", Key, nullable=False),
        sa.Column("device_id", Key, nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.Column("credential_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_operator_device_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_device_operator_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_operator")),
    )
    op.create_index("ix_device_operator_device_id", "device_operator", ["device_id", "user_id"], unique=False)
    op.create_index("ix_device_operator_user_id", "device_operator", ["user_id"], unique=False)
    op.create_index(
        "uq_device_operator_open",
        "device_operator",
        ["device_id", "user_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "device_assignment",
        sa.Column("device_id", Key, nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.CheckConstraint("last_on >= first_on", name=op.f("ck_device_assignment_dates")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_assignment_device_id")),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_device_assignment_point_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_assignment")),
    )
    op.create_index(op.f("ix_device_assignment_point_id"), "device_assignment", ["point_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("device_assignment")
    op.drop_table("device_operator")
    op.drop_table("device")
