"""A small archive to try things with: one tenant, one storage, real files, two users."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import attrs

from application.use_cases.add_storage import AddStorage, AddStorageRequest
from application.use_cases.add_tenant import AddTenant
from application.use_cases.list_storages import ListStorages, ListStoragesRequest
from application.use_cases.register_files import FilesRefused, NewFile, RegisterFiles, RegisterFilesRequest
from application.use_cases.set_quota import SetQuota, SetQuotaRequest
from domain.errors import InvalidValue
from domain.file import DataType

TENANT = "demo"
STORAGE = "demo-disk"
ALICE = "alice@example.org"
BOB = "bob@example.org"
BLOCK_BYTES = 1024 * 1024


@attrs.frozen
class DemoFile:
    """A file of the demo; its bytes follow from its name, so that its checksum is the same everywhere."""

    name: str
    size_bytes: int
    data_type: DataType
    media_type: str = "application/octet-stream"

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, in blocks."""
        for start in range(0, self.size_bytes, BLOCK_BYTES):
            length = min(BLOCK_BYTES, self.size_bytes - start)
            yield hashlib.shake_128(f"{self.name} {start}".encode()).digest(length)


FILES = (
    DemoFile("small.dat", 1024, DataType.RAWDATA),
    DemoFile("medium.dat", 5_000_000, DataType.RAWDATA),
    DemoFile("large.dat", 64 * 1024 * 1024, DataType.RAWDATA),
    DemoFile("notes.bin", 20_000, DataType.DOCUMENT),
)
"""Three that count against a quota, and one that does not."""


@attrs.frozen
class Demo:
    """What there is to try."""

    tenant: str
    checksums: dict[str, str]


@attrs.frozen(kw_only=True)
class MakeDemo:
    """Makes the demo archive; repeating it repairs the files and leaves quotas as they are."""

    folder: Path
    add_tenant: AddTenant
    list_storages: ListStorages
    add_storage: AddStorage
    register_files: RegisterFiles
    set_quota: SetQuota

    async def execute(self) -> Demo:
        """Write the files that are missing, register them, and give the users quotas when the tenant is new."""
        self.folder.mkdir(parents=True, exist_ok=True)
        checksums = {file.name: _written(self.folder / file.name, file) for file in FILES}
        is_new = await self.add_tenant.execute(TENANT)
        storages = await self.list_storages.execute(ListStoragesRequest(tenant=TENANT))
        if STORAGE not in {storage.name for storage in storages}:
            await self.add_storage.execute(
                AddStorageRequest(
                    tenant=TENANT, name=STORAGE, plugin_id="Local", parameters={"Storage_URL": str(self.folder)}
                )
            )
        result = await self.register_files.execute(
            RegisterFilesRequest(
                tenant=TENANT, files=tuple(_new(file, self.folder, checksums[file.name]) for file in FILES)
            )
        )
        if isinstance(result, FilesRefused):
            raise InvalidValue(f"The demo could not be made: {result.refused[0].reason}")
        if is_new:
            for user, max_quota, rate_limit in ((ALICE, 100, 5), (BOB, 2, 1)):
                await self.set_quota.execute(
                    SetQuotaRequest(tenant=TENANT, email=user, max_quota=max_quota, rate_limit=rate_limit)
                )
        return Demo(TENANT, checksums)


def _written(path: Path, file: DemoFile) -> str:
    """The checksum of the file, which is written anew unless it is there with the right bytes."""
    hasher = hashlib.sha256()
    for block in file.blocks():
        hasher.update(block)
    checksum = hasher.hexdigest()
    if not path.is_file() or _checksum_of(path) != checksum:
        part = path.with_name(path.name + ".part")
        with part.open("wb") as out:
            out.writelines(file.blocks())
        part.replace(path)
    return checksum


def _checksum_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _new(file: DemoFile, folder: Path, checksum: str) -> NewFile:
    return NewFile(
        checksum=checksum,
        algorithm="SHA-256",
        file_name=file.name,
        size_bytes=file.size_bytes,
        media_type=file.media_type,
        data_type=file.data_type.value,
        storage=STORAGE,
        url=(folder / file.name).as_uri(),
    )
