"""Leases: renewing those of one instance in one statement, and finding those that have run out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Text, Update, bindparam, func, select, update

from adapters.persistence.connection import Session
from adapters.persistence.json_rows import encoded, unfolded
from adapters.persistence.ledger_rows import Codec
from adapters.persistence.statements import Prepared
from adapters.persistence.tables import transfer
from application.ports.ledger import Renewal

MOST_EXPIRED = 256
"""Expired transfers that one transaction settles, so that admissions never wait long for a sweep."""

_RENEWED: tuple[Column[Any], ...] = (Column("id", Text), Column("progress_bytes", BigInteger))
_INSTANT = DateTime(timezone=True)


class Leases:
    """The statements about leases; each method is the work of one transaction."""

    def __init__(self, dialect: Dialect) -> None:
        self._codec = Codec.of(dialect.name)
        self._renew = Prepared(_renewal(dialect.name), dialect)
        self._expired = Prepared(
            select(transfer.c.id)
            .where(transfer.c.lease_until <= bindparam("now", type_=_INSTANT))
            .order_by(transfer.c.lease_until)
            .limit(MOST_EXPIRED),
            dialect,
        )

    def renew(self, session: Session, instance_id: str, progress: Mapping[str, int], lease_until: datetime) -> Renewal:
        """Record progress and prolong; what is not there, or not this instance's, is lost."""
        found = session.fetch(
            self._renew,
            renewed=encoded(sorted(progress.items())),
            instance=instance_id,
            until=self._codec.stored(lease_until),
        )
        return Renewal(
            lost=frozenset(progress) - {row[0] for row in found},
            end_requested=frozenset(row[0] for row in found if row[1]),
        )

    def expired(self, session: Session, now: datetime) -> list[str]:
        """Ids of the transfers that expired first."""
        return [row[0] for row in session.fetch(self._expired, now=self._codec.stored(now))]


def _renewal(dialect: str) -> Update:
    """One statement. It locks in the order of ids, as settlements do, so that neither waits for the other in a ring."""
    renewed = unfolded(dialect, "renewed", _RENEWED)
    greater = func.max if dialect == "sqlite" else func.greatest
    statement = (
        update(transfer)
        .where(
            transfer.c.id == renewed.c.id,
            transfer.c.instance_id == bindparam("instance", type_=Text()),
        )
        .values(
            progress_bytes=greater(transfer.c.progress_bytes, renewed.c.progress_bytes),
            lease_until=bindparam("until", type_=_INSTANT),
        )
        .returning(transfer.c.id, transfer.c.end_requested)
    )
    if dialect == "sqlite":
        return statement
    locked = (
        select(transfer.c.id)
        .join(renewed, renewed.c.id == transfer.c.id)
        .where(transfer.c.instance_id == bindparam("instance", type_=Text()))
        .order_by(transfer.c.id)
        .with_for_update(of=transfer)
        .cte("locked")
    )
    return statement.where(transfer.c.id == locked.c.id)
