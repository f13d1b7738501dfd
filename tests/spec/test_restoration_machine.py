"""The restoration machine over the in-memory unit of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import settings

from application.ports.unit_of_work import UnitOfWorkFactory
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork
from tests.spec.machines.restoration_machine import machine_over


@asynccontextmanager
async def in_memory() -> AsyncIterator[UnitOfWorkFactory]:
    database = InMemoryDatabase()
    yield lambda: InMemoryUnitOfWork(database)


TestRestorationMachine = machine_over(in_memory).TestCase
# Each step is a dozen transactions of several workers.
TestRestorationMachine.settings = settings(max_examples=max(25, settings().max_examples // 2))
