"""``kill -9`` in the middle of transfers: after the lease the slots are free, and nothing else has changed."""

from pathlib import Path

import httpx

from tests.e2e.real_service import ALICE, Installation, SlowClient, quota, until

MIB = 1024 * 1024
SIZE = 16 * MIB
TRANSFERS = 20
READ = 2 * MIB


def test_a_killed_server_leaves_nothing_behind_but_what_was_delivered(tmp_path: Path) -> None:
    installation = Installation(tmp_path, lease_seconds=3, renew_seconds=0.5, sweep_seconds=0.5)
    files = [installation.add_file(SIZE, name=f"file-{number}.dat") for number in range(TRANSFERS)]
    installation.set_limits(max_quota=TRANSFERS, rate_limit=TRANSFERS)
    token = installation.token()
    with installation.serving() as server:
        clients = [SlowClient(server, checksum, token) for checksum, _ in files]
        assert [client.read_head() for client in clients] == [200] * TRANSFERS
        received = [client.read(READ) for client in clients]
        until(
            lambda: (
                installation.query("SELECT count(*) FROM transfer WHERE progress_bytes >= 2097152") == [(TRANSFERS,)]
            )
        )
        before = installation.query("SELECT email, units_used, active_downloads FROM account")
        server.kill()
    progress = dict(installation.query("SELECT checksum, progress_bytes FROM transfer"))

    with installation.serving() as server:
        until(lambda: quota(server, token)["currentRate"] == 0)
        after = quota(server, token)
        rest = [
            httpx.get(
                f"{server.url}/files/{checksum}/download",
                headers={"Authorization": f"Bearer {token}", "Range": f"bytes={READ}-"},
                timeout=60,
            )
            for checksum, _ in files
        ]
        resumed = quota(server, token)
    for client in clients:
        client.close()

    assert before == [(ALICE, TRANSFERS, TRANSFERS)]
    assert after == {
        "email": ALICE, "maxQuota": TRANSFERS, "rateLimit": TRANSFERS, "currentQuota": TRANSFERS, "currentRate": 0,
    }  # fmt: skip
    assert set(progress) == {checksum for checksum, _ in files}
    settled = dict(installation.query("SELECT checksum, delivered_bytes - (size_bytes - 2097152) FROM download"))
    assert settled == progress
    assert [answer.status_code for answer in rest] == [206] * TRANSFERS
    assert [first + answer.content for first, answer in zip(received, rest, strict=True)] == [d for _, d in files]
    assert resumed["currentQuota"] == TRANSFERS
