"""Messages: what was received, what was told of quotas, requested restorations, and the state of periodic jobs.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; events of before stay unpublished."""
    op.add_column("outbox", sa.Column("refused_at", INSTANT, nullable=True))
    op.add_column("outbox", sa.Column("last_error", KEY_TEXT, nullable=True))
    op.create_table(
        "inbox",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("message_id", KEY_TEXT, nullable=False),
        sa.Column("handled_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "message_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"], unique=False)
    op.create_table(
        "published_quota",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "email", name=op.f("pk_published_quota")),
    )
    op.create_table(
        "restoration_request",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("group_id", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("available_hours", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("state", KEY_TEXT, nullable=False),
        sa.CheckConstraint("available_hours > 0", name=op.f("ck_restoration_request_available_hours_positive")),
        sa.PrimaryKeyConstraint("tenant", "group_id", "checksum", name=op.f("pk_restoration_request")),
    )
    op.create_index("ix_restoration_request_state", "restoration_request", ["state", "requested_at"], unique=False)
    op.create_index("ix_restoration_request_checksum", "restoration_request", ["tenant", "checksum"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("interval", sa.BigInteger(), nullable=False, comment="microseconds"),
        sa.Column("holder", KEY_TEXT, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("last_run_at", INSTANT, nullable=True),
        sa.Column("last_success_at", INSTANT, nullable=True),
        sa.Column("last_error", KEY_TEXT, nullable=True),
        sa.Column("backlog", sa.BigInteger(), nullable=True),
        sa.Column("oldest_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_run")),
    )


def downgrade() -> None:
    """Drop what was created."""
    op.drop_table("job_run")
    op.drop_table("restoration_request")
    op.drop_table("published_quota")
    op.drop_table("inbox")
    op.drop_column("outbox", "last_error")
    op.drop_column("outbox", "refused_at")
