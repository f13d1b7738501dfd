"""Accounts beside admissions: limits, forgetting a user, reading, and the transfers that run for a user."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Dialect, Text, and_, bindparam, delete, select, update

from adapters.persistence.connection import Session
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.ledger_rows import ACCOUNT, TRANSFER, Codec
from adapters.persistence.statements import Prepared
from adapters.persistence.tables import account, download, ticket, transfer
from adapters.persistence.upserts import upsert
from domain.account import Account, AccountKey
from domain.download import Transfer
from domain.limits import Limits


class Accounts:
    """The statements about accounts; each method is the work of one transaction."""

    def __init__(self, dialect: Dialect) -> None:
        self._codec = Codec.of(dialect.name)

        def prepared(statement: Any) -> Prepared:
            return Prepared(statement, dialect)

        keys = unfolded(dialect.name, "keys", (account.c.tenant, account.c.email))
        is_wanted = and_(keys.c.tenant == account.c.tenant, keys.c.email == account.c.email)
        self._read = prepared(select(*ACCOUNT).join(keys, is_wanted))
        self._lock = prepared(
            select(account.c.tenant)
            .where(account.c.tenant == _text("tenant"), account.c.email == _text("email"))
            .with_for_update()
        )
        row = unfolded(dialect.name, "row", ACCOUNT)
        self._set_limits = prepared(
            upsert(dialect.name, account, select(*row.c), changing=("max_quota", "rate_limit")).returning(*ACCOUNT)
        )
        self._remove_tickets, *self._remove_rest = (
            prepared(delete(table).where(table.c.tenant == _text("tenant"), table.c.email == _text("email")))
            for table in (ticket, transfer, download, account)
        )
        of_tenant = (
            select(*TRANSFER).where(transfer.c.tenant == _text("tenant")).order_by(transfer.c.started_at, transfer.c.id)
        )
        self._transfers = prepared(of_tenant)
        self._transfers_of_user = prepared(of_tenant.where(transfer.c.email == _text("email")))
        ended = (
            update(transfer)
            .where(transfer.c.tenant == _text("tenant"), transfer.c.id == _text("id"))
            .values(end_requested=True)
        )
        self._request_end = prepared(ended)
        self._request_end_of_user = prepared(ended.where(transfer.c.email == _text("email")))

    def read(self, session: Session, keys: Sequence[AccountKey]) -> Mapping[AccountKey, Account]:
        """Those that exist."""
        wanted = encoded((key.tenant, key.email) for key in set(keys))
        found = (self._codec.account(row) for row in session.fetch(self._read, keys=wanted))
        return {value.key: value for value in found}

    def set_limits(self, session: Session, key: AccountKey, limits: Limits | None) -> Account:
        """Replace the limits and nothing else; creates the account."""
        row = encoded([self._codec.account_row(Account(key=key, limits=limits))])
        (found,) = session.fetch(self._set_limits, row=row)
        return self._codec.account(found)

    def forget(self, session: Session, key: AccountKey) -> bool:
        """Delete the account, its downloads and transfers, and the user's tickets."""
        whose = {"tenant": key.tenant, "email": key.email}
        # Without the lock an admission might commit between two of the deletions, and half of it would stay.
        exists = bool(session.fetch(self._lock, **whose))
        for statement in self._remove_rest if exists else ():
            session.run(statement, **whose)
        session.run(self._remove_tickets, **whose)
        return exists

    def transfers(self, session: Session, tenant: str, email: str | None) -> tuple[Transfer, ...]:
        """Running transfers, oldest first."""
        if email is None:
            found = session.fetch(self._transfers, tenant=tenant)
        else:
            found = session.fetch(self._transfers_of_user, tenant=tenant, email=email)
        return tuple(self._codec.transfer(row) for row in found)

    def request_end(self, session: Session, tenant: str, transfer_id: str, email: str | None) -> bool:
        """Note that somebody wants a transfer to end."""
        if email is None:
            return session.run(self._request_end, tenant=tenant, id=transfer_id) > 0
        return session.run(self._request_end_of_user, tenant=tenant, id=transfer_id, email=email) > 0


def _text(name: str) -> BindParameter[str]:
    return bindparam(name, type_=Text())
