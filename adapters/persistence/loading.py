"""Loading what a group needs, and writing what it changed: a constant number of statements for any number of jobs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from adapters.persistence.candidates import request_key
from adapters.persistence.connection import Session
from adapters.persistence.json_rows import encoded
from adapters.persistence.ledger_jobs import Admit, Settle
from adapters.persistence.ledger_rows import Codec
from adapters.persistence.ledger_statements import LedgerStatements
from adapters.persistence.working_set import Changes, Rows, TicketKey
from domain.account import Account, AccountKey
from domain.download import Download, Transfer, TransferRequest
from domain.settings import TenantSettings
from domain.ticket import Ticket

Groupable = Admit | Settle


class Loading:
    """One group in one transaction.

    ``is_locking``: on PostgreSQL, the accounts (created when missing), transfers and tickets are locked as they are
    read, so that what is decided on them stays true until the commit. SQLite has one writer, who needs no locks.
    """

    def __init__(self, session: Session, statements: LedgerStatements, codec: Codec, *, is_locking: bool) -> None:
        self._session = session
        self._statements = statements
        self._codec = codec
        self._is_locking = is_locking
        self._created: frozenset[AccountKey] = frozenset()

    def rows(self, jobs: Sequence[Groupable]) -> Rows:
        """All that the jobs depend on."""
        admissions = [job for job in jobs if isinstance(job, Admit)]
        ids = [job.transfer_id for job in jobs if isinstance(job, Settle)]
        if self._session.attempt > 0:
            # An earlier attempt may have been committed before its connection was lost.
            ids += [job.request.transfer_id for job in admissions]
        payers = {job.request.account for job in admissions}

        transfers = self._transfers(ids, is_locking=False)
        accounts = self._accounts(payers, payers | {row.account for row in transfers})
        if self._is_locking:
            transfers = self._transfers(ids, is_locking=True)
        by_id = {row.id: row for row in (*transfers, *self._expired(admissions))}
        downloads = self._downloads(admissions, by_id.values())
        return Rows(
            accounts=accounts,
            settings=self._settings({key.tenant for key in payers}),
            downloads=downloads,
            transfers=by_id,
            tickets=self._tickets(admissions, by_id.values(), downloads),
        )

    def downloads_and_payers(self, ids: Sequence[str]) -> Rows:
        """These downloads, and the accounts that they are charged to."""

        def read() -> dict[str, Download]:
            found = self._session.fetch(self._statements.downloads, ids=_ids(ids))
            return {row[0]: self._codec.download(row) for row in found}

        downloads = read()
        accounts = self._accounts(set(), {row.account for row in downloads.values()})
        if self._is_locking:
            downloads = {id_: row for id_, row in read().items() if row.account in accounts}
        return Rows(accounts=accounts, settings={}, downloads=downloads, transfers={}, tickets={})

    def write(self, changes: Changes) -> None:
        """Make the changes; without any, undo even the locks."""
        statements, codec, session = self._statements, self._codec, self._session
        # Who was granted something has an account from then on, also where it costs nothing.
        untouched = self._created - {account.key for account in changes.accounts}
        untouched -= {transfer.account for transfer in changes.started}
        if not any((changes.accounts, changes.downloads, changes.started, changes.ended, changes.tickets)):
            session.discard()
            return
        if untouched:
            session.run(statements.remove_accounts, keys=_keys(untouched))
        if changes.accounts:
            session.run(statements.put_accounts, rows=encoded(codec.account_row(row) for row in changes.accounts))
        if changes.downloads:
            session.run(statements.put_downloads, rows=encoded(codec.download_row(row) for row in changes.downloads))
        if changes.started:
            session.run(statements.add_transfers, rows=encoded(codec.transfer_row(row) for row in changes.started))
        if changes.ended:
            session.run(statements.remove_transfers, ids=_ids(changes.ended))
        if changes.tickets:
            uses = ((row.tenant, row.id, row.uses, row.spent) for row in changes.tickets)
            session.run(statements.put_tickets, uses=encoded(uses))
        if changes.events:
            session.run(statements.add_events, rows=encoded(codec.event_row(event) for event in changes.events))

    def _accounts(self, payers: set[AccountKey], keys: set[AccountKey]) -> dict[AccountKey, Account]:
        """The accounts of ``keys``; when locking, those of ``payers`` exist afterwards and all are locked."""
        statements, session = self._statements, self._session
        if not keys:
            return {}
        if not self._is_locking:
            found = session.fetch(statements.accounts, keys=_keys(keys))
            return _by_key(self._codec.account(row) for row in found)
        accounts: dict[AccountKey, Account] = {}
        missing = keys
        while missing:
            # An account may be deleted between its creation here and the lock; then it is created again.
            found = session.fetch(statements.accounts_locking, keys=_keys(missing))
            accounts |= _by_key(self._codec.account(row) for row in found)
            missing = payers - accounts.keys()
            if missing:
                new = (self._codec.account_row(Account(key=key)) for key in sorted(missing, key=_order))
                made = session.fetch(statements.create_accounts, rows=encoded(new))
                self._created |= {AccountKey(*row) for row in made}
        return accounts

    def _transfers(self, ids: Sequence[str], *, is_locking: bool) -> list[Transfer]:
        if not ids:
            return []
        statement = self._statements.transfers_locking if is_locking else self._statements.transfers
        return [self._codec.transfer(row) for row in self._session.fetch(statement, ids=_ids(ids))]

    def _expired(self, admissions: Sequence[Admit]) -> list[Transfer]:
        latest = _latest(admissions)
        if not latest:
            return []
        statement = self._statements.expired_locking if self._is_locking else self._statements.expired
        moments = encoded((key.tenant, key.email, self._codec.stored(now)) for key, now in latest.items())
        return [self._codec.transfer(row) for row in self._session.fetch(statement, moments=moments)]

    def _settings(self, tenants: set[str]) -> dict[str, TenantSettings]:
        if not tenants:
            return {}
        values: dict[str, dict[str, int]] = {}
        for tenant, name, value in self._session.fetch(self._statements.settings, tenants=_ids(tenants)):
            values.setdefault(tenant, {})[name] = value
        return {tenant: TenantSettings.from_values(known) for tenant, known in values.items()}

    def _downloads(self, admissions: Sequence[Admit], transfers: Iterable[Transfer]) -> dict[str, Download]:
        statements, codec, session = self._statements, self._codec, self._session
        ids = {row.download_id for row in transfers}
        found = session.fetch(statements.downloads, ids=_ids(ids)) if ids else []
        if admissions:
            requests, most = _requests(admissions, codec, transfers)
            candidates = session.fetch(statements.candidates, requests=requests, most=most)
            found += candidates
            if _has_other_size(admissions, [codec.download(row) for row in candidates]):
                found += session.fetch(statements.witnesses, requests=requests, most=most)
        return {row[0]: codec.download(row) for row in found}

    def _tickets(
        self, admissions: Sequence[Admit], transfers: Iterable[Transfer], downloads: dict[str, Download]
    ) -> dict[TicketKey, Ticket]:
        wanted = {(job.request.account.tenant, job.request.ticket_id) for job in admissions}
        wanted |= {(row.account.tenant, downloads[row.download_id].ticket_id) for row in transfers}
        keys = sorted((tenant, ticket_id) for tenant, ticket_id in wanted if ticket_id is not None)
        if not keys:
            return {}
        statement = self._statements.tickets_locking if self._is_locking else self._statements.tickets
        found = (self._codec.ticket(row) for row in self._session.fetch(statement, tickets=encoded(keys)))
        return {(ticket.tenant, ticket.id): ticket for ticket in found}


def _requests(admissions: Sequence[Admit], codec: Codec, transfers: Iterable[Transfer]) -> tuple[str, int]:
    """Distinct rows of ``REQUEST``, each as of its latest instant, and how many downloads of one file may change."""
    latest: dict[tuple[object, ...], datetime] = {}
    changing: Counter[tuple[AccountKey, str]] = Counter((row.account, row.checksum) for row in transfers)
    for job in admissions:
        wanted = request_key(job.request)
        latest[wanted] = max(latest.get(wanted, job.now), job.now)
        changing[job.request.account, job.request.checksum] += 1
    return encoded((*wanted, codec.stored(now)) for wanted, now in latest.items()), max(changing.values())


def _has_other_size(admissions: Sequence[Admit], candidates: Sequence[Download]) -> bool:
    """Whether a download of another size than an admission's is there, or may be opened by one of the same group."""
    sizes: dict[tuple[AccountKey, str], set[int]] = {}
    rows: list[Download | TransferRequest] = [*candidates, *(job.request for job in admissions)]
    for row in rows:
        sizes.setdefault((row.account, row.checksum), set()).add(row.size_bytes)
    return any(len(found) > 1 for found in sizes.values())


def _latest(admissions: Sequence[Admit]) -> dict[AccountKey, datetime]:
    latest: dict[AccountKey, datetime] = {}
    for job in admissions:
        key = job.request.account
        latest[key] = max(latest.get(key, job.now), job.now)
    return latest


def _by_key(accounts: Iterable[Account]) -> dict[AccountKey, Account]:
    return {account.key: account for account in accounts}


def _order(key: AccountKey) -> tuple[str, str]:
    return key.tenant, key.email


def _keys(keys: Iterable[AccountKey]) -> str:
    return encoded(sorted(_order(key) for key in keys))


def _ids(ids: Iterable[str]) -> str:
    return encoded([id_] for id_ in ids)
