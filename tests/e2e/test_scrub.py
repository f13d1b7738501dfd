"""A worker reads old copies again: the damaged one is found before anybody downloads it."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.e2e.real_service import COMMAND, Installation, until

SIZE = 300_000


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path, scrub_bytes_per_second=10_000_000)


def environment(installation: Installation, **more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RS_DOWNLOADER_")}
    own = {"DATA_DIR": str(installation.data_dir), "TENANT": "demo", "SCRUB_BYTES_PER_SECOND": "10000000", **more}
    return plain | {f"RS_DOWNLOADER_{name}": value for name, value in own.items()}


def command(installation: Installation, *arguments: str) -> str:
    done = subprocess.run(
        [COMMAND, *arguments], env=environment(installation), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def damage(path: Path) -> None:
    """Flip a byte, and make the file look as it did, as a failing disk would."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(SIZE // 2)
        byte = file.read(1)
        file.seek(SIZE // 2)
        file.write(bytes([byte[0] ^ 0xFF]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_damaged_copy_is_found_and_the_other_is_served(installation: Installation) -> None:
    checksum, data = installation.add_file(SIZE, "bad", "good")
    damage(installation.path("bad"))

    command(installation, "work", "--once")

    assert installation.query("SELECT storage FROM file_location WHERE suspect_since IS NOT NULL") == [("bad",)]
    assert installation.query("SELECT storage FROM file_location WHERE verified_at IS NOT NULL") == [("good",)]
    report = command(installation, "storages", "scrub-report", "--json")
    assert '"suspects": 1' in report
    assert "scrub" in command(installation, "jobs")
    with installation.serving() as server:
        headers = {"Authorization": f"Bearer {installation.token()}"}
        assert httpx.get(f"{server.url}/files/{checksum}/download", headers=headers).content == data


def test_a_worker_that_is_stopped_does_not_wait_for_a_large_copy(installation: Installation) -> None:
    installation.add_file(SIZE, "disk")
    slow = environment(installation, SCRUB_BYTES_PER_SECOND="1")
    worker = subprocess.Popen([COMMAND, "work"], env=slow, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: installation.query("SELECT holder FROM job_run WHERE name = 'scrub' AND lease_until IS NOT NULL"))
        worker.terminate()
        _, said = worker.communicate(timeout=60)
    finally:
        worker.kill()

    assert worker.returncode == 0, said
    assert installation.query("SELECT verified_at FROM file_location") == [(None,)]
