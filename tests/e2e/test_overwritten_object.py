"""An object on S3 that is overwritten between two ranges of one download: refused, and never a mixed file."""

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from tests.e2e.download_clients import Client, every_client
from tests.e2e.real_service import TENANT, Installation
from tests.s3_servers import S3Bucket, S3Server
from tests.tools import needs_tools

pytestmark = needs_tools

SIZE = 16 * 1024 * 1024
DATA = random.Random("object").randbytes(SIZE)
CHECKSUM = hashlib.sha256(DATA).hexdigest()
KEY = "products/one.dat"


@pytest.fixture
def bucket(s3_server: S3Server) -> S3Bucket:
    made = s3_server.new_bucket()
    made.put(KEY, DATA)
    return made


@pytest.fixture
def installation(tmp_path: Path, bucket: S3Bucket) -> Installation:
    made = Installation(tmp_path)

    async def register(use_cases: Any) -> None:
        await use_cases.add_storage().execute(
            StorageRequest(tenant=TENANT, name="s3", plugin_id="S3", parameters=bucket.parameters())
        )
        new = NewFile(
            checksum=CHECKSUM,
            algorithm="SHA-256",
            file_name="one.dat",
            size_bytes=SIZE,
            media_type="application/octet-stream",
            data_type="RAWDATA",
            storage="s3",
            url=f"s3://{bucket.name}/{KEY}",
        )
        result = await use_cases.register_files().execute(RegisterFilesRequest(tenant=TENANT, files=(new,)))
        assert isinstance(result, Registered), result

    made.use(register)
    return made


def is_unfinished(target: Path) -> bool:
    """Whether the client itself knows that something is missing."""
    return target.with_name(f"{target.name}.aria2").exists() or target.stat().st_size < SIZE


@every_client()
def test_a_resume_after_the_object_was_overwritten_is_refused_and_no_file(
    installation: Installation, bucket: S3Bucket, client: Client
) -> None:
    token, target = installation.token(), installation.folder / "out"
    with installation.serving() as server:
        url = f"{server.url}/files/{CHECKSUM}/download"
        client.fetch_some(url, token, target)
        assert is_unfinished(target)
        bucket.put(KEY, DATA[::-1])

        resumed = client.resume(url, token, target)

    assert resumed.returncode != 0
    assert client.refused_with in resumed.stdout + resumed.stderr
    assert is_unfinished(target)


@every_client()
def test_an_object_that_is_overwritten_while_it_is_sent_is_never_a_mixed_file(
    installation: Installation, bucket: S3Bucket, client: Client
) -> None:
    token, target = installation.token(), installation.folder / "out"
    with installation.serving() as server:
        process = client.start_slowly(f"{server.url}/files/{CHECKSUM}/download", token, target)
        bucket.put(KEY, DATA[::-1])
        said, _ = process.communicate(timeout=120)

    if process.returncode == 0:
        # An answer of S3 that has begun goes on with the bytes that it began with.
        assert target.read_bytes() == DATA
    else:
        assert is_unfinished(target), said
