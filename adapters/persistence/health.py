"""Whether the database answers."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.failures import translating
from application.ports.health import HealthCheck


class DatabaseCheck(HealthCheck):
    """One query, over the pool that units of work use: an exhausted pool is a problem as well."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        return "database"

    @property
    def is_vital(self) -> bool:
        return True

    async def problem(self) -> str | None:
        with translating():
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        return None
