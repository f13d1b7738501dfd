"""The in-memory unit of work keeps the promises of its port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from application.errors import Conflict, DatabaseUnavailable
from tests.contract.unit_of_work import UnitOfWorkContract, UnitOfWorkEnvironment
from tests.factories import NOW, TENANT, a_request, a_ticket
from tests.fakes.in_memory_database import InMemoryDatabase
from tests.fakes.in_memory_files import InMemoryFileFinder
from tests.fakes.in_memory_ledger import InMemoryLedger
from tests.fakes.in_memory_unit_of_work import InMemoryUnitOfWork


class TestInMemoryUnitOfWork(UnitOfWorkContract):
    @asynccontextmanager
    async def environment(self) -> AsyncIterator[UnitOfWorkEnvironment]:
        database = InMemoryDatabase()
        yield UnitOfWorkEnvironment(
            unit_of_work=lambda: InMemoryUnitOfWork(database),
            finder=InMemoryFileFinder(database),
            ledger=InMemoryLedger(database),
        )


@pytest.mark.anyio
async def test_a_database_that_is_down_says_so_everywhere() -> None:
    database = InMemoryDatabase()
    database.is_down = True

    with pytest.raises(DatabaseUnavailable):
        async with InMemoryUnitOfWork(database):
            pass
    with pytest.raises(DatabaseUnavailable):
        await InMemoryFileFinder(database).find(TENANT, "c1")
    with pytest.raises(DatabaseUnavailable):
        await InMemoryLedger(database).admit(a_request(), NOW)


@pytest.mark.anyio
async def test_of_two_units_that_add_the_same_ticket_the_second_to_commit_conflicts() -> None:
    database = InMemoryDatabase()
    async with InMemoryUnitOfWork(database) as first, InMemoryUnitOfWork(database) as second:
        await first.tickets.add(a_ticket())
        await second.tickets.add(a_ticket())
        await first.commit()
        with pytest.raises(Conflict):
            await second.commit()
