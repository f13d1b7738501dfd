"""``rs-downloader get`` and a real service that is everything but smooth."""

import hashlib
import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.manage_users import SaveUserRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from domain.access import Caller, Role
from tests.catalogue_factories import a_dataset_urn, a_urn
from tests.e2e.cutting_proxy import CuttingProxy
from tests.e2e.real_service import ALICE, COMMAND, TENANT, Server
from tests.e2e.restoring import TapeArchive

DISK_FILES = 180
TAPE_FILES = 20
SIZE = 20_000
CORRUPT = 0
"""The number of the file whose first copy is wrong."""
PASSWORD = "correct horse battery staple"
DATASET = str(a_dataset_urn(tenant=TENANT).virtual_id)


def products_of(archive: TapeArchive) -> dict[str, bytes]:
    """Files on two disks, which check what they send, beside those on the tape; all bytes by checksum."""
    numbers = random.Random(11)
    made = [numbers.randbytes(SIZE) for _ in range(DISK_FILES)]
    disks = [archive.installation.folder / name for name in ("first", "second")]
    new = []
    for number, data in enumerate(made):
        checksum = hashlib.sha256(data).hexdigest()
        for disk in disks:
            disk.mkdir(exist_ok=True)
            is_wrong = number == CORRUPT and disk.name == "first"
            (disk / checksum).write_bytes(bytes(byte ^ 1 for byte in data) if is_wrong else data)
            new.append(
                NewFile(
                    checksum=checksum,
                    algorithm="SHA-256",
                    file_name=f"scene-{number}.tif",
                    size_bytes=SIZE,
                    media_type="image/tiff",
                    data_type="RAWDATA",
                    storage=disk.name,
                    url=(disk / checksum).as_uri(),
                )
            )

    async def register(use_cases: Any) -> None:
        for disk in disks:
            request = StorageRequest(
                tenant=TENANT,
                name=disk.name,
                plugin_id="Local",
                parameters={"Storage_URL": str(disk)},
                verify=True,
            )
            await use_cases.add_storage().execute(request)
        for start in range(0, len(new), 100):
            result = await use_cases.register_files().execute(
                RegisterFilesRequest(tenant=TENANT, files=tuple(new[start : start + 100]))
            )
            assert isinstance(result, Registered), result
        await use_cases.save_user().execute(
            Caller(TENANT, "operator@localhost", Role.INSTANCE_ADMIN),
            SaveUserRequest(email=ALICE, password=PASSWORD, role=Role.REGISTERED_USER),
        )

    archive.installation.use(register)
    return {**archive.files, **{hashlib.sha256(data).hexdigest(): data for data in made}}


def catalogued(server: Server, token: str, files: dict[str, bytes]) -> dict[str, str]:
    """One product for each file, for the readers, of whom Alice is one, behind a licence; URN by checksum."""
    urns = {checksum: str(a_urn(number, tenant=TENANT)) for number, checksum in enumerate(files, 1)}
    features = [
        {
            "type": "Feature",
            "id": urns[checksum],
            "providerId": f"scene-{number}",
            "label": "A scene",
            "model": "scene",
            "geometry": None,
            "properties": {"number": number},
            "tags": [DATASET],
            "files": {
                "RAWDATA": [
                    {
                        "dataType": "RAWDATA",
                        "checksum": checksum,
                        "digestAlgorithm": "SHA-256",
                        "filename": f"scene-{number}.tif",
                        "filesize": len(data),
                        "mimeType": "image/tiff",
                        "reference": False,
                    }
                ]
            },
        }
        for number, (checksum, data) in enumerate(files.items())
    ]
    right = {
        "group": "readers",
        "dataset": DATASET,
        "metadataAccessLevel": "FULL_ACCESS",
        "fileAccessLevel": "INHERITED_ACCESS",
    }
    steps: list[tuple[str, object]] = [
        ("/products", {"features": features}),
        ("/accessgroups/readers", {}),
        (f"/accessgroups/readers/users/{ALICE}", None),
        ("/accessrights", right),
        ("/licences", {"link": "https://archive.example.org/licence.html"}),
    ]
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        for path, body in steps:
            answer = client.put(path, json=body)
            assert answer.is_success, (path, answer.text)
    return urns


def get(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command, as Alice."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
    environment["RS_DOWNLOADER_GET_PASSWORD"] = PASSWORD
    command = [COMMAND, "get", "--user", ALICE, "--tenant", TENANT, "--output", str(folder), "--json", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_two_hundred_files_come_right_though_the_service_and_the_line_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive: TapeArchive = TapeArchive.made(tmp_path, monkeypatch, files=TAPE_FILES, size=SIZE, cache_kb=10_000)
    files = products_of(archive)
    archive.installation.set_limits(rate_limit=3)
    saved = tmp_path / "saved"
    with archive.installation.serving(restoration_seconds=0.2, slot_wait_seconds=0) as server:
        urns = catalogued(server, archive.installation.token(), files)
        proxy = CuttingProxy(server.port, after_bytes=150_000, most_cuts=2)
        with proxy.running():
            checksum, urn = next(iter(urns.items()))
            locked = get(saved, f"{proxy.url}/downloads/{urn}/files/{checksum}")
            got = get(saved, "--service", proxy.url, "--query", "model:scene AND number:[0 TO 500]", "--yes-license")

    assert (locked.returncode, "licence.html" in locked.stdout) == (3, True), locked
    assert got.returncode == 0, got.stdout[-2000:] + got.stderr[-2000:]
    report = json.loads(got.stdout)
    on_disk = {path.name: path.read_bytes() for path in saved.iterdir()}
    assert sorted(on_disk.values()) == sorted(files.values())
    assert {file["verifiedBy"] for file in report["files"]} == {"SHA-256"}
    refused, restored = (sum(word in line for line in got.stderr.splitlines()) for word in ("HTTP 429", "restoration"))
    assert (proxy.cuts, len(archive.asked), restored) == (2, TAPE_FILES, TAPE_FILES)
    assert refused > 0
    suspected = [
        payload
        for kind, payload in archive.installation.query("SELECT type, payload FROM outbox")
        if kind == "FileLocationSuspected"
    ]
    assert len(suspected) == 1
    counts = (
        f"get: {len(on_disk)} files right, {restored} restored, {proxy.cuts} connections cut, {refused} answers 429, "
        f"{len(suspected)} corrupt copy passed over"
    )
    print(counts)  # noqa: T201 - read with -s or -rP
