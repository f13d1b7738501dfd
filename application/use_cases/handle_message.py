"""Do what a received message says, once."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, cast

import attrs

from application.ports.clock import Clock
from application.ports.ledger import Ledger
from application.ports.messages import (
    FileDeleted,
    FileStored,
    NotForUs,
    Received,
    RestorationRequested,
    StorageChanged,
    TenantCreated,
    TenantDeleted,
    UserDeleted,
)
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.add_tenant import AddTenant
from application.use_cases.register_files import FilesRefused, NewFile, RegisterFiles, RegisterFilesRequest
from application.use_cases.remove_file_location import RemoveFileLocation, RemoveFileLocationRequest
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from domain.account import AccountKey
from domain.errors import InvalidValue, NotFound

RemoveTenant = Callable[[str], Awaitable[bool]]


@attrs.frozen(kw_only=True)
class HandleMessage:
    """Do what a message says.

    - The message id is recorded in the transaction of the effect; the ledger's effects come before it, and do nothing
      when repeated.
    - What was handled before is not done again. A mere fingerprint counts only for a redelivery: two messages of one
      second may be alike.
    - A deleted file that is not there any more, or a user without an account, is as it should be.
    """

    unit_of_work: UnitOfWorkFactory
    ledger: Ledger
    clock: Clock
    register_files: RegisterFiles
    remove_file_location: RemoveFileLocation
    request_restoration: RequestRestoration
    add_tenant: AddTenant
    remove_tenant: RemoveTenant

    async def execute(self, received: Received) -> bool:
        """``False`` when it was handled before, or is of no interest.

        Raises ``NotFound`` for a tenant that is not served, ``InvalidValue`` for what the rules refuse,
        ``StorageUnavailable``, ``Conflict``, ``DatabaseUnavailable``.
        """
        if isinstance(received.fact, NotForUs):
            return False
        async with self.unit_of_work() as work:
            is_known = await work.inbox.knows(received.tenant, received.message_id)
            is_served = await work.tenants.exists(received.tenant)
        if is_known and _may_be_dropped(received):
            return False
        if not is_served and not isinstance(received.fact, TenantCreated | TenantDeleted):
            raise NotFound(f"The tenant {received.tenant!r} is not served.")
        try:
            await self._do(received)
        except _HandledMeanwhile:
            return False
        return True

    async def _do(self, received: Received) -> None:
        tenant = received.tenant

        def recording() -> UnitOfWork:
            return cast("UnitOfWork", _Recording(self.unit_of_work(), received, self.clock))

        match received.fact:
            case FileStored() as stored:
                await self._register(stored, tenant, recording)
            case FileDeleted(checksum=checksum, storage=storage):
                remove = attrs.evolve(self.remove_file_location, unit_of_work=recording)
                try:
                    await remove.execute(RemoveFileLocationRequest(tenant=tenant, checksum=checksum, storage=storage))
                except NotFound:
                    await _only_record(recording)
            case RestorationRequested() as wanted:
                request = RequestRestorationRequest(
                    tenant=tenant,
                    group_id=wanted.group_id,
                    checksums=wanted.checksums,
                    available_hours=wanted.available_hours,
                )
                await attrs.evolve(self.request_restoration, unit_of_work=recording).execute(request)
            case TenantCreated():
                await attrs.evolve(self.add_tenant, unit_of_work=recording).execute(tenant)
            case TenantDeleted():
                await self.remove_tenant(tenant)
                await _only_record(recording)
            case UserDeleted(email=email):
                await self.ledger.forget(AccountKey.of_user(tenant, email))
                async with recording() as work:
                    # Whoever gets this address next inherits no group.
                    await work.access.set_groups_of(tenant, email, ())
                    await work.commit()
            case StorageChanged() | NotForUs():
                # Every decision reads the configuration, and a storage is built anew for a changed one.
                await _only_record(recording)

    async def _register(self, stored: FileStored, tenant: str, recording: UnitOfWorkFactory) -> None:
        new = NewFile(**attrs.asdict(stored))
        register = attrs.evolve(self.register_files, unit_of_work=recording)
        result = await register.execute(RegisterFilesRequest(tenant=tenant, files=(new,)))
        if isinstance(result, FilesRefused):
            raise InvalidValue("; ".join(f"{item.code}: {item.reason}" for item in result.refused))


class _HandledMeanwhile(Exception):
    """Another consumer has committed the same message."""


class _Recording:
    """A unit of work that also records the message when it commits; its repositories are those of the inner one."""

    def __init__(self, inner: UnitOfWork, received: Received, clock: Clock) -> None:
        self._inner = inner
        self._received = received
        self._clock = clock

    def __getattr__(self, repository: str) -> Any:
        return getattr(self._inner, repository)

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._inner.__aexit__(kind, error, trace)

    async def commit(self) -> None:
        received = self._received
        is_new = await self._inner.inbox.add(received.tenant, received.message_id, self._clock.now())
        if not is_new and _may_be_dropped(received):
            raise _HandledMeanwhile
        await self._inner.commit()


async def _only_record(recording: UnitOfWorkFactory) -> None:
    async with recording() as work:
        await work.commit()


def _may_be_dropped(received: Received) -> bool:
    return received.is_id_certain or received.is_redelivered
