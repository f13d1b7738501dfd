"""Catalogued products, and who may see and have them.

How searches build on this:

- A product has a number of its own, ``id``, which never changes and is never given out again: a full-text index finds
  products by it (an FTS5 table with ``content_rowid='id'`` on SQLite; on PostgreSQL a generated ``tsvector`` column
  with a GIN index), and so does a table of typed attributes ``(tenant, name, text | number | instant, product_id)``
  filled from ``properties`` in ``SqlProductRepository.save``, the only place that writes products.
- ``properties`` is text as it came (``JSON``, not ``JSONB``, which would change large numbers). On PostgreSQL
  ``(properties::jsonb)`` is immutable, so that it can be indexed, or kept as a generated column.
- The box and the time span are columns. Across the antimeridian a geometry is cut, and its box is then as wide as the
  world: a box finds candidates, the geometry decides.
- Who sees a product follows from ``product_dataset`` and ``access_right`` at the moment of the question, so that a
  changed right counts at once, whatever it concerns: ``adapters.persistence.visibility`` has the condition.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from adapters.persistence.tables.naming import metadata
from adapters.persistence.types import Count, KeyText, Serial, UTCDateTime

product = Table(
    "product",
    metadata,
    Column("id", Serial, nullable=False, autoincrement=True),
    Column("tenant", KeyText, nullable=False),
    Column("urn", KeyText, nullable=False),
    Column("virtual_id", KeyText, nullable=False, comment="the URN of whichever version is newest"),
    Column("version", Count, nullable=False),
    Column("is_last", Boolean, nullable=False),
    Column("entity_type", KeyText, nullable=False),
    Column("provider_id", KeyText, nullable=False),
    Column("label", KeyText, nullable=False),
    Column("model", KeyText, nullable=False),
    Column("properties", JSON, nullable=False),
    Column("geometry", JSON(none_as_null=True)),
    Column("west", Double),
    Column("south", Double),
    Column("east", Double),
    Column("north", Double),
    Column("starts_at", UTCDateTime),
    Column("ends_at", UTCDateTime),
    Column("tags", JSON, nullable=False),
    Column("session", KeyText),
    Column("session_owner", KeyText),
    Column("registered_at", UTCDateTime, nullable=False),
    Column("updated_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("tenant", "urn"),
    CheckConstraint("version > 0", name="version_positive"),
    Index("ix_product_virtual_id", "tenant", "virtual_id", "is_last"),
    Index("ix_product_entity_type", "tenant", "entity_type", "urn"),
    Index("ix_product_provider_id", "tenant", "provider_id"),
    Index("ix_product_starts_at", "tenant", "entity_type", "starts_at", "id"),
    # Numbers of deleted products are never given out again, so that no index beside the table finds another one.
    sqlite_autoincrement=True,
)

product_file = Table(
    "product_file",
    metadata,
    Column("product_id", Count, nullable=False),
    Column("position", Count, nullable=False),
    Column("tenant", KeyText, nullable=False),
    Column("checksum", KeyText, comment="null on references without one"),
    Column("data_type", KeyText, nullable=False),
    Column("file_name", KeyText, nullable=False),
    Column("media_type", KeyText, nullable=False),
    Column("algorithm", KeyText),
    Column("size_bytes", Count),
    Column("is_reference", Boolean, nullable=False),
    Column("uri", KeyText),
    Column("image_width", Double),
    Column("image_height", Double),
    Column("types", JSON, nullable=False),
    Column("crc32", KeyText),
    Column("additional_fields", JSON, nullable=False),
    PrimaryKeyConstraint("product_id", "position"),
    ForeignKeyConstraint(["product_id"], ["product.id"]),
    Index("ix_product_file_product_id", "product_id", "checksum"),
    Index("ix_product_file_checksum", "tenant", "checksum"),
)

product_dataset = Table(
    "product_dataset",
    metadata,
    Column("product_id", Count, nullable=False),
    Column("dataset", KeyText, nullable=False, comment="the virtual id of the dataset whose rights count"),
    Column("tenant", KeyText, nullable=False),
    PrimaryKeyConstraint("product_id", "dataset"),
    ForeignKeyConstraint(["product_id"], ["product.id"]),
    Index("ix_product_dataset_dataset", "tenant", "dataset", "product_id"),
)

# Beside the products: what was said last of one that is gone must be known, too.
product_statement = Table(
    "product_statement",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("urn", KeyText, nullable=False),
    Column("said_at", UTCDateTime, nullable=False),
    Column("is_gone", Boolean, nullable=False, comment="that it is removed: such notes are purged after a while"),
    PrimaryKeyConstraint("tenant", "urn"),
    Index("ix_product_statement_gone", "said_at", sqlite_where=text("is_gone"), postgresql_where=text("is_gone")),
)

access_group = Table(
    "access_group",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("name", KeyText, nullable=False),
    Column("is_public", Boolean, nullable=False),
    Column("is_internal", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "name"),
)

user_group = Table(
    "user_group",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("group_name", KeyText, nullable=False),
    PrimaryKeyConstraint("tenant", "email", "group_name"),
    ForeignKeyConstraint(["tenant", "group_name"], ["access_group.tenant", "access_group.name"]),
    Index("ix_user_group_group_name", "tenant", "group_name", "email"),
)

access_right = Table(
    "access_right",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("dataset", KeyText, nullable=False),
    Column("group_name", KeyText, nullable=False),
    Column("metadata_level", KeyText, nullable=False),
    Column("file_level", KeyText, nullable=False),
    PrimaryKeyConstraint("tenant", "dataset", "group_name"),
    ForeignKeyConstraint(["tenant", "group_name"], ["access_group.tenant", "access_group.name"]),
    Index("ix_access_right_group_name", "tenant", "group_name", "dataset"),
)

licence = Table(
    "licence",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("dataset", KeyText, nullable=False, comment="empty: for everything that has no licence of its own"),
    Column("link", KeyText, nullable=False),
    Column("text_sha256", KeyText),
    Column("edition", Count, nullable=False),
    Column("is_withdrawn", Boolean, nullable=False, comment="kept, so that resets are never forgotten"),
    Column("began_at", UTCDateTime, comment="when this text or edition began; null where it is older than this column"),
    PrimaryKeyConstraint("tenant", "dataset"),
)

licence_acceptance = Table(
    "licence_acceptance",
    metadata,
    Column("tenant", KeyText, nullable=False),
    Column("email", KeyText, nullable=False),
    Column("dataset", KeyText, nullable=False),
    Column("text_id", KeyText, nullable=False),
    Column("edition", Count, nullable=False),
    Column("link", KeyText, nullable=False),
    Column("accepted_at", UTCDateTime, nullable=False),
    PrimaryKeyConstraint("tenant", "email", "dataset", "text_id", "edition"),
    Index("ix_licence_acceptance_dataset", "tenant", "dataset", "email"),
)
