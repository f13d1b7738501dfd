"""Catalogue: products with their files and datasets, groups, rights and licences.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY_TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "product",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("urn", KEY_TEXT, nullable=False),
        sa.Column("virtual_id", KEY_TEXT, nullable=False, comment="the URN of whichever version is newest"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("entity_type", KEY_TEXT, nullable=False),
        sa.Column("provider_id", KEY_TEXT, nullable=False),
        sa.Column("label", KEY_TEXT, nullable=False),
        sa.Column("model", KEY_TEXT, nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("geometry", sa.JSON(), nullable=True),
        sa.Column("west", sa.Double(), nullable=True),
        sa.Column("south", sa.Double(), nullable=True),
        sa.Column("east", sa.Double(), nullable=True),
        sa.Column("north", sa.Double(), nullable=True),
        sa.Column("starts_at", INSTANT, nullable=True),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("session", KEY_TEXT, nullable=True),
        sa.Column("session_owner", KEY_TEXT, nullable=True),
        sa.Column("registered_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_product_version_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("tenant", "urn", name=op.f("uq_product_tenant_urn")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_product_virtual_id", "product", ["tenant", "virtual_id", "is_last"])
    op.create_index("ix_product_entity_type", "product", ["tenant", "entity_type", "urn"])
    op.create_index("ix_product_provider_id", "product", ["tenant", "provider_id"])
    op.create_index("ix_product_starts_at", "product", ["tenant", "entity_type", "starts_at", "id"])

    op.create_table(
        "product_file",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("checksum", KEY_TEXT, nullable=True, comment="null on references without one"),
        sa.Column("data_type", KEY_TEXT, nullable=False),
        sa.Column("file_name", KEY_TEXT, nullable=False),
        sa.Column("media_type", KEY_TEXT, nullable=False),
        sa.Column("algorithm", KEY_TEXT, nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("is_reference", sa.Boolean(), nullable=False),
        sa.Column("uri", KEY_TEXT, nullable=True),
        sa.Column("image_width", sa.Double(), nullable=True),
        sa.Column("image_height", sa.Double(), nullable=True),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("crc32", KEY_TEXT, nullable=True),
        sa.Column("additional_fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_file_product_id_product")),
        sa.PrimaryKeyConstraint("product_id", "position", name=op.f("pk_product_file")),
    )
    op.create_index("ix_product_file_product_id", "product_file", ["product_id", "checksum"])
    op.create_index("ix_product_file_checksum", "product_file", ["tenant", "checksum"])

    op.create_table(
        "product_dataset",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("dataset", KEY_TEXT, nullable=False, comment="the virtual id of the dataset whose rights count"),
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_dataset_product_id_product")),
        sa.PrimaryKeyConstraint("product_id", "dataset", name=op.f("pk_product_dataset")),
    )
    op.create_index("ix_product_dataset_dataset", "product_dataset", ["tenant", "dataset", "product_id"])

    op.create_table(
        "access_group",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("name", KEY_TEXT, nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_access_group")),
    )

    op.create_table(
        "user_group",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("group_name", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "group_name"],
            ["access_group.tenant", "access_group.name"],
            name=op.f("fk_user_group_tenant_group_name_access_group"),
        ),
        sa.PrimaryKeyConstraint("tenant", "email", "group_name", name=op.f("pk_user_group")),
    )
    op.create_index("ix_user_group_group_name", "user_group", ["tenant", "group_name", "email"])

    op.create_table(
        "access_right",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("dataset", KEY_TEXT, nullable=False),
        sa.Column("group_name", KEY_TEXT, nullable=False),
        sa.Column("metadata_level", KEY_TEXT, nullable=False),
        sa.Column("file_level", KEY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant", "group_name"],
            ["access_group.tenant", "access_group.name"],
            name=op.f("fk_access_right_tenant_group_name_access_group"),
        ),
        sa.PrimaryKeyConstraint("tenant", "dataset", "group_name", name=op.f("pk_access_right")),
    )
    op.create_index("ix_access_right_group_name", "access_right", ["tenant", "group_name", "dataset"])

    op.create_table(
        "licence",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("dataset", KEY_TEXT, nullable=False, comment="empty: for everything that has no licence of its own"),
        sa.Column("link", KEY_TEXT, nullable=False),
        sa.Column("text_sha256", KEY_TEXT, nullable=True),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False, comment="kept, so that resets are never forgotten"),
        sa.PrimaryKeyConstraint("tenant", "dataset", name=op.f("pk_licence")),
    )

    op.create_table(
        "licence_acceptance",
        sa.Column("tenant", KEY_TEXT, nullable=False),
        sa.Column("email", KEY_TEXT, nullable=False),
        sa.Column("dataset", KEY_TEXT, nullable=False),
        sa.Column("text_id", KEY_TEXT, nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("link", KEY_TEXT, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "email", "dataset", "text_id", "edition", name=op.f("pk_licence_acceptance")),
    )
    op.create_index("ix_licence_acceptance_dataset", "licence_acceptance", ["tenant", "dataset", "email"])

    with op.batch_alter_table("ticket") as batch_op:
        batch_op.add_column(
            sa.Column(
                "product",
                KEY_TEXT,
                nullable=True,
                comment="URN of the product, where the issuer's rights decide at every use",
            )
        )
        batch_op.add_column(sa.Column("issuer_role", KEY_TEXT, nullable=True))
        batch_op.add_column(
            sa.Column(
                "issuer_groups",
                KEY_TEXT,
                nullable=True,
                comment="those that the issuer's token stated, as a JSON list",
            )
        )


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("ticket") as batch_op:
        batch_op.drop_column("issuer_groups")
        batch_op.drop_column("issuer_role")
        batch_op.drop_column("product")
    op.drop_table("licence_acceptance")
    op.drop_table("licence")
    op.drop_table("access_right")
    op.drop_table("user_group")
    op.drop_table("access_group")
    op.drop_table("product_dataset")
    op.drop_table("product_file")
    op.drop_table("product")
