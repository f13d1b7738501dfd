"""A file that is overwritten while it is downloaded, or between two ranges: never a complete mixed file.

The clients are those that people use; none of them asks with a precondition of its own.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.download_clients import Client, every_client
from tests.e2e.real_service import Installation

SIZE = 16 * 1024 * 1024


def in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def by_rename(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


WAYS: dict[str, Callable[[Path, bytes], None]] = {"in place": in_place, "by rename": by_rename}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def is_unfinished(target: Path) -> bool:
    """Whether the client itself knows that something is missing."""
    return target.with_name(f"{target.name}.aria2").exists() or target.stat().st_size < SIZE


@every_client()
@pytest.mark.parametrize("overwrite", WAYS.values(), ids=WAYS.keys())
def test_a_resume_after_the_file_was_overwritten_is_refused_and_no_file(
    installation: Installation, client: Client, overwrite: Callable[[Path, bytes], None]
) -> None:
    checksum, data = installation.add_file(SIZE, "disk")
    token, target = installation.token(), installation.folder / "out"
    with installation.serving() as server:
        url = f"{server.url}/files/{checksum}/download"
        client.fetch_some(url, token, target)
        assert is_unfinished(target)
        overwrite(installation.path("disk"), data[::-1])

        resumed = client.resume(url, token, target)

    assert resumed.returncode != 0
    assert client.refused_with in resumed.stdout + resumed.stderr
    assert is_unfinished(target)


@every_client()
def test_a_resume_of_the_same_file_is_complete(installation: Installation, client: Client) -> None:
    checksum, data = installation.add_file(SIZE, "disk")
    token, target = installation.token(), installation.folder / "out"
    with installation.serving() as server:
        url = f"{server.url}/files/{checksum}/download"
        client.fetch_some(url, token, target)

        resumed = client.resume(url, token, target)

    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert not is_unfinished(target)
    assert target.read_bytes() == data


@every_client()
@pytest.mark.parametrize("overwrite", WAYS.values(), ids=WAYS.keys())
def test_a_file_that_is_overwritten_while_it_is_sent_is_never_a_mixed_one(
    installation: Installation, client: Client, overwrite: Callable[[Path, bytes], None]
) -> None:
    checksum, data = installation.add_file(SIZE, "disk")
    token, target = installation.token(), installation.folder / "out"
    with installation.serving() as server:
        url = f"{server.url}/files/{checksum}/download"
        process = client.start_slowly(url, token, target)
        overwrite(installation.path("disk"), data[::-1])
        said, _ = process.communicate(timeout=120)

    if process.returncode == 0:
        # An open file outlives its name: what was begun may end well.
        assert target.read_bytes() == data
    else:
        assert is_unfinished(target), said
