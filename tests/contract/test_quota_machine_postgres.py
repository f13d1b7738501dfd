"""The quota machine over the SQL ledger on PostgreSQL: two ledgers with connections of their own on one schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import HealthCheck, settings

from domain.quota import Policy
from tests.contract.ledger import LedgerEnvironment
from tests.contract.sql_databases import on_postgres, postgres_database
from tests.contract.test_sql_ledger import ledger_environment
from tests.spec.machines.quota_machine import machine_over


@asynccontextmanager
async def postgres_environment(policy: Policy) -> AsyncIterator[LedgerEnvironment]:
    with postgres_database() as url:
        async with ledger_environment(url, policy) as env:
            yield env


TestQuotaMachineOnPostgres = on_postgres(machine_over(postgres_environment).TestCase)
# Each example makes a schema of its own: fewer than in memory, and no health check of their speed.
TestQuotaMachineOnPostgres.settings = settings(
    max_examples=max(8, settings().max_examples // 8),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
