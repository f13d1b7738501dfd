"""Clients that are sent to the storage itself, with a real S3 server and a client that follows."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from application.use_cases.configured_storage import StorageRequest
from application.use_cases.issue_ticket import IssueTicketRequest
from application.use_cases.register_files import NewFile, Registered, RegisterFilesRequest
from domain.storage_location import Delivery
from tests.e2e.real_service import TENANT, Installation, Server, quota
from tests.s3_servers import SECRET, S3Bucket, S3Server
from tests.tools import needs_tools

pytestmark = needs_tools

DATA = bytes(i * 37 % 256 for i in range(700_001))
CHECKSUM = hashlib.sha256(DATA).hexdigest()
NAME = "Übung 1.tif"


def installed(tmp_path: Path, s3_server: S3Server, **settings: object) -> Installation:
    """An installation with one file on S3, which redirects."""
    bucket = s3_server.new_bucket()
    bucket.put("a/product", DATA)
    installation = Installation(tmp_path, **settings)
    installation.use(lambda use_cases: _register(use_cases, bucket))
    return installation


async def _register(use_cases: Any, bucket: S3Bucket) -> None:
    await use_cases.add_storage().execute(
        StorageRequest(
            tenant=TENANT, name="s3", plugin_id="S3", parameters=bucket.parameters(), delivery=Delivery.REDIRECT
        )
    )
    new = NewFile(
        checksum=CHECKSUM,
        algorithm="SHA-256",
        file_name=NAME,
        size_bytes=len(DATA),
        media_type="image/tiff",
        data_type="RAWDATA",
        storage="s3",
        url=f"s3://{bucket.name}/a/product",
    )
    result = await use_cases.register_files().execute(RegisterFilesRequest(tenant=TENANT, files=(new,)))
    assert isinstance(result, Registered), result


def curl(folder: Path, url: str, token: str, *options: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("curl")
    assert program is not None
    authorization = ["-H", f"Authorization: Bearer {token}"] if token else []
    command = [program, "-sSL", *authorization, *options, url]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def asked(server: Server, token: str, method: str = "GET", **headers: str) -> httpx.Response:
    return httpx.request(
        method,
        f"{server.url}/files/{CHECKSUM}/download",
        headers={"Authorization": f"Bearer {token}", **headers},
        follow_redirects=False,
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_gets_the_right_bytes_and_name_for_exactly_one_unit(tmp_path: Path, s3_server: S3Server) -> None:
    installation = installed(tmp_path, s3_server)
    installation.set_limits(max_quota=1)
    saved = tmp_path / "saved"
    saved.mkdir()
    token = installation.token()
    with installation.serving() as server:
        url = f"{server.url}/files/{CHECKSUM}/download"
        done = curl(saved, url, token, "-OJ", "-w", "%{json}")
        again = curl(saved, url, token, "-o", "again", "-w", "%{http_code}")
        used = quota(server, token)
        log = server.stop()

    assert done.returncode == 0, done.stderr
    assert [path.name for path in saved.iterdir() if path.name != "again"] == ["Ubung 1.tif"]
    assert (saved / "Ubung 1.tif").read_bytes() == DATA
    told = json.loads(done.stdout)
    assert (told["http_code"], told["num_redirects"], told["content_type"]) == (200, 1, "image/tiff")
    assert again.stdout == "429"
    assert used["currentQuota"] == 1
    assert "X-Amz-Signature" not in log
    assert SECRET not in log


def test_the_answer_is_not_kept_by_anybody_and_head_is_ours(tmp_path: Path, s3_server: S3Server) -> None:
    installation = installed(tmp_path, s3_server)
    token = installation.token()
    with installation.serving() as server:
        answer = asked(server, token)
        ranged = asked(server, token, Range="bytes=5-9")
        several = asked(server, token, Range="bytes=0-9,700-800")
        head = asked(server, token, "HEAD")
        unchanged = asked(server, token, **{"If-None-Match": f'"{CHECKSUM}"'})
        used = quota(server, token)

    assert (answer.status_code, answer.content) == (303, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert ranged.status_code == 303
    assert httpx.get(ranged.headers["location"], headers={"Range": "bytes=5-9"}).content == DATA[5:10]
    assert several.status_code == 206
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(DATA)))
    assert "location" not in head.headers
    assert unchanged.status_code == 304
    assert used["currentQuota"] == 3


@pytest.mark.parametrize(("redirects", "status"), [(False, 200), (True, 303)])
def test_tickets_with_a_number_of_uses_are_streamed_unless_configured(
    tmp_path: Path, s3_server: S3Server, redirects: bool, status: int
) -> None:
    installation = installed(tmp_path, s3_server, redirect_limited_tickets=redirects)
    limited = installation.use(lambda use_cases: _ticket(use_cases, max_uses=1))
    free = installation.use(lambda use_cases: _ticket(use_cases, max_uses=None))
    with installation.serving() as server:
        answers = [
            httpx.get(f"{server.url}/files/{CHECKSUM}/download/token", params={"t": token, "scope": TENANT})
            for token in (limited, free)
        ]

    assert [answer.status_code for answer in answers] == [status, 303]
    if status == 200:
        assert answers[0].content == DATA


def test_where_the_server_cannot_sign_clients_are_refused_honestly_and_charged_nothing(
    tmp_path: Path, s3_server: S3Server
) -> None:
    installation = installed(tmp_path, s3_server)
    bucket_is_gone = s3_server.client()
    token = installation.token()
    (url,) = installation.query("SELECT url FROM file_location")[0]
    bucket_is_gone.delete_object(Bucket=url.split("/")[2], Key="a/product")
    with installation.serving() as server:
        answer = asked(server, token)
        used = quota(server, token)

    assert answer.status_code == 503
    assert used["currentQuota"] == 0


async def _ticket(use_cases: Any, max_uses: int | None) -> str:
    issued = await use_cases.issue_ticket().execute(
        IssueTicketRequest(tenant=TENANT, issued_by="admin", checksum=CHECKSUM, max_uses=max_uses)
    )
    token: str = issued.token
    return token
