"""One function per object: a valid one, of which a test names only what it is about."""

import hashlib
from datetime import datetime, timedelta

from domain.account import Account, AccountKey
from domain.download import Download, Transfer, TransferRequest
from domain.file import ArchiveFile, DataType, FileLocation
from domain.limits import Limits
from domain.settings import TenantSettings
from domain.storage_location import StorageLocation, StorageType
from domain.ticket import Ticket
from tests.fakes.fixed_clock import NOON

NOW = NOON
TENANT = "demo"
ALICE = AccountKey(TENANT, "alice@example.org")
BOB = AccountKey(TENANT, "bob@example.org")
SIZE = 1000
LARGE = 1024 * 1024 * 1024
"""A size whose grace (5 %) is well below the file."""


def limits(max_quota: int = -1, rate_limit: int = -1) -> Limits:
    return Limits(max_quota=max_quota, rate_limit=rate_limit)


def settings(
    max_quota: int = -1, rate_limit: int = -1, resume_window: timedelta = timedelta(hours=24)
) -> TenantSettings:
    return TenantSettings(
        limits=limits(max_quota, rate_limit), ticket_lifetime=timedelta(hours=1), resume_window=resume_window
    )


def an_account(
    key: AccountKey = ALICE, *, own: Limits | None = None, units_used: int = 0, active_downloads: int = 0
) -> Account:
    return Account(key=key, limits=own, units_used=units_used, active_downloads=active_downloads)


def a_request(
    transfer_id: str = "t1",
    *,
    account: AccountKey = ALICE,
    checksum: str = "c1",
    size: int = SIZE,
    start: int = 0,
    length: int | None = None,
    is_counted: bool = True,
    ticket_id: str | None = None,
    instance_id: str = "i1",
    download_id: str | None = None,
) -> TransferRequest:
    """A transfer from ``start`` to the end of the file unless a length is given."""
    return TransferRequest(
        account=account,
        checksum=checksum,
        size_bytes=size,
        is_counted=is_counted,
        start=start,
        length=size - start if length is None else length,
        transfer_id=transfer_id,
        download_id=download_id or f"d-{transfer_id}",
        instance_id=instance_id,
        ticket_id=ticket_id,
        client="192.0.2.1",
    )


def a_download(
    request: TransferRequest | None = None, *, now: datetime = NOW, resume_window: timedelta = timedelta(hours=24)
) -> Download:
    """A download as it stands when it has just been opened, before its transfer has reserved anything."""
    return Download.opened_by(request or a_request(), resume_window=resume_window, now=now)


def a_transfer(request: TransferRequest | None = None, *, download_id: str = "d-t1", now: datetime = NOW) -> Transfer:
    return Transfer.started_by(request or a_request(), download_id=download_id, lease=timedelta(seconds=30), now=now)


def a_ticket(
    ticket_id: str = "k1",
    *,
    tenant: str = TENANT,
    checksum: str = "c1",
    token: str | None = None,
    email: str | None = None,
    max_uses: int | None = None,
    issued_by: str = "issuer@example.org",
    issued_at: datetime = NOW,
    expires_in: timedelta = timedelta(hours=1),
) -> Ticket:
    return Ticket(
        id=ticket_id,
        tenant=tenant,
        checksum=checksum,
        token_sha256=hashlib.sha256((token or ticket_id).encode()).hexdigest(),
        issued_by=issued_by,
        issued_at=issued_at,
        expires_at=issued_at + expires_in,
        email=email,
        max_uses=max_uses,
    )


def a_file(
    checksum: str = "c1",
    *,
    tenant: str = TENANT,
    size: int = SIZE,
    data_type: DataType = DataType.RAWDATA,
    file_name: str = "product.tif",
) -> ArchiveFile:
    return ArchiveFile(
        tenant=tenant,
        checksum=checksum,
        algorithm="MD5",
        size_bytes=size,
        file_name=file_name,
        media_type="image/tiff",
        data_type=data_type,
        registered_at=NOW,
    )


def a_location(
    checksum: str = "c1",
    storage: str = "disk",
    *,
    tenant: str = TENANT,
    url: str | None = None,
    version: str | None = "v1",
    suspect_since: datetime | None = None,
) -> FileLocation:
    return FileLocation(
        tenant=tenant,
        checksum=checksum,
        storage=storage,
        url=url or f"memory:///{storage}/{checksum}",
        stored_at=NOW,
        version=version,
        suspect_since=suspect_since,
        suspect_reason="The digest differs." if suspect_since else None,
    )


def a_storage(
    name: str = "disk",
    *,
    tenant: str = TENANT,
    storage_type: StorageType = StorageType.ONLINE,
    priority: int = 0,
    active: bool = True,
    verify: bool = False,
) -> StorageLocation:
    return StorageLocation(
        tenant=tenant,
        name=name,
        storage_type=storage_type,
        priority=priority,
        plugin_id=None if storage_type is StorageType.OFFLINE else "Memory",
        parameters={} if storage_type is StorageType.OFFLINE else {"root": "/data"},
        active=active,
        verify=verify,
    )
