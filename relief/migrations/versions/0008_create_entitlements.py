"""Create the tables of allocations, entitlements and tokens."""

import sqlalchemy as sa
from alembic import op

from relief.store.append_only import guard_statements
from relief.store.columns import Instant, Key

revision = "0008_create_entitlements"
down_revision = "0007_create_families"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and hold some of them to appending."""
    op.create_table(
        "holder_check_throttle",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", Instant(), nullable=False),
        sa.Column("closed_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_holder_check_throttle")),
    )
    op.create_index(op.f("ix_holder_check_throttle_failed_at"), "holder_check_throttle", ["failed_at"], unique=False)
    op.create_table(
        "allocation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("families_in", sa.Integer(), nullable=False),
        sa.Column("families_out", sa.Integer(), nullable=False),
        sa.Column("families_entitled", sa.Integer(), nullable=False),
        sa.Column("cost_paisa", sa.BigInteger(), nullable=False),
        sa.Column("goods_paisa", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("proposed_by", Key, nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", Key, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL)", name=op.f("ck_allocation_decided_by_somebody")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_allocation_maker_is_not_checker")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_allocation_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
        sa.UniqueConstraint("id", "campaign_id", name=op.f("uq_allocation_id_campaign_id")),
    )
    op.create_index(op.f("ix_allocation_campaign_id"), "allocation", ["campaign_id"], unique=False)
    op.create_index(
        "uq_allocation_open",
        "allocation",
        ["campaign_id"],
        unique=True,
        sqlite_where=sa.text("state = 'proposed'"),
        postgresql_where=sa.text("state = 'proposed'"),
    )
    op.create_table(
        "campaign_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("made_by", Key, nullable=False),
        sa.CheckConstraint("key_id BETWEEN 1 AND 255", name=op.f("ck_campaign_key_number_fits_token")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_key_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_key")),
        sa.UniqueConstraint("campaign_id", "key_id", name=op.f("uq_campaign_key_campaign_id_key_id")),
    )
    op.create_index(
        "uq_campaign_key_active",
        "campaign_key",
        ["campaign_id"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "entitlement",
        sa.Column("id", Key, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("family_id", Key, nullable=False),
        sa.Column("band_no", sa.Integer(), nullable=False),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("serial BETWEEN 1 AND 16777215", name=op.f("ck_entitlement_serial_fits_token")),
        sa.ForeignKeyConstraint(
            ["allocation_id", "campaign_id"],
            ["allocation.id", "allocation.campaign_id"],
            name=op.f("fk_entitlement_allocation_id_campaign_id"),
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_entitlement_family_id")),
        sa.ForeignKeyConstraint(["uc_id"], ["area.id"], name=op.f("fk_entitlement_uc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlement")),
        sa.UniqueConstraint("campaign_id", "family_id", name=op.f("uq_entitlement_campaign_id_family_id")),
        sa.UniqueConstraint("campaign_id", "serial", name=op.f("uq_entitlement_campaign_id_serial")),
    )
    op.create_index(op.f("ix_entitlement_family_id"), "entitlement", ["family_id"], unique=False)
    op.create_index("ix_entitlement_uc", "entitlement", ["campaign_id", "uc_id", "band_no"], unique=False)
    op.create_table(
        "verdict_ground",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("ground_no", sa.Integer(), nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["allocation_id"], ["allocation.id"], name=op.f("fk_verdict_ground_allocation_id")),
        sa.PrimaryKeyConstraint("allocation_id", "ground_no", name=op.f("pk_verdict_ground")),
    )
    op.create_table(
        "token",
        sa.Column("id", Key, nullable=False),
        sa.Column("entitlement_id", Key, nullable=False),
        sa.Column("reissue", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("point_no", sa.Integer(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("holder_tag", sa.Integer(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("issued_by", Key, nullable=False),
        sa.CheckConstraint("reissue BETWEEN 0 AND 255", name=op.f("ck_token_reissue_fits_token")),
        sa.ForeignKeyConstraint(["entitlement_id"], ["entitlement.id"], name=op.f("fk_token_entitlement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token")),
        sa.UniqueConstraint("code_index", name=op.f("uq_token_code_index")),
        sa.UniqueConstraint("entitlement_id", "reissue", name=op.f("uq_token_entitlement_id_reissue")),
    )
    op.create_index(
        "uq_token_issued",
        "token",
        ["entitlement_id"],
        unique=True,
        sqlite_where=sa.text("state = 'issued'"),
        postgresql_where=sa.text("state = 'issued'"),
    )
    op.create_table(
        "verdict",
        sa.Column("allocation_id", sa.Integer(), nullable=False),
        sa.Column("family_id", Key, nullable=False),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=False),
        sa.Column("band_no", sa.Integer(), nullable=False),
        sa.Column("ground_no", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id", "ground_no"],
            ["verdict_ground.allocation_id", "verdict_ground.ground_no"],
            name=op.f("fk_verdict_allocation_id_ground_no"),
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_verdict_family_id")),
        sa.PrimaryKeyConstraint("allocation_id", "family_id", name=op.f("pk_verdict")),
    )
    op.create_index(
        "ix_verdict_uc", "verdict", ["allocation_id", "uc_id", "is_eligible", "ground_no", "band_no"], unique=False
    )
    for table in (
        "entitlement",
        "verdict_ground",
        "verdict",
    ):
        for statement in guard_statements(table, op.get_context().dialect.name):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("verdict")
    op.drop_table("token")
    op.drop_table("verdict_ground")
    op.drop_table("entitlement")
    op.drop_table("campaign_key")
    op.drop_table("allocation")
    op.drop_table("holder_check_throttle")
