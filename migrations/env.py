"""Alembic's entry into the schema history; the connection comes from ``adapters.persistence.migrate``.

Online only, over one connection in ``config.attributes``: the caller owns its lock and its transaction.
"""

from alembic import context

from adapters.persistence.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("Run migrations with `rs-downloader migrate`, which holds the lock that they need.")

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
