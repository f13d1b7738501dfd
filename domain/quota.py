"""The quota: may this transfer start? A pure decision over one account (DESIGN section 4, rules L1 to L7)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from domain.account import Account
from domain.download import Download, Transfer, TransferRequest
from domain.settings import TenantSettings
from domain.ticket import Ticket, TicketState


@attrs.frozen(kw_only=True)
class Policy:
    """Rules that are the same for every tenant: lease, connections per download, longest resume after ticket expiry."""

    lease: timedelta = timedelta(seconds=30)
    max_connections: int = 16
    ticket_resume_cap: timedelta = timedelta(hours=24)


@attrs.frozen(kw_only=True)
class QuotaExceeded:
    """No unit is left (429). Waiting does not help."""

    limit: int
    current: int


@attrs.frozen(kw_only=True)
class RateExceeded:
    """As many downloads as allowed are in progress (429). Waiting helps."""

    limit: int
    current: int


@attrs.frozen(kw_only=True)
class ConnectionsExceeded:
    """One download already has as many connections as allowed (429). Waiting helps."""

    limit: int
    current: int


@attrs.frozen
class TicketNotValid:
    """The ticket opens nothing (403); ``state`` is ``None`` for an unknown ticket."""

    state: TicketState | None


@attrs.frozen
class VersionChanged:
    """The file is no longer the one that the open download started with (412)."""


Refusal = QuotaExceeded | RateExceeded | ConnectionsExceeded | TicketNotValid | VersionChanged


@attrs.frozen(kw_only=True)
class Granted:
    """The admission, with the records as they stand after it.

    ``opened`` tells a new download (which took a unit if the file is counted) from one that is continued.
    ``whole_file``: an earlier copy failed its verification, so the full file must be sent whatever was asked for.
    """

    account: Account
    download: Download
    transfer: Transfer
    ticket: Ticket | None
    opened: bool
    whole_file: bool


def decide(
    request: TransferRequest,
    *,
    account: Account,
    settings: TenantSettings,
    downloads: Iterable[Download],
    ticket: Ticket | None,
    policy: Policy,
    now: datetime,
) -> Granted | Refusal:
    """Admit or refuse one transfer. ``downloads`` are the account's open downloads of this file.

    A refusal changes nothing (L6). Quota is tested before rate, as upstream does (contract-downloader 3.4).
    """
    own = [d for d in downloads if d.ticket_id == request.ticket_id and d.is_open(now)]
    if request.ticket_id is not None and not _is_ticket_for(request, ticket):
        return TicketNotValid(ticket.state(now) if ticket else None)
    if request.start > 0 and own and all(d.size_bytes != request.size_bytes for d in own):
        return VersionChanged()

    poisoned = [d for d in own if d.is_poisoned and d.size_bytes == request.size_bytes]
    whole_file = bool(poisoned) and not request.is_whole_file
    if whole_file:
        request = request.for_whole_file()
        if running := sum(d.transfers for d in poisoned):
            return ConnectionsExceeded(limit=1, current=running)
    fitting = [d for d in poisoned if d.transfers == 0] if poisoned else [d for d in own if d.has_room_for(request)]
    chosen = min(fitting, key=_preference, default=None)
    continued = chosen is not None and chosen.is_held and chosen.has_room_for(request)
    # A download costs what it cost when it was opened, even if its file has got another data type since.
    costs_unit = request.costs_unit if chosen is None else chosen.costs_unit
    needs_slot = costs_unit and (chosen is None or chosen.transfers == 0)
    needs_unit = costs_unit and not continued

    if ticket is not None and not _ticket_allows(ticket, chosen if continued else None, policy, now):
        return TicketNotValid(ticket.state(now))
    if chosen is not None and chosen.transfers >= policy.max_connections:
        return ConnectionsExceeded(limit=policy.max_connections, current=chosen.transfers)
    limits = account.effective_limits(settings.limits)
    if needs_unit and not limits.allows_unit(account.units_used):
        return QuotaExceeded(limit=limits.max_quota, current=account.units_used)
    if needs_slot and not limits.allows_download(account.active_downloads):
        return RateExceeded(limit=limits.rate_limit, current=account.active_downloads)

    if chosen is None:
        download = Download.opened_by(request, resume_window=settings.resume_window, now=now)
    else:
        download = chosen if continued else chosen.paid_again(now)
    return Granted(
        account=attrs.evolve(
            account,
            units_used=account.units_used + needs_unit,
            active_downloads=account.active_downloads + needs_slot,
        ),
        download=download.with_transfer(request.length),
        transfer=Transfer.started_by(request, download_id=download.id, lease=policy.lease, now=now),
        ticket=ticket.with_use_taken() if ticket is not None and not continued else ticket,
        opened=not continued,
        whole_file=whole_file,
    )


def _is_ticket_for(request: TransferRequest, ticket: Ticket | None) -> bool:
    """Whether the ticket still stands, and is bound to this file and account (DESIGN section 6)."""
    return (
        ticket is not None
        and not ticket.is_revoked
        and (ticket.account, ticket.checksum) == (request.account, request.checksum)
    )


def _ticket_allows(ticket: Ticket, continued: Download | None, policy: Policy, now: datetime) -> bool:
    if continued is None:
        return ticket.may_open(now)
    return ticket.may_resume(continued.time_left(), cap=policy.ticket_resume_cap, now=now)


def _preference(download: Download) -> tuple[bool, datetime, str]:
    """Parallel ranges belong together, so a running download comes first; then the one opened first."""
    return download.transfers == 0, download.opened_at, download.id
