"""Storages: delivery and age of copies, cooling storages, restorations and the cache.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "cached_copy",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("storage", KEY_TEXT, nullable=False),
        sa.Column("url", KEY_TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_cached_copy_size_bytes_not_negative")),
        sa.PrimaryKeyConstraint("tenant", "checksum", name=op.f("pk_cached_copy")),
    )
    op.create_index("ix_cached_copy_expired", "cached_copy", ["expires_at"])
    op.create_index("ix_cached_copy_expires_at", "cached_copy", ["tenant", "storage", "expires_at"])

    op.create_table(
        "restoration",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("storage", KEY_TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("state", KEY_TEXT, nullable=False),
        sa.Column("available_hours", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False, comment="room held in the internal cache"),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("asked_at", INSTANT, nullable=True),
        sa.Column("progressed_at", INSTANT, nullable=True),
        sa.Column("restored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("holder", KEY_TEXT, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("available_until", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("reason", KEY_TEXT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "checksum", name=op.f("pk_restoration")),
    )
    op.create_index("ix_restoration_due", "restoration", ["state", "next_attempt_at"])
    op.create_index(
        "ix_restoration_lease",
        "restoration",
        ["lease_until"],
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "ix_restoration_reserved",
        "restoration",
        ["tenant"],
        sqlite_where=sa.text("reserved_bytes > 0"),
        postgresql_where=sa.text("reserved_bytes > 0"),
    )
    op.create_index("ix_restoration_storage", "restoration", ["tenant", "storage", "state"])

    op.create_table(
        "restoration_group",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("group_id", KEY_TEXT, nullable=False),
        sa.Column("requested_by", KEY_TEXT, nullable=True, comment="null when a message asked"),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("available_hours", sa.BigInteger(), nullable=False),
        sa.Column("state", KEY_TEXT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "group_id", name=op.f("pk_restoration_group")),
    )
    op.create_index("ix_restoration_group_ended_at", "restoration_group", ["ended_at"])

    op.create_table(
        "restoration_history",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("storage", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False, comment="microseconds, from the start to the end"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "storage", "checksum", "ended_at", name=op.f("pk_restoration_history")),
    )
    op.create_index("ix_restoration_history_ended_at", "restoration_history", ["ended_at"])
    op.create_index("ix_restoration_history_latest", "restoration_history", ["tenant", "storage", "ended_at"])

    op.create_table(
        "storage_cooling",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("storage", KEY_TEXT, nullable=False),
        sa.Column("cooling_until", INSTANT, nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("reason", KEY_TEXT, nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "storage", name=op.f("pk_storage_cooling")),
    )
    with op.batch_alter_table("file_location") as batch_op:
        batch_op.add_column(
            sa.Column("verified_at", INSTANT, nullable=True, comment="when a whole reading last had the right digest")
        )
        batch_op.create_index("ix_file_location_verified", ["tenant", "storage", "verified_at", "checksum"])

    with op.batch_alter_table("restoration_request") as batch_op:
        batch_op.add_column(sa.Column("ended_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("reason", KEY_TEXT, nullable=True))
        batch_op.create_index("ix_restoration_request_group", ["tenant", "group_id", "state"])

    with op.batch_alter_table("storage_location") as batch_op:
        batch_op.add_column(sa.Column("delivery", KEY_TEXT, server_default="STREAM", nullable=False))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("storage_location") as batch_op:
        batch_op.drop_column("delivery")

    with op.batch_alter_table("restoration_request") as batch_op:
        batch_op.drop_index("ix_restoration_request_group")
        batch_op.drop_column("reason")
        batch_op.drop_column("ended_at")

    with op.batch_alter_table("file_location") as batch_op:
        batch_op.drop_index("ix_file_location_verified")
        batch_op.drop_column("verified_at")

    op.drop_table("storage_cooling")

    op.drop_table("restoration_history")

    op.drop_table("restoration_group")

    op.drop_table("restoration")

    op.drop_table("cached_copy")
