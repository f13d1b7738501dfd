"""What the kernel copies by itself: where it may have to wait for long, somebody else does the waiting."""

import attrs
import pytest

from application.delivery.delivery import TAIL_BYTES, Region
from application.ports.storage import ByteSource, CopyStatus
from domain.file import FileLocation
from tests.factories import TENANT
from tests.fakes.in_memory_storage import InMemoryStorage
from tests.spec.delivery.service import Service

pytestmark = pytest.mark.anyio

DATA = bytes(3 * TAIL_BYTES)


@attrs.frozen
class OnDisk(ByteSource):
    """A copy with a descriptor."""

    inner: ByteSource
    may_hang: bool

    @property
    def status(self) -> CopyStatus:
        return self.inner.status

    @property
    def file_descriptor(self) -> int | None:
        return 7

    async def read(self, offset: int, length: int) -> bytes:
        return await self.inner.read(offset, length)

    async def check_unchanged(self) -> None:
        await self.inner.check_unchanged()

    async def aclose(self) -> None:
        await self.inner.aclose()


class Disk(InMemoryStorage):
    """Files with descriptors."""

    def __init__(self, *, may_hang: bool) -> None:
        super().__init__()
        self._may_hang = may_hang

    async def open(self, location: FileLocation, size_bytes: int) -> ByteSource:
        return OnDisk(await super().open(location, size_bytes), self._may_hang)


@pytest.mark.parametrize(("may_hang", "disk"), [(False, None), (True, f"{TENANT}/disk")])
async def test_a_region_says_whose_disk_is_waited_for(may_hang: bool, disk: str | None) -> None:
    service = Service()
    service.registry.storages["disk"] = Disk(may_hang=may_hang)
    service.add_file(DATA, "disk")
    opened = await service.opened()

    first = await opened.delivery.next_piece(zero_copy=True)
    assert isinstance(first, Region)
    opened.delivery.handed_over(first.length)
    last = await opened.delivery.next_piece(zero_copy=True)
    assert isinstance(last, Region)
    await service.finish(opened)

    assert [(piece.file_descriptor, piece.length, piece.disk) for piece in (first, last)] == [
        (7, len(DATA) - TAIL_BYTES, disk),
        (7, TAIL_BYTES, disk),
    ]
