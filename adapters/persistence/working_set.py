"""The rows that a group of admissions and settlements needs, with the rules applied to them in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import attrs

from adapters.persistence.ledger_jobs import Settle
from application.errors import Conflict
from domain import reservation, settlement
from domain.account import Account, AccountKey
from domain.download import Download, Transfer, TransferRequest
from domain.events import Event
from domain.quota import Granted, Policy, QuotaExceeded, Refusal, decide
from domain.reservation import Reserved
from domain.settings import TenantSettings
from domain.settlement import last_known
from domain.ticket import Ticket

Value = TypeVar("Value")

FileKey = tuple[AccountKey, str]
"""An account and a checksum."""

TicketKey = tuple[str, str]
"""A tenant and a ticket's id."""


@attrs.frozen(kw_only=True)
class Rows:
    """What was loaded. An account, a ticket or a tenant's settings that are missing do not exist."""

    accounts: Mapping[AccountKey, Account]
    settings: Mapping[str, TenantSettings]
    downloads: Mapping[str, Download]
    transfers: Mapping[str, Transfer]
    tickets: Mapping[TicketKey, Ticket]


@attrs.frozen(kw_only=True)
class Changes:
    """What is to be written: rows as they are to be, and ids of transfers that are over."""

    accounts: tuple[Account, ...]
    downloads: tuple[Download, ...]
    started: tuple[Transfer, ...]
    ended: tuple[str, ...]
    tickets: tuple[Ticket, ...]
    events: tuple[Event, ...]


class WorkingSet:
    """Applies decisions one after the other, each on what the former left."""

    def __init__(self, rows: Rows, policy: Policy) -> None:
        self._loaded = rows
        self._policy = policy
        self._settings = rows.settings
        self._accounts = dict(rows.accounts)
        self._downloads = dict(rows.downloads)
        self._transfers = dict(rows.transfers)
        self._tickets = dict(rows.tickets)
        self._events: list[Event] = []
        self._of_file: dict[FileKey, set[str]] = {}
        for download in rows.downloads.values():
            self._of_file.setdefault((download.account, download.checksum), set()).add(download.id)
        self._of_account: dict[AccountKey, list[Transfer]] = {}
        for transfer in sorted(rows.transfers.values(), key=lambda row: (row.started_at, row.id)):
            self._of_account.setdefault(transfer.account, []).append(transfer)
        self._undo: list[Callable[[], object]] = []

    def admit(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        """Decide one admission, after the account's expired transfers were settled; a refusal leaves no trace."""
        self._undo.clear()
        if request.transfer_id in self._loaded.transfers:
            return self._granted_before(request)
        if request.transfer_id in self._transfers:
            raise Conflict("Two admissions have the same transfer id.")
        self._end_expired(request.account, now)
        decision = decide(
            request,
            account=self._account(request.account),
            settings=self._settings_of(request.account),
            downloads=[self._downloads[id_] for id_ in self._of_file.get((request.account, request.checksum), ())],
            ticket=self._ticket(request.account.tenant, request.ticket_id),
            policy=self._policy,
            now=now,
        )
        if isinstance(decision, Granted):
            self._record(decision)
        else:
            self._take_back()
        return decision

    def would_admit(self, request: TransferRequest, now: datetime) -> Granted | Refusal:
        """The decision that ``admit`` would make; nothing is changed."""
        decision = self.admit(request, now)
        self._take_back()
        return decision

    def reserve(self, requests: Sequence[TransferRequest], until: datetime, now: datetime) -> Reserved | QuotaExceeded:
        """Set a cart of one account aside, after its expired transfers were settled; a refusal leaves no trace."""
        self._undo.clear()
        (payer,) = {request.account for request in requests}
        self._end_expired(payer, now)
        decision = reservation.reserve(
            requests,
            account=self._account(payer),
            settings=self._settings_of(payer),
            downloads=[row for row in self._downloads.values() if row.account == payer],
            policy=self._policy,
            until=until,
            now=now,
        )
        if isinstance(decision, Reserved):
            if decision.downloads:
                self._accounts[payer] = decision.account
            self._downloads.update({row.id: row for row in decision.downloads})
        else:
            self._take_back()
        return decision

    def give_back(self, now: datetime) -> int:
        """End the reservations among what was loaded that nobody has used; returns how many."""
        in_vain = [row for row in self._downloads.values() if row.is_reserved_in_vain(now)]
        for row in in_vain:
            self._downloads[row.id], self._accounts[row.account] = reservation.give_back(
                row, self._account(row.account)
            )
        return len(in_vain)

    def settle(self, job: Settle) -> bool:
        """End one transfer; ``False`` when there is none, or when it is to be swept and was renewed meanwhile."""
        self._undo.clear()
        transfer = self._transfers.get(job.transfer_id)
        if transfer is None or (job.outcome is None and not transfer.is_expired(job.now)):
            return False
        self._end(transfer, job.outcome or last_known(transfer), job.now)
        return True

    def changes(self) -> Changes:
        """What differs from what was loaded."""
        loaded = self._loaded
        return Changes(
            accounts=_changed(self._accounts, loaded.accounts),
            downloads=_changed(self._downloads, loaded.downloads),
            started=_changed(self._transfers, loaded.transfers),
            ended=tuple(id_ for id_ in loaded.transfers if id_ not in self._transfers),
            tickets=_changed(self._tickets, loaded.tickets),
            events=tuple(self._events),
        )

    def _record(self, granted: Granted) -> None:
        download = granted.download
        self._put(self._accounts, granted.account.key, granted.account)
        self._put(self._downloads, download.id, download)
        self._put(self._transfers, granted.transfer.id, granted.transfer)
        if granted.ticket is not None:
            self._put(self._tickets, (granted.ticket.tenant, granted.ticket.id), granted.ticket)
        siblings = self._of_file.setdefault((download.account, download.checksum), set())
        if download.id not in siblings:
            siblings.add(download.id)
            self._undo.append(lambda: siblings.discard(download.id))

    def _end_expired(self, account: AccountKey, now: datetime) -> None:
        for transfer in self._of_account.get(account, ()):
            if transfer.is_expired(now) and transfer.id in self._transfers:
                self._end(transfer, last_known(transfer), now)

    def _end(self, transfer: Transfer, outcome: settlement.Outcome, now: datetime) -> None:
        download = self._downloads[transfer.download_id]
        settled = settlement.settle(
            outcome,
            account=self._account(transfer.account),
            download=download,
            transfer=transfer,
            ticket=self._ticket(transfer.account.tenant, download.ticket_id),
            now=now,
        )
        self._put(self._accounts, settled.account.key, settled.account)
        self._put(self._downloads, settled.download.id, settled.download)
        if settled.ticket is not None:
            self._put(self._tickets, (settled.ticket.tenant, settled.ticket.id), settled.ticket)
        del self._transfers[transfer.id]
        self._undo.append(lambda: self._transfers.__setitem__(transfer.id, transfer))
        count = len(self._events)
        self._events.extend(settled.events)
        self._undo.append(lambda: self._events.__delitem__(slice(count, None)))

    def _granted_before(self, request: TransferRequest) -> Granted:
        """The answer to an admission that an earlier attempt committed before its connection was lost."""
        transfer = self._loaded.transfers[request.transfer_id]
        download = self._downloads[transfer.download_id]
        return Granted(
            account=self._account(request.account),
            download=download,
            transfer=transfer,
            ticket=self._ticket(request.account.tenant, request.ticket_id),
            opened=download.id == request.download_id,
            whole_file=transfer.reserved_bytes != request.length,
        )

    def _settings_of(self, key: AccountKey) -> TenantSettings:
        return self._settings.get(key.tenant, TenantSettings.DEFAULTS)

    def _account(self, key: AccountKey) -> Account:
        return self._accounts.get(key) or Account(key=key)

    def _ticket(self, tenant: str, ticket_id: str | None) -> Ticket | None:
        return None if ticket_id is None else self._tickets.get((tenant, ticket_id))

    def _put(self, table: dict[Any, Value], key: object, value: Value) -> None:
        before = table.get(key)
        if before is None:
            self._undo.append(lambda: table.pop(key))
        else:
            self._undo.append(lambda: table.__setitem__(key, before))
        table[key] = value

    def _take_back(self) -> None:
        while self._undo:
            self._undo.pop()()


def _changed(now: Mapping[Any, Value], loaded: Mapping[Any, Value]) -> tuple[Value, ...]:
    return tuple(_differing(now, loaded))


def _differing(now: Mapping[Any, Value], loaded: Mapping[Any, Value]) -> Iterable[Value]:
    for key, value in now.items():
        before = loaded.get(key)
        if before is not value and before != value:
            yield value
