"""The world in which a unit of work is tested."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

import attrs
import pytest

from application.ports.files import FileFinder, FoundFile
from application.ports.ledger import Ledger
from application.ports.unit_of_work import UnitOfWorkFactory
from domain.file import ArchiveFile, FileLocation
from domain.storage_location import StorageLocation
from tests.factories import NOW, TENANT

OTHER = "other"


@attrs.frozen(kw_only=True)
class UnitOfWorkEnvironment:
    """A unit of work, the finder of the hot path and a ledger, on one state."""

    unit_of_work: UnitOfWorkFactory
    finder: FileFinder
    ledger: Ledger

    async def prepare(self) -> None:
        """Serve the tenants of the tests."""
        async with self.unit_of_work() as unit:
            await unit.tenants.add(TENANT, NOW)
            await unit.tenants.add(OTHER, NOW)
            await unit.commit()

    async def save(
        self,
        files: Sequence[ArchiveFile] = (),
        locations: Sequence[FileLocation] = (),
        storages: Sequence[StorageLocation] = (),
    ) -> None:
        async with self.unit_of_work() as unit:
            await unit.storages.save(storages)
            await unit.files.save(files, locations)
            await unit.commit()

    async def found(self, checksum: str = "c1", tenant: str = TENANT) -> FoundFile | None:
        async with self.unit_of_work() as unit:
            return await unit.files.get(tenant, checksum)

    async def location(self, checksum: str = "c1", storage: str = "disk", tenant: str = TENANT) -> FileLocation:
        found = await self.found(checksum, tenant)
        assert found is not None
        (location,) = [copy.location for copy in found.copies if copy.location.storage == storage]
        return location


@pytest.mark.anyio
class UnitOfWorkSuite:
    """Base of the suites: every test gets a fresh ``env``."""

    def environment(self) -> AbstractAsyncContextManager[UnitOfWorkEnvironment]:
        """An empty world, torn down on leaving. Supplied by the adapter's test module."""
        raise NotImplementedError

    @pytest.fixture
    async def env(self) -> AsyncIterator[UnitOfWorkEnvironment]:
        async with self.environment() as env:
            await env.prepare()
            yield env
