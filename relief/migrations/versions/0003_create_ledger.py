"""Create the tables of the ledger."""

import sqlalchemy as sa
from alembic import op

from relief.store.append_only import guard_statements
from relief.store.columns import Instant, Key

revision = "0003_create_ledger"
down_revision = "0002_create_geography"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and hold some of them to appending."""
    op.create_table(
        "fund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("donor_name", sa.Text(), nullable=False),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("opened_by", Key, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund")),
        sa.UniqueConstraint("code", name=op.f("uq_fund_code")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.Column("actor_id", Key, nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("reverses_id", Key, nullable=True),
        sa.ForeignKeyConstraint(["reverses_id"], ["journal_entry.id"], name=op.f("fk_journal_entry_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("source_kind", "source_id", name=op.f("uq_journal_entry_source_kind_source_id")),
    )
    op.create_index(op.f("ix_journal_entry_kind"), "journal_entry", ["kind"], unique=False)
    op.create_index(
        "uq_journal_entry_reverses_id",
        "journal_entry",
        ["reverses_id"],
        unique=True,
        sqlite_where=sa.text("reverses_id IS NOT NULL"),
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.create_table(
        "commitment",
        sa.Column("id", Key, nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("amount_paisa", sa.BigInteger(), nullable=False),
        sa.Column("goods_paisa", sa.BigInteger(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", Key, nullable=False),
        sa.CheckConstraint("abs(goods_paisa) <= abs(amount_paisa)", name=op.f("ck_commitment_goods_within_amount")),
        sa.CheckConstraint("amount_paisa <> 0", name=op.f("ck_commitment_not_zero")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_commitment_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint("source_kind", "source_id", name=op.f("uq_commitment_source_kind_source_id")),
    )
    op.create_index(op.f("ix_commitment_fund_id"), "commitment", ["fund_id"], unique=False)
    op.create_table(
        "fund_balance",
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("received_paisa", sa.BigInteger(), nullable=False),
        sa.Column("committed_paisa", sa.BigInteger(), nullable=False),
        sa.Column("committed_goods_paisa", sa.BigInteger(), nullable=False),
        sa.Column("purchased_paisa", sa.BigInteger(), nullable=False),
        sa.Column("spent_directly_paisa", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "0 <= committed_goods_paisa AND committed_goods_paisa <= committed_paisa AND purchased_paisa >= 0 AND spent_directly_paisa >= 0",
            name=op.f("ck_fund_balance_not_negative"),
        ),
        sa.CheckConstraint(
            "committed_paisa + spent_directly_paisa <= received_paisa", name=op.f("ck_fund_balance_within_received")
        ),
        sa.CheckConstraint(
            "committed_paisa - committed_goods_paisa + purchased_paisa + spent_directly_paisa <= received_paisa",
            name=op.f("ck_fund_balance_promised_cash_is_kept"),
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_balance_fund_id")),
        sa.PrimaryKeyConstraint("fund_id", name=op.f("pk_fund_balance")),
    )
    op.create_table(
        "posting",
        sa.Column("id", Key, nullable=False),
        sa.Column("entry_id", Key, nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("fund_id", sa.Integer(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("amount_paisa", sa.BigInteger(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("point_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("amount_paisa > 0", name=op.f("ck_posting_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_posting_two_accounts")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_posting_entry_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_posting_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint("entry_id", "line_no", name=op.f("uq_posting_entry_id_line_no")),
    )
    op.create_index("ix_posting_fund", "posting", ["fund_id", "debit", "credit", "amount_paisa"], unique=False)
    op.create_index(
        "ix_posting_totals",
        "posting",
        ["campaign_id", "area_id", "point_id", "posted_on", "fund_id", "debit", "credit", "amount_paisa"],
        unique=False,
    )
    for table in (
        "journal_entry",
        "commitment",
        "posting",
    ):
        for statement in guard_statements(table, op.get_context().dialect.name):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("posting")
    op.drop_table("fund_balance")
    op.drop_table("commitment")
    op.drop_table("journal_entry")
    op.drop_table("fund")
