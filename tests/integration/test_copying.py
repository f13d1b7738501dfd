"""Moving from one database to another, with everything that is recorded."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from adapters.persistence.copying import CopyRefused, copy_database
from adapters.persistence.engine import create_async_engine_for, create_engine_for
from adapters.persistence.ledger import SqlLedger
from adapters.persistence.unit_of_work import SqlUnitOfWork
from domain.events import TicketRevoked
from domain.quota import Policy
from domain.settlement import Outcome
from tests.contract.sql_databases import EITHER, database, every_row
from tests.factories import NOW, TENANT, a_file, a_location, a_request, a_storage, a_ticket

FILES = 2500


async def filled(url, *, is_settled=True):
    """A database with something in its tables, and more files than are copied at once."""
    engine = create_async_engine_for(url)
    ledger = SqlLedger(url, Policy())
    try:
        async with SqlUnitOfWork(engine) as work:
            await work.tenants.add(TENANT, NOW)
            await work.storages.save([a_storage()])
            names = ["c1", *(f"f{number}" for number in range(FILES - 1))]
            await work.files.save([a_file(name) for name in names], [a_location(name) for name in names])
            await work.tickets.add(a_ticket())
            for _ in range(3):
                await work.outbox.add(TicketRevoked(tenant=TENANT, ticket_id="k1", occurred_at=NOW))
            await work.commit()
        async with SqlUnitOfWork(engine) as work:
            await work.settings.put(TENANT, "maxQuota", 7)
            await work.commit()
        await ledger.admit(a_request(), NOW)
        if is_settled:
            await ledger.settle("t1", Outcome(delivered_bytes=5), NOW + timedelta(seconds=1))
    finally:
        await ledger.aclose()
        await engine.dispose()


async def with_one_event_more(url):
    engine = create_async_engine_for(url)
    try:
        async with SqlUnitOfWork(engine) as work:
            await work.outbox.add(TicketRevoked(tenant=TENANT, ticket_id="k2", occurred_at=NOW))
            await work.commit()
        async with SqlUnitOfWork(engine) as work:
            return [event.id for event in await work.outbox.page(TENANT, after=0, limit=100)]
    finally:
        await engine.dispose()


def ignored(_table, _count):
    """Nobody is told."""


@pytest.mark.parametrize("kind", EITHER)
def test_the_copy_holds_every_row_and_goes_on_counting(kind):
    with database("sqlite") as source, database(kind) as target:
        asyncio.run(filled(source))
        told = {}
        total = copy_database(source, target, copied=told.__setitem__)

        rows = every_row(source)
        assert every_row(target) == rows
        assert told["file"] == told["file_location"] == FILES
        assert total == sum(map(len, rows.values()))
        events = [row[0] for row in sorted(rows["outbox"])]
        assert asyncio.run(with_one_event_more(target)) == [*events, events[-1] + 1]


@pytest.mark.parametrize("kind", EITHER)
def test_numbers_of_events_that_are_gone_are_not_given_out_again(kind):
    with database("sqlite") as source, database(kind) as target:
        asyncio.run(filled(source))
        engine = create_engine_for(source)
        with engine.connect() as connection:
            last = connection.execute(text("SELECT max(id) FROM outbox")).scalar_one()
            connection.execute(text("DELETE FROM outbox"))
        engine.dispose()
        copy_database(source, target, copied=ignored)

        assert asyncio.run(with_one_event_more(target)) == [last + 1]


def test_a_target_with_anything_in_it_is_refused_and_left_alone():
    with database("sqlite") as source, database("sqlite") as target:
        asyncio.run(filled(source))
        copy_database(source, target, copied=ignored)
        before = every_row(target)

        with pytest.raises(CopyRefused, match="not empty"):
            copy_database(source, target, copied=ignored)
        assert every_row(target) == before


@pytest.mark.parametrize("kind", EITHER)
def test_running_transfers_are_refused(kind):
    with database("sqlite") as source, database(kind) as target:
        asyncio.run(filled(source, is_settled=False))

        with pytest.raises(CopyRefused, match="1 transfers run"):
            copy_database(source, target, copied=ignored)
        assert not any(every_row(target).values())


@pytest.mark.parametrize("kind", EITHER)
def test_a_copy_that_fails_leaves_nothing(kind):
    def fail(table, _count):
        if table == "ticket":
            raise RuntimeError(table)

    with database("sqlite") as source, database(kind) as target:
        asyncio.run(filled(source))

        with pytest.raises(RuntimeError):
            copy_database(source, target, copied=fail)
        assert not any(every_row(target).values())
