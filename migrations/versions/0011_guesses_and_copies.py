"""Guesses: what was tried from which address, and how far strangers are in all. When something was last said of copies.

Locks that hold on whole accounts end.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, and change what is kept of a user."""
    op.create_table(
        "login_attempt",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("address", KEY_TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.Column("known_until", INSTANT),
        sa.Column("tried_at", INSTANT, nullable=False),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_login_attempt_attempts_not_negative")),
        sa.PrimaryKeyConstraint("tenant", "email", "address", name=op.f("pk_login_attempt")),
    )
    op.create_table(
        "copy_statement",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=False),
        sa.Column("storage", KEY_TEXT, nullable=False),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "checksum", "storage", name=op.f("pk_copy_statement")),
    )
    op.create_index("ix_copy_statement_said_at", "copy_statement", ["said_at"])
    with op.batch_alter_table("user_account") as batch:
        batch.drop_constraint(op.f("ck_user_account_attempts_not_negative"), type_="check")
        batch.drop_column("attempts")
        batch.drop_column("locked_until")
        batch.add_column(
            sa.Column("guessed_until", INSTANT, nullable=True, comment="how far strangers are with their attempts")
        )


def downgrade() -> None:
    """Bring the locks of whole accounts back, all open."""
    with op.batch_alter_table("user_account") as batch:
        batch.drop_column("guessed_until")
        batch.add_column(sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("locked_until", INSTANT))
        batch.create_check_constraint(op.f("ck_user_account_attempts_not_negative"), "attempts >= 0")
    with op.batch_alter_table("user_account") as batch:
        batch.alter_column("attempts", server_default=None)
    op.drop_index("ix_copy_statement_said_at", table_name="copy_statement")
    op.drop_table("copy_statement")
    op.drop_table("login_attempt")
