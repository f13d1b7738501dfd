"""The ledger's rows to domain values and back, positionally: tuples in the order of the tables' columns."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Column

from adapters.persistence.mappers import event_values, product_ticket
from adapters.persistence.tables import Standing, account, download, outbox, ticket, transfer
from adapters.persistence.types import microseconds
from domain.account import Account, AccountKey
from domain.download import Download, Transfer
from domain.events import Event
from domain.limits import Limits
from domain.ticket import Ticket

ACCOUNT: Sequence[Column[Any]] = tuple(account.c)
DOWNLOAD: Sequence[Column[Any]] = tuple(download.c)
TRANSFER: Sequence[Column[Any]] = tuple(transfer.c)
TICKET: Sequence[Column[Any]] = tuple(ticket.c)
EVENT: Sequence[Column[Any]] = (outbox.c.tenant, outbox.c.type, outbox.c.payload, outbox.c.occurred_at)


def _text_of(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(" ", "microseconds")


def _sqlite_text_of(instant: datetime) -> str:
    """As ``UTCDateTime`` stores it there: without an offset, always in UTC."""
    return _text_of(instant)[:26]


def _from_sqlite(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _from_postgres(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


@attrs.frozen
class Codec:
    """Conversions for one database; everything but instants has one form in both."""

    instant: Callable[[Any], datetime]
    stored: Callable[[datetime], str]

    @classmethod
    def of(cls, dialect: str) -> "Codec":
        """The conversions for ``sqlite`` or ``postgresql``."""
        if dialect == "sqlite":
            return cls(_from_sqlite, _sqlite_text_of)
        return cls(_from_postgres, _text_of)

    def account(self, row: Sequence[Any]) -> Account:
        """An account from a row of ``ACCOUNT``."""
        tenant, email, max_quota, rate_limit, units_used, active_downloads = row
        limits = None if max_quota is None else Limits(max_quota=max_quota, rate_limit=rate_limit)
        return Account(
            key=AccountKey(tenant, email), limits=limits, units_used=units_used, active_downloads=active_downloads
        )

    def account_row(self, value: Account) -> tuple[Any, ...]:
        """An account as a row of ``ACCOUNT``."""
        limits = value.limits
        return (
            value.key.tenant,
            value.key.email,
            limits and limits.max_quota,
            limits and limits.rate_limit,
            value.units_used,
            value.active_downloads,
        )

    def download(self, row: Sequence[Any]) -> Download:
        """A download from a row of ``DOWNLOAD``."""
        instant = self.instant
        return Download(
            id=row[0],
            account=AccountKey(row[1], row[2]),
            checksum=row[3],
            size_bytes=row[4],
            costs_unit=bool(row[5]),
            ticket_id=row[6] or None,
            opened_at=instant(row[7]),
            resume_window=timedelta(microseconds=row[8]),
            resumable_until=instant(row[9]),
            delivered_bytes=row[10],
            reserved_bytes=row[11],
            transfers=row[12],
            is_held=bool(row[13]),
            is_kept=bool(row[14]),
            is_completed=bool(row[15]),
            is_poisoned=bool(row[16]),
            progressed_at=instant(row[17]),
            reserved_until=None if row[19] is None else instant(row[19]),
        )

    def download_row(self, value: Download) -> tuple[Any, ...]:
        """A download as a row of ``DOWNLOAD``."""
        stored = self.stored
        return (
            value.id,
            value.account.tenant,
            value.account.email,
            value.checksum,
            value.size_bytes,
            value.costs_unit,
            value.ticket_id or "",
            stored(value.opened_at),
            microseconds(value.resume_window),
            stored(value.resumable_until),
            value.delivered_bytes,
            value.reserved_bytes,
            value.transfers,
            value.is_held,
            value.is_kept,
            value.is_completed,
            value.is_poisoned,
            stored(value.progressed_at),
            int(standing(value)),
            None if value.reserved_until is None else stored(value.reserved_until),
        )

    def transfer(self, row: Sequence[Any]) -> Transfer:
        """A transfer from a row of ``TRANSFER``."""
        return Transfer(
            id=row[0],
            download_id=row[1],
            account=AccountKey(row[2], row[3]),
            checksum=row[4],
            instance_id=row[5],
            start=row[6],
            reserved_bytes=row[7],
            progress_bytes=row[8],
            started_at=self.instant(row[9]),
            lease_until=self.instant(row[10]),
            client=row[11],
            end_requested=bool(row[12]),
        )

    def transfer_row(self, value: Transfer) -> tuple[Any, ...]:
        """A transfer as a row of ``TRANSFER``."""
        return (
            value.id,
            value.download_id,
            value.account.tenant,
            value.account.email,
            value.checksum,
            value.instance_id,
            value.start,
            value.reserved_bytes,
            value.progress_bytes,
            self.stored(value.started_at),
            self.stored(value.lease_until),
            value.client,
            value.end_requested,
        )

    def ticket(self, row: Sequence[Any]) -> Ticket:
        """A ticket from a row of ``TICKET``."""
        return Ticket(
            tenant=row[0],
            id=row[1],
            checksum=row[2],
            token_sha256=row[3],
            issued_by=row[4],
            issued_at=self.instant(row[5]),
            expires_at=self.instant(row[6]),
            email=row[7],
            max_uses=row[8],
            uses=row[9],
            spent=row[10],
            revoked_at=None if row[11] is None else self.instant(row[11]),
            product=product_ticket(row[12], row[13], row[14]),
        )

    def event_row(self, event: Event) -> tuple[Any, ...]:
        """An event as a row of ``EVENT``."""
        values = event_values(event)
        return values["tenant"], values["type"], values["payload"], self.stored(event.occurred_at)


def standing(value: Download) -> Standing:
    """Where a download stands for the search of one to continue; time is not part of it."""
    if value.transfers > 0:
        return Standing.RUNNING
    if value.is_poisoned:
        return Standing.POISONED
    if not value.is_held:
        return Standing.CLOSED
    return Standing.RESUMABLE if value.budget_left > 0 else Standing.GRACE
