"""A file that is overwritten while it is downloaded, or between two ranges: never a complete mixed file.

The clients are those that people use; none of them asks with a precondition of its own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from tests.e2e.download_clients import Client, every_client
from tests.e2e.real_service import Installation, Server

SIZE = 16 * 1024 * 1024


def in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def by_rename(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.replace(path)


WAYS: dict[str, Callable[[Path, bytes], None]] = {"in place": in_place, "by rename": by_rename}


@attrs.frozen
class Download:
    """A file on a storage of its own, on a server that all tests share, and where it is downloaded to."""

    url: str
    token: str
    data: bytes
    source: Path
    target: Path


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("overwritten"))


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Server]:
    with installation.serving() as server:
        yield server


@pytest.fixture
def download(installation: Installation, server: Server, tmp_path: Path) -> Download:
    name = tmp_path.name
    checksum, data = installation.add_file(SIZE, name, name=f"{name}.dat")
    return Download(
        url=f"{server.url}/files/{checksum}/download",
        token=installation.token(),
        data=data,
        source=installation.path(name, f"{name}.dat"),
        target=tmp_path / "out",
    )


def is_unfinished(target: Path) -> bool:
    """Whether the client itself knows that something is missing."""
    return target.with_name(f"{target.name}.aria2").exists() or target.stat().st_size < SIZE


@every_client()
@pytest.mark.parametrize("overwrite", WAYS.values(), ids=WAYS.keys())
def test_a_resume_after_the_file_was_overwritten_is_refused_and_no_file(
    download: Download, client: Client, overwrite: Callable[[Path, bytes], None]
) -> None:
    client.fetch_some(download.url, download.token, download.target)
    assert is_unfinished(download.target)
    overwrite(download.source, download.data[::-1])

    resumed = client.resume(download.url, download.token, download.target)

    assert resumed.returncode != 0
    assert client.refused_with in resumed.stdout + resumed.stderr
    assert is_unfinished(download.target)


@every_client()
def test_a_resume_of_the_same_file_is_complete(download: Download, client: Client) -> None:
    client.fetch_some(download.url, download.token, download.target)

    resumed = client.resume(download.url, download.token, download.target)

    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert not is_unfinished(download.target)
    assert download.target.read_bytes() == download.data


@every_client()
@pytest.mark.parametrize("overwrite", WAYS.values(), ids=WAYS.keys())
def test_a_file_that_is_overwritten_while_it_is_sent_is_never_a_mixed_one(
    download: Download, client: Client, overwrite: Callable[[Path, bytes], None]
) -> None:
    process = client.start_slowly(download.url, download.token, download.target)
    overwrite(download.source, download.data[::-1])
    said, _ = process.communicate(timeout=120)

    if process.returncode == 0:
        # An open file outlives its name: what was begun may end well.
        assert download.target.read_bytes() == download.data
    else:
        assert is_unfinished(download.target), said
