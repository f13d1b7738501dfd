"""PostgreSQL fails in the middle of things: calls are retried or refused, and no charge is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import timedelta

import pytest
from sqlalchemy import make_url, text

from adapters.persistence.engine import create_async_engine_for
from adapters.persistence.ledger import SqlLedger
from adapters.persistence.unit_of_work import SqlUnitOfWork
from application.errors import DatabaseUnavailable
from domain.quota import Granted, Policy, QuotaExceeded
from domain.settlement import Outcome
from tests.contract.sql_databases import on_postgres, postgres_database
from tests.factories import ALICE, BOB, NOW, SIZE, TENANT, a_request

pytestmark = pytest.mark.anyio
AFTER_THE_LEASE = NOW + timedelta(seconds=31)
COMPLETED = Outcome(delivered_bytes=SIZE, is_completed=True)


@pytest.fixture
def url():
    with postgres_database() as found:
        yield found


def with_options(url: str, more: str, **query: str) -> str:
    """The same database, with other settings of the session."""
    parsed = make_url(url)
    changed = parsed.update_query_dict({"options": f"{parsed.query['options']} {more}".strip(), **query})
    return changed.render_as_string(hide_password=False)


@asynccontextmanager
async def a_ledger(url: str) -> AsyncIterator[SqlLedger]:
    ledger = SqlLedger(url, Policy())
    try:
        yield ledger
    finally:
        await ledger.aclose()


@asynccontextmanager
async def an_operator(url: str):
    """Somebody else's connection, and its transaction."""
    engine = create_async_engine_for(url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def add_tenant(url: str) -> None:
    engine = create_async_engine_for(url)
    async with SqlUnitOfWork(engine) as unit:
        await unit.tenants.add(TENANT, NOW)
        await unit.commit()
    await engine.dispose()


class CuttingProxy:
    """Stands before PostgreSQL, and cuts a connection as soon as its ``COMMIT`` was carried out, before the answer."""

    def __init__(self, target) -> None:
        self._target = target.host, target.port
        self.connections: set[asyncio.Task[None]] = set()
        self.cuts = 0
        """How many commits are still to be cut off."""

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.create_task(self._forward(reader, writer)))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._target)
        answers = asyncio.create_task(self._copy(up_reader, writer))
        with closing(up_writer), closing(writer):
            while data := await reader.read(65536):
                is_cut = self.cuts > 0 and b"COMMIT" in data
                if is_cut:
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                up_writer.write(data)
                if is_cut:
                    self.cuts -= 1
                    await up_reader.read(1)
                    return
            await answers

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)


@asynccontextmanager
async def a_proxy(url: str):
    proxy = CuttingProxy(make_url(url))
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield proxy, make_url(url).set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    finally:
        server.close()
        await asyncio.gather(*proxy.connections)


@on_postgres
async def test_an_admission_whose_commit_was_not_heard_of_is_granted_once(url: str) -> None:
    async with a_proxy(url) as (proxy, through), a_ledger(through) as ledger:
        proxy.cuts = 1

        decision = await ledger.admit(a_request("t1"), NOW)

        assert isinstance(decision, Granted)
        assert (decision.transfer.id, decision.opened) == ("t1", True)
        account = (await ledger.accounts([ALICE]))[ALICE]
        assert (proxy.cuts, account.units_used, account.active_downloads) == (0, 1, 1)
        assert [row.id for row in await ledger.transfers(TENANT)] == ["t1"]


@on_postgres
async def test_an_end_whose_commit_was_not_heard_of_counts_once(url: str) -> None:
    async with a_proxy(url) as (proxy, through), a_ledger(through) as ledger:
        await ledger.admit(a_request("t1"), NOW)
        await ledger.admit(a_request("t2", checksum="other"), NOW)
        proxy.cuts = 1

        is_settled = await ledger.settle("t1", Outcome(delivered_bytes=0), NOW)

        account = (await ledger.accounts([ALICE]))[ALICE]
        assert (proxy.cuts, account.units_used, account.active_downloads) == (0, 1, 1)
        assert is_settled
        assert await ledger.settle("t1", Outcome(delivered_bytes=0), NOW) is False


@on_postgres
async def test_no_charge_is_lost_or_doubled_while_connections_are_being_killed(url: str) -> None:
    await add_tenant(url)
    name = "ledger-under-fire"
    async with AsyncExitStack() as stack:
        fired_at = with_options(url, "", application_name=name)
        ledgers = [await stack.enter_async_context(a_ledger(fired_at)) for _ in range(2)]
        operator = await stack.enter_async_context(an_operator(url))
        kill = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = :name")

        async def shoot() -> int:
            killed = (await operator.execute(kill, {"name": name})).scalar_one()
            await operator.rollback()  # In one transaction the list of sessions stays as it was.
            return killed

        async def download(number: int) -> str:
            ledger, account = ledgers[number % 2], (ALICE, BOB)[number % 3 == 0]
            try:
                decision = await ledger.admit(a_request(f"t{number}", account=account, checksum=f"c{number}"), NOW)
            except DatabaseUnavailable:
                return "refused"
            assert isinstance(decision, Granted)
            while True:
                try:
                    await ledger.settle(f"t{number}", COMPLETED, NOW)
                except DatabaseUnavailable:
                    continue
                return "completed"

        ends, killed = [], 0
        for first in range(0, 200, 10):
            shot, *ended = await asyncio.gather(shoot(), *(download(number) for number in range(first, first + 10)))
            ends += ended
            killed += shot
        await ledgers[0].sweep(AFTER_THE_LEASE)
        accounts = await ledgers[0].accounts([ALICE, BOB])

    assert killed > 0
    # An admission that was refused may stand nevertheless: its lease has given it back.
    assert sum(account.units_used for account in accounts.values()) == ends.count("completed")
    assert [account.active_downloads for account in accounts.values()] == [0] * len(accounts)
    assert ends.count("completed") > 100


@on_postgres
@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
async def test_a_row_that_somebody_else_holds_is_waited_for_then_refused(url: str, limit: str) -> None:
    async with a_ledger(with_options(url, f"-c {limit}=50ms")) as ledger, an_operator(url) as operator:
        await ledger.admit(a_request("t1"), NOW)
        await operator.execute(text("SELECT 1 FROM account FOR UPDATE"))

        with pytest.raises(DatabaseUnavailable):
            await ledger.admit(a_request("t2", checksum="other"), NOW)
        with pytest.raises(DatabaseUnavailable):
            await ledger.settle("t1", COMPLETED, NOW)
        await operator.rollback()

        assert await ledger.settle("t1", COMPLETED, NOW)
        account = (await ledger.accounts([ALICE]))[ALICE]
        assert (account.units_used, account.active_downloads) == (1, 0)


@on_postgres
async def test_the_victim_of_a_deadlock_tries_again(url: str) -> None:
    async with a_ledger(with_options(url, "-c deadlock_timeout=50ms")) as ledger, an_operator(url) as operator:
        await asyncio.gather(*(ledger.admit(a_request(f"{k.email}", account=k), NOW) for k in (ALICE, BOB)))
        await operator.execute(text("SET deadlock_timeout = '60s'"))
        lock = text("SELECT 1 FROM account WHERE email = :email FOR UPDATE")
        await operator.execute(lock, {"email": BOB.email})

        # Alone at first, so that the two that follow share a transaction, which locks Alice and waits for Bob.
        blocked = asyncio.create_task(ledger.renew("nobody", {}, NOW))
        both = [asyncio.create_task(ledger.settle(k.email, COMPLETED, NOW)) for k in (ALICE, BOB)]
        await blocked
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
        while not (await operator.execute(waiting)).scalar_one():  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.01)
        await operator.execute(lock, {"email": ALICE.email})
        await operator.rollback()

        assert await asyncio.gather(*both) == [True, True]
        accounts = await ledger.accounts([ALICE, BOB])
        assert {(a.units_used, a.active_downloads) for a in accounts.values()} == {(1, 0)}


@on_postgres
async def test_a_serialization_failure_is_tried_again(url: str) -> None:
    async with AsyncExitStack() as stack:
        serializable = with_options(url, "-c default_transaction_isolation=serializable")
        ledgers = [await stack.enter_async_context(a_ledger(serializable)) for _ in range(3)]
        await ledgers[0].admit(a_request("first"), NOW)
        decisions = await asyncio.gather(
            *(ledgers[n % 3].admit(a_request(f"t{n}", checksum=f"c{n}"), NOW) for n in range(30)),
            return_exceptions=True,
        )
        account = (await ledgers[0].accounts([ALICE]))[ALICE]

    assert {type(decision) for decision in decisions} <= {Granted, DatabaseUnavailable}
    granted = sum(isinstance(decision, Granted) for decision in decisions)
    assert (account.units_used, account.active_downloads) == (granted + 1, granted + 1)


@on_postgres
async def test_a_server_that_has_become_read_only_is_a_database_that_is_not_available(url: str) -> None:
    read_only = with_options(url, "-c default_transaction_read_only=on")
    engine = create_async_engine_for(read_only)
    async with a_ledger(read_only) as ledger:
        with pytest.raises(DatabaseUnavailable):
            await ledger.admit(a_request("t1"), NOW)
        assert await ledger.transfers(TENANT) == ()
    async with SqlUnitOfWork(engine) as unit:
        with pytest.raises(DatabaseUnavailable):
            await unit.tenants.add(TENANT, NOW)
    await engine.dispose()


@on_postgres
async def test_a_unit_of_work_whose_connection_is_killed_says_so_and_the_next_one_works(url: str) -> None:
    engine = create_async_engine_for(with_options(url, "", application_name="unit-under-fire"))
    async with an_operator(url) as operator:
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'unit-under-fire'"
        async with SqlUnitOfWork(engine) as unit:
            await unit.tenants.add(TENANT, NOW)
            await operator.execute(text(kill))
            await operator.rollback()
            with pytest.raises(DatabaseUnavailable):
                await unit.commit()
        async with SqlUnitOfWork(engine) as unit:
            await unit.tenants.add(TENANT, NOW)
            await unit.commit()
        assert (await operator.execute(text(kill))).all() == [(True,)]
        async with SqlUnitOfWork(engine) as unit:
            assert await unit.tenants.names() == (TENANT,)
    await engine.dispose()


@on_postgres
async def test_units_of_work_that_find_no_connection_free_are_refused(url: str) -> None:
    engine = create_async_engine_for(url)
    async with AsyncExitStack() as stack:
        for _ in range(16):
            await stack.enter_async_context(SqlUnitOfWork(engine))
        with pytest.raises(DatabaseUnavailable):
            await stack.enter_async_context(SqlUnitOfWork(engine))
    async with SqlUnitOfWork(engine) as unit:
        assert await unit.tenants.names() == ()
    await engine.dispose()


@on_postgres
async def test_the_quota_holds_across_failures(url: str) -> None:
    await add_tenant(url)
    engine = create_async_engine_for(url)
    async with SqlUnitOfWork(engine) as unit:
        await unit.settings.put(TENANT, "maxQuota", 5)
        await unit.commit()
    await engine.dispose()
    async with a_proxy(url) as (proxy, through), a_ledger(through) as ledger:
        proxy.cuts = 3
        decisions = [await ledger.admit(a_request(f"t{n}", checksum=f"c{n}"), NOW) for n in range(7)]

        assert [type(decision) for decision in decisions] == [Granted] * 5 + [QuotaExceeded] * 2
        assert (await ledger.accounts([ALICE]))[ALICE].units_used == 5
