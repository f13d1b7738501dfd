"""Connections: one place that knows drivers, pragmas and session settings."""

from pathlib import Path
from sqlite3 import Connection as SQLiteConnection

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from application.errors import DatabaseUnavailable
from domain.expression import expression

BUSY_TIMEOUT_MS = 5000
"""How long a statement waits for another writer of an SQLite file."""

POOL_TIMEOUT_SECONDS = 5
"""How long a unit of work waits for a connection when all are in use."""

_POSTGRES_OPTIONS = (
    "-c timezone=UTC -c lock_timeout=5s -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s -c jit=off"
)
_NETWORK = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
"""A server that vanished without a word is noticed within seconds: unanswered packets (ms), or silence (s)."""

_LOOKUP_OPTIONS = (
    " -c idle_in_transaction_session_timeout=10s"
    " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
)
"""For connections that only look up by key: plan once, and by index however small the table is at that time.

They are the ledger's, and hold locks that every instance needs: one that is frozen loses its own after some seconds.

The planner cannot see how few rows a bound JSON text holds, and a plan made for empty tables outlives them.
"""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16384",
)


def read_url(url: str) -> URL:
    """The URL of a database. Raises ``DatabaseUnavailable`` for a text that is none; the text may hold a password."""
    try:
        return make_url(url)
    except ArgumentError as error:
        raise DatabaseUnavailable(
            "The database URL cannot be read; it looks like postgresql://user@host/name."
        ) from error


def create_async_engine_for(url: str) -> AsyncEngine:
    """The pooled engine of units of work. Close it with ``await engine.dispose()``.

    Transactions on SQLite are begun by ``SqlUnitOfWork`` itself, because a reader that turns into a writer must not
    have begun as a reader (the database refuses to upgrade a snapshot that others have overtaken).
    """
    target = read_url(url)
    if is_sqlite(target):
        engine = create_async_engine(
            target.set(drivername="sqlite+aiosqlite"),
            isolation_level="AUTOCOMMIT",
            pool_size=4,
            max_overflow=12,
            pool_timeout=POOL_TIMEOUT_SECONDS,
        )
    else:
        engine = create_async_engine(
            target.set(drivername="postgresql+psycopg"),
            connect_args=_postgres_arguments(target),
            pool_size=4,
            max_overflow=12,
            pool_timeout=POOL_TIMEOUT_SECONDS,
            pool_pre_ping=True,
        )
    _apply_pragmas(engine.sync_engine)
    return engine


def create_engine_for(url: str, *, only_looks_up: bool = False) -> Engine:
    """An engine without a pool, for threads that keep one connection of their own. Transactions are begun by hand.

    ``only_looks_up``: every statement finds its rows by key.
    """
    target = read_url(url)
    if is_sqlite(target):
        engine = create_engine(
            target.set(drivername="sqlite+pysqlite"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
    else:
        engine = create_engine(
            target.set(drivername="postgresql+psycopg"),
            connect_args=_postgres_arguments(target, more=_LOOKUP_OPTIONS if only_looks_up else ""),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
        )
    _apply_pragmas(engine)
    return engine


def is_sqlite(url: URL) -> bool:
    """Whether the URL names an SQLite file."""
    return url.get_backend_name() == "sqlite"


def sqlite_path(url: URL) -> Path:
    """The file of an SQLite URL. Raises ``ValueError`` for a database in memory, which connections cannot share."""
    if not url.database or url.database == ":memory:" or url.query.get("mode") == "memory":
        raise ValueError("The database must be a file: several connections work on it.")
    return Path(url.database)


def _postgres_arguments(url: URL, *, more: str = "") -> dict[str, object]:
    """Session settings, after whatever options the URL carries itself."""
    own = url.query.get("options", "")
    text = own if isinstance(own, str) else " ".join(own)
    return {"options": f"{_POSTGRES_OPTIONS}{more} {text}".strip(), **_NETWORK}


def _apply_pragmas(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    sqlite_path(engine.url)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: DBAPIConnection | SQLiteConnection, _record: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        try:
            for pragma in _PRAGMAS:
                cursor.execute(pragma)
        finally:
            cursor.close()
        connection.create_function("fits_expression", 2, _fits, deterministic=True)


def _fits(written: str, text: str | None) -> bool:
    """Whether a regular expression fits a text; SQLite has no engine of its own, and any usual one can be stalled."""
    return text is not None and expression(written).fits(text)
