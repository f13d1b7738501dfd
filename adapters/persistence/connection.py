"""One synchronous connection for one thread, with transactions that are retried when the database asks for it."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
from sqlalchemy import Connection

from adapters.persistence.engine import create_engine_for
from adapters.persistence.failures import FAILURES, is_worth_retrying, translated
from adapters.persistence.statements import Prepared
from application.errors import DatabaseUnavailable

Value = TypeVar("Value")

_MOST_RETRIES = 6
_RETRY_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.01

WRITING = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}
READING = {"sqlite": "BEGIN", "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
WITHOUT = {"sqlite": "", "postgresql": ""}
"""How a transaction begins. A reader sees one snapshot; a writer takes locks, and sees what is true under them;
a single query needs no transaction of its own."""


@attrs.define
class Statistics:
    """What was asked of the database so far, counted by the thread that asks."""

    transactions: int = 0
    statements: int = 0
    retries: int = 0


class Session:
    """One attempt at a transaction; ``attempt`` counts from 0."""

    def __init__(self, connection: Connection, statistics: Statistics, attempt: int) -> None:
        self._connection = connection
        self._statistics = statistics
        self.attempt = attempt
        self.is_discarded = False

    def fetch(self, statement: Prepared, **values: Any) -> list[Any]:
        """All rows."""
        self._statistics.statements += 1
        return statement.on(self._connection, values).fetchall()  # type: ignore[no-any-return]  # rows of the driver

    def run(self, statement: Prepared, **values: Any) -> int:
        """How many rows were changed."""
        self._statistics.statements += 1
        return int(statement.on(self._connection, values).rowcount)

    def discard(self) -> None:
        """Nothing that was done here shall be true."""
        self.is_discarded = True


class DedicatedConnection:
    """A connection that one thread uses, opened at its first transaction and again after it was lost."""

    def __init__(self, url: str, begin: dict[str, str]) -> None:
        self._engine = create_engine_for(url, only_looks_up=True)
        self.dialect = self._engine.dialect
        self._begin = begin[self.dialect.name]
        self._connection: Connection | None = None
        self.statistics = Statistics()

    def transaction(self, work: Callable[[Session], Value]) -> Value:
        """Run ``work`` in a transaction of its own, again when a lock, a deadlock or a lost connection stops it.

        ``work`` may therefore run several times; a lost connection leaves it open whether an earlier attempt was
        committed. Raises ``DatabaseUnavailable`` when retrying does not help, ``Conflict`` and ``InvalidValue``.
        """
        deadline = time.monotonic() + _RETRY_SECONDS
        attempt = 0
        while True:
            try:
                return self._attempt(work, attempt)
            except FAILURES as error:
                known = translated(error)
                if known is None:
                    raise
                is_hopeless = attempt >= _MOST_RETRIES or time.monotonic() > deadline
                if not isinstance(known, DatabaseUnavailable) or not is_worth_retrying(error) or is_hopeless:
                    raise known from error
            self.statistics.retries += 1
            time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
            attempt += 1

    def close(self) -> None:
        """Close the connection, in the thread that used it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        self._engine.dispose()

    def _attempt(self, work: Callable[[Session], Value], attempt: int) -> Value:
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        self.statistics.transactions += 1
        try:
            if self._begin:
                connection.exec_driver_sql(self._begin)
            session = Session(connection, self.statistics, attempt)
            value = work(session)
            if self._begin:
                connection.exec_driver_sql("ROLLBACK" if session.is_discarded else "COMMIT")
        except BaseException:
            # Its state is unknown, and opening another costs less than finding out.
            self._connection = None
            connection.invalidate()
            connection.close()
            raise
        return value
