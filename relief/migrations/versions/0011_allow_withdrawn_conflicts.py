"""Let a conflict be undone by an event of its own kind."""

from alembic import op

revision = "0011_allow_withdrawn_conflicts"
down_revision = "0010_create_devices"
branch_labels = None
depends_on = None

# The rules of `hand_over`: what each said before, and what it says now.
CHECKS = {
    "void_names_its_event": (
        "(kind = 'void') = (voids_id IS NOT NULL)",
        "(kind IN ('void', 'withdrawal')) = (voids_id IS NOT NULL)",
    ),
    "delivered_to_a_family": (
        "kind = 'conflict' OR entitlement_id IS NOT NULL",
        "kind IN ('conflict', 'withdrawal') OR entitlement_id IS NOT NULL",
    ),
    "unexplained_is_conflict": (
        "(kind = 'conflict') OR unexplained_paisa = 0",
        "kind IN ('conflict', 'withdrawal') OR unexplained_paisa = 0",
    ),
}


def upgrade() -> None:
    """Widen the rules."""
    for name, (before, after) in CHECKS.items():
        _replace(name, before, after)


def downgrade() -> None:
    """Narrow them again; it fails where a conflict was withdrawn."""
    for name, (before, after) in CHECKS.items():
        _replace(name, after, before)


def _replace(name: str, before: str, after: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint(op.f(f"ck_hand_over_{name}"), "hand_over", type_="check")
        op.create_check_constraint(op.f(f"ck_hand_over_{name}"), "hand_over", after)
        return
    # SQLite cannot alter a rule, and a table that others point to is not made anew: the text of the rule is replaced, the way
    # that its manual gives for changes that do not touch what is stored ("Making Other Kinds Of Table Schema Changes").
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'hand_over' AND instr(sql, ?)",
        (f"CHECK ({before})", f"CHECK ({after})", f"CHECK ({before})"),
    )
    assert changed.rowcount == 1, f"the rule {name} stands as the earlier migration wrote it"
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
