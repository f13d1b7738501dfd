"""The open transaction that the repositories of one unit of work share."""

from typing import Any

from sqlalchemy import Executable
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.persistence.failures import translating


class Transaction:
    """Statements on one connection, with the port's errors.

    Both databases behave alike: each read sees what is committed (and the own writes), the first write starts what
    ``commit`` makes true. On SQLite that is a ``BEGIN IMMEDIATE`` before the first write and nothing before: a
    transaction that began as a reader could not become a writer after anybody else has written.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._is_writing = False

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._connection.dialect.name

    async def read(self, statement: Executable, parameters: dict[str, Any] | None = None) -> CursorResult[Any]:
        """Run a query."""
        with translating():
            return await self._connection.execute(statement, parameters)

    async def write(
        self, statement: Executable, parameters: dict[str, Any] | list[dict[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run a change, once or for each of many rows."""
        with translating():
            if self._is_sqlite and not self._is_writing:
                await self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            self._is_writing = True
            return await self._connection.execute(statement, parameters)

    async def commit(self) -> None:
        """Make the writes true."""
        with translating():
            if not self._is_sqlite:
                await self._connection.commit()
            elif self._is_writing:
                await self._connection.exec_driver_sql("COMMIT")
        self._is_writing = False

    async def rollback(self) -> None:
        """Undo what is not committed."""
        if self._is_sqlite and self._is_writing:
            self._is_writing = False
            await self._connection.exec_driver_sql("ROLLBACK")
        await self._connection.rollback()
