"""The first schema: tenants, storages, files, accounts, downloads, transfers, tickets and the outbox.

Revision: 0001, after nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "account",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("max_quota", sa.BigInteger(), nullable=True),
        sa.Column("rate_limit", sa.BigInteger(), nullable=True),
        sa.Column("units_used", sa.BigInteger(), nullable=False),
        sa.Column("active_downloads", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(max_quota IS NULL) = (rate_limit IS NULL)", name=op.f("ck_account_limits_together")),
        sa.CheckConstraint("active_downloads >= 0", name=op.f("ck_account_active_downloads_not_negative")),
        sa.CheckConstraint("max_quota > -2", name=op.f("ck_account_max_quota_sensible")),
        sa.CheckConstraint("rate_limit > -2", name=op.f("ck_account_rate_limit_sensible")),
        sa.CheckConstraint("units_used >= 0", name=op.f("ck_account_units_used_not_negative")),
        sa.PrimaryKeyConstraint("tenant", "email", name=op.f("pk_account")),
    )
    op.create_table(
        "download",
        sa.Column("id", KEY_TEXT, nullable=False),
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("costs_unit", sa.Boolean(), nullable=False),
        sa.Column(
            "ticket_id", KEY_TEXT, nullable=False, comment="empty without a ticket, so that an index can find it"
        ),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("resume_window", sa.BigInteger(), nullable=False, comment="microseconds"),
        sa.Column("resumable_until", INSTANT, nullable=False),
        sa.Column("delivered_bytes", sa.BigInteger(), nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False),
        sa.Column("transfers", sa.BigInteger(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("is_completed", sa.Boolean(), nullable=False),
        sa.Column("is_poisoned", sa.Boolean(), nullable=False),
        sa.Column("progressed_at", INSTANT, nullable=False),
        sa.Column("standing", sa.Integer(), nullable=False),
        sa.CheckConstraint("delivered_bytes >= 0", name=op.f("ck_download_delivered_bytes_not_negative")),
        sa.CheckConstraint("reserved_bytes >= 0", name=op.f("ck_download_reserved_bytes_not_negative")),
        sa.CheckConstraint("transfers >= 0", name=op.f("ck_download_transfers_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
    )
    op.create_index(
        "ix_download_candidate",
        "download",
        ["tenant", "email", "checksum", "size_bytes", "ticket_id", "standing", "opened_at", "id"],
        unique=False,
    )
    op.create_index("ix_download_standing", "download", ["standing", "resumable_until"], unique=False)
    op.create_index(
        "ix_download_ticket",
        "download",
        ["tenant", "ticket_id"],
        unique=False,
        sqlite_where=sa.text("ticket_id <> ''"),
        postgresql_where=sa.text("ticket_id <> ''"),
    )
    op.create_table(
        "file",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("algorithm", KEY_TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_name", KEY_TEXT, nullable=False),
        sa.Column("media_type", KEY_TEXT, nullable=False),
        sa.Column("data_type", KEY_TEXT, nullable=False),
        sa.Column("registered_at", INSTANT, nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_file_size_bytes_not_negative")),
        sa.PrimaryKeyConstraint("tenant", "checksum", name=op.f("pk_file")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("type", KEY_TEXT, nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_occurred_at", "outbox", ["occurred_at"], unique=False)
    op.create_index("ix_outbox_tenant", "outbox", ["tenant", "id"], unique=False)
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("published_at IS NULL"),
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "storage_location",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("storage_type", KEY_TEXT, nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("plugin_id", KEY_TEXT, nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("verify", sa.Boolean(), nullable=False),
        sa.Column("allocated_size_kb", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_storage_location")),
        sa.UniqueConstraint(
            "tenant", "storage_type", "priority", name=op.f("uq_storage_location_tenant_storage_type_priority")
        ),
    )
    op.create_table(
        "tenant",
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tenant")),
    )
    op.create_table(
        "tenant_setting",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_tenant_setting")),
    )
    op.create_table(
        "ticket",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("id", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("token_sha256", KEY_TEXT, nullable=False),
        sa.Column("issued_by", KEY_TEXT, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=True),
        sa.Column("max_uses", sa.BigInteger(), nullable=True),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.CheckConstraint("spent >= 0", name=op.f("ck_ticket_spent_not_negative")),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_ticket_uses_not_negative")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("tenant", "token_sha256", name=op.f("uq_ticket_tenant_token_sha256")),
    )
    op.create_index("ix_ticket_checksum", "ticket", ["tenant", "checksum", "id"], unique=False)
    op.create_index("ix_ticket_email", "ticket", ["tenant", "email"], unique=False)
    op.create_index("ix_ticket_expires_at", "ticket", ["expires_at"], unique=False)
    op.create_index("ix_ticket_issued_by", "ticket", ["tenant", "issued_by", "id"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("id", KEY_TEXT, nullable=False),
        sa.Column("download_id", KEY_TEXT, nullable=False),
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("instance_id", KEY_TEXT, nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("reserved_bytes", sa.BigInteger(), nullable=False),
        sa.Column("progress_bytes", sa.BigInteger(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.Column("client", KEY_TEXT, nullable=False),
        sa.Column("end_requested", sa.Boolean(), nullable=False),
        sa.CheckConstraint("progress_bytes >= 0", name=op.f("ck_transfer_progress_bytes_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
    )
    op.create_index("ix_transfer_account", "transfer", ["tenant", "email", "lease_until"], unique=False)
    op.create_index("ix_transfer_instance", "transfer", ["instance_id"], unique=False)
    op.create_index("ix_transfer_lease", "transfer", ["lease_until"], unique=False)
    op.create_table(
        "file_location",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("storage", KEY_TEXT, nullable=False),
        sa.Column("url", KEY_TEXT, nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.Column("version", KEY_TEXT, nullable=True),
        sa.Column("referenced", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("nearline_confirmed", sa.Boolean(), nullable=False),
        sa.Column("suspect_since", INSTANT, nullable=True),
        sa.Column("suspect_reason", KEY_TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant", "checksum"], ["file.tenant", "file.checksum"], name=op.f("fk_file_location_tenant_checksum_file")
        ),
        sa.PrimaryKeyConstraint("tenant", "checksum", "storage", name=op.f("pk_file_location")),
    )
    op.create_index("ix_file_location_storage", "file_location", ["tenant", "storage", "checksum"], unique=False)
    op.create_index(
        "ix_file_location_suspect",
        "file_location",
        ["tenant", "checksum", "storage"],
        unique=False,
        sqlite_where=sa.text("suspect_since IS NOT NULL"),
        postgresql_where=sa.text("suspect_since IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("file_location")
    op.drop_table("transfer")
    op.drop_table("ticket")
    op.drop_table("tenant_setting")
    op.drop_table("tenant")
    op.drop_table("storage_location")
    op.drop_table("outbox")
    op.drop_table("file")
    op.drop_table("download")
    op.drop_table("account")
