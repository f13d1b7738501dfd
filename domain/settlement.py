"""The end of a transfer: what it delivered is kept, the rest is given back (DESIGN section 4, L3 and L4)."""

from datetime import datetime, timedelta

import attrs

from domain.account import Account
from domain.download import Download, Transfer
from domain.errors import InvalidValue
from domain.events import DownloadAbandoned, DownloadCompleted, Event
from domain.ticket import Ticket

POISON_MEMORY = timedelta(days=30)
"""How long a failed verification is remembered, so that a late resume is not spliced onto bad bytes."""


@attrs.frozen(kw_only=True)
class Outcome:
    """How a transfer ended.

    ``is_completed``: all its bytes were handed over. ``is_corrupt``: the bytes turned out wrong before the last one
    left, so that nothing of use was delivered.
    """

    delivered_bytes: int
    is_completed: bool = False
    is_corrupt: bool = False

    def __attrs_post_init__(self) -> None:
        if self.delivered_bytes < 0:
            raise InvalidValue("A transfer delivers no negative number of bytes.")


@attrs.frozen(kw_only=True)
class Settled:
    """The records after the end of a transfer, and what there is to tell."""

    account: Account
    download: Download
    ticket: Ticket | None
    events: tuple[Event, ...]


def last_known(transfer: Transfer) -> Outcome:
    """How to settle a transfer whose instance is gone: by its last recorded progress (L4)."""
    return Outcome(
        delivered_bytes=transfer.progress_bytes,
        is_completed=0 < transfer.reserved_bytes == transfer.progress_bytes,
    )


def settle(
    outcome: Outcome,
    *,
    account: Account,
    download: Download,
    transfer: Transfer,
    ticket: Ticket | None,
    now: datetime,
) -> Settled:
    """End one transfer of the download. The ticket is the one that opened the download, if it still exists."""
    delivered = 0 if outcome.is_corrupt else min(outcome.delivered_bytes, transfer.reserved_bytes)
    total = 0 if outcome.is_corrupt else download.delivered_bytes + delivered
    is_cured = outcome.is_completed and transfer.reserved_bytes == download.size_bytes
    is_poisoned = outcome.is_corrupt or (download.is_poisoned and not is_cured)
    has_all = total >= download.size_bytes if download.size_bytes > 0 else outcome.is_completed
    is_completed = has_all and not is_poisoned
    is_kept = download.is_kept or total > 0 or is_completed
    is_last = download.transfers == 1
    is_set_aside = download.reserved_until is not None and now < download.reserved_until
    gives_back = is_last and not is_kept and not is_set_aside
    reserved_until = None if is_kept or gives_back else download.reserved_until

    window = POISON_MEMORY if outcome.is_corrupt else download.resume_window
    after = attrs.evolve(
        download,
        delivered_bytes=total,
        reserved_bytes=download.reserved_bytes - transfer.reserved_bytes,
        transfers=download.transfers - 1,
        is_held=not gives_back,
        is_kept=is_kept,
        is_completed=is_completed,
        is_poisoned=is_poisoned,
        resumable_until=max(now + window, download.resumable_until) if is_poisoned else reserved_until or now + window,
        progressed_at=now if delivered > 0 else download.progressed_at,
        reserved_until=reserved_until,
    )
    return Settled(
        account=attrs.evolve(
            account,
            units_used=account.units_used - (gives_back and download.costs_unit),
            active_downloads=account.active_downloads - (is_last and download.costs_unit),
        ),
        download=after,
        ticket=_ticket_after(ticket, gives_back=gives_back, first_kept=is_kept and not download.is_kept),
        events=_events(download, after, gives_back=gives_back, now=now),
    )


def _ticket_after(ticket: Ticket | None, *, gives_back: bool, first_kept: bool) -> Ticket | None:
    if ticket is None:
        return None
    if gives_back:
        return ticket.with_use_given_back()
    return ticket.with_use_spent() if first_kept else ticket


def _events(before: Download, after: Download, *, gives_back: bool, now: datetime) -> tuple[Event, ...]:
    key = after.account
    if after.is_completed and not before.is_completed:
        return (
            DownloadCompleted(
                tenant=key.tenant,
                email=key.email,
                checksum=after.checksum,
                download_id=after.id,
                size_bytes=after.size_bytes,
                occurred_at=now,
            ),
        )
    if gives_back:
        return (
            DownloadAbandoned(
                tenant=key.tenant, email=key.email, checksum=after.checksum, download_id=after.id, occurred_at=now
            ),
        )
    return ()
