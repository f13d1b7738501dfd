"""A corrupted copy with ``verify`` on: no client ever has a complete wrong file."""

import os
from pathlib import Path

import httpx
import pytest

from tests.e2e.real_service import Installation

SIZE = 3 * 1024 * 1024


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def until_cut(url: str, headers: dict[str, str]) -> bytes:
    """What arrives before the connection is cut."""
    received = b""
    try:
        with httpx.stream("GET", url, headers=headers) as answer:
            for chunk in answer.iter_bytes():
                received += chunk
    except httpx.TransportError:
        return received
    raise AssertionError("The answer looked complete.")


def corrupt(path: Path) -> None:
    """Flip a byte, and make the file look as it did, as a failing disk would."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(SIZE // 2)
        byte = file.read(1)
        file.seek(SIZE // 2)
        file.write(bytes([byte[0] ^ 0xFF]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_corrupt_copy_is_cut_and_the_healthy_one_is_served_next(installation: Installation) -> None:
    checksum, data = installation.add_file(SIZE, "bad", "good", verify=True)
    corrupt(installation.path("bad"))
    token = installation.token()
    with installation.serving() as server:
        url, headers = f"{server.url}/files/{checksum}/download", {"Authorization": f"Bearer {token}"}
        received = until_cut(url, headers)
        resumed = httpx.get(url, headers={**headers, "Range": f"bytes={len(received)}-"})
        again = httpx.get(url, headers={**headers, "Range": f"bytes={len(received)}-"})

    assert len(received) < SIZE
    assert (resumed.status_code, resumed.content) == (200, data)
    assert (again.status_code, again.content) == (206, data[len(received) :])
    events = installation.query("SELECT type, payload FROM outbox ORDER BY id")
    assert [kind for kind, _ in events][:1] == ["FileLocationSuspected"]
    assert '"bad"' in events[0][1]
    assert installation.query("SELECT email, units_used FROM account")[0][1] == 1


def test_without_another_copy_the_resume_is_503(installation: Installation) -> None:
    checksum, _ = installation.add_file(SIZE, "bad", verify=True)
    corrupt(installation.path("bad"))
    token = installation.token()
    with installation.serving() as server:
        url, headers = f"{server.url}/files/{checksum}/download", {"Authorization": f"Bearer {token}"}
        with pytest.raises(httpx.TransportError):
            httpx.get(url, headers=headers)
        resumed = httpx.get(url, headers={**headers, "Range": "bytes=100-"})

    assert resumed.status_code == 503
    assert resumed.headers["retry-after"]


def test_ranges_of_a_corrupt_copy_come_from_the_healthy_one(installation: Installation) -> None:
    checksum, data = installation.add_file(SIZE, "bad", "good", verify=True)
    corrupt(installation.path("bad"))
    token = installation.token()
    with installation.serving() as server:
        url, headers = f"{server.url}/files/{checksum}/download", {"Authorization": f"Bearer {token}"}
        parts = [
            httpx.get(url, headers={**headers, "Range": f"bytes={start}-{start + SIZE // 8 - 1}"}).content
            for start in range(0, SIZE, SIZE // 8)
        ]

    assert b"".join(parts) == data


def test_a_file_that_was_replaced_on_disk_is_never_sent_under_its_checksum(installation: Installation) -> None:
    checksum, data = installation.add_file(SIZE, "disk")
    token = installation.token()
    with installation.serving() as server:
        url, headers = f"{server.url}/files/{checksum}/download", {"Authorization": f"Bearer {token}"}
        first = httpx.get(url, headers={**headers, "Range": "bytes=0-99999"})
        installation.path("disk").write_bytes(data[::-1])
        rest = httpx.get(url, headers={**headers, "Range": "bytes=100000-"})
        whole = httpx.get(url, headers=headers)

    assert first.content == data[:100_000]
    assert rest.status_code == 412
    assert whole.status_code == 503
