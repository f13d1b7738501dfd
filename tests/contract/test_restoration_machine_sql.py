"""The restoration machine over the SQL units of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import HealthCheck, settings

from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.unit_of_work import SqlUnitOfWork
from application.ports.unit_of_work import UnitOfWorkFactory
from tests.contract.sql_databases import on_postgres, postgres_database, sqlite_database
from tests.spec.machines.restoration_machine import machine_over


@asynccontextmanager
async def on_sqlite() -> AsyncIterator[UnitOfWorkFactory]:
    with sqlite_database() as url:
        engine = create_async_engine_for(url)
        try:
            yield lambda: SqlUnitOfWork(engine)
        finally:
            await engine.dispose()


@asynccontextmanager
async def on_a_server() -> AsyncIterator[UnitOfWorkFactory]:
    with postgres_database() as url:
        engine = create_async_engine_for(url)
        try:
            yield lambda: SqlUnitOfWork(engine)
        finally:
            await engine.dispose()


# Each step is several transactions on a disk: fewer examples than in memory, and no health check of their speed.
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

TestRestorationMachineOnSqlite = machine_over(on_sqlite).TestCase
TestRestorationMachineOnSqlite.settings = settings(
    max_examples=max(5, settings().max_examples // 10), stateful_step_count=25, suppress_health_check=_SLOW
)
TestRestorationMachineOnPostgres = on_postgres(machine_over(on_a_server).TestCase)
TestRestorationMachineOnPostgres.settings = settings(
    max_examples=max(5, settings().max_examples // 10), stateful_step_count=25, suppress_health_check=_SLOW
)
