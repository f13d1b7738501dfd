"""The files of the demo: real bytes on a disk, and on what stands for a tape."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import attrs

from application.use_cases.add_storage import AddStorage
from application.use_cases.configured_storage import StorageRequest
from application.use_cases.list_storages import ListStorages, ListStoragesRequest
from application.use_cases.register_files import FilesRefused, NewFile, RegisterFiles, RegisterFilesRequest
from domain.errors import InvalidValue
from domain.file import DataType
from entrypoints.demo.names import DISK, TAPE, TENANT

BLOCK_BYTES = 1024 * 1024
PICTURE_SIDE = 64


@attrs.frozen
class DemoFile:
    """A file of the demo; its bytes follow from its name, so that its checksum is the same everywhere."""

    name: str
    size_bytes: int
    data_type: DataType
    media_type: str = "application/octet-stream"
    storage: str = DISK

    def blocks(self) -> Iterator[bytes]:
        """Its bytes, in blocks."""
        for start in range(0, self.size_bytes, BLOCK_BYTES):
            length = min(BLOCK_BYTES, self.size_bytes - start)
            yield hashlib.shake_128(f"{self.name} {start}".encode()).digest(length)


class DemoPicture(DemoFile):
    """A picture that browsers show."""

    def blocks(self) -> Iterator[bytes]:
        """All of it at once."""
        yield _picture()


def _picture() -> bytes:
    """A PNG that fades from black to white, not compressed, so that every machine writes the same."""
    row = b"\0" + bytes(column * 255 // (PICTURE_SIDE - 1) for column in range(PICTURE_SIDE))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", PICTURE_SIDE, PICTURE_SIDE, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * PICTURE_SIDE, level=0)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


FILES = (
    DemoFile("small.dat", 1024, DataType.RAWDATA),
    DemoFile("medium.dat", 5_000_000, DataType.RAWDATA),
    DemoFile("large.dat", 64 * 1024 * 1024, DataType.RAWDATA),
    DemoFile("notes.bin", 20_000, DataType.DOCUMENT),
    DemoPicture("preview.png", len(_picture()), DataType.QUICKLOOK_SD, "image/png"),
    DemoFile("night.dat", 2_000_000, DataType.RAWDATA, storage=TAPE),
)
"""Four that count against a quota, one of them on tape, and two that do not."""


@attrs.frozen(kw_only=True)
class MakeFiles:
    """Writes and registers the files; repeating it repairs them."""

    folder: Path
    list_storages: ListStorages
    add_storage: AddStorage
    register_files: RegisterFiles

    async def execute(self) -> dict[str, str]:
        """Write the files that are missing and register them; their checksums by name."""
        folders = {DISK: self.folder, TAPE: self.folder / "tape"}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        checksums = {file.name: _written(folders[file.storage] / file.name, file) for file in FILES}
        known = {storage.name for storage in await self.list_storages.execute(ListStoragesRequest(tenant=TENANT))}
        for name, plugin_id, parameter in ((DISK, "Local", "Storage_URL"), (TAPE, "DemoTape", "root")):
            if name not in known:
                parameters = {parameter: str(folders[name])}
                await self.add_storage.execute(
                    StorageRequest(tenant=TENANT, name=name, plugin_id=plugin_id, parameters=parameters)
                )
        files = tuple(_new(file, folders[file.storage], checksums[file.name]) for file in FILES)
        result = await self.register_files.execute(RegisterFilesRequest(tenant=TENANT, files=files))
        if isinstance(result, FilesRefused):
            raise InvalidValue(f"The demo could not be made: {result.refused[0].reason}")
        return checksums


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
        storage=file.storage,
        url=(folder / file.name).as_uri(),
    )
