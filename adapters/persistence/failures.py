"""From what drivers raise to what ports promise to raise."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from application.errors import Conflict, DatabaseUnavailable, PortError
from domain.errors import DomainError, InvalidValue

_READ_ONLY = "25006"
"""SQLSTATE of a write on a standby, or on a server that was made one: another, or another time, may take it."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes carry the primary one in their low byte."""

FAILURES = (SQLAlchemyError, UnicodeEncodeError, OverflowError, OSError)
"""What a driver raises, wrapped by SQLAlchemy or not, for reasons that lie outside our code."""


def translated(error: Exception) -> PortError | DomainError | None:
    """The port's name for a driver's failure; ``None`` for what is none, so that a mistake of ours stays visible."""
    if isinstance(error, IntegrityError):
        return Conflict("Somebody else changed the same thing at the same time.")
    if isinstance(error, DataError | UnicodeEncodeError | OverflowError) or isinstance(
        getattr(error, "orig", None), UnicodeEncodeError | OverflowError
    ):
        return InvalidValue("A value holds characters or a number that cannot be stored.")
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout | OSError) or _is_elsewhere(error):
        return DatabaseUnavailable("The database does not answer.")
    if _sqlite_code(error) in _DAMAGED:
        return DatabaseUnavailable("The database file is damaged, or is no SQLite database.")
    return None


def is_worth_retrying(error: Exception) -> bool:
    """Whether the same transaction may succeed a moment later: a lock, a deadlock, a lost connection."""
    if _is_elsewhere(error):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _sqlite_code(error) in _BUSY
    return True


@contextmanager
def translating() -> Iterator[None]:
    """Raise the port's errors for what the driver raises inside."""
    try:
        yield
    except FAILURES as error:
        known = translated(error)
        if known is None:
            raise
        raise known from error


def _sqlite_code(error: Exception) -> int:
    """SQLite's primary result code; 0 when there is none."""
    code: int = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & _PRIMARY_CODE


def _is_elsewhere(error: Exception) -> bool:
    """Whether a new connection is needed: this one is lost, or leads to a server that may not write."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) == _READ_ONLY
