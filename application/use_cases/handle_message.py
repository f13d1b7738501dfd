"""Do what a received message says, once."""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self, cast

import attrs

from application.ports.clock import Clock
from application.ports.messages import (
    FileDeleted,
    FileStored,
    LicenceAcceptedElsewhere,
    LicenceResetElsewhere,
    NotForUs,
    PartlyRefused,
    ProductsSaid,
    Received,
    RefusedItem,
    RestorationRequested,
    StorageChanged,
    TenantCreated,
    TenantDeleted,
    UserDeleted,
)
from application.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from application.use_cases.add_tenant import AddTenant
from application.use_cases.hear_licence import HearAcceptance, HearAcceptanceRequest, HearReset
from application.use_cases.hear_products import HearProducts, HearProductsRequest
from application.use_cases.manage_users import RemoveUser
from application.use_cases.register_files import FilesRefused, NewFile, RegisterFiles, RegisterFilesRequest
from application.use_cases.register_products import RefusedProduct
from application.use_cases.remove_file_location import RemoveFileLocation, RemoveFileLocationRequest
from application.use_cases.request_restoration import RequestRestoration, RequestRestorationRequest
from domain.access import Caller, Role
from domain.errors import InvalidValue, NotFound
from domain.statement import Statement

_SENDER = "messages@localhost"
"""In whose name users are removed whom others have removed."""

RemoveTenant = Callable[[str], Awaitable[bool]]


@attrs.frozen(kw_only=True)
class HandleMessage:
    """Do what a message says.

    - The message id is recorded in the transaction of the effect; the ledger's effects come before it, and do nothing
      when repeated.
    - What was handled before is not done again. A mere fingerprint counts only for a redelivery: two messages of one
      second may be alike.
    - A deleted file that is not there any more, or a user of whom nothing is known, is as it should be. A deletion that
      has overtaken the storing of its file makes that come too late.
    - Items of a message that are refused are told again when it comes again: they may not have been put aside.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    register_files: RegisterFiles
    remove_file_location: RemoveFileLocation
    request_restoration: RequestRestoration
    add_tenant: AddTenant
    remove_tenant: RemoveTenant
    remove_user: RemoveUser
    hear_acceptance: HearAcceptance
    hear_reset: HearReset
    hear_products: HearProducts

    async def execute(self, received: Received) -> bool:
        """``False`` when it was handled before, or is of no interest.

        Raises ``NotFound`` for a tenant that is not served, ``InvalidValue`` for what the rules refuse,
        ``PartlyRefused`` when only some of its items are refused, ``StorageUnavailable``, ``Conflict``,
        ``DatabaseUnavailable``.
        """
        if isinstance(received.fact, NotForUs):
            return False
        async with self.unit_of_work() as work:
            is_known = await work.inbox.knows(received.tenant, received.message_id)
            is_served = await work.tenants.exists(received.tenant)
        if is_known and _may_be_dropped(received):
            if isinstance(received.fact, ProductsSaid):
                _tell(self.hear_products.refused(_products(received.fact, received)))
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
                await self._register(stored, received, recording)
            case FileDeleted() as deleted:
                await self._remove_copy(deleted, received, recording)
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
                await self._remove_user(email, tenant, recording)
            case LicenceAcceptedElsewhere() | LicenceResetElsewhere() | ProductsSaid():
                await self._hear(received, recording)
            case StorageChanged() | NotForUs():
                # Every decision reads the configuration, and a storage is built anew for a changed one.
                await _only_record(recording)

    async def _hear(self, received: Received, recording: UnitOfWorkFactory) -> None:
        """Take note of what concerns the catalogue."""
        match received.fact:
            case LicenceAcceptedElsewhere(email=email, link=link):
                acceptance = HearAcceptanceRequest(
                    tenant=received.tenant, email=email, link=link, said_at=received.sent_at
                )
                await attrs.evolve(self.hear_acceptance, unit_of_work=recording).execute(acceptance)
            case LicenceResetElsewhere():
                await attrs.evolve(self.hear_reset, unit_of_work=recording).execute(received.tenant, received.sent_at)
            case ProductsSaid() as said:
                _tell(await self.hear_products.within(recording).execute(_products(said, received)))

    async def _remove_copy(self, deleted: FileDeleted, received: Received, recording: UnitOfWorkFactory) -> None:
        request = RemoveFileLocationRequest(
            tenant=received.tenant,
            checksum=deleted.checksum,
            storage=deleted.storage,
            statement=self._heard(received),
        )
        await attrs.evolve(self.remove_file_location, unit_of_work=recording).execute(request)

    async def _remove_user(self, email: str, tenant: str, recording: UnitOfWorkFactory) -> None:
        """As whoever manages the users of a project may do, and no more."""
        sender = Caller(tenant, _SENDER, Role.PROJECT_ADMIN)
        try:
            await attrs.evolve(self.remove_user, unit_of_work=recording).execute(sender, email)
        except NotFound:
            await _only_record(recording)

    async def _register(self, stored: FileStored, received: Received, recording: UnitOfWorkFactory) -> None:
        new = NewFile(**attrs.asdict(stored))
        request = RegisterFilesRequest(tenant=received.tenant, files=(new,), statement=self._heard(received))
        result = await attrs.evolve(self.register_files, unit_of_work=recording).execute(request)
        if isinstance(result, FilesRefused):
            raise InvalidValue("; ".join(f"{item.code}: {item.reason}" for item in result.refused))

    def _heard(self, received: Received) -> Statement:
        return Statement.heard(received.sent_at, self.clock.now())


def _products(said: ProductsSaid, received: Received) -> HearProductsRequest:
    return HearProductsRequest(
        tenant=received.tenant,
        documents=said.documents,
        is_removal=said.is_removal,
        sent_at=said.said_at or received.sent_at,
    )


def _tell(refused: Sequence[RefusedProduct]) -> None:
    """Raise ``PartlyRefused`` if anything was."""
    if refused:
        raise PartlyRefused([RefusedItem(**attrs.asdict(item)) for item in refused])


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
