"""The clients that people use read our STAC API and download whole collections of it, every checksum right."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from application.use_cases.manage_groups import ChangeUserGroupsRequest
from application.use_cases.register_products import RegisterProductsRequest
from domain.access import ANONYMOUS_EMAIL, Role
from domain.groups import AccessGroup
from domain.rights import AccessRight, FileLevel, MetadataLevel
from domain.urn import Urn
from tests.catalogue_factories import a_dataset_urn, a_urn
from tests.e2e.real_service import ALICE, TENANT, Installation, Server
from tests.tools import needs_tools, tool

pytestmark = needs_tools

OPEN, CLOSED = a_dataset_urn(1, tenant=TENANT), a_dataset_urn(2, tenant=TENANT)
SCRIPT = Path(__file__).with_name("stac_client.py")


@attrs.frozen
class Archive:
    """A service with three scenes for everybody and two more for a group, of two files each."""

    installation: Installation
    server: Server
    checksums: dict[str, str]
    """Of every file, by its name."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    installation = Installation(tmp_path_factory.mktemp("archive"))
    checksums = {}
    documents = [_feature(OPEN, {}), _feature(CLOSED, {})]
    for number in range(1, 6):
        files = []
        for name in (f"scene-{number}.tif", f"scene-{number}.txt"):
            checksums[name], data = installation.add_file(70_000 + number, name=name)
            files.append({"checksum": checksums[name], "filename": name, "filesize": len(data)})
        documents.append(_feature(a_urn(number, tenant=TENANT), _scene(number, files)))
    installation.use(lambda use_cases: _catalogue(use_cases, documents))
    installation.set_limits(user=ANONYMOUS_EMAIL)
    with installation.serving() as server:
        yield Archive(installation, server, checksums)


def _feature(urn: Urn, more: dict[str, object]) -> dict[str, object]:
    return {"type": "Feature", "id": str(urn), "label": f"Of {urn.uuid.int}", "geometry": None, "properties": {}} | more


def _scene(number: int, files: list[dict[str, object]]) -> dict[str, object]:
    of_all = {"dataType": "RAWDATA", "digestAlgorithm": "SHA-256", "mimeType": "application/octet-stream"}
    return {
        "geometry": {"type": "Point", "coordinates": [number * 10, 45]},
        "properties": {"datetime": f"2026-01-0{number}T12:00:00Z"},
        "tags": [str(OPEN.virtual_id if number <= 3 else CLOSED.virtual_id)],
        "files": {"RAWDATA": [{**of_all, **file} for file in files]},
    }


async def _catalogue(use_cases: Any, documents: list[dict[str, object]]) -> None:
    report = await use_cases.register_products().execute(
        RegisterProductsRequest(tenant=TENANT, documents=tuple(documents))
    )
    assert report.refused == (), report
    for name, dataset, is_public in (("everybody", OPEN, True), ("insiders", CLOSED, False)):
        await use_cases.save_group().execute(AccessGroup(tenant=TENANT, name=name, is_public=is_public))
        right = AccessRight(
            tenant=TENANT,
            group=name,
            dataset=dataset.virtual_id,
            metadata_level=MetadataLevel.FULL_ACCESS,
            file_level=FileLevel.INHERITED_ACCESS,
        )
        await use_cases.save_right().execute(right)
    await use_cases.change_user_groups().execute(ChangeUserGroupsRequest(tenant=TENANT, email=ALICE, add=["insiders"]))


def walk(archive: Archive, query: str, headers: dict[str, str], folder: Path) -> dict[str, Any]:
    """What the clients found and downloaded."""
    done = subprocess.run(
        [str(tool("python")), str(SCRIPT), f"{archive.server.url}/stac{query}", json.dumps(headers), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def expected(*numbers: int) -> list[str]:
    return [str(a_urn(number, tenant=TENANT)) for number in numbers]


def test_anybody_reads_and_downloads_what_is_public(archive, tmp_path):
    found = walk(archive, "", {"scope": TENANT}, tmp_path)

    assert found["violations"] == []
    assert found["collections"] == [str(OPEN.virtual_id)]
    assert found["items"] == found["all"] == found["all by post"] == expected(1, 2, 3)
    assert found["in a box"] == found["by id"] == expected(1)
    assert found["since"] == expected(3)
    assert found["one"] == expected(1)[0]
    assert found["checksums"] == {name: checksum for name, checksum in archive.checksums.items() if name[6] in "123"}


def test_a_tenant_that_is_named_in_the_address_stays_named(archive, tmp_path):
    assert walk(archive, f"?scope={TENANT}", {}, tmp_path) == {"items": expected(1, 2, 3)}


def test_a_member_of_a_group_reads_and_downloads_what_is_theirs(archive, tmp_path):
    token = archive.installation.token(role=Role.REGISTERED_USER)

    found = walk(archive, "", {"Authorization": f"Bearer {token}"}, tmp_path)

    assert found["violations"] == []
    assert found["collections"] == [str(OPEN.virtual_id), str(CLOSED.virtual_id)]
    assert found["items"] == found["all"] == found["all by post"] == expected(1, 2, 3, 4, 5)
    assert found["checksums"] == archive.checksums
