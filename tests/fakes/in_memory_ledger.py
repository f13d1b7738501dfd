"""The quota ledger over dictionaries: the pure rules, applied without a database."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import anyio.lowlevel
import attrs

from application.ports.ledger import Ledger, Renewal
from domain import reservation, settlement
from domain.account import Account, AccountKey
from domain.download import Transfer, TransferRequest
from domain.limits import Limits
from domain.quota import Granted, Policy, QuotaExceeded, Refusal, decide
from domain.reservation import Reserved
from domain.settlement import Outcome, last_known
from tests.fakes.in_memory_database import InMemoryDatabase, Tables


class InMemoryLedger(Ledger):
    """A ledger; several may share one ``InMemoryDatabase``, as the instances of a service do.

    Every expired transfer of the account is settled before an admission is decided, and stays unsettled when the
    admission is refused: a refusal changes nothing.
    """

    def __init__(self, database: InMemoryDatabase, policy: Policy | None = None) -> None:
        self._database = database
        self._policy = policy or Policy()

    async def admit(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        decision, working = await self._decided(request, now)
        if isinstance(decision, Granted):
            self._database.tables = working
        return decision

    async def foresee(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        decision, _ = await self._decided(request, now)
        return decision

    async def _decided(self, request: TransferRequest, now: datetime) -> tuple[Granted | Refusal, Tables]:
        await anyio.lowlevel.checkpoint()
        self._database.check_up()
        working = self._database.tables.copied()
        _settle_expired(working, request.account, now)
        decision = decide(
            request,
            account=working.accounts.get(request.account, Account(key=request.account)),
            settings=working.current_settings(request.account.tenant),
            downloads=[
                row
                for row in working.downloads.values()
                if (row.account, row.checksum) == (request.account, request.checksum)
            ],
            ticket=working.tickets.get((request.account.tenant, request.ticket_id)) if request.ticket_id else None,
            policy=self._policy,
            now=now,
        )
        if isinstance(decision, Granted):
            working.accounts[request.account] = decision.account
            working.downloads[decision.download.id] = decision.download
            working.transfers[decision.transfer.id] = decision.transfer
            if decision.ticket is not None:
                working.tickets[decision.ticket.tenant, decision.ticket.id] = decision.ticket
        return decision, working

    async def reserve(
        self, requests: Sequence[TransferRequest], until: datetime, now: datetime
    ) -> Reserved | QuotaExceeded:
        await anyio.lowlevel.checkpoint()
        self._database.check_up()
        (payer,) = {request.account for request in requests}
        working = self._database.tables.copied()
        _settle_expired(working, payer, now)
        decision = reservation.reserve(
            requests,
            account=working.accounts.get(payer, Account(key=payer)),
            settings=working.current_settings(payer.tenant),
            downloads=[row for row in working.downloads.values() if row.account == payer],
            policy=self._policy,
            until=until,
            now=now,
        )
        if isinstance(decision, Reserved):
            if decision.downloads:
                working.accounts[payer] = decision.account
            working.downloads.update({row.id: row for row in decision.downloads})
            self._database.tables = working
        return decision

    async def give_back(self, now: datetime) -> int:
        await anyio.lowlevel.checkpoint()
        with self._database.transaction() as tables:
            in_vain = [row for row in tables.downloads.values() if row.is_reserved_in_vain(now)]
            for row in in_vain:
                tables.downloads[row.id], tables.accounts[row.account] = reservation.give_back(
                    row, tables.accounts[row.account]
                )
        return len(in_vain)

    async def settle(self, transfer_id: str, outcome: Outcome, now: datetime) -> bool:
        await anyio.lowlevel.checkpoint()
        with self._database.transaction() as tables:
            transfer = tables.transfers.get(transfer_id)
            if transfer is None:
                return False
            _settle(tables, transfer, outcome, now)
            return True

    async def renew(self, instance_id: str, progress: Mapping[str, int], lease_until: datetime) -> Renewal:
        await anyio.lowlevel.checkpoint()
        lost: set[str] = set()
        end_requested: set[str] = set()
        with self._database.transaction() as tables:
            for transfer_id, progress_bytes in progress.items():
                transfer = tables.transfers.get(transfer_id)
                if transfer is None or transfer.instance_id != instance_id:
                    lost.add(transfer_id)
                    continue
                if transfer.end_requested:
                    end_requested.add(transfer_id)
                tables.transfers[transfer_id] = attrs.evolve(
                    transfer,
                    progress_bytes=max(transfer.progress_bytes, progress_bytes),
                    lease_until=lease_until,
                )
        return Renewal(lost=frozenset(lost), end_requested=frozenset(end_requested))

    async def sweep(self, now: datetime) -> int:
        await anyio.lowlevel.checkpoint()
        with self._database.transaction() as tables:
            expired = [transfer for transfer in _running(tables) if transfer.is_expired(now)]
            for transfer in expired:
                _settle(tables, transfer, last_known(transfer), now)
        return len(expired)

    async def accounts(self, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        await anyio.lowlevel.checkpoint()
        self._database.check_up()
        return {key: self._database.tables.accounts[key] for key in keys if key in self._database.tables.accounts}

    async def set_limits(self, key: AccountKey, limits: Limits | None) -> Account:
        await anyio.lowlevel.checkpoint()
        with self._database.transaction() as tables:
            account = attrs.evolve(tables.accounts.get(key, Account(key=key)), limits=limits)
            tables.accounts[key] = account
        return account

    async def forget(self, key: AccountKey) -> bool:
        await anyio.lowlevel.checkpoint()
        with self._database.transaction() as tables:
            existed = tables.accounts.pop(key, None) is not None
            tables.downloads = {i: row for i, row in tables.downloads.items() if row.account != key}
            tables.transfers = {i: row for i, row in tables.transfers.items() if row.account != key}
            tables.tickets = {
                i: row for i, row in tables.tickets.items() if (row.tenant, row.email) != (key.tenant, key.email)
            }
        return existed

    async def transfers(self, tenant: str, email: str | None = None) -> tuple[Transfer, ...]:
        await anyio.lowlevel.checkpoint()
        self._database.check_up()
        return tuple(
            row
            for row in _running(self._database.tables)
            if row.account.tenant == tenant and email in (None, row.account.email)
        )

    async def request_end(self, tenant: str, transfer_id: str, email: str | None = None) -> bool:
        await anyio.lowlevel.checkpoint()
        with self._database.transaction() as tables:
            transfer = tables.transfers.get(transfer_id)
            if transfer is None or transfer.account.tenant != tenant or email not in (None, transfer.account.email):
                return False
            tables.transfers[transfer_id] = attrs.evolve(transfer, end_requested=True)
        return True

    async def purge(self, now: datetime) -> int:
        await anyio.lowlevel.checkpoint()
        with self._database.transaction() as tables:
            closed = [row for row in tables.downloads.values() if not row.is_open(now) and row.reserved_until is None]
            for row in closed:
                del tables.downloads[row.id]
            in_use = {row.account for row in tables.downloads.values()}
            for key in {row.account for row in closed if row.account.is_ticket} - in_use:
                if tables.accounts[key] == Account(key=key):
                    del tables.accounts[key]
        return len(closed)


def _running(tables: Tables) -> list[Transfer]:
    return sorted(tables.transfers.values(), key=lambda row: (row.started_at, row.id))


def _settle_expired(tables: Tables, account: AccountKey, now: datetime) -> None:
    for transfer in _running(tables):
        if transfer.account == account and transfer.is_expired(now):
            _settle(tables, transfer, last_known(transfer), now)


def _settle(tables: Tables, transfer: Transfer, outcome: Outcome, now: datetime) -> None:
    download = tables.downloads[transfer.download_id]
    key = transfer.account
    ticket = tables.tickets.get((key.tenant, download.ticket_id)) if download.ticket_id else None
    settled = settlement.settle(
        outcome, account=tables.accounts[key], download=download, transfer=transfer, ticket=ticket, now=now
    )
    tables.accounts[key] = settled.account
    tables.downloads[download.id] = settled.download
    if settled.ticket is not None:
        tables.tickets[settled.ticket.tenant, settled.ticket.id] = settled.ticket
    del tables.transfers[transfer.id]
    for event in settled.events:
        tables.append(event)
