"""Create the tables of points, days and hand-overs."""

import sqlalchemy as sa
from alembic import op

from relief.store.append_only import guard_statements
from relief.store.columns import Instant, Key

revision = "0009_create_distributions"
down_revision = "0008_create_entitlements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and hold some of them to appending."""
    op.create_table(
        "point",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.CheckConstraint("number BETWEEN 1 AND 65535", name=op.f("ck_point_number_fits_token")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_point_location_id")),
        sa.ForeignKeyConstraint(["uc_id"], ["area.id"], name=op.f("fk_point_uc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point")),
        sa.UniqueConstraint("code", name=op.f("uq_point_code")),
        sa.UniqueConstraint("location_id", name=op.f("uq_point_location_id")),
        sa.UniqueConstraint("number", name=op.f("uq_point_number")),
    )
    op.create_index(op.f("ix_point_uc_id"), "point", ["uc_id"], unique=False)
    op.create_table(
        "distribution_day",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("instalment_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_distribution_day_campaign_id")),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_distribution_day_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distribution_day")),
        sa.UniqueConstraint(
            "campaign_id", "point_id", "held_on", name=op.f("uq_distribution_day_campaign_id_point_id_held_on")
        ),
    )
    op.create_index(op.f("ix_distribution_day_held_on"), "distribution_day", ["held_on"], unique=False)
    op.create_index(op.f("ix_distribution_day_point_id"), "distribution_day", ["point_id"], unique=False)
    op.create_table(
        "point_service",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_point_service_campaign_id")),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_point_service_point_id")),
        sa.ForeignKeyConstraint(["uc_id"], ["area.id"], name=op.f("fk_point_service_uc_id")),
        sa.PrimaryKeyConstraint("campaign_id", "uc_id", name=op.f("pk_point_service")),
    )
    op.create_index(op.f("ix_point_service_point_id"), "point_service", ["point_id"], unique=False)
    op.create_table(
        "day_staff",
        sa.Column("day_id", sa.Integer(), nullable=False),
        sa.Column("user_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["day_id"], ["distribution_day.id"], name=op.f("fk_day_staff_day_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_day_staff_user_id")),
        sa.PrimaryKeyConstraint("day_id", "user_id", name=op.f("pk_day_staff")),
    )
    op.create_index(op.f("ix_day_staff_user_id"), "day_staff", ["user_id"], unique=False)
    op.create_table(
        "owed_line",
        sa.Column("entitlement_id", Key, nullable=False),
        sa.Column("instalment_no", sa.Integer(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("0 <= given AND given <= owed", name=op.f("ck_owed_line_within_owed")),
        sa.ForeignKeyConstraint(["entitlement_id"], ["entitlement.id"], name=op.f("fk_owed_line_entitlement_id")),
        sa.PrimaryKeyConstraint("entitlement_id", "instalment_no", "line_no", name=op.f("pk_owed_line")),
    )
    op.create_table(
        "hand_over",
        sa.Column("id", Key, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("entitlement_id", Key, nullable=True),
        sa.Column("token_id", Key, nullable=True),
        sa.Column("instalment_no", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("operator_id", Key, nullable=False),
        sa.Column("recorded_by", Key, nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("taken_by_proxy", sa.Text(), nullable=False),
        sa.Column("served", sa.Integer(), nullable=False),
        sa.Column("cash_paisa", sa.BigInteger(), nullable=False),
        sa.Column("goods_paisa", sa.BigInteger(), nullable=False),
        sa.Column("unexplained_paisa", sa.BigInteger(), nullable=False),
        sa.Column("voids_id", Key, nullable=True),
        sa.Column("reopens_id", Key, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'conflict') OR unexplained_paisa = 0", name=op.f("ck_hand_over_unexplained_is_conflict")
        ),
        sa.CheckConstraint("(kind = 'void') = (voids_id IS NOT NULL)", name=op.f("ck_hand_over_void_names_its_event")),
        sa.CheckConstraint(
            "kind = 'conflict' OR entitlement_id IS NOT NULL", name=op.f("ck_hand_over_delivered_to_a_family")
        ),
        sa.CheckConstraint(
            "served = CASE kind WHEN 'opening' THEN 1 WHEN 'void' THEN served ELSE 0 END",
            name=op.f("ck_hand_over_served"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_hand_over_campaign_id")),
        sa.ForeignKeyConstraint(["entitlement_id"], ["entitlement.id"], name=op.f("fk_hand_over_entitlement_id")),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name=op.f("fk_hand_over_point_id")),
        sa.ForeignKeyConstraint(["reopens_id"], ["hand_over.id"], name=op.f("fk_hand_over_reopens_id")),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name=op.f("fk_hand_over_token_id")),
        sa.ForeignKeyConstraint(["uc_id"], ["area.id"], name=op.f("fk_hand_over_uc_id")),
        sa.ForeignKeyConstraint(["voids_id"], ["hand_over.id"], name=op.f("fk_hand_over_voids_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("event_id", name=op.f("uq_hand_over_event_id")),
    )
    op.create_index("ix_hand_over_day", "hand_over", ["point_id", "given_on"], unique=False)
    op.create_index("ix_hand_over_entitlement", "hand_over", ["entitlement_id", "instalment_no"], unique=False)
    op.create_index(
        "ix_hand_over_totals",
        "hand_over",
        [
            "campaign_id",
            "uc_id",
            "point_id",
            "given_on",
            "instalment_no",
            "served",
            "cash_paisa",
            "goods_paisa",
            "unexplained_paisa",
        ],
        unique=False,
    )
    op.create_index(
        "uq_hand_over_opening",
        "hand_over",
        ["entitlement_id", "instalment_no"],
        unique=True,
        sqlite_where=sa.text("kind = 'opening' AND reopens_id IS NULL"),
        postgresql_where=sa.text("kind = 'opening' AND reopens_id IS NULL"),
    )
    op.create_index(
        "uq_hand_over_reopens_id",
        "hand_over",
        ["reopens_id"],
        unique=True,
        sqlite_where=sa.text("reopens_id IS NOT NULL"),
        postgresql_where=sa.text("reopens_id IS NOT NULL"),
    )
    op.create_index(
        "uq_hand_over_voids_id",
        "hand_over",
        ["voids_id"],
        unique=True,
        sqlite_where=sa.text("voids_id IS NOT NULL"),
        postgresql_where=sa.text("voids_id IS NOT NULL"),
    )
    op.create_table(
        "conflict_case",
        sa.Column("hand_over_id", Key, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("first_hand_over_id", Key, nullable=True),
        sa.Column("presented_digest", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", Key, nullable=True),
        sa.ForeignKeyConstraint(
            ["first_hand_over_id"], ["hand_over.id"], name=op.f("fk_conflict_case_first_hand_over_id")
        ),
        sa.ForeignKeyConstraint(["hand_over_id"], ["hand_over.id"], name=op.f("fk_conflict_case_hand_over_id")),
        sa.PrimaryKeyConstraint("hand_over_id", name=op.f("pk_conflict_case")),
    )
    op.create_index(op.f("ix_conflict_case_state"), "conflict_case", ["state"], unique=False)
    op.create_table(
        "hand_over_line",
        sa.Column("hand_over_id", Key, nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_paisa", sa.BigInteger(), nullable=False),
        sa.Column("value_paisa", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_line_hand_over_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_hand_over_line_item_id")),
        sa.PrimaryKeyConstraint("hand_over_id", "line_no", name=op.f("pk_hand_over_line")),
    )
    for table in (
        "hand_over",
        "hand_over_line",
    ):
        for statement in guard_statements(table, op.get_context().dialect.name):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("hand_over_line")
    op.drop_table("conflict_case")
    op.drop_table("hand_over")
    op.drop_table("owed_line")
    op.drop_table("day_staff")
    op.drop_table("point_service")
    op.drop_table("distribution_day")
    op.drop_table("point")
