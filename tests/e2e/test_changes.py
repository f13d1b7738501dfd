"""A change that one instance makes is honoured by another (docs/operations.md has the table of lifetimes)."""

import asyncio
from contextlib import ExitStack
from datetime import timedelta

import pytest
from litestar.testing import TestClient

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from domain.access import Caller, Role
from entrypoints.containers import CLIContainer
from entrypoints.http import container_for, create_from
from entrypoints.lifetimes import opened
from entrypoints.settings import Settings
from tests.contract.sql_databases import EITHER, database
from tests.fakes.fixed_clock import FixedClock

TENANT, ALICE = "demo", "alice@example.org"
DATA = b"some bytes of a product"
DOWNLOAD = "/files/c1/download"


@pytest.fixture(params=EITHER)
def two(request, tmp_path):
    """Two instances on one database, with clocks that stand still: nothing is forgotten by and by."""
    with ExitStack() as stack:
        url = stack.enter_context(database(request.param))
        settings = Settings.from_environ(
            {
                "RS_DOWNLOADER_DATA_DIR": str(tmp_path / "data"),
                "RS_DOWNLOADER_DATABASE_URL": url,
                "RS_DOWNLOADER_SLOT_WAIT_SECONDS": "0",
                "RS_DOWNLOADER_LOCAL_ROOTS": str(tmp_path),
            }
        )
        (tmp_path / "disk").mkdir()
        (tmp_path / "disk" / "c1").write_bytes(DATA)
        _populate(settings, (tmp_path / "disk"))
        clients = []
        for _ in range(2):
            container = container_for(settings)
            clock = FixedClock(container.adapters.clock().now())
            known = container.authenticator().tenants
            known._clock = clock
            client = stack.enter_context(TestClient(create_from(container), base_url="http://testserver.local"))
            client.headers["authorization"] = f"Bearer {_token(container, Role.PROJECT_ADMIN)}"
            client.clock = clock
            client.instance_admin = {"authorization": f"Bearer {_token(container, Role.INSTANCE_ADMIN)}"}
            assert client.get(DOWNLOAD).content == DATA
            clients.append(client)
        yield clients


def _token(container, role):
    return container.adapters.tokens().issue(Caller(TENANT, ALICE, role), timedelta(hours=1))


def _populate(settings, folder):
    async def inside():
        container = CLIContainer(settings=settings)
        use_cases = container.use_cases
        async with opened(container.adapters):
            await use_cases.add_tenant().execute(TENANT)
            await use_cases.add_storage().execute(
                StorageRequest(tenant=TENANT, name="disk", plugin_id="Local", parameters={"Storage_URL": str(folder)})
            )
            new = NewFile(
                checksum="c1",
                algorithm="MD5",
                file_name="c1",
                size_bytes=len(DATA),
                media_type="text/plain",
                data_type="RAWDATA",
                storage="disk",
                url=(folder / "c1").as_uri(),
            )
            result = await use_cases.register_files().execute(RegisterFilesRequest(tenant=TENANT, files=(new,)))
            assert isinstance(result, Registered), result

    asyncio.run(inside())


def test_a_lower_limit_counts_at_the_next_admission(two):
    one, other = two

    changed = one.put(f"/quota/{ALICE}", json={"email": ALICE, "maxQuota": 3, "rateLimit": -1})

    assert changed.status_code == 200
    assert [other.get(DOWNLOAD).status_code for _ in range(2)] == [200, 429]
    assert one.get(DOWNLOAD).status_code == 429


def test_a_setting_counts_at_the_next_admission(two):
    one, other = two

    assert one.put("/settings/maxQuota", json={"value": 2}).status_code == 200

    assert other.get(DOWNLOAD).status_code == 429
    assert one.delete("/settings/maxQuota").status_code == 200
    assert other.get(DOWNLOAD).status_code == 200


def test_a_revoked_ticket_opens_nothing_from_the_next_request_on(two):
    one, other = two
    ticket = one.post("/tickets", json={"checksum": "c1"}).json()
    address = f"{DOWNLOAD}/token"
    anonymous = {"scope": TENANT}
    del other.headers["authorization"]

    before = other.get(address, params={"t": ticket["token"]}, headers=anonymous)
    assert one.delete(f"/tickets/{ticket['id']}").status_code == 204
    after = other.get(address, params={"t": ticket["token"]}, headers=anonymous)

    assert (before.status_code, before.content, after.status_code) == (200, DATA, 403)


def test_a_storage_that_is_switched_off_or_moved_is_so_at_the_next_request(two, tmp_path):
    one, other = two
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c1").write_bytes(DATA)

    def configure(folder, *, active=True):
        parameters = [{"name": "Storage_URL", "type": "STRING", "value": str(tmp_path / folder)}]
        plugin = {"pluginId": "Local", "active": active, "parameters": parameters}
        answer = one.put("/storages/disk", json={"name": "disk", "pluginConfiguration": plugin})
        assert answer.status_code == 200, answer.text

    configure("disk", active=False)
    off = other.get(DOWNLOAD)
    configure("disk")
    on = other.get(DOWNLOAD)
    configure("elsewhere")
    outside = other.get(DOWNLOAD)

    assert (off.status_code, on.status_code) == (503, 200)
    assert outside.status_code == 503


def test_a_removed_file_is_gone_at_the_next_request(two):
    one, other = two

    assert one.delete("/files/c1/locations/disk").status_code == 204

    assert other.get(DOWNLOAD).status_code == 404


def test_a_removed_tenant_is_served_no_more_within_its_stated_time(two):
    one, other = two

    assert one.delete(f"/tenants/{TENANT}", headers=one.instance_admin).status_code == 204
    at_once = other.get(DOWNLOAD)
    other.clock.advance(timedelta(seconds=2))
    later = other.get(DOWNLOAD)

    assert (at_once.status_code, later.status_code) == (404, 403)


def test_maintenance_begins_and_ends_everywhere_within_its_stated_time(two):
    one, other = two
    change = ("/settings/maxQuota", {"value": 9})

    assert one.put(f"/maintenance/{TENANT}/enable").status_code == 200
    other.clock.advance(timedelta(seconds=2))
    during = other.put(change[0], json=change[1])
    reading = other.get(DOWNLOAD)
    assert other.put(f"/maintenance/{TENANT}/disable").status_code == 200
    one.clock.advance(timedelta(seconds=2))
    after = one.put(change[0], json=change[1])

    assert (during.status_code, during.text) == (515, f"Tenant {TENANT} in maintenance!")
    assert (reading.status_code, after.status_code) == (200, 200)
