"""What the SQL ledger promises beyond its port: shared transactions, cheap refusals, exactness when things go wrong."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from adapters.persistence.connection import WRITING, DedicatedConnection
from adapters.persistence.engine import create_engine_for
from adapters.persistence.finder import SqlFileFinder
from adapters.persistence.ledger import SqlLedger
from adapters.persistence.ledger_jobs import Admit, Alone
from application.errors import DatabaseUnavailable
from domain.account import AccountKey
from domain.errors import InvalidValue
from domain.quota import Granted, Policy, QuotaExceeded, RateExceeded
from domain.settlement import Outcome
from tests.contract.ledger_environment import LedgerEnvironment
from tests.contract.sql_databases import EITHER, database, every_row, on_postgres, postgres_database
from tests.contract.test_sql_ledger import ledger_environment
from tests.factories import ALICE, NOW, SIZE, TENANT, a_request, limits

pytestmark = pytest.mark.anyio

WHOLE = Outcome(delivered_bytes=SIZE, is_completed=True)


@pytest.fixture(params=EITHER)
def url(request) -> Iterator[str]:
    with database(request.param) as url:
        yield url


@pytest.fixture
async def env(url) -> AsyncIterator[LedgerEnvironment]:
    async with ledger_environment(url, Policy()) as env:
        yield env


@asynccontextmanager
async def held(ledger: SqlLedger) -> AsyncIterator[None]:
    """The ledger's writer is busy with something else, so that calls wait together."""
    started, released = threading.Event(), threading.Event()

    def hold(_session) -> None:
        started.set()
        released.wait()

    holding = asyncio.create_task(ledger._writes.call(Alone(hold)))
    try:
        await asyncio.to_thread(started.wait)
        yield
    finally:
        released.set()
        await holding


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program keeps the accounts locked, so that a transaction of the ledger hangs in the middle."""
    engine = create_engine_for(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("BEGIN IMMEDIATE"))
        else:
            connection.execute(text("BEGIN"))
            connection.execute(text("LOCK TABLE account IN ACCESS EXCLUSIVE MODE"))
        yield
        connection.execute(text("ROLLBACK"))
    engine.dispose()


async def until(condition) -> None:
    while not condition():  # noqa: ASYNC110 - the condition changes in a thread that knows of no event
        await asyncio.sleep(0.001)


async def together(ledger: SqlLedger, calls) -> list:
    """Results of calls that waited at the same moment."""
    async with held(ledger):
        tasks = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0)
    return await asyncio.gather(*tasks, return_exceptions=True)


def users(count: int) -> list[AccountKey]:
    return [AccountKey(TENANT, f"user{number}@example.org") for number in range(count)]


class TestGroups:
    async def test_calls_that_wait_together_share_one_transaction(self, env) -> None:
        ledger = env.ledger
        counted = ledger.statistics.writing
        await ledger.admit(a_request("first"), NOW)
        seen = []

        for count in (3, 300):
            requests = [a_request(f"{count}-{key.email}", account=key) for key in users(count)]
            before = counted.transactions, counted.statements
            decisions = await together(ledger, [ledger.admit(request, NOW) for request in requests])
            assert all(isinstance(decision, Granted) for decision in decisions)
            # One transaction is that of the job which made the calls wait.
            assert counted.transactions - before[0] == 2
            seen.append(counted.statements - before[1])

            before = counted.transactions, counted.statements
            ends = await together(ledger, [ledger.settle(request.transfer_id, WHOLE, NOW) for request in requests])
            assert all(ends)
            assert counted.transactions - before[0] == 2
            seen.append(counted.statements - before[1])

        assert max(seen) <= 16
        assert seen[:2] == seen[2:]

    async def test_a_member_that_fails_does_not_fail_its_group(self, env) -> None:
        requests = [a_request(f"t{number}", checksum=f"c{number}") for number in range(5)]
        requests[2] = a_request("t2", checksum="c\udc80")

        results = await together(env.ledger, [env.ledger.admit(request, NOW) for request in requests])

        assert isinstance(results.pop(2), InvalidValue)
        assert all(isinstance(result, Granted) for result in results)
        assert (await env.used(), await env.active()) == (4, 4)

    async def test_members_are_decided_in_the_order_of_their_arrival(self, env) -> None:
        await env.ledger.set_limits(ALICE, limits(2, -1))

        decisions = await together(
            env.ledger, [env.ledger.admit(a_request(f"t{n}", checksum=f"c{n}"), NOW) for n in range(4)]
        )

        assert [type(decision) for decision in decisions] == [Granted, Granted, QuotaExceeded, QuotaExceeded]

    async def test_a_slot_that_an_end_frees_is_given_to_the_admission_behind_it(self, env) -> None:
        await env.ledger.set_limits(ALICE, limits(-1, 1))
        await env.granted(a_request("t1"))
        refused = a_request("t2", checksum="c2")
        assert isinstance(await env.ledger.admit(refused, NOW), RateExceeded)

        settled, decision = await together(
            env.ledger, [env.ledger.settle("t1", WHOLE, NOW), env.ledger.admit(refused, NOW)]
        )

        assert settled
        assert isinstance(decision, Granted)

    async def test_two_event_loops_may_use_one_ledger(self, env) -> None:
        def work(name: str) -> list:
            async def admit_some() -> list:
                requests = [a_request(f"{name}{number}", checksum=f"{name}{number}") for number in range(20)]
                return await asyncio.gather(*(env.ledger.admit(request, NOW) for request in requests))

            return asyncio.run(admit_some())

        results = await asyncio.gather(asyncio.to_thread(work, "a"), asyncio.to_thread(work, "b"))

        assert all(isinstance(decision, Granted) for half in results for decision in half)
        assert await env.used() == 40

    async def test_clients_of_two_instances_use_up_the_quota_exactly(self, env) -> None:
        await env.ledger.set_limits(ALICE, limits(50, 3))
        granted, most = 0, 0

        async def client(number: int) -> None:
            nonlocal granted, most
            ledger = env.ledgers[number % 2]
            request = a_request(f"t{number}", checksum=f"c{number}", instance_id=f"i{number % 2}")
            while not isinstance(decision := await ledger.admit(request, NOW), QuotaExceeded):
                if isinstance(decision, Granted):
                    granted += 1
                    most = max(most, await env.active())
                    assert await ledger.settle(request.transfer_id, WHOLE, NOW)
                    return

        await asyncio.gather(*(client(number) for number in range(120)))

        assert granted == 50
        assert most <= 3
        assert (await env.used(), await env.active()) == (50, 0)


class TestRefusals:
    async def test_a_repeated_refusal_never_reaches_the_writer(self, env) -> None:
        await env.ledger.set_limits(ALICE, limits(0, 0))
        await env.ledger.admit(a_request("first"), NOW)
        before = env.ledger.statistics.writing.transactions

        for number in range(20):
            assert await env.ledger.admit(a_request(f"t{number}"), NOW) == QuotaExceeded(limit=0, current=0)

        assert env.ledger.statistics.writing.transactions == before

    async def test_a_refused_account_is_granted_as_soon_as_it_may(self, env) -> None:
        await env.ledger.set_limits(ALICE, limits(1, 1))
        await env.granted(a_request("t1"))
        await env.ledger.admit(a_request("t2", checksum="c2"), NOW)

        await env.ledgers[1].set_limits(ALICE, limits(2, 2))

        assert isinstance(await env.ledger.admit(a_request("t2", checksum="c2"), NOW), Granted)

    async def test_an_expired_transfer_stands_in_nobodys_way(self, env) -> None:
        await env.ledger.set_limits(ALICE, limits(1, 1))
        await env.granted(a_request("t1"))
        request = a_request("t2", checksum="c2")
        assert isinstance(await env.ledger.admit(request, NOW), QuotaExceeded)
        assert isinstance(await env.ledger.admit(request, NOW + timedelta(seconds=29)), QuotaExceeded)

        await env.granted(request, NOW + timedelta(seconds=30))

        assert [transfer.id for transfer in await env.ledger.transfers(TENANT)] == ["t2"]

    async def test_a_group_of_refusals_leaves_no_trace(self, env, url) -> None:
        await env.ledger.set_limits(ALICE, limits(1, -1))
        strangers = users(20)
        async with env.unit_of_work() as unit:
            await unit.settings.put(TENANT, "maxQuota", 0)
            await unit.commit()
        before = every_row(url)

        refusals = await together(
            env.ledger, [env.ledger.admit(a_request(key.email, account=key), NOW) for key in strangers]
        )
        assert every_row(url) == before
        mixed = await together(
            env.ledger, [env.ledgers[0].admit(a_request(f"m{n}", account=key), NOW) for n, key in enumerate([ALICE])]
        )

        assert all(isinstance(refusal, QuotaExceeded) for refusal in refusals)
        assert isinstance(mixed[0], Granted)
        assert set(await env.ledger.accounts([ALICE, *strangers])) == {ALICE}

    async def test_refusals_beside_a_grant_create_no_account(self, env) -> None:
        async with env.unit_of_work() as unit:
            await unit.settings.put(TENANT, "maxQuota", 0)
            await unit.commit()
        await env.ledger.set_limits(ALICE, limits(1, -1))
        everybody = [ALICE, *users(5)]

        await together(env.ledger, [env.ledger.admit(a_request(key.email, account=key), NOW) for key in everybody])

        assert set(await env.ledger.accounts(everybody)) == {ALICE}


class TestCancellation:
    async def test_an_admission_that_waits_is_taken_back(self, env, url) -> None:
        before = every_row(url)
        async with held(env.ledger):
            task = asyncio.create_task(env.ledger.admit(a_request("t1"), NOW))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        assert not await env.ledger.settle("t1", WHOLE, NOW)
        assert every_row(url) == before

    async def test_an_admission_that_is_being_committed_is_undone(self, env, url) -> None:
        with locked(url):
            task = asyncio.create_task(env.ledger.admit(a_request("t1"), NOW))
            await until(lambda: env.ledger.statistics.writing.transactions > 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        await self._assert_undone(env)

    async def test_an_admission_whose_answer_nobody_took_is_undone(self, env) -> None:
        task = asyncio.create_task(env.ledger.admit(a_request("t1"), NOW))
        await asyncio.sleep(0)
        # The event loop stands still here, so that the answer is there, but not taken, when the caller is cancelled.
        behind = threading.Thread(target=lambda: asyncio.run(env.ledger.sweep(NOW)))
        behind.start()
        behind.join()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        await self._assert_undone(env)

    async def test_an_admission_whose_event_loop_ended_is_undone(self, env, url) -> None:
        async def admit_and_leave() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
            task = asyncio.create_task(env.ledger.admit(a_request("t1"), NOW))
            await until(lambda: env.ledger.statistics.writing.transactions > 0)
            del task

        with locked(url):
            await asyncio.to_thread(asyncio.run, admit_and_leave())

        await self._assert_undone(env)

    async def test_a_cancelled_end_is_recorded_nevertheless(self, env) -> None:
        await env.granted(a_request("t1"))
        async with held(env.ledger):
            task = asyncio.create_task(env.ledger.settle("t1", WHOLE, NOW))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        assert not await env.ledger.settle("t1", WHOLE, NOW)
        assert (await env.used(), await env.active()) == (1, 0)

    async def _assert_undone(self, env) -> None:
        await env.ledger.sweep(NOW)
        await env.ledger.sweep(NOW)
        assert await env.ledger.transfers(TENANT) == ()
        assert (await env.used(), await env.active()) == (0, 0)
        assert [event.type for event in await env.events()] == ["DownloadAbandoned"]


class TestFailures:
    async def test_an_admission_that_was_committed_before_the_line_broke_is_not_repeated(self, env, url) -> None:
        ledger = env.ledger
        request = a_request("t1", length=10)
        connection = DedicatedConnection(url, WRITING)
        attempts = []

        def decide(session):
            attempts.append(session.attempt)
            return ledger._decide(session, [Admit(request, NOW)])[0]

        def decide_again(session):
            session.attempt = 1
            return decide(session)

        first = connection.transaction(decide)
        second = connection.transaction(decide_again)
        connection.close()

        assert isinstance(first, Granted)
        assert second == first
        assert await env.used() == 1

    async def test_a_closed_ledger_says_that_it_is_unavailable(self, env) -> None:
        await env.granted(a_request("t1"))
        await env.ledger.aclose()
        await env.ledger.aclose()

        with pytest.raises(DatabaseUnavailable):
            await env.ledger.admit(a_request("t2"), NOW)

    async def test_closing_waits_for_what_was_asked_before(self, env) -> None:
        async with held(env.ledger):
            task = asyncio.create_task(env.ledger.admit(a_request("t1"), NOW))
            await asyncio.sleep(0)
            closing = asyncio.create_task(env.ledger.aclose())
            await asyncio.sleep(0)
        await closing

        assert isinstance(await task, Granted)
        assert [transfer.id for transfer in await env.ledgers[1].transfers(TENANT)] == ["t1"]

    async def test_a_database_that_cannot_be_opened_is_unavailable(self, tmp_path) -> None:
        missing = f"sqlite:///{tmp_path}/nowhere/state.sqlite"
        ledger, finder = SqlLedger(missing, Policy()), SqlFileFinder(missing)

        for call in (ledger.admit(a_request(), NOW), ledger.transfers(TENANT), finder.find(TENANT, "c1")):
            with pytest.raises(DatabaseUnavailable):
                await call

        await ledger.aclose()
        await finder.aclose()


@on_postgres
async def test_a_lost_connection_is_opened_again() -> None:
    with postgres_database() as url:
        async with ledger_environment(url, Policy()) as env:
            await env.granted(a_request("t1"))
            own = text("SELECT pg_backend_pid()")
            pid = await env.ledger._writes.call(Alone(lambda session: session._connection.execute(own).scalar_one()))
            engine = create_engine_for(url)
            with engine.connect() as connection:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            engine.dispose()

            await env.granted(a_request("t2", checksum="c2"))

            assert await env.used() == 2
            assert env.ledger.statistics.writing.retries == 1


class TestUpkeep:
    async def test_hundreds_of_expired_transfers_are_swept_in_parts(self, env) -> None:
        keys = users(600)
        await asyncio.gather(*(env.ledger.admit(a_request(key.email, account=key), NOW) for key in keys))

        assert await env.ledger.sweep(NOW + timedelta(seconds=30)) == 600
        assert await env.ledger.transfers(TENANT) == ()

    async def test_hundreds_of_downloads_are_purged_in_parts(self, env) -> None:
        requests = [a_request(f"t{number}", checksum=f"c{number}") for number in range(1100)]
        await asyncio.gather(*(env.ledger.admit(request, NOW) for request in requests))
        await asyncio.gather(*(env.ledger.settle(request.transfer_id, WHOLE, NOW) for request in requests))

        assert await env.ledger.purge(NOW + timedelta(hours=24)) == 1100
        assert await env.used() == 1100

    async def test_the_account_of_a_ticket_goes_with_its_last_download(self, env, url) -> None:
        key = AccountKey.of_ticket(TENANT, "k1")
        await env.granted(a_request("t1", account=key))
        await env.ledger.settle("t1", WHOLE, NOW)
        assert set(await env.ledger.accounts([key])) == {key}

        await env.ledger.purge(NOW + timedelta(hours=24))

        assert every_row(url)["account"] == []

    async def test_renewing_thousands_takes_one_statement(self, env) -> None:
        progress = {f"t{number}": number for number in range(3000)}
        before = env.ledger.statistics.writing.statements

        renewal = await env.ledger.renew("i1", progress, NOW)

        assert renewal.lost == progress.keys()
        assert env.ledger.statistics.writing.statements - before == 1
