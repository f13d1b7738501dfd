"""Bringing the schema up to date, safely when several processes start at once. Call before an event loop runs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from adapters.persistence.failures import is_worth_retrying, translating
from adapters.persistence.revision import short_lived_engine
from application.errors import DatabaseUnavailable

_ADVISORY_LOCK = 0x72735F646F776E6C
"""The bytes of ``rs_downl``: one migration at a time in one PostgreSQL database."""

_WAIT_SECONDS = 120.0


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate to a revision; does nothing when already there. Creates an SQLite file and its folder.

    Other processes that call this meanwhile wait, then find nothing to do. All or nothing: a failing migration leaves
    the schema as it was. Raises ``DatabaseUnavailable``, also for a schema that only a newer version knows.
    """
    with _locked(url) as connection:
        _refuse_unknown_schema(connection)
        command.upgrade(configuration(connection), revision)


def downgrade(url: str, revision: str) -> None:
    """Undo migrations down to a revision (``base`` for all). Data in what goes is lost."""
    with _locked(url) as connection:
        command.downgrade(configuration(connection), revision)


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file: the scripts are found beside the installed code."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _refuse_unknown_schema(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return
    try:
        ScriptDirectory.from_config(configuration()).get_revision(found)
    except CommandError as error:
        raise DatabaseUnavailable(
            f"The database is at revision {found}, which this version does not know: a newer one has migrated it."
        ) from error


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    """A connection inside the one transaction that may change the schema now."""
    with short_lived_engine(url) as engine, translating(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # A rebuilt table is dropped and renamed: enforced keys would take the rows that point to it along.
            # The pragma is ignored inside a transaction, so it comes first.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _begin_immediate(connection: Connection) -> None:
    """Begin to write, waiting for a long migration in another process."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            if not is_worth_retrying(error) or time.monotonic() > deadline:
                raise
        else:
            return
