"""Create the tables of programmes and campaigns."""

import sqlalchemy as sa
from alembic import op

from relief.store.columns import Instant, Key

revision = "0006_create_programmes"
down_revision = "0005_create_stock"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("code", name=op.f("uq_programme_code")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("area_id", Key, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("instalments", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("proof_required", sa.Text(), nullable=False),
        sa.Column("complaints_to", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", Key, nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", Key, nullable=True),
        sa.Column("closing_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_campaign_dates")),
        sa.CheckConstraint("instalments BETWEEN 1 AND 12", name=op.f("ck_campaign_instalments")),
        sa.CheckConstraint("number BETWEEN 1 AND 65535", name=op.f("ck_campaign_number_fits_token")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_campaign_area_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_campaign_fund_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_campaign_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("code", name=op.f("uq_campaign_code")),
        sa.UniqueConstraint("number", name=op.f("uq_campaign_number")),
    )
    op.create_table(
        "package_band",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("band_no", sa.Integer(), nullable=False),
        sa.Column("size_from", sa.Integer(), nullable=False),
        sa.Column("size_to", sa.Integer(), nullable=False),
        sa.CheckConstraint("1 <= size_from AND size_from <= size_to", name=op.f("ck_package_band_sizes")),
        sa.CheckConstraint("band_no BETWEEN 1 AND 255", name=op.f("ck_package_band_number_fits_token")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_package_band_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_band")),
        sa.UniqueConstraint("campaign_id", "band_no", name=op.f("uq_package_band_campaign_id_band_no")),
    )
    op.create_table(
        "package_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("band_id", sa.Integer(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_paisa", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost_paisa", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'cash' AND item_id IS NULL AND quantity = 0 AND amount_paisa > 0 AND unit_cost_paisa = 0) OR (kind = 'item' AND item_id IS NOT NULL AND quantity > 0 AND amount_paisa = 0 AND unit_cost_paisa >= 0)",
            name=op.f("ck_package_line_cash_or_item"),
        ),
        sa.ForeignKeyConstraint(["band_id"], ["package_band.id"], name=op.f("fk_package_line_band_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_package_line_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_line")),
        sa.UniqueConstraint("band_id", "item_id", name=op.f("uq_package_line_band_id_item_id")),
        sa.UniqueConstraint("band_id", "line_no", name=op.f("uq_package_line_band_id_line_no")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("package_line")
    op.drop_table("package_band")
    op.drop_table("campaign")
    op.drop_table("programme")
