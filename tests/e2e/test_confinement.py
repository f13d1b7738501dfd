"""Over HTTP nothing outside of a storage's root leaves: not by a configuration, a registration or a download."""

import asyncio
import os
import zipfile
from urllib.parse import quote

import pytest
from litestar.testing import TestClient

from adapters.persistence import migrate
from application.use_cases.configured_storage import StorageRequest
from domain.access import Role
from entrypoints.containers import CLIContainer
from entrypoints.http import container_for, create_from
from entrypoints.lifetimes import opened
from entrypoints.settings import Settings
from tests.contract.scripted_http_server import Page, scripted_server
from tests.e2e.test_changes import TENANT, _token

SECRET = b"secret that must never leave"
PUBLIC = b"a public file of equal size."
MEMBER = "0123abcd"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    assert len(SECRET) == len(PUBLIC)
    for folder, data in ((tmp_path, SECRET), (root, PUBLIC)):
        (folder / "file.txt").write_bytes(data)
        with zipfile.ZipFile(folder / "regards_1.zip", "w") as archive:
            archive.writestr(MEMBER, data)
    (root / "link").symlink_to(tmp_path / "file.txt")
    (root / "up").symlink_to(tmp_path)
    (root / "regards_link.zip").symlink_to(tmp_path / "regards_1.zip")
    return root


@pytest.fixture
def servers():
    with scripted_server() as allowed, scripted_server() as forbidden:
        allowed.pages["/data/a"] = Page(data=PUBLIC)
        allowed.pages["/private/a"] = Page(data=SECRET)
        forbidden.pages["/a"] = Page(data=SECRET)
        allowed.pages["/data/moved"] = Page(status=302, headers={"Location": forbidden.url("/a")})
        yield allowed, forbidden


@pytest.fixture
def client(tmp_path, root, servers):
    allowed, _ = servers
    settings = Settings.from_environ(
        {
            "RS_DOWNLOADER_DATA_DIR": str(tmp_path / "data"),
            "RS_DOWNLOADER_LOCAL_ROOTS": str(root),
            "RS_DOWNLOADER_HTTP_HOSTS": f"127.0.0.1:{allowed.port}",
        }
    )
    (tmp_path / "data").mkdir()
    migrate.upgrade(settings.resolved_database_url)
    _populate(settings, root, allowed.url("/data"))
    container = container_for(settings)
    with TestClient(create_from(container), base_url="http://testserver.local") as client:
        client.headers["authorization"] = f"Bearer {_token(container, Role.PROJECT_ADMIN)}"
        yield client


def _populate(settings, root, base_url):
    async def inside():
        container = CLIContainer(settings=settings)
        async with opened(container.adapters):
            await container.use_cases.add_tenant().execute(TENANT)
            for name, plugin, parameters in (
                ("disk", "Local", {"Storage_URL": str(root)}),
                ("web", "HTTP", {"HTTP_Base_URL": base_url}),
            ):
                await container.use_cases.add_storage().execute(
                    StorageRequest(tenant=TENANT, name=name, plugin_id=plugin, parameters=parameters)
                )

    asyncio.run(inside())


def register(client, storage, url, checksum):
    meta = {
        "checksum": checksum, "algorithm": "MD5", "fileName": "a.txt", "fileSize": len(SECRET),
        "mimeType": "text/plain", "type": "RAWDATA",
    }  # fmt: skip
    return client.post("/files", json={"files": [{"metaInfo": meta, "location": {"storage": storage, "url": url}}]})


def bodies(client, storage, urls):
    """The status of each registration, and every body that any route gave for it."""
    statuses, found = [], []
    for number, url in enumerate(urls):
        checksum = MEMBER if "regards_" in url and "?" not in url else f"c{number}"
        registered = register(client, storage, url, checksum)
        statuses.append(registered.status_code)
        found.append(registered.content)
        found += [
            client.get(f"/files/{checksum}").content,
            client.get(f"/files/{checksum}/download").content,
            client.post(f"/files/{checksum}/locations/{storage}/verify").content,
        ]
        client.delete(f"/files/{checksum}/locations/{storage}")
    return statuses, found


def test_of_a_disk_only_what_lies_below_the_root(client, root):
    inside, outside = root.as_uri(), root.parent.as_uri()

    statuses, found = bodies(
        client, "disk", [f"{inside}/file.txt", f"{inside}/regards_1.zip", f"{inside}/regards_1.zip?fileName={MEMBER}"]
    )
    assert statuses == [201, 201, 201]
    assert found.count(PUBLIC) == 3

    statuses, found = bodies(
        client,
        "disk",
        [
            f"{outside}/file.txt", f"{inside}/../file.txt", f"{inside}/%2e%2e/file.txt", f"{inside}/..%2ffile.txt",
            f"{inside}/link", f"{inside}/up/file.txt", f"{inside}/regards_link.zip", f"{inside}/up/regards_1.zip",
            f"{inside}/regards_link.zip?fileName={MEMBER}", f"{inside}/regards_1.zip?fileName=../file.txt",
            f"{inside}/regards_1.zip?fileName={quote(str(root.parent / 'file.txt'), safe='')}",
            f"{inside}/file.txt%00", f"{inside}/%252e%252e/file.txt", f"{inside}/%c0%ae%c0%ae/file.txt",
            f"file://localhost{os.fspath(root.parent)}/file.txt", f"file://evil.example{root}/file.txt",
            f"{os.fspath(root.parent)}/file.txt", "file:///etc/passwd", "http://localhost/file.txt", "s3://root/file.txt",
            "\\\\localhost\\share", f"{inside}/{'a' * 300}",
        ],
    )  # fmt: skip
    assert set(statuses) == {422}
    assert not [body for body in found if SECRET in body or b"root:" in body]


def test_of_other_servers_only_what_the_operator_allows(client, servers):
    allowed, forbidden = servers

    statuses, found = bodies(client, "web", [allowed.url("/data/a")])
    assert statuses == [201]
    assert PUBLIC in found

    statuses, found = bodies(
        client,
        "web",
        [
            allowed.url("/private/a"), allowed.url("/data/../private/a"), allowed.url("/data/%2e%2e/private/a"),
            allowed.url("/data/%252e%252e/private/a"), allowed.url("/data/..%5cprivate/a"), allowed.url("/data/moved"),
            allowed.url("/data/a", host=f"x@127.0.0.1:{forbidden.port}/#"), forbidden.url("/a"),
            forbidden.url("/a", host="localhost"), allowed.url("/data/a", host="localhost"), "http://169.254.169.254/",
            "file:///etc/passwd", "ftp://127.0.0.1/a",
        ],
    )  # fmt: skip
    assert set(statuses) == {422}
    assert not [body for body in found if SECRET in body]
    assert forbidden.asked == []


def test_a_tenant_places_no_disk_where_the_operator_has_not_opened_one(client, root):
    parent = str(root.parent)

    for place in (parent, f"{root}/..", f"{root}/up", "/", f"{root}/../", f"{parent}/root-beside"):
        plugin = {"pluginId": "Local", "parameters": [{"name": "Storage_URL", "type": "STRING", "value": place}]}
        answer = client.post("/storages", json={"name": "mine", "pluginConfiguration": plugin})
        assert answer.status_code == 403, answer.text
