"""Databases for tests: a fresh SQLite file, or a fresh schema on the PostgreSQL server that a variable names."""

import atexit
import functools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import OperationalError

from adapters.persistence import migrate
from adapters.persistence.engine import create_engine_for
from adapters.persistence.revision import current
from adapters.persistence.tables import metadata

POSTGRES_VARIABLE = "RS_DOWNLOADER_TEST_POSTGRES_URL"


POSTGRES_MARKS = (
    pytest.mark.postgres,
    pytest.mark.skipif(
        POSTGRES_VARIABLE not in os.environ, reason=f"set {POSTGRES_VARIABLE} to a PostgreSQL URL to run this"
    ),
)
EITHER = (pytest.param("sqlite", id="sqlite"), pytest.param("postgresql", id="postgresql", marks=POSTGRES_MARKS))
"""Parameters of a test that runs on both databases; see ``database``."""


def on_postgres(test):
    """Mark a class of tests that needs PostgreSQL."""
    for mark in POSTGRES_MARKS:
        test = mark(test)
    return test


def database(kind: str, *, migrated: bool = True) -> AbstractContextManager[str]:
    """The URL of a fresh database of one of the kinds in ``EITHER``."""
    return sqlite_database(migrated=migrated) if kind == "sqlite" else postgres_database(migrated=migrated)


@contextmanager
def sqlite_database(*, migrated: bool = True) -> Iterator[str]:
    """The URL of a new file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.sqlite"
        if migrated:
            shutil.copyfile(_migrated_file(), path)
        yield f"sqlite:///{path}"


@contextmanager
def postgres_database(*, migrated: bool = True) -> Iterator[str]:
    """The URL of a schema without rows; one that is not migrated is new, and dropped afterwards."""
    if not migrated:
        with _new_schema() as url:
            yield url
        return
    url = _EMPTIED.pop() if _EMPTIED else _SCHEMAS.enter_context(_new_schema())
    if not _is_migrated(url):
        migrate.upgrade(url)
    at = current(url)
    yield url
    if current(url) == at and _emptied(url):
        _EMPTIED.append(url)


_SCHEMAS = ExitStack()
"""The migrated schemas of this process, until it ends: migrating takes longer than most tests."""
_EMPTIED: list[str] = []
atexit.register(_SCHEMAS.close)


@contextmanager
def _new_schema() -> Iterator[str]:
    server = make_url(os.environ[POSTGRES_VARIABLE])
    schema = f"test_{secrets.token_hex(8)}"
    _execute(server.render_as_string(hide_password=False), f"CREATE SCHEMA {schema}")
    try:
        yield server.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    finally:
        _execute(server.render_as_string(hide_password=False), f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def _is_migrated(url: str) -> bool:
    engine = create_engine_for(url)
    try:
        return inspect(engine).has_table("alembic_version")
    finally:
        engine.dispose()


def _emptied(url: str) -> bool:
    """Whether the schema is as it was after migrating; not where a test has changed it, or left something open."""
    engine = create_engine_for(url)
    try:
        with engine.connect() as connection:
            if set(inspect(connection).get_table_names()) != {*metadata.tables, "alembic_version"}:
                return False
            connection.execute(text("SET lock_timeout = '2s'"))
            # TRUNCATE makes new files of every table, which takes longer than deleting the few rows of a test.
            deletions = [f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)]
            connection.exec_driver_sql("; ".join(deletions))
            for sequence in inspect(connection).get_sequence_names():
                connection.exec_driver_sql(f"ALTER SEQUENCE {sequence} RESTART")
            connection.commit()
    except OperationalError:
        return False
    finally:
        engine.dispose()
    return True


def every_row(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in an order of their own."""
    engine = create_engine_for(url)
    try:
        with engine.connect() as connection:
            return {
                table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
                for table in metadata.sorted_tables
            }
    finally:
        engine.dispose()


def _execute(url: str, statement: str) -> None:
    engine = create_engine_for(url)
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


@functools.cache
def _migrated_file() -> Path:
    """A file with the schema and nothing else, made once; without a log beside it, so that a copy is complete."""
    folder = tempfile.mkdtemp()
    path = Path(folder) / "empty.sqlite"
    migrate.upgrade(f"sqlite:///{path}")
    assert [entry.name for entry in Path(folder).iterdir()] == [path.name]
    return path
