"""A real server as its operator meets it: health and numbers, overload, and an orderly end."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx

from tests.e2e.real_service import COMMAND, Installation, SlowClient, quota, until

MIB = 1024 * 1024
SIZE = 16 * MIB
TRANSFERS = 5


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def get(server, path, token=None, **options):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{server.url}{path}", headers=headers, timeout=30, **options)


def test_a_server_tells_its_health_and_its_numbers_on_both_ports(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    checksum, data = installation.add_file(MIB)
    token, management = installation.token(), free_port()
    with installation.serving(management_port=management) as server:
        assert get(server, f"/files/{checksum}/download", token).content == data
        until(lambda: "rs_downloader_delivered_bytes_total 1.048576e+06" in get(server, "/metrics").text)
        answers = [
            httpx.get(f"{base}{path}")
            for base in (server.url, f"http://127.0.0.1:{management}")
            for path in ("/health/live", "/health/ready", "/metrics")
        ]
        installation.path("disk").unlink()
        installation.path("disk").parent.rmdir()
        until(lambda: get(server, "/health/ready").json()["status"] == "DEGRADED")
        degraded = get(server, "/health/ready")

    assert [answer.status_code for answer in answers] == [200] * 6
    route = 'route="/files/{checksum}/download"'
    assert answers[1].json()["checks"].keys() >= {"database", "disk", "storages"}
    for numbers in (answers[2].text, answers[5].text):
        assert f'rs_downloader_http_requests_total{{method="GET",{route},status="200"}} 1.0' in numbers
        assert 'rs_downloader_downloads_ended_total{outcome="completed"} 1.0' in numbers
        assert checksum not in numbers
    assert degraded.status_code == 200
    assert degraded.json()["checks"]["storages"]["problem"] == "1 of 1 storages cannot be read."


def test_an_overloaded_server_refuses_at_once_and_is_healthy(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    files = [installation.add_file(SIZE, name=f"file-{number}.dat") for number in range(2)]
    token, management = installation.token(), free_port()
    with installation.serving(max_transfers=1, management_port=management) as server:
        slow = SlowClient(server, files[0][0], token)
        assert slow.read_head() == 200
        refused = get(server, f"/files/{files[1][0]}/download", "not even a token")
        health = [get(server, "/health/ready"), httpx.get(f"http://127.0.0.1:{management}/health/ready")]
        other = get(server, "/quota", token)
        slow.close()
        until(lambda: get(server, f"/files/{files[1][0]}/download", token).status_code == 200)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["type"] == "/problems/overloaded"
    assert [answer.status_code for answer in health] == [200, 200]
    assert other.status_code == 200


def test_a_server_that_is_told_to_stop_loses_no_transfer_that_ends_in_time(tmp_path: Path) -> None:
    installation = Installation(tmp_path, drain_seconds=30)
    files = [installation.add_file(SIZE, name=f"file-{number}.dat") for number in range(TRANSFERS)]
    token = installation.token()
    with installation.serving() as server:
        clients = [SlowClient(server, checksum, token) for checksum, _ in files]
        assert [client.read_head() for client in clients] == [200] * TRANSFERS
        firsts = [client.read(MIB) for client in clients]
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: get(server, "/health/ready").status_code == 503)
        ready = get(server, "/health/ready")
        refused = get(server, f"/files/{files[0][0]}/download", token)
        answered = quota(server, token)
        received = [first + client.read(SIZE - MIB) for first, client in zip(firsts, clients, strict=True)]
        assert server._process.wait(timeout=60) == 0
        for client in clients:
            client.close()

    assert ready.json()["status"] == "DRAINING"
    assert (refused.status_code, refused.headers["connection"]) == (503, "close")
    assert "retry-after" in refused.headers
    assert answered["currentRate"] == TRANSFERS
    assert received == [data for _, data in files]
    assert installation.query("SELECT count(*) FROM transfer") == [(0,)]
    assert installation.query("SELECT units_used, active_downloads FROM account") == [(TRANSFERS, 0)]
    assert installation.query("SELECT count(*) FROM download WHERE is_completed") == [(TRANSFERS,)]


def test_what_does_not_end_in_time_is_cut_and_settled(tmp_path: Path) -> None:
    installation = Installation(tmp_path, drain_seconds=1)
    checksum, data = installation.add_file(SIZE)
    with installation.serving() as server:
        client = SlowClient(server, checksum, installation.token())
        assert client.read_head() == 200
        first = client.read(MIB)
        os.kill(server.pid, signal.SIGTERM)
        assert server._process.wait(timeout=60) == 0
        client.close()

    assert first == data[:MIB]
    assert installation.query("SELECT count(*) FROM transfer") == [(0,)]
    assert installation.query("SELECT units_used, active_downloads FROM account") == [(1, 0)]
    ((delivered,),) = installation.query("SELECT delivered_bytes FROM download")
    assert MIB <= delivered < SIZE


def test_a_management_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = subprocess.run(
            [COMMAND, "serve", "--port", "0"],
            env=os.environ | installation._own | {"RS_DOWNLOADER_MANAGEMENT_PORT": str(taken.getsockname()[1])},
            capture_output=True,
            text=True,
            check=False,
        )

    assert outcome.returncode == 1
    assert "in use" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_instances_are_listed_while_they_live(tmp_path: Path) -> None:
    installation = Installation(tmp_path, lease_seconds=3, renew_seconds=0.5, sweep_seconds=0.5)

    def listed() -> list[dict[str, str]]:
        found = subprocess.run(
            [COMMAND, "instances", "--json"], env=os.environ | installation._own, capture_output=True, check=True
        )
        return json.loads(found.stdout)

    with installation.serving() as first, installation.serving():
        both = listed()
        first.kill()
        until(lambda: len(listed()) == 1)
    after = listed()

    assert [found["state"] for found in both] == ["RUNNING", "RUNNING"]
    assert all(found["host"] and found["version"] and found["startedAt"] for found in both)
    assert after == []


def test_the_transfers_of_a_removed_tenant_end_and_leave_nothing(tmp_path: Path) -> None:
    installation = Installation(tmp_path, lease_seconds=3, renew_seconds=0.5, sweep_seconds=0.5)
    checksum, data = installation.add_file(SIZE)
    with installation.serving() as server:
        client = SlowClient(server, checksum, installation.token())
        assert client.read_head() == 200
        received = client.read(MIB)
        assert installation.use(lambda use_cases: use_cases.remove_tenant().execute("demo"))
        until(lambda: "rs_downloader_transfers_running 0.0" in get(server, "/metrics").text)
        client.close()

    assert received == data[:MIB]
    for table in ("tenant", "account", "download", "transfer", "file", "file_location", "storage_location"):
        assert installation.query(f"SELECT count(*) FROM {table}") == [(0,)], table
