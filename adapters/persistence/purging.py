"""Deleting downloads that are closed and can never be resumed, a few at a time."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, and_, bindparam, delete, exists, literal_column, select, tuple_

from adapters.persistence.connection import Session
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.ledger_rows import Codec
from adapters.persistence.statements import Prepared
from adapters.persistence.tables import Standing, account, download
from domain.account import AccountKey

MOST_PURGED = 500
"""Downloads that one transaction deletes, so that admissions never wait long for it."""

_ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)


class Purging:
    """The statements; each method is the work of one transaction."""

    def __init__(self, dialect: Dialect) -> None:
        self._codec = Codec.of(dialect.name)

        def prepared(statement: Any) -> Prepared:
            return Prepared(statement, dialect)

        is_over = [
            download.c.standing == bindparam("standing", type_=BigInteger()),
            download.c.resumable_until <= bindparam("until", type_=DateTime(timezone=True)),
            # A reservation that nobody came for still has to give its unit back.
            download.c.reserved_until.is_(None),
        ]
        # The condition stands twice: a download that is continued meanwhile is looked at again before it goes.
        self._purge = prepared(
            delete(download)
            .where(download.c.id.in_(select(download.c.id).where(*is_over).limit(MOST_PURGED)), *is_over)
            .returning(download.c.tenant, download.c.email)
        )
        keys = unfolded(dialect.name, "keys", (account.c.tenant, account.c.email))
        is_wanted = and_(keys.c.tenant == account.c.tenant, keys.c.email == account.c.email)
        self._lock = prepared(
            select(account.c.email)
            .join(keys, is_wanted)
            .order_by(account.c.tenant, account.c.email)
            .with_for_update(of=account)
        )
        is_in_use = exists().where(download.c.tenant == account.c.tenant, download.c.email == account.c.email)
        self._remove_unused = prepared(
            delete(account).where(
                tuple_(account.c.tenant, account.c.email).in_(select(keys.c.tenant, keys.c.email)),
                account.c.units_used == literal_column("0"),
                account.c.max_quota.is_(None),
                ~is_in_use,
            )
        )

    def purge(self, session: Session, standing: Standing, now: datetime) -> int:
        """Delete up to ``MOST_PURGED`` downloads of one standing that are not open at ``now``; returns how many.

        Ticket accounts that are left without a download go along: nobody else would ever delete them.
        """
        until = _ALWAYS if standing is Standing.CLOSED else now
        gone = session.fetch(self._purge, standing=int(standing), until=self._codec.stored(until))
        owners = {AccountKey(tenant, email) for tenant, email in gone}
        if unused := encoded(sorted((key.tenant, key.email) for key in owners if key.is_ticket)):
            session.fetch(self._lock, keys=unused)
            session.run(self._remove_unused, keys=unused)
        return len(gone)


IDLE = tuple(standing for standing in Standing if standing is not Standing.RUNNING)
"""Every standing that a purge looks at: a running download is open."""
