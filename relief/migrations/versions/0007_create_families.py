"""Create the tables of families and their imports."""

import sqlalchemy as sa
from alembic import op

from relief.store.append_only import guard_statements
from relief.store.columns import Instant, Key

revision = "0007_create_families"
down_revision = "0006_create_programmes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and hold some of them to appending."""
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("imported_by", Key, nullable=False),
        sa.Column("imported_by_name", sa.Text(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("area_path", sa.Text(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "staged_registration",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("family_id", Key, nullable=True),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("head_name", sa.Text(), nullable=False),
        sa.Column("head_name_local", sa.Text(), nullable=True),
        sa.Column("father_name", sa.Text(), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=True),
        sa.Column("cnic_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("cnic_index", sa.LargeBinary(), nullable=True),
        sa.Column("cnic_verified_by", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("men", sa.Integer(), nullable=False),
        sa.Column("women", sa.Integer(), nullable=False),
        sa.Column("boys", sa.Integer(), nullable=False),
        sa.Column("girls", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Integer(), nullable=False),
        sa.Column("pregnant_lactating", sa.Integer(), nullable=False),
        sa.Column("house_damage", sa.Text(), nullable=False),
        sa.Column("livestock_lost", sa.Integer(), nullable=False),
        sa.Column("is_displaced", sa.Boolean(), nullable=False),
        sa.Column("psc_score", sa.Integer(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("gps_accuracy_m", sa.Float(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("content_index", sa.LargeBinary(), nullable=False),
        sa.Column("enumerator", sa.Text(), nullable=True),
        sa.Column("surveyed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "row_number", name=op.f("pk_staged_registration")),
    )
    op.create_table(
        "family",
        sa.Column("id", Key, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("registered_by", Key, nullable=False),
        sa.Column("import_batch_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("head_name", sa.Text(), nullable=False),
        sa.Column("head_name_local", sa.Text(), nullable=True),
        sa.Column("father_name", sa.Text(), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=True),
        sa.Column("cnic_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("cnic_index", sa.LargeBinary(), nullable=True),
        sa.Column("cnic_verified_by", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("men", sa.Integer(), nullable=False),
        sa.Column("women", sa.Integer(), nullable=False),
        sa.Column("boys", sa.Integer(), nullable=False),
        sa.Column("girls", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Integer(), nullable=False),
        sa.Column("pregnant_lactating", sa.Integer(), nullable=False),
        sa.Column("house_damage", sa.Text(), nullable=False),
        sa.Column("livestock_lost", sa.Integer(), nullable=False),
        sa.Column("is_displaced", sa.Boolean(), nullable=False),
        sa.Column("psc_score", sa.Integer(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("gps_accuracy_m", sa.Float(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("content_index", sa.LargeBinary(), nullable=False),
        sa.Column("enumerator", sa.Text(), nullable=True),
        sa.Column("surveyed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(cnic_index IS NULL) = (cnic_sealed IS NULL)", name=op.f("ck_family_cnic_whole")),
        sa.CheckConstraint("(lon IS NULL) = (lat IS NULL)", name=op.f("ck_family_point")),
        sa.CheckConstraint(
            "cnic_index IS NOT NULL OR cnic_verified_by IS NOT NULL", name=op.f("ck_family_known_by_cnic_or_witness")
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 99999999", name=op.f("ck_family_number_fits_code")),
        sa.CheckConstraint("size = men + women + boys + girls AND size > 0", name=op.f("ck_family_size_adds_up")),
        sa.ForeignKeyConstraint(["import_batch_id"], ["import_batch.id"], name=op.f("fk_family_import_batch_id")),
        sa.ForeignKeyConstraint(["uc_id"], ["area.id"], name=op.f("fk_family_uc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family")),
        sa.UniqueConstraint("number", name=op.f("uq_family_number")),
    )
    op.create_index("ix_family_import_batch_id", "family", ["import_batch_id"], unique=False)
    op.create_index("ix_family_uc_id", "family", ["uc_id", "state"], unique=False)
    op.create_index("uq_family_cnic_index", "family", ["cnic_index"], unique=True)
    op.create_index("uq_family_submission_id", "family", ["submission_id"], unique=True)
    op.create_table(
        "family_change",
        sa.Column("id", Key, nullable=False),
        sa.Column("family_id", Key, nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", Key, nullable=False),
        sa.Column("changed_by_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_change_family_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_change")),
    )
    op.create_index(op.f("ix_family_change_family_id"), "family_change", ["family_id"], unique=False)
    op.create_table(
        "held_registration",
        sa.Column("id", Key, nullable=False),
        sa.Column("family_id", Key, nullable=False),
        sa.Column("held_at", Instant(), nullable=False),
        sa.Column("held_by", Key, nullable=False),
        sa.Column("import_batch_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decided_by", Key, nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("registered_family_id", Key, nullable=True),
        sa.Column("uc_id", Key, nullable=False),
        sa.Column("village", sa.Text(), nullable=False),
        sa.Column("head_name", sa.Text(), nullable=False),
        sa.Column("head_name_local", sa.Text(), nullable=True),
        sa.Column("father_name", sa.Text(), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("gender", sa.Text(), nullable=False),
        sa.Column("birth_on", sa.Date(), nullable=True),
        sa.Column("cnic_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("cnic_index", sa.LargeBinary(), nullable=True),
        sa.Column("cnic_verified_by", sa.Text(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("men", sa.Integer(), nullable=False),
        sa.Column("women", sa.Integer(), nullable=False),
        sa.Column("boys", sa.Integer(), nullable=False),
        sa.Column("girls", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Integer(), nullable=False),
        sa.Column("pregnant_lactating", sa.Integer(), nullable=False),
        sa.Column("house_damage", sa.Text(), nullable=False),
        sa.Column("livestock_lost", sa.Integer(), nullable=False),
        sa.Column("is_displaced", sa.Boolean(), nullable=False),
        sa.Column("psc_score", sa.Integer(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("gps_accuracy_m", sa.Float(), nullable=True),
        sa.Column("flags", sa.Text(), nullable=True),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("content_index", sa.LargeBinary(), nullable=False),
        sa.Column("enumerator", sa.Text(), nullable=True),
        sa.Column("surveyed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name=op.f("ck_held_registration_decided")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_held_registration_family_id")),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_held_registration_import_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["registered_family_id"], ["family.id"], name=op.f("fk_held_registration_registered_family_id")
        ),
        sa.ForeignKeyConstraint(["uc_id"], ["area.id"], name=op.f("fk_held_registration_uc_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_registration")),
    )
    op.create_index(op.f("ix_held_registration_family_id"), "held_registration", ["family_id"], unique=False)
    op.create_index("ix_held_registration_state", "held_registration", ["state"], unique=False)
    op.create_index("uq_held_registration_submission_id", "held_registration", ["submission_id"], unique=True)
    op.create_table(
        "import_row",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("family_id", Key, nullable=True),
        sa.Column("problems", sa.Text(), nullable=True),
        sa.Column("cells_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_import_row_family_id")),
        sa.PrimaryKeyConstraint("batch_id", "row_number", name=op.f("pk_import_row")),
    )
    for table in ("family_change",):
        for statement in guard_statements(table, op.get_context().dialect.name):
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("import_row")
    op.drop_table("held_registration")
    op.drop_table("family_change")
    op.drop_table("family")
    op.drop_table("staged_registration")
    op.drop_table("import_batch")
