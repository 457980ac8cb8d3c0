"""Create the tables of what phones sent."""

import sqlalchemy as sa
from alembic import op

from relief.store.append_only import guard_statements
from relief.store.columns import Instant, Key

revision = "0012_create_sync"
down_revision = "0011_allow_withdrawn_conflicts"
branch_labels = None
depends_on = None

TABLES = ("device_event", "device_picture", "rejected_event")


def upgrade() -> None:
    """Create the tables and hold them to appending."""
    op.create_table(
        "rejected_event",
        sa.Column("id", Key, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", Key, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("sent_by", Key, nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_rejected_event_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_event")),
        sa.UniqueConstraint("digest", name=op.f("uq_rejected_event_digest")),
    )
    op.create_index(op.f("ix_rejected_event_device_id"), "rejected_event", ["device_id"], unique=False)
    op.create_table(
        "device_event",
        sa.Column("id", Key, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("device_id", Key, nullable=False),
        sa.Column("counter", Key, nullable=False),
        sa.Column("operator_id", Key, nullable=False),
        sa.Column("sent_by", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("device_at", Instant(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("clock_offset_s", Key, nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("accuracy_m", Key, nullable=True),
        sa.Column("distance_m", Key, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hand_over_id", Key, nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("event_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("counter >= 1", name=op.f("ck_device_event_counted_from_one")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_event_device_id")),
        sa.ForeignKeyConstraint(["hand_over_id"], ["hand_over.id"], name=op.f("fk_device_event_hand_over_id")),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_device_event_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_device_event_event_id")),
    )
    op.create_index("ix_device_event_device", "device_event", ["device_id", "counter"], unique=False)
    op.create_index("ix_device_event_hand_over_id", "device_event", ["hand_over_id"], unique=False)
    op.create_table(
        "device_picture",
        sa.Column("id", Key, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["device_event.event_id"], name=op.f("fk_device_picture_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_picture")),
        sa.UniqueConstraint("event_id", "kind", name=op.f("uq_device_picture_event_id_kind")),
    )
    for table in TABLES:
        for statement in guard_statements(table, op.get_context().dialect.name):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("device_picture")
    op.drop_table("device_event")
    op.drop_table("rejected_event")
