"""A front door alone in front of downloaders, each a process of its own, over one database."""

import hashlib
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import httpx

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from domain.access import Role
from tests.e2e.real_service import ALICE, TENANT, Installation, Server, SlowClient

GROUP = "readers"
ADMIN, STRANGER = "admin@example.org", "stranger@example.org"
NAME = "the scene.dat"
DATASET = f"URN:AIP:DATASET:{TENANT}:{UUID(int=7)}:LAST"
LEASE_SECONDS = 3


@attrs.define(eq=False)
class Scene:
    """The processes; ``downloaders`` are killed and started anew by tests, on their ports."""

    installation: Installation
    front: Server
    downloaders: list[Server]
    stack: ExitStack

    def bearer(self, user: str = ALICE, role: Role = Role.REGISTERED_USER) -> dict[str, str]:
        """The header of a user, whom the private API would not let in."""
        return {"authorization": f"Bearer {self.installation.token(user, role)}"}

    def client(self, user: str = ALICE, role: Role = Role.REGISTERED_USER) -> httpx.Client:
        """A client of the front door."""
        return self.stack.enter_context(
            httpx.Client(base_url=self.front.url, headers=self.bearer(user, role), timeout=60)
        )

    def add_product(self, number: int, checksum: str, size: int, *, data_type: str = "RAWDATA") -> str:
        """A product with one file, which every registered user may have once they accept what there is; its path."""
        urn = f"URN:AIP:DATA:{TENANT}:{UUID(int=number)}:V1"
        client = self.client(ADMIN, Role.PROJECT_ADMIN)
        for path, body in [
            (f"/products/{urn}", _feature(urn, number, checksum, size, data_type)),
            (f"/accessgroups/{GROUP}", {}),
            (f"/accessgroups/{GROUP}/users/{ALICE}", {}),
            ("/accessrights", _RIGHT),
        ]:
            client.put(path, json=body).raise_for_status()
        return f"/downloads/{urn}/files/{checksum}"

    def units(self, user: str = ALICE) -> int:
        """What the user was charged, as the database says."""
        found = self.installation.query(f"SELECT units_used FROM account WHERE email = '{user}'")
        return int(found[0][0]) if found else 0

    def transfers(self) -> int:
        """How many run now, as the database says."""
        return int(self.installation.query("SELECT count(*) FROM transfer")[0][0])

    def slow(self, path: str, **options: int) -> "SlowClient":
        """A client of the front door that reads only when told to."""
        return SlowClient(self.front, "", self.bearer()["authorization"].split()[1], path=path, **options)

    def start(self, number: int) -> None:
        """Bring a killed downloader back on its port."""
        port = self.downloaders[number].port
        self.downloaders[number] = started(self.installation, port)
        self.stack.callback(self.downloaders[number].stop)
        self.downloaders[number].wait_until_ready()

    @contextmanager
    def frozen(self, number: int) -> Iterator[None]:
        """A downloader that neither answers nor hangs up."""
        os.kill(self.downloaders[number].pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.downloaders[number].pid, signal.SIGCONT)


def started(installation: Installation, port: int = 0) -> Server:
    """A downloader that starts now."""
    return installation.started(port, profiles="downloader,storage", slot_wait_seconds=0, restoration_seconds=0.2)


@contextmanager
def front_door(installation: Installation, *, downloaders: int = 2, **settings: object) -> Iterator[Scene]:
    """The processes over an installation, all ready."""
    with ExitStack() as stack:
        behind = [started(installation) for _ in range(downloaders)]
        front = installation.started(
            profiles="catalog", downloaders=",".join(server.url for server in behind), **settings
        )
        for server in (*behind, front):
            stack.callback(server.stop)
        for server in (*behind, front):
            server.wait_until_ready()
        yield Scene(installation, front, behind, stack)


def an_installation(folder: Path, **settings: object) -> Installation:
    """With short leases, so that what a killed process held is free again soon."""
    return Installation(
        folder, lease_seconds=LEASE_SECONDS, renew_seconds=0.5, sweep_seconds=0.5, log_level="info", **settings
    )


def add_asleep(installation: Installation) -> tuple[str, bytes]:
    """A file on a tape that brings it back within a moment, once asked; its checksum and bytes."""
    data = b"asleep" * 1000
    checksum = hashlib.sha256(data).hexdigest()
    tape = installation.folder / "tape"
    tape.mkdir()
    (tape / "asleep.dat").write_bytes(data)

    async def register(use_cases: Any) -> None:
        await use_cases.add_storage().execute(
            StorageRequest(
                tenant=TENANT, name="tape", plugin_id="DemoTape", parameters={"root": str(tape), "seconds": 0.5}
            )
        )
        new = NewFile(
            checksum=checksum,
            algorithm="SHA-256",
            file_name="asleep.dat",
            size_bytes=len(data),
            media_type="application/octet-stream",
            data_type="RAWDATA",
            storage="tape",
            url=(tape / "asleep.dat").as_uri(),
        )
        result = await use_cases.register_files().execute(RegisterFilesRequest(tenant=TENANT, files=(new,)))
        assert isinstance(result, Registered), result

    installation.use(register)
    return checksum, data


_RIGHT = {
    "group": GROUP,
    "dataset": DATASET,
    "metadataAccessLevel": "FULL_ACCESS",
    "fileAccessLevel": "INHERITED_ACCESS",
}


def _feature(urn: str, number: int, checksum: str, size: int, data_type: str) -> dict[str, Any]:
    file = {
        "dataType": data_type,
        "checksum": checksum,
        "digestAlgorithm": "SHA-256",
        "filename": NAME,
        "filesize": size,
        "mimeType": "application/octet-stream",
        "reference": False,
    }
    return {
        "type": "Feature",
        "id": urn,
        "providerId": f"scene-{number}",
        "label": "A scene",
        "model": "scene",
        "properties": {},
        "tags": [DATASET],
        "files": {data_type: [file]},
    }
