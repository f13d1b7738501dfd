"""Two tenants that look alike to whoever only guesses names: one to call from, one that must stay out of reach."""

from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from adapters.persistence.engine import create_engine_for
from adapters.persistence.tables import metadata
from application.use_cases.change_setting import ChangeSettingRequest
from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from application.use_cases.set_quota import SetQuotaRequest
from application.use_cases.switch_maintenance import SwitchMaintenanceRequest
from domain.access import Caller, Role
from domain.account import AccountKey
from domain.download import TransferRequest
from domain.ticket import Ticket
from entrypoints.containers import CLIContainer
from entrypoints.lifetimes import opened

OURS, THEIRS = "ours", "theirs"
MARKER = "zebra-marker"
NUMBER = 31_337_137
"""Only the other tenant has these, and no request of ours contains them."""

EMAIL, ONLY_THEIR_EMAIL = "alice@example.org", "bob@example.org"
CHECKSUMS = ("c1", "c2")
"""The second one is known to the other tenant alone; so are the second storage and the second ticket."""
STORAGES = ("disk", "vault")
TICKETS = ("k1", "k2")
TOKENS = {OURS: "our-token", THEIRS: "their-token"}
TRANSFERS = {OURS: "transfer-1", THEIRS: "transfer-2"}


async def populate(container: CLIContainer, folder: Path) -> None:
    """Give both tenants the same things under the same names."""
    use_cases: Any = container.use_cases
    async with opened(container.adapters):
        for tenant in (OURS, THEIRS):
            is_theirs = tenant == THEIRS
            await use_cases.add_tenant().execute(tenant)
            for storage in STORAGES[: 1 + is_theirs]:
                root = folder / (MARKER if is_theirs else "plain") / storage
                root.mkdir(parents=True)
                await use_cases.add_storage().execute(
                    StorageRequest(
                        tenant=tenant, name=storage, plugin_id="Local", parameters={"Storage_URL": str(root)}
                    )
                )
            for checksum in CHECKSUMS[: 1 + is_theirs]:
                data = (MARKER if is_theirs else "plainbytes--").encode()
                path = folder / (MARKER if is_theirs else "plain") / "disk" / checksum
                path.write_bytes(data)
                result = await use_cases.register_files().execute(
                    RegisterFilesRequest(tenant=tenant, files=(_new_file(checksum, path, is_theirs=is_theirs),))
                )
                assert isinstance(result, Registered), result
            await _limits_and_settings(use_cases, tenant, NUMBER if is_theirs else 1000)
            await _tickets_and_transfers(container, tenant, is_theirs=is_theirs)
            await use_cases.switch_maintenance().execute(
                SwitchMaintenanceRequest(caller=Caller(tenant, EMAIL, Role.PROJECT_ADMIN), tenant=tenant, active=False)
            )


def rows_of(url: str, tenant: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of a tenant, in an order of their own."""
    with _engine(url).connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(query)), key=repr)
            for table, query in _queries(tenant).items()
        }


@cache
def _engine(url: str) -> Engine:
    """One for all looks at a database: making it takes longer than looking."""
    return create_engine_for(url)


@cache
def _queries(tenant: str) -> dict[Any, Any]:
    return {table: query for table in metadata.sorted_tables if (query := _of(table, tenant)) is not None}


def _of(table: Any, tenant: str) -> Any:
    column = table.c.name if table.name == "tenant" else table.c.get("tenant")
    return None if column is None else table.select().where(column == tenant)


def _new_file(checksum: str, path: Path, *, is_theirs: bool) -> NewFile:
    return NewFile(
        checksum=checksum,
        algorithm="MD5",
        file_name=f"{MARKER if is_theirs else 'plain'}.dat",
        size_bytes=path.stat().st_size,
        media_type="application/octet-stream",
        data_type="RAWDATA",
        storage="disk",
        url=path.as_uri(),
    )


async def _limits_and_settings(use_cases: Any, tenant: str, number: int) -> None:
    await use_cases.change_setting().execute(ChangeSettingRequest(tenant=tenant, name="maxQuota", value=number))
    for email in (EMAIL, ONLY_THEIR_EMAIL)[: 1 + (tenant == THEIRS)]:
        await use_cases.set_quota().execute(
            SetQuotaRequest(tenant=tenant, email=email, max_quota=number, rate_limit=number)
        )


async def _tickets_and_transfers(container: CLIContainer, tenant: str, *, is_theirs: bool) -> None:
    now = datetime.now(UTC)
    async with container.adapters.unit_of_work() as work:
        for number, ticket_id in enumerate(TICKETS[: 1 + is_theirs]):
            await work.tickets.add(
                Ticket(
                    tenant=tenant,
                    id=ticket_id,
                    checksum="c1",
                    token_sha256=sha256(f"{TOKENS[tenant]}{number or ''}".encode()).hexdigest(),
                    issued_by=f"{MARKER}@example.org" if is_theirs else EMAIL,
                    issued_at=now,
                    expires_at=now + timedelta(days=1),
                )
            )
        await work.commit()
    await container.adapters.ledger().admit(
        TransferRequest(
            account=AccountKey.of_user(tenant, EMAIL),
            checksum="c1",
            size_bytes=len(MARKER),
            is_counted=True,
            start=0,
            length=len(MARKER),
            transfer_id=TRANSFERS[tenant],
            download_id=f"download-{tenant}",
            instance_id=f"instance-{tenant}",
            client=MARKER if is_theirs else "curl",
        ),
        now,
    )
