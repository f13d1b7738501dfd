"""The quota ledger in SQL, with grouped commits (DESIGN section 4)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import zip_longest
from typing import Any, Protocol, TypeVar

import attrs

from adapters.persistence.accounts import Accounts
from adapters.persistence.connection import READING, WRITING, DedicatedConnection, Session, Statistics
from adapters.persistence.grouping import LARGEST_GROUP, Grouped
from adapters.persistence.leases import MOST_EXPIRED, Leases
from adapters.persistence.ledger_jobs import Admit, Alone, Job, Settle, compensation, may_join, may_withdraw
from adapters.persistence.ledger_rows import Codec
from adapters.persistence.ledger_statements import LedgerStatements
from adapters.persistence.loading import Groupable, Loading
from adapters.persistence.purging import IDLE, MOST_PURGED, Purging
from adapters.persistence.reservations import MOST_GIVEN_BACK, Reservations
from adapters.persistence.shortcut import Shortcut
from adapters.persistence.working_set import WorkingSet
from application.ports.ledger import Ledger, Renewal
from domain.account import Account, AccountKey
from domain.download import Transfer, TransferRequest
from domain.limits import Limits
from domain.quota import Granted, Policy, QuotaExceeded, Refusal
from domain.reservation import Reserved
from domain.settlement import Outcome

Value = TypeVar("Value")

_MOST_RENEWED = 10_000
"""Transfers renewed by one statement; an instance with more needs a second one."""


@attrs.frozen
class LedgerStatistics:
    """What a ledger asked of the database: ``writing`` through its writer, ``reading`` through its reader."""

    writing: Statistics
    reading: Statistics


class GroupStatistics(Protocol):
    """Groups by the power of two that holds their size, the calls in them, and how many calls wait now."""

    @property
    def sizes(self) -> Sequence[int]: ...

    @property
    def calls(self) -> int: ...

    @property
    def waiting(self) -> int: ...


class SqlLedger(Ledger):
    """A ledger over one database, which any number of instances may share.

    One thread writes. Admissions and settlements that wait at the same moment share one transaction: their rows are
    loaded (and locked) by a constant number of statements, ``domain.quota`` and ``domain.settlement`` decide on them in
    the order of arrival, and what changed is written by a constant number of statements. A second thread reads: lists,
    and admissions of accounts that were refused a moment ago, which reach the writer only when they would be granted.

    A cancelled admission that waits is taken back. One that was committed nevertheless is settled with nothing
    delivered, by the writer itself (``grouping``). If the process ends before that, its lease runs out.
    """

    def __init__(self, url: str, policy: Policy, *, largest_group: int = LARGEST_GROUP) -> None:
        """``url`` is SQLAlchemy's; the schema must exist (``migrate.upgrade``). Connects at the first call.

        ``largest_group`` 1 is the reference without grouping: every admission and settlement has its own transaction.
        """
        self._policy = policy
        self._writer = DedicatedConnection(url, WRITING)
        self._reader = DedicatedConnection(url, READING)
        dialect = self._writer.dialect
        self._is_locking = dialect.name == "postgresql"
        self._statements = LedgerStatements(dialect)
        self._codec = Codec.of(dialect.name)
        self._accounts = Accounts(dialect)
        self._leases = Leases(dialect)
        self._purging = Purging(dialect)
        self._reservations = Reservations.of(dialect, self._statements, policy)
        self._shortcut = Shortcut()
        self.statistics = LedgerStatistics(self._writer.statistics, self._reader.statistics)
        self._writes: Grouped[Job, Any] = Grouped(
            "ledger-writer",
            self._write,
            close=self._writer.close,
            may_join=may_join,
            may_withdraw=may_withdraw,
            may_refuse=may_withdraw,
            compensation=compensation,
            largest=largest_group,
        )
        self._reads: Grouped[Job, Any] = Grouped(
            "ledger-reader",
            self._read,
            close=self._reader.close,
            may_join=may_join,
            may_refuse=lambda _job: True,
        )

    @property
    def groups(self) -> GroupStatistics:
        """How the writer's calls shared transactions."""
        return self._writes

    async def aclose(self) -> None:
        """Finish what waits and close the connections."""
        await self._reads.aclose()
        await self._writes.aclose()

    async def admit(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        """Decide and record one admission."""
        job = Admit(request, now)
        if self._shortcut.is_open_to(request.account):
            foreseen: Granted | Refusal = await self._reads.call(job)
            if not isinstance(foreseen, Granted):
                return foreseen
        decision: Granted | Refusal = await self._writes.call(job)
        self._shortcut.note(request.account, decision)
        return decision

    async def foresee(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        """What ``admit`` would decide, from the reader's thread."""
        foreseen: Granted | Refusal = await self._reads.call(Admit(request, now))
        return foreseen

    async def reserve(
        self, requests: Sequence[TransferRequest], until: datetime, now: datetime
    ) -> Reserved | QuotaExceeded:
        """Set units aside."""
        return await self._write_alone(lambda session: self._reservations.reserve(session, requests, until, now))

    async def give_back(self, now: datetime) -> int:
        """End reservations that nobody came for, some at a time."""
        total, found = 0, MOST_GIVEN_BACK
        while found == MOST_GIVEN_BACK:
            found, ended = await self._write_alone(lambda session: self._reservations.give_back(session, now))
            total += ended
        return total

    async def settle(self, transfer_id: str, outcome: Outcome, now: datetime) -> bool:
        """End one transfer."""
        with self._shortcut.ending(transfer_id):
            is_settled: bool = await self._writes.call(Settle(transfer_id, outcome, now))
        return is_settled

    async def renew(self, instance_id: str, progress: Mapping[str, int], lease_until: datetime) -> Renewal:
        """Record progress and prolong leases."""
        lost: frozenset[str] = frozenset()
        end_requested: frozenset[str] = frozenset()
        items = list(progress.items())
        for first in range(0, len(items), _MOST_RENEWED):
            part = dict(items[first : first + _MOST_RENEWED])
            renewal = await self._write_alone(
                partial(self._leases.renew, instance_id=instance_id, progress=part, lease_until=lease_until)
            )
            lost |= renewal.lost
            end_requested |= renewal.end_requested
        self._shortcut.forget(lost)
        return Renewal(lost=lost, end_requested=end_requested)

    async def sweep(self, now: datetime) -> int:
        """Settle what has expired, some at a time, so that admissions need not wait for all of it."""
        total = 0
        while True:
            found, settled = await self._write_alone(lambda session: self._sweep(session, now))
            total += settled
            if found < MOST_EXPIRED:
                return total

    async def accounts(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        """The accounts that exist."""
        return await self._read_alone(lambda session: self._accounts.read(session, keys)) if keys else {}

    async def set_limits(self, key: AccountKey, limits: Limits | None) -> Account:
        """Give a user own limits, or none."""
        return await self._write_alone(lambda session: self._accounts.set_limits(session, key, limits))

    async def forget(self, key: AccountKey) -> bool:
        """Delete an account with its downloads and transfers, and the tickets that charge this user."""
        return await self._write_alone(lambda session: self._accounts.forget(session, key))

    async def transfers(self, tenant: str, email: str | None = None) -> tuple[Transfer, ...]:
        """Running transfers, oldest first."""
        return await self._read_alone(lambda session: self._accounts.transfers(session, tenant, email))

    async def request_end(self, tenant: str, transfer_id: str, email: str | None = None) -> bool:
        """Ask for the end of a transfer."""
        return await self._write_alone(lambda session: self._accounts.request_end(session, tenant, transfer_id, email))

    async def purge(self, now: datetime) -> int:
        """Delete downloads that can never be resumed, some at a time."""
        total = 0
        for standing in IDLE:
            count = MOST_PURGED
            while count == MOST_PURGED:
                count = await self._write_alone(partial(self._purging.purge, standing=standing, now=now))
                total += count
        return total

    def _write(self, jobs: Sequence[Job]) -> Sequence[Any]:
        """Run a group in one transaction, in the writer's thread."""
        first = jobs[0]
        if isinstance(first, Alone):
            return [self._writer.transaction(first.work)]
        group = [job for job in jobs if not isinstance(job, Alone)]
        told: list[Granted | Refusal | bool] = []

        def decide(session: Session) -> list[Granted | Refusal | bool]:
            # What an earlier attempt ended is gone if its commit was carried out, though its answer was lost.
            results = self._decide(session, group)
            told[:] = [before is True or result for before, result in zip_longest(told[: len(group)], results)]
            return list(told)

        return self._writer.transaction(decide)

    def _read(self, jobs: Sequence[Job]) -> Sequence[Any]:
        """Foresee the decisions of a group, in the reader's thread."""
        first = jobs[0]
        if isinstance(first, Alone):
            return [self._reader.transaction(first.work)]
        group = [job for job in jobs if isinstance(job, Admit)]
        return self._reader.transaction(lambda session: self._foresee(session, group))

    def _decide(self, session: Session, jobs: Sequence[Groupable]) -> list[Granted | Refusal | bool]:
        loading = Loading(session, self._statements, self._codec, is_locking=self._is_locking)
        working = WorkingSet(loading.rows(jobs), self._policy)
        results = [
            working.admit(job.request, job.now) if isinstance(job, Admit) else working.settle(job) for job in jobs
        ]
        loading.write(working.changes())
        return results

    def _foresee(self, session: Session, jobs: Sequence[Admit]) -> list[Granted | Refusal]:
        loading = Loading(session, self._statements, self._codec, is_locking=False)
        working = WorkingSet(loading.rows(jobs), self._policy)
        return [working.would_admit(job.request, job.now) for job in jobs]

    def _sweep(self, session: Session, now: datetime) -> tuple[int, int]:
        expired = self._leases.expired(session, now)
        if not expired:
            session.discard()
            return 0, 0
        settled = self._decide(session, [Settle(transfer_id, None, now) for transfer_id in expired])
        return len(expired), sum(bool(is_settled) for is_settled in settled)

    async def _write_alone(self, work: Callable[[Session], Value]) -> Value:
        value: Value = await self._writes.call(Alone(work))
        return value

    async def _read_alone(self, work: Callable[[Session], Value]) -> Value:
        value: Value = await self._reads.call(Alone(work))
        return value
