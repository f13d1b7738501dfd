"""What happened: facts in the past tense, stored in the transaction that made them true."""

from datetime import datetime

import attrs


@attrs.frozen(kw_only=True)
class DownloadCompleted:
    """Every byte of one copy was delivered."""

    tenant: str
    email: str
    checksum: str
    download_id: str
    size_bytes: int
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class DownloadAbandoned:
    """A download delivered nothing; its unit was given back."""

    tenant: str
    email: str
    checksum: str
    download_id: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class FileLocationSuspected:
    """A copy failed a verification and is not used any more until an operator has looked."""

    tenant: str
    checksum: str
    storage: str
    reason: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class FileLocationCleared:
    """A suspected copy was read again in full and is right."""

    tenant: str
    checksum: str
    storage: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class TicketIssued:
    """A ticket was issued; its token is not part of the fact."""

    tenant: str
    ticket_id: str
    checksum: str
    issued_by: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class TicketRevoked:
    """A ticket was taken back."""

    tenant: str
    ticket_id: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class QuotaUsed:
    """How many units these users, and only these, have used by now: those whose number changed since last told."""

    tenant: str
    units_by_email: dict[str, int]
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class DownloadsRefused:
    """A user's downloads were refused; ``message`` says which, in upstream's sentences (contract-downloader 3.5)."""

    tenant: str
    email: str
    message: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class FileAvailabilityKnown:
    """Somebody asked for a file to be made available, and the answer is known; ``until`` when it is not for ever."""

    tenant: str
    checksum: str
    is_available: bool
    until: datetime | None = None
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class RestorationGroupGranted:
    """A group asked for files and will get its answer."""

    tenant: str
    group_id: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class RestorationGroupEnded:
    """Each file that a group asked for has its answer: available, or the reason why it is not."""

    tenant: str
    group_id: str
    is_success: bool
    message: str
    available: list[str]
    reasons_by_checksum: dict[str, str]
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class LicenceAccepted:
    """A user has accepted the licence of the tenant. Those of datasets are nobody else's business."""

    tenant: str
    email: str
    link: str
    occurred_at: datetime


@attrs.frozen(kw_only=True)
class LicenceReset:
    """Whatever was accepted of the tenant's licence counts no more; everybody is asked for the one behind ``link``."""

    tenant: str
    link: str
    occurred_at: datetime


Event = (
    DownloadCompleted
    | DownloadAbandoned
    | FileLocationSuspected
    | FileLocationCleared
    | TicketIssued
    | TicketRevoked
    | QuotaUsed
    | DownloadsRefused
    | FileAvailabilityKnown
    | RestorationGroupGranted
    | RestorationGroupEnded
    | LicenceAccepted
    | LicenceReset
)
