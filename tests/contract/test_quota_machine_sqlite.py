"""The quota machine over the SQL ledger on SQLite: two ledgers with connections of their own on one file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import HealthCheck, settings

from domain.quota import Policy
from tests.contract.ledger import LedgerEnvironment
from tests.contract.sql_databases import sqlite_database
from tests.contract.test_sql_ledger import ledger_environment
from tests.spec.machines.quota_machine import machine_over


@asynccontextmanager
async def sqlite_environment(policy: Policy) -> AsyncIterator[LedgerEnvironment]:
    with sqlite_database() as url:
        async with ledger_environment(url, policy) as env:
            yield env


TestQuotaMachineOnSqlite = machine_over(sqlite_environment).TestCase
# Each step is several transactions on a disk: fewer examples than in memory, and no health check of their speed.
TestQuotaMachineOnSqlite.settings = settings(
    max_examples=max(10, settings().max_examples // 5),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
