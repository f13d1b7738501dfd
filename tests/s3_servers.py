"""SeaweedFS for tests: a real S3 server of our own, and buckets in it that are written to behind the service's back."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.tools import tool

REGION = "eu-test-1"
KEY, SECRET = "test-key", "test-secret-of-the-s3-server"
START_SECONDS = 60


@attrs.frozen
class S3Server:
    """A running server."""

    port: int
    pid: int
    filer_port: int

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> BaseClient:
        """A plain client, for what tests do behind the service's back."""
        return client_of(self.endpoint)

    def new_bucket(self) -> "S3Bucket":
        """An empty bucket of one test."""
        bucket = S3Bucket(self, f"test-{uuid.uuid4().hex[:12]}", self.client())
        bucket.client.create_bucket(Bucket=bucket.name)
        return bucket


@attrs.frozen
class S3Bucket:
    """A bucket and a back door to it."""

    server: S3Server
    name: str
    client: Any

    def put(self, key: str, data: bytes, **more: object) -> None:
        """Store or replace an object."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data, **more)

    def remove(self, key: str) -> None:
        """Delete an object."""
        self.client.delete_object(Bucket=self.name, Key=key)

    def put_folder(self, folder: Path, prefix: str) -> None:
        """Store the many small files of a folder at once, past the S3 interface."""
        target = f"http://127.0.0.1:{self.server.filer_port}/buckets/{self.name}/{prefix}"
        command = [str(tool("weed")), "filer.copy", "-check.size", str(folder), target]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    def parameters(self, **changes: object) -> dict[str, object]:
        """What a storage of this bucket is configured with."""
        return {
            "S3_Server_Endpoint": self.server.endpoint,
            "S3_Server_Region": REGION,
            "S3_Server_Key": KEY,
            "S3_Server_Secret": SECRET,
            "S3_Server_Bucket": self.name,
            **changes,
        }


@cache
def client_of(endpoint: str, key: str = KEY, secret: str = SECRET) -> BaseClient:
    """A plain client of any server."""
    session = botocore.session.Session()
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        retries={"total_max_attempts": 1},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return session.create_client(
        "s3",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=config,
    )


@contextmanager
def seaweedfs() -> Iterator[S3Server]:
    """A server on free ports and a folder of its own; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="rs-downloader-s3-"))
    settings = folder / "s3.json"
    credentials = [{"accessKey": KEY, "secretKey": SECRET}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    settings.write_text(json.dumps({"identities": [{"name": "test", "credentials": credentials, "actions": actions}]}))
    # Each bucket takes volumes of its own; one at a time is enough for what tests put there.
    (folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
    (folder / "data").mkdir()
    s3, master, volume, filer = _ports()
    command = [
        str(tool("weed")),
        "server",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.config={settings}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.port.grpc={s3 + 10000}",
        f"-master.port={master}",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        "-volume.max=2000",
        "-master.volumeSizeLimitMB=64",
    ]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _wait(s3, process, log)
        yield S3Server(s3, process.pid, filer)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _ports() -> list[int]:
    """Free ports below 55,536, for the server listens on each plus 10,000 as well."""
    found: list[int] = []
    sockets: list[socket.socket] = []
    try:
        while len(found) < 4:
            pair = [socket.socket(), socket.socket()]
            sockets += pair
            pair[0].bind(("127.0.0.1", 0))
            port = pair[0].getsockname()[1]
            try:
                pair[1].bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            found.append(port)
    finally:
        for each in sockets:
            each.close()
    return found


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until a bucket can be made: the parts of the server find each other after they listen."""
    client = client_of(f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"SeaweedFS did not start: {log.read_text(errors='replace')[-3000:]}")
