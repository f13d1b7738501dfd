"""The world in which a ledger is tested: two instances, a unit of work, and a way to look at every row."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import attrs
import pytest

from application.ports.ledger import Ledger
from application.ports.unit_of_work import StoredEvent, UnitOfWorkFactory
from domain.account import Account, AccountKey
from domain.download import TransferRequest
from domain.quota import Granted, Policy
from domain.ticket import Ticket
from tests.factories import ALICE, NOW, TENANT


@attrs.frozen(kw_only=True)
class LedgerEnvironment:
    """Two ledgers on one state, with what a test needs to prepare and to inspect it."""

    ledgers: tuple[Ledger, Ledger]
    unit_of_work: UnitOfWorkFactory
    snapshot: Callable[[], Awaitable[object]]

    @property
    def ledger(self) -> Ledger:
        """The first instance, for tests about one."""
        return self.ledgers[0]

    async def prepare(self) -> None:
        """Serve the tenant of the tests."""
        async with self.unit_of_work() as unit:
            await unit.tenants.add(TENANT, NOW)
            await unit.commit()

    async def set(self, **values: int) -> None:
        """Store tenant settings by their wire names."""
        async with self.unit_of_work() as unit:
            for name, value in values.items():
                await unit.settings.put(TENANT, name, value)
            await unit.commit()

    async def add_ticket(self, ticket: Ticket) -> Ticket:
        async with self.unit_of_work() as unit:
            await unit.tickets.add(ticket)
            await unit.commit()
        return ticket

    async def revoke(self, ticket_id: str, now: datetime = NOW) -> None:
        async with self.unit_of_work() as unit:
            await unit.tickets.revoke(TENANT, ticket_id, now)
            await unit.commit()

    async def ticket(self, ticket_id: str) -> Ticket:
        async with self.unit_of_work() as unit:
            ticket = await unit.tickets.get(TENANT, ticket_id)
        assert ticket is not None
        return ticket

    async def events(self, tenant: str = TENANT) -> tuple[StoredEvent, ...]:
        async with self.unit_of_work() as unit:
            return await unit.outbox.page(tenant, after=0, limit=1000)

    async def account(self, key: AccountKey = ALICE) -> Account:
        """The account, or an untouched one when there is none."""
        return (await self.ledger.accounts([key])).get(key, Account(key=key))

    async def used(self, key: AccountKey = ALICE) -> int:
        return (await self.account(key)).units_used

    async def active(self, key: AccountKey = ALICE) -> int:
        return (await self.account(key)).active_downloads

    async def granted(self, request: TransferRequest, now: datetime = NOW) -> Granted:
        """Admit, and insist on it."""
        decision = await self.ledger.admit(request, now)
        assert isinstance(decision, Granted), decision
        return decision


@pytest.mark.anyio
class LedgerSuite:
    """Base of the suites: every test gets a fresh ``env``."""

    policy = Policy()

    def environment(self, policy: Policy) -> AbstractAsyncContextManager[LedgerEnvironment]:
        """An empty world, torn down on leaving. Supplied by the adapter's test module."""
        raise NotImplementedError

    @pytest.fixture
    async def env(self) -> AsyncIterator[LedgerEnvironment]:
        async with self.environment(self.policy) as env:
            await env.prepare()
            yield env
