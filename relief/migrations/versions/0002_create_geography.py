"""Create the tables of areas and their boundaries."""

import sqlalchemy as sa
from alembic import op

from relief.store.columns import Instant, Key

revision = "0002_create_geography"
down_revision = "0001_create_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "area",
        sa.Column("id", Key, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_id", Key, nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ur", sa.Text(), nullable=True),
        sa.Column("name_sd", sa.Text(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.CheckConstraint("(level = 'province') = (parent_id IS NULL)", name=op.f("ck_area_parent")),
        sa.CheckConstraint("(lon IS NULL) = (lat IS NULL)", name=op.f("ck_area_point")),
        sa.ForeignKeyConstraint(["parent_id"], ["area.id"], name=op.f("fk_area_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("code", name=op.f("uq_area_code")),
        sa.UniqueConstraint("path", name=op.f("uq_area_path")),
    )
    op.create_index(op.f("ix_area_parent_id"), "area", ["parent_id"], unique=False)
    op.create_table(
        "boundary_edition",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("is_schematic", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("loaded_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_edition")),
    )
    op.create_index(op.f("ix_boundary_edition_content_hash"), "boundary_edition", ["content_hash"], unique=False)
    op.create_table(
        "area_alias",
        sa.Column("id", Key, nullable=False),
        sa.Column("area_id", Key, nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("alias_key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_alias_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_alias")),
        sa.UniqueConstraint("area_id", "alias_key", name=op.f("uq_area_alias_area_id_alias_key")),
    )
    op.create_index("ix_area_alias_alias_key", "area_alias", ["alias_key"], unique=False)
    op.create_table(
        "area_shape",
        sa.Column("edition_id", Key, nullable=False),
        sa.Column("area_id", Key, nullable=False),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.Column("area_km2", sa.Float(), nullable=False),
        sa.Column("is_schematic", sa.Boolean(), nullable=False),
        sa.Column("source_code", sa.Text(), nullable=True),
        sa.Column("source_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_area_shape_area_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["boundary_edition.id"], name=op.f("fk_area_shape_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "area_id", name=op.f("pk_area_shape")),
    )
    op.create_table(
        "current_shape",
        sa.Column("area_id", Key, nullable=False),
        sa.Column("edition_id", Key, nullable=False),
        sa.Column("wkb", sa.LargeBinary(), nullable=False),
        sa.Column("area_km2", sa.Float(), nullable=False),
        sa.Column("is_schematic", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_current_shape_area_id")),
        sa.ForeignKeyConstraint(["edition_id"], ["boundary_edition.id"], name=op.f("fk_current_shape_edition_id")),
        sa.PrimaryKeyConstraint("area_id", name=op.f("pk_current_shape")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("current_shape")
    op.drop_table("area_shape")
    op.drop_table("area_alias")
    op.drop_table("boundary_edition")
    op.drop_table("area")
