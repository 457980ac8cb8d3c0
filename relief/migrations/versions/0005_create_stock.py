"""Create the tables of goods and their movements."""

import sqlalchemy as sa
from alembic import op

from relief.store.append_only import guard_statements
from relief.store.columns import Instant, Key

revision = "0005_create_stock"
down_revision = "0004_create_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and hold some of them to appending."""
    op.create_table(
        "item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ur", sa.Text(), nullable=False),
        sa.Column("name_sd", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_cost_paisa", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("unit_cost_paisa >= 0", name=op.f("ck_item_cost_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("code", name=op.f("uq_item_code")),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area_id", Key, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_location_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("code", name=op.f("uq_location_code")),
    )
    op.create_index(op.f("ix_location_area_id"), "location", ["area_id"], unique=False)
    op.create_table(
        "goods_note",
        sa.Column("id", Key, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("from_location_id", sa.Integer(), nullable=True),
        sa.Column("to_location_id", sa.Integer(), nullable=True),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reverses_id", Key, nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", Key, nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)", name=op.f("ck_goods_note_reversal_names_its_note")
        ),
        sa.ForeignKeyConstraint(["from_location_id"], ["location.id"], name=op.f("fk_goods_note_from_location_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_goods_note_fund_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["goods_note.id"], name=op.f("fk_goods_note_reverses_id")),
        sa.ForeignKeyConstraint(["to_location_id"], ["location.id"], name=op.f("fk_goods_note_to_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_note")),
        sa.UniqueConstraint("form_key", name=op.f("uq_goods_note_form_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_goods_note_reverses_id")),
    )
    op.create_index(op.f("ix_goods_note_from_location_id"), "goods_note", ["from_location_id"], unique=False)
    op.create_index(op.f("ix_goods_note_to_location_id"), "goods_note", ["to_location_id"], unique=False)
    op.create_table(
        "movement",
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("from_location_id", sa.Integer(), nullable=True),
        sa.Column("to_location_id", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_cost_paisa", sa.BigInteger(), nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", Key, nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_movement_positive")),
        sa.ForeignKeyConstraint(["from_location_id"], ["location.id"], name=op.f("fk_movement_from_location_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_movement_fund_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_movement_item_id")),
        sa.ForeignKeyConstraint(["to_location_id"], ["location.id"], name=op.f("fk_movement_to_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movement")),
    )
    op.create_index("ix_movement_from", "movement", ["from_location_id", "item_id"], unique=False)
    op.create_index("ix_movement_source", "movement", ["source_kind", "source_id"], unique=False)
    op.create_index("ix_movement_to", "movement", ["to_location_id", "item_id"], unique=False)
    op.create_table(
        "stock_on_hand",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_stock_on_hand_not_negative")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_stock_on_hand_fund_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stock_on_hand_item_id")),
        sa.ForeignKeyConstraint(["location_id"], ["location.id"], name=op.f("fk_stock_on_hand_location_id")),
        sa.PrimaryKeyConstraint("location_id", "item_id", "fund_id", name=op.f("pk_stock_on_hand")),
    )
    for table in (
        "goods_note",
        "movement",
    ):
        for statement in guard_statements(table, op.get_context().dialect.name):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("stock_on_hand")
    op.drop_table("movement")
    op.drop_table("goods_note")
    op.drop_table("location")
    op.drop_table("item")
