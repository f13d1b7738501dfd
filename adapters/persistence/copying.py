"""Copying everything from one database into another, such as from SQLite to PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, func, select, text

from adapters.persistence.engine import create_engine_for
from adapters.persistence.failures import translating
from adapters.persistence.tables import instance, metadata, transfer
from application.errors import PortError

ROWS_AT_ONCE = 1000

_NOT_COPIED = frozenset({instance.name})
"""Instances register with the database that they work on."""


class CopyRefused(PortError):
    """The databases are not in a state to be copied; nothing was changed."""

    code = "copy-refused"


def copy_database(source_url: str, target_url: str, *, copied: Callable[[str, int], None]) -> int:
    """Copy every row; returns how many. Both schemas must be at the same, present revision.

    All or nothing: the target is written in one transaction, and holds what the source holds, which is compared by
    counts before it is committed. ``copied`` is told of each table and its rows. Raises ``CopyRefused`` when transfers
    run in the source, when the target is not empty, or when the counts differ; ``DatabaseUnavailable``.
    """
    with translating(), _transaction(source_url) as source, _transaction(target_url) as target:
        tables = [table for table in metadata.sorted_tables if table.name not in _NOT_COPIED]
        if running := _count(source, transfer):
            raise CopyRefused(f"{running} transfers run. Stop the servers first; `sweep` settles what a crash left.")
        if full := [table.name for table in tables if _count(target, table)]:
            raise CopyRefused(f"The target is not empty: it has rows in {', '.join(full)}.")
        total = 0
        for table in tables:
            count = _copy(source, target, table)
            if not count == _count(source, table) == _count(target, table):
                raise CopyRefused(f"The table {table.name} changed while it was copied. Stop the servers first.")
            copied(table.name, count)
            total += count
        _continue_numbers(source, target)
        target.exec_driver_sql("COMMIT")
    return total


def _copy(source: Connection, target: Connection, table: Table) -> int:
    count = 0
    rows = source.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table).order_by(*table.primary_key))
    for part in rows.mappings().partitions(ROWS_AT_ONCE):
        target.execute(table.insert(), [dict(row) for row in part])
        count += len(part)
    return count


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _continue_numbers(source: Connection, target: Connection) -> None:
    """Numbers of rows go on behind the last one ever given out, so that a reader's position stays true."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None or table.name in _NOT_COPIED:
            continue
        last = _last_number(source, table)
        if not last:
            continue
        if target.dialect.name == "sqlite":
            target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
            target.execute(
                text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"),
                {"name": table.name, "last": last},
            )
        else:
            target.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, :column), :last)"),
                {"name": table.name, "column": column.name, "last": last},
            )


def _last_number(source: Connection, table: Table) -> int:
    if source.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(source.execute(query, {"name": table.name}).scalar() or 0)
    column = table.autoincrement_column
    assert column is not None, "only tables with numbers are asked"
    return int(source.execute(select(func.max(column))).scalar() or 0)


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    """A connection inside a transaction, which is undone unless it was committed."""
    engine = create_engine_for(url)
    try:
        with engine.connect() as connection:
            is_sqlite = connection.dialect.name == "sqlite"
            connection.exec_driver_sql("BEGIN IMMEDIATE" if is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ")
            if not is_sqlite:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            try:
                yield connection
            finally:
                # After a commit nothing is left to undo, and the databases only remark on that.
                if not is_sqlite or connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]  # sqlite3's own connection
                    connection.exec_driver_sql("ROLLBACK")
    finally:
        engine.dispose()
