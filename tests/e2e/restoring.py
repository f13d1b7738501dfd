"""An archive on tape with real workers, clients that wait for their files, and an observer of the cache."""

import hashlib
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import httpx

from application.use_cases.change_setting import ChangeSettingRequest
from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from domain.access import Role
from tests.e2e.real_service import COMMAND, TENANT, Installation, Server
from tests.tape import asked, installed_in

HOURS = 24


@attrs.define
class TapeArchive:
    """An installation whose files are all on tape. ``files`` has the bytes by checksum."""

    installation: Installation
    tape: Path
    limit_bytes: int
    files: dict[str, bytes]
    path: str

    @classmethod
    def made(cls, folder: Path, monkeypatch: Any, *, files: int, size: int, cache_kb: int, **settings: object) -> Any:
        """Files of random bytes, registered on the plugin of ``tests.tape``."""
        path = installed_in(folder / "plugins")
        for entry in path.split(os.pathsep):
            monkeypatch.syspath_prepend(entry)
        monkeypatch.setenv("PYTHONPATH", path)
        installation = Installation(folder, **settings)
        tape = folder / "tape"
        tape.mkdir()
        numbers = random.Random(7)
        made = {hashlib.sha256(data).hexdigest(): data for data in (numbers.randbytes(size) for _ in range(files))}
        for checksum, data in made.items():
            (tape / checksum).write_bytes(data)

        async def register(use_cases: Any) -> None:
            await use_cases.add_storage().execute(
                StorageRequest(tenant=TENANT, name="tape", plugin_id="Tape", parameters={"root": str(tape)})
            )
            setting = ChangeSettingRequest(tenant=TENANT, name="cacheMaxSize", value=cache_kb)
            await use_cases.change_setting().execute(setting)
            new = tuple(
                NewFile(
                    checksum=checksum,
                    algorithm="SHA-256",
                    file_name=checksum,
                    size_bytes=size,
                    media_type="application/octet-stream",
                    data_type="RAWDATA",
                    storage="tape",
                    url=(tape / checksum).as_uri(),
                )
                for checksum in made
            )
            for start in range(0, len(new), 100):
                request = RegisterFilesRequest(tenant=TENANT, files=new[start : start + 100])
                result = await use_cases.register_files().execute(request)
                assert isinstance(result, Registered), result

        installation.use(register)
        return cls(installation, tape, cache_kb * 1024, made, path)

    @property
    def cache(self) -> Path:
        return self.installation.data_dir / "cache"

    @property
    def asked(self) -> list[str]:
        """What the storage was asked to restore, each time, by its own account."""
        return asked(self.tape)

    def cached_bytes(self) -> int:
        """What lies on the disk."""
        total = 0
        for folder, _, names in os.walk(self.cache):
            for name in names:
                with suppress(FileNotFoundError):
                    total += (Path(folder) / name).stat().st_size
        return total

    def recorded_bytes(self) -> int:
        """What the records say of the same, with what is reserved, in one statement."""
        ((cached, reserved),) = self.installation.query(
            "SELECT (SELECT coalesce(sum(size_bytes), 0) FROM cached_copy WHERE storage = 'cache'), "
            "(SELECT coalesce(sum(reserved_bytes), 0) FROM restoration)"
        )
        return int(cached) + int(reserved)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """``rs-downloader`` with these arguments."""
        environment = self.installation.environment | {"PYTHONPATH": self.path}
        return subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)

    @contextmanager
    def worker(self, **settings: object) -> Iterator["subprocess.Popen[bytes]"]:
        """``rs-downloader work`` in a process of its own, which is stopped at the end if it still runs."""
        environment = self.installation.environment | {"PYTHONPATH": self.path}
        environment |= {f"RS_DOWNLOADER_{name.upper()}": str(value) for name, value in settings.items()}
        log = self.installation.data_dir / f"worker-{random.SystemRandom().getrandbits(32):08x}.log"
        with log.open("w") as out:
            process = subprocess.Popen([COMMAND, "work"], env=environment, stdout=subprocess.DEVNULL, stderr=out)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


@attrs.define(eq=False)
class Watch:
    """Looks at the cache again and again; ``most_on_disk`` and ``most_recorded`` are the most it ever saw."""

    archive: TapeArchive
    most_on_disk: int = 0
    most_recorded: int = 0
    looks: int = 0
    _stop: threading.Event = attrs.field(factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator["Watch"]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self.most_on_disk = max(self.most_on_disk, self.archive.cached_bytes())
            self.most_recorded = max(self.most_recorded, self.archive.recorded_bytes())
            self.looks += 1


@attrs.define(eq=False)
class Client(threading.Thread):
    """A group: asks for files, fetches each as soon as it is available, and gives it back at once."""

    archive: TapeArchive
    server: Server
    group: str
    checksums: list[str]
    fetched: set[str] = attrs.field(factory=set)
    wrong: list[str] = attrs.field(factory=list)
    final: dict[str, Any] = attrs.field(factory=dict)
    asked_all: threading.Barrier | None = None

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.archive.installation.token(role=Role.PROJECT_ADMIN)}"}
        with httpx.Client(base_url=self.server.url, headers=headers, timeout=60) as http:
            body = {"checksums": self.checksums, "availabilityHours": HOURS, "groupId": self.group}
            answer = http.post("/restorations", json=body)
            if answer.status_code != 202:
                self.wrong.append(f"asked: {answer.status_code} {answer.text}")
            if self.asked_all is not None:
                self.asked_all.wait(60)
            while not self.wrong and len(self.fetched) < len(self.checksums):
                self._round(http)
            self.final = http.get(f"/restorations/{self.group}").json()

    def _round(self, http: httpx.Client) -> None:
        group = http.get(f"/restorations/{self.group}").json()
        there = [file["checksum"] for file in group["files"] if file["state"] == "AVAILABLE"]
        self.wrong += [f"{file}" for file in group["files"] if file["state"] in {"FAILED", "CANCELLED"}]
        for checksum in there:
            answer = http.get(f"/files/{checksum}/download")
            if answer.status_code != 200 or answer.content != self.archive.files[checksum]:
                self.wrong.append(f"{checksum}: {answer.status_code} {answer.text[:200]}")
        if there:
            answer = http.post(f"/restorations/{self.group}/release", json={"checksums": there})
            if answer.status_code != 204:
                self.wrong.append(f"release: {answer.status_code} {answer.text[:200]}")
            self.fetched.update(there)
        else:
            threading.Event().wait(0.2)
