"""Databases of a run's own on the server that a variable names."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from adapters.persistence import migrate
from adapters.persistence.engine import create_engine_for

VARIABLE = "RS_DOWNLOADER_TEST_POSTGRES_URL"


@contextmanager
def fresh_schema(server: str) -> Iterator[str]:
    """A migrated schema of its own on a PostgreSQL server, gone afterwards."""
    schema = f"bench_{secrets.token_hex(8)}"
    engine = create_engine_for(server)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            url = make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
            try:
                migrate.upgrade(url.render_as_string(hide_password=False))
                yield url.render_as_string(hide_password=False)
            finally:
                connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    finally:
        engine.dispose()
