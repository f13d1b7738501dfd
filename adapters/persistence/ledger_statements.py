"""The SQL of admissions and settlements. Each takes any number of rows; see ``json_rows``."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    Dialect,
    Insert,
    Select,
    Table,
    Text,
    and_,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from adapters.persistence.candidates import REQUEST, candidates, witnesses
from adapters.persistence.json_rows import unfolded
from adapters.persistence.ledger_rows import ACCOUNT, DOWNLOAD, EVENT, TICKET, TRANSFER
from adapters.persistence.statements import Prepared
from adapters.persistence.tables import account, download, outbox, tenant_setting, ticket, transfer
from adapters.persistence.types import UTCDateTime
from adapters.persistence.upserts import upsert

_KEY = (account.c.tenant, account.c.email)
_ID: tuple[Column[Any], ...] = (Column("id", Text),)
_MOMENT: tuple[Column[Any], ...] = (Column("tenant", Text), Column("email", Text), Column("now", UTCDateTime))
_USES: tuple[Column[Any], ...] = (ticket.c.tenant, ticket.c.id, ticket.c.uses, ticket.c.spent)
_ADMISSION_CHANGES_ACCOUNT = ("units_used", "active_downloads")
_PROGRESS: tuple[Column[Any], ...] = tuple(
    column for column in DOWNLOAD if column.name not in {"id", "tenant", "email", "checksum", "opened_at", "costs_unit"}
)


class LedgerStatements:
    """Prepared for one database. ``locking`` reads also lock what they read, on PostgreSQL, in key order.

    Locks are taken in one order everywhere: accounts, then transfers, then tickets, each by key.
    """

    def __init__(self, dialect: Dialect) -> None:
        def prepared(statement: Any) -> Prepared:
            return Prepared(statement, dialect)

        def rows(name: str, columns: Sequence[Column[Any]]) -> CTE:
            return unfolded(dialect.name, name, columns)

        ids = rows("ids", _ID)
        keys = rows("keys", _KEY)
        moments = rows("moments", _MOMENT)
        tickets = rows("tickets", (ticket.c.tenant, ticket.c.id))

        accounts_read = _of_accounts(select(*ACCOUNT), account, keys).order_by(*_KEY)
        self.accounts = prepared(accounts_read)
        self.accounts_locking = prepared(accounts_read.with_for_update(of=account))
        self.create_accounts = prepared(
            upsert(dialect.name, account, _all(rows("rows", ACCOUNT)), changing=()).returning(*_KEY)
        )
        self.remove_accounts = prepared(delete(account).where(tuple_(*_KEY).in_(_all(keys))))

        by_id = select(*TRANSFER).join(ids, ids.c.id == transfer.c.id).order_by(transfer.c.id)
        self.transfers = prepared(by_id)
        self.transfers_locking = prepared(by_id.with_for_update(of=transfer))
        expired = (
            _of_accounts(select(*TRANSFER), transfer, moments)
            .where(transfer.c.lease_until <= moments.c.now)
            .order_by(transfer.c.id)
        )
        self.expired = prepared(expired)
        self.expired_locking = prepared(expired.with_for_update(of=transfer))

        tenants = rows("tenants", (Column("tenant", Text),))
        self.settings = prepared(
            select(tenant_setting.c.tenant, tenant_setting.c.name, tenant_setting.c.value).join(
                tenants, tenants.c.tenant == tenant_setting.c.tenant
            )
        )
        self.downloads = prepared(select(*DOWNLOAD).join(ids, ids.c.id == download.c.id))
        requests = rows("requests", REQUEST)
        self.candidates = prepared(candidates(dialect.name, requests))
        self.witnesses = prepared(witnesses(dialect.name, requests))
        tickets_read = (
            select(*TICKET)
            .join(tickets, and_(tickets.c.tenant == ticket.c.tenant, tickets.c.id == ticket.c.id))
            .order_by(ticket.c.tenant, ticket.c.id)
        )
        self.tickets = prepared(tickets_read)
        self.tickets_locking = prepared(tickets_read.with_for_update(of=ticket))

        self.put_accounts = prepared(
            upsert(dialect.name, account, _all(rows("rows", ACCOUNT)), changing=_ADMISSION_CHANGES_ACCOUNT)
        )
        self.put_downloads = prepared(
            upsert(dialect.name, download, _all(rows("rows", DOWNLOAD)), changing=[column.name for column in _PROGRESS])
        )
        self.add_transfers = prepared(_inserted(transfer, rows("rows", TRANSFER)))
        self.remove_transfers = prepared(delete(transfer).where(transfer.c.id.in_(select(ids.c.id))))
        uses = rows("uses", _USES)
        self.put_tickets = prepared(
            update(ticket)
            .where(ticket.c.tenant == uses.c.tenant, ticket.c.id == uses.c.id)
            .values(uses=uses.c.uses, spent=uses.c.spent)
        )
        self.add_events = prepared(_inserted(outbox, rows("rows", EVENT)))


def _all(rows: CTE) -> Select[Any]:
    return select(*rows.c)


def _inserted(table: Table, rows: CTE) -> Insert:
    return insert(table).from_select([column.name for column in rows.c], _all(rows))


def _of_accounts(query: Select[Any], table: Table, keys: CTE) -> Select[Any]:
    return query.join(keys, and_(keys.c.tenant == table.c.tenant, keys.c.email == table.c.email))
